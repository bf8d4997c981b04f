"""Files of ``torch.save``, read without running anything of them and without trusting a size that they state.

A file states how large its tensors are, and torch believes it: nine kilobytes may ask for terabytes, or for memory
behind the end of a record. Here the zip form is mapped, so that every tensor lies within the file, and the older form
is first read without memory behind its tensors (torch's fake tensors).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

DEPTH = 8  # mappings within mappings that are looked through for tensors


class ImpossibleSizes(ValueError):
    """A file states tensors that it cannot hold."""


def load_torch_file(path: Path) -> Any:
    """The content of a ``torch.save`` file, tensors on the CPU; nothing but tensors and plain values is unpickled.

    Raises:
        ImpossibleSizes: it states tensors that are larger than the file.
        Exception: anything that torch raises for what it cannot read.
    """
    size = path.stat().st_size
    zipped = zipfile.is_zipfile(path)
    if zipped:
        with zipfile.ZipFile(path) as archive:
            packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
        if packed:
            raise ImpossibleSizes(f"{packed[0]} is compressed, which torch.save does not do")
    else:
        _require_possible(_without_memory(path), size, "meta")
    content = torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    _require_possible(content, size, "cpu")
    return content


def _without_memory(path: Path) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.load(path, map_location="cpu", weights_only=True)


def _require_possible(content: Any, size: int, device: str) -> None:
    """Refuse tensors that a file of ``size`` bytes cannot hold: too large, views without memory, other layouts."""
    storages: dict[int, int] = {}
    for name, tensor in _tensors(content):
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.untyped_storage().device.type != device:
            raise ImpossibleSizes(f"{name} is no plain tensor")
        storage = tensor.untyped_storage()
        storages[storage._cdata] = storage.nbytes()
        stated = tensor.numel() * tensor.element_size()
        if stated > min(size, storage.nbytes()):
            raise ImpossibleSizes(f"{name} takes {stated:,} bytes, the file has {size:,}")
    if sum(storages.values()) > size:
        raise ImpossibleSizes(f"its tensors take {sum(storages.values()):,} bytes, the file has {size:,}")


def _tensors(content: Any, name: str = "it", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, Tensor):
        yield name, content
    elif isinstance(content, Mapping) and depth < DEPTH:
        for key, value in content.items():
            yield from _tensors(value, str(key)[:200], depth + 1)
