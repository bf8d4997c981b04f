"""Every operation of this process that changes the file system, told before it happens.

Opening, renaming, removing, making and so on are heard by an audit hook, which also hears what C code of the standard
library does. Writes are heard by a file object of our own under `open`, so that one can be stopped in its middle.
An audit hook cannot be taken away: `tell` is for a child process that ends soon.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# audit event -> index of the argument that holds the folder descriptor
_PATHS = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.chmod": 2, "os.truncate": 9, "os.utime": 3, "os.chown": 3}
_PAIRS = {"os.rename": "rename", "os.link": "link", "os.symlink": "symlink"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its kind, the file it changes, of a rename and a link the other name too.

    ``half`` does the first half of a write, which a kill may leave behind.
    """

    kind: str
    path: str
    target: str = ""
    half: Callable[[], None] | None = None


Listener = Callable[[Operation], None]


def tell(listener: Listener) -> None:
    """Tell ``listener`` of every operation from here to the end of this process."""
    _Counted.listener = staticmethod(listener)
    sys.addaudithook(lambda event, arguments: _heard(listener, event, arguments))
    opened: Any = _opener(io.open)
    io.open = builtins.open = opened
    plain_write, plain_send = os.write, os.sendfile

    def write(descriptor: int, data: Any) -> int:
        listener(Operation("write", _of(descriptor), half=lambda: _half(plain_write, descriptor, data)))
        return plain_write(descriptor, data)

    def sendfile(out: int, *arguments: Any, **named: Any) -> int:
        listener(Operation("write", _of(out)))
        return plain_send(out, *arguments, **named)

    os.write, os.sendfile = write, sendfile  # type: ignore[assignment]
    _native(listener)


def _heard(listener: Listener, event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = arguments
        writes = flags & _WRITING if isinstance(flags, int) else any(letter in str(mode) for letter in "wax+")
        if writes and isinstance(path, str | bytes | os.PathLike):
            listener(Operation("open", _absolute(path)))
    elif event in _PATHS and arguments:
        at = _PATHS[event]
        listener(Operation(event[3:], _absolute(arguments[0], arguments[at] if at < len(arguments) else -1)))
    elif event in _PAIRS:
        old, new = (_absolute(path) for path in arguments[:2])
        listener(Operation(_PAIRS[event], old, new))


def _absolute(path: Any, folder: Any = -1) -> str:
    if isinstance(path, int):
        return _of(path)
    text = os.fsdecode(path)
    return os.path.normpath(Path(_of(folder) if isinstance(folder, int) and folder >= 0 else Path.cwd(), text))


def _of(descriptor: int) -> str:
    """The file behind a descriptor."""
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return f"descriptor {descriptor}"


def _half(write: Callable[[int, Any], int], descriptor: int, data: Any) -> None:
    view = memoryview(data).cast("B")
    write(descriptor, view[: len(view) // 2])


class _Counted(io.FileIO):
    """A file whose writes are told, and can be done by half."""

    listener: Listener

    def write(self, data: Any, /) -> int | None:  # type: ignore[override]
        view = memoryview(data).cast("B")
        _Counted.listener(Operation("write", _of(self.fileno()), half=lambda: _first_half(self, view)))
        return super().write(view)

    def truncate(self, size: int | None = None, /) -> int:
        _Counted.listener(Operation("truncate", _of(self.fileno())))
        return super().truncate(size)


def _first_half(file: io.FileIO, view: memoryview) -> None:
    io.FileIO.write(file, view[: len(view) // 2])


def _opener(plain: Any) -> Any:
    """`open`, with `_Counted` under every file that is opened by name for writing."""

    def opened(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,
               newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # fmt: skip
        if isinstance(file, int) or not any(letter in mode for letter in "wax+"):
            return plain(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Counted(file, mode.replace("b", "").replace("t", ""), opener=opener)
        if buffering == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
        text.mode = mode  # type: ignore[misc]
        return text

    return opened


def _native(listener: Listener) -> None:
    """Writers that are no Python: safetensors and torch, where they are loaded; half of their file may be left."""
    for module, name, at in (("safetensors.torch", "serialize_file", 1), ("torch", "save", 1)):
        if module in sys.modules:
            setattr(sys.modules[module], name, _told(listener, getattr(sys.modules[module], name), at))


def _told(listener: Listener, plain: Callable[..., Any], at: int) -> Callable[..., Any]:
    def writer(*arguments: Any, **named: Any) -> Any:
        path: Any = arguments[at] if at < len(arguments) else named.get("filename", named.get("f"))

        def half() -> None:
            plain(*arguments, **named)
            os.truncate(path, Path(path).stat().st_size // 2)

        if isinstance(path, str | os.PathLike):
            listener(Operation("write", _absolute(path), half=half))
        return plain(*arguments, **named)

    return writer
