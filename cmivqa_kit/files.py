"""Reading JSON with plain errors, writing files so that a killed run leaves no half file."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import RunFailed, UserError

BOMS = {b"\xef\xbb\xbf": "UTF-8 with a byte-order mark", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class UnreadableFile(UserError):
    """A file that cannot be read as JSON. ``line`` and ``column`` are 1-based where a place is known."""

    def __init__(self, message: str, fix: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, fix)
        self.line = line
        self.column = column


def read_bytes(path: Path, what: str = "file") -> bytes:
    """The bytes of ``path``.

    Raises:
        UnreadableFile: missing, a directory, or not permitted.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: no such {what}", f"Check the path; you are in {Path.cwd()}.") from None
    except IsADirectoryError:
        raise UnreadableFile(f"{path}: is a directory, not a {what}", "Name the file inside it.") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror or error})", "Check its permissions.") from None


def decode(data: bytes, path: Path) -> str:
    """UTF-8 text of ``data``; a UTF-8 byte-order mark is dropped.

    Raises:
        UnreadableFile: another encoding, with a guess which.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        guess = guess_encoding(data)
        looks = f"; it looks like {guess}" if guess else ""
        raise UnreadableFile(
            f"{path}:{line}:{column}: not UTF-8 (byte 0x{data[error.start]:02x}){looks}",
            f"Convert it: iconv -f {guess or 'ENCODING'} -t UTF-8 {path.name} > utf8.json",
            line,
            column,
        ) from None


def guess_encoding(data: bytes) -> str | None:
    """The likely encoding of bytes that are not UTF-8: UTF-16, UTF-32, GB18030, or ``None``."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:64].count(0) > len(data[:64]) // 4:
        return "UTF-32" if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff") else "UTF-16"
    try:
        data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    return "GB18030"


def parse_json(text: str, path: Path) -> Any:
    """The document in ``text``, read as Python's own reader does (NaN and Infinity accepted).

    Raises:
        UnreadableFile: not JSON, with line, column and a guess at the cause; too deep; a number too long.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            f"{path}:{error.lineno}:{error.colno}: not JSON ({error.msg})", guess_fault(text, error.pos), error.lineno,
            error.colno,
        ) from None  # fmt: skip
    except RecursionError:
        raise UnreadableFile(f"{path}: nested too deeply to be read", "Write plain arrays of objects.") from None
    except ValueError as error:  # integers of more digits than the interpreter converts
        raise UnreadableFile(f"{path}: {error}", "Write numbers with a few digits.") from None


def guess_fault(text: str, position: int) -> str:
    """What to do about JSON that stops being JSON at ``position`` (0-based), guessed from what stands there."""
    before, after = text[:position].rstrip(), text[position:].lstrip()
    if not text.strip():
        return "The file is empty: it was never written, or its writer was stopped."
    if after[:1] in ("]", "}") and before.endswith(","):
        return "Remove the comma before the closing bracket (a trailing comma)."
    if (before.endswith(",") and after[:1] == "") or not after:
        return "The file ends too early: it was cut off. Copy or download it again."
    if after[:2] in ("//", "/*") or after[:1] == "#":
        return "Remove the comment: JSON has none."
    if after[:1] == "'":
        return "Use double quotes: JSON has no single-quoted strings."
    if after[:1] == "{" and before.endswith("}"):
        return "This looks like JSON Lines: put the objects into [ ... ] with commas between them."
    if before.endswith(",") and after[:1] == "}":
        return "Remove the comma before the closing brace (a trailing comma)."
    if text.count('"', 0, position + 1) % 2 and "\n" not in after:
        return "A string is not closed: the file may have been cut off."
    return "Mend the file at that place; `python -m json.tool FILE` shows the same position."


def read_json(path: Path, what: str = "file") -> Any:
    """The JSON document in ``path``.

    Raises:
        UnreadableFile: missing, not UTF-8, not JSON; names file, line and column.
    """
    return parse_json(decode(read_bytes(path, what), path), path)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its name when the block ends well and vanishes otherwise.

    Raises:
        RunFailed: the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise RunFailed(f"{path}: cannot be written ({error.strerror or error})", "Choose another place.") from None
    temporary = Path(name)
    try:
        yield temporary
        _default_mode(temporary)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunFailed(
            f"{path}: could not be written ({error.strerror or error}); nothing was left behind",
            "Free some space or choose another place, then run the same command again.",
        ) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _default_mode(path: Path) -> None:
    """Give a file made by mkstemp (mode 600) the mode any new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with LF line ends, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "surrogatepass"))


def write_json(path: Path, document: Any, indent: int | None = 1) -> None:
    """Write ``document`` as UTF-8 JSON (``ensure_ascii=False``, unrounded floats), whole or not at all."""
    write_text(path, json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False) + "\n")


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(document: Any) -> str:
    """Twelve hex digits that stand for a JSON document, whatever the order of its object keys."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
