"""``.safetensors``: one file of many arrays, or a folder of such files; every array is mapped, none is unpickled.

The length of a row stands in the file's metadata, as ``seconds_per_row``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.damage import damaged, failing_as
from cmivqa_kit.data.stores.keyed import KeyedFiles
from cmivqa_kit.data.stores.packages import required_package
from cmivqa_kit.data.stores.registry import store_format
from cmivqa_kit.data.stores.store import GET_AGAIN, AddRows, Header, require_clock
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import read_head

TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
METADATA = "__metadata__"
CLOCK = "seconds_per_row"


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What stands before the arrays of a file; they begin at byte ``begin``."""

    tensors: Mapping[str, Any]
    metadata: Mapping[str, str]
    begin: int


@store_format
class SafetensorsStore(KeyedFiles):
    """Arrays by name behind a header of JSON."""

    name = "safetensors"
    suffixes = (".safetensors",)
    keeps_clock = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._files: dict[Path, FileHeader] = {}

    @classmethod
    def is_file_of(cls, path: Path) -> bool:
        """True for a file whose length of the header is followed by one, or that has the ending and no content."""
        head = read_head(path)
        return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**31

    @classmethod
    def refusal(cls, name: str, dtype: np.dtype[Any]) -> str:
        """The name of the metadata, and types that the format does not have."""
        if not name or name == METADATA or not name.isprintable():
            return "cannot be the name of a tensor"
        return "" if _type_of(dtype) else f"{dtype} is none of its types (float16, float32, float64)"

    @classmethod
    @contextmanager
    def writing(cls, path: Path, shapes: dict[str, Header], seconds_per_row: float | None) -> Iterator[AddRows]:
        """A block that writes header and arrays one after the other: the library would hold all of them in memory."""
        header: dict[str, Any] = {} if seconds_per_row is None else {METADATA: {CLOCK: repr(seconds_per_row)}}
        begin = 0
        for name, (shape, dtype) in shapes.items():
            end = begin + int(np.prod(shape)) * dtype.itemsize
            header[name] = {"dtype": _type_of(dtype), "shape": list(shape), "data_offsets": [begin, end]}
            begin = end
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # arrays begin at a multiple of 8, so that they can be mapped
        with path.open("wb") as stream:
            stream.write(len(text).to_bytes(8, "little") + text)

            def add(name: str, rows: NDArray[Any]) -> None:
                stream.write(np.ascontiguousarray(rows, rows.dtype.newbyteorder("<")).data)

            yield add

    @cached_property
    def seconds_per_row(self) -> float | None:
        """Seconds of a row as the metadata of all files say.

        Raises:
            UserError: they state no number of seconds, or a file is damaged.
        """
        files = self.files_in(self.path) if self.path.is_dir() else [self.path]
        with failing_as(lambda error: damaged(self.path, "a file of safetensors features", error, GET_AGAIN)):
            stated = [(file, self._header(file).metadata.get(CLOCK)) for file in files]
        said = {None if text is None else require_clock(text, f"{file}, {METADATA}") for file, text in stated}
        return said.pop() if len(said) == 1 else None

    def keys(self, file: Path) -> Sequence[str]:
        """The names of the tensors."""
        return list(self._header(file).tensors)

    def header_in(self, file: Path, key: str) -> Header:
        """Shape and type of a tensor; its size was held against the file's when that was opened."""
        tensor = self._header(file).tensors[key]
        if tensor["dtype"] not in TYPES:
            raise UserError(
                f"{file}, key {key!r}: type {tensor['dtype']}; expected {', '.join(TYPES)}", "Save it as float32."
            )
        return tuple(tensor["shape"]), np.dtype(TYPES[tensor["dtype"]])

    def read_in(self, file: Path, key: str) -> NDArray[Any]:
        """A tensor, memory-mapped."""
        shape, dtype = self.header_in(file, key)
        header = self._header(file)
        offset = header.begin + header.tensors[key]["data_offsets"][0]
        return np.memmap(file, dtype, "r", offset, shape) if 0 not in shape else np.zeros(shape, dtype)

    def _header(self, file: Path) -> FileHeader:
        if file not in self._files:
            self._files[file] = _read_header(file)
        return self._files[file]


def _read_header(file: Path) -> FileHeader:
    """The header of a file, once the library has held it against the file's size."""
    with required_package("safetensors", "models", f"{file}: a file of safetensors"):
        from safetensors import safe_open
    with safe_open(file, framework="numpy"):  # does not say where a tensor lies, which mapping needs
        pass
    with file.open("rb") as stream:
        size = int.from_bytes(stream.read(8), "little")
        content = json.loads(stream.read(size))
    metadata = content.pop(METADATA, None) or {}
    return FileHeader(content, metadata, 8 + size)


def _type_of(dtype: np.dtype[Any]) -> str:
    return next((name for name, kind in TYPES.items() if np.dtype(kind) == dtype.newbyteorder("<")), "")
