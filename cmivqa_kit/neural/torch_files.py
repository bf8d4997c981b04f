"""Files of ``torch.save``, read without running anything of them and without trusting a size that they state.

A file states how large its tensors are, and torch believes it: nine kilobytes may ask for terabytes, or for memory
behind the end of a record. Here the zip form is mapped, so that every tensor lies within the file, and the older form
is first read without memory behind its tensors (torch's fake tensors).
"""

from __future__ import annotations

import io
import pickle
import pickletools
import tempfile
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor
from torch.serialization import MAGIC_NUMBER, PROTOCOL_VERSION

from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import read_head
from cmivqa_kit.neural.plain_values import NoPlainValue, plain_values, stand_ins
from cmivqa_kit.neural.weight_files import MAGIC, ZIP, is_whole_zip

ASK_FOR_WEIGHTS = (
    "Nothing of it was run. Ask who published it for the weights alone: a plain state_dict of torch.save, or "
    "safetensors."
)
SHOWN = 5  # refused names in a message
_NEWEST = 3  # protocol of pickles that torch reads; torch.save writes 2 unless it is told otherwise
_PICKLES = 4  # at the beginning of the older form: magic number, protocol, machine, content
_TEXTS = ("BINUNICODE", "SHORT_BINUNICODE", "UNICODE")
_NOTING = ("MEMOIZE", "BINPUT", "LONG_BINPUT")


class ImpossibleSizes(ValueError):
    """A file states tensors that it cannot hold."""


def load_torch_file(path: Path) -> Any:
    """The content of a ``torch.save`` file as plain values (`plain_values`), tensors on the CPU.

    Raises:
        UserError: it names code or objects of other kinds; all names are told.
        ImpossibleSizes: it states tensors that are larger than the file.
        Exception: anything that torch raises for what it cannot read.
    """
    size = path.stat().st_size
    zipped = is_whole_zip(path)
    if not size:
        raise EOFError("an empty file")
    if not zipped and read_head(path).startswith(ZIP):
        raise zipfile.BadZipFile("a zip without its end")
    with _with_another_ending(path) as readable, stand_ins(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it fails on below
        try:
            if zipped:
                _require_torch_save(path)
            else:
                _require_possible(plain_values(_without_memory(readable)), size, "meta")
            content = plain_values(torch.load(readable, map_location="cpu", weights_only=True, mmap=zipped))
        except NoPlainValue as error:
            raise UserError(f"{path}: holds {error}", ASK_FOR_WEIGHTS) from error
        except (pickle.UnpicklingError, RuntimeError) as error:
            refusal = _refusal(path, zipped)
            if refusal is None:
                raise
            raise refusal from error
    _require_possible(content, size, "cpu")
    return content


@contextmanager
def _with_another_ending(path: Path) -> Iterator[Path]:
    """The path, or a link to it: by the ending ``.safetensors`` alone torch would read another format."""
    if path.suffix != ".safetensors":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "weights.pt"
        link.symlink_to(path.resolve())
        yield link


def _require_torch_save(path: Path) -> None:
    """Refuse zips of other kinds: programs (TorchScript), and such as torch could not map."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.filename.endswith("/constants.pkl") for entry in entries):
        raise UserError(f"{path}: is a TorchScript program: code, which is never loaded", ASK_FOR_WEIGHTS)
    packed = [entry.filename for entry in entries if entry.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise ImpossibleSizes(f"{packed[0]} is compressed, which torch.save does not do")


def _without_memory(path: Path) -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.load(path, map_location="cpu", weights_only=True)


def _refusal(path: Path, zipped: bool) -> UserError | None:
    """Why torch refuses what a file asks for; ``None`` where it asks for nothing of that kind: damage."""
    names, protocol = _named(path, zipped)
    refused: list[str] = []
    for module, name in names:
        if len(refused) <= SHOWN and not _is_read(module, name):
            refused.append("".join(letter if letter.isprintable() else "?" for letter in f"{module}.{name}"[:100]))
    if refused:
        more = " and more" if len(refused) > SHOWN else ""
        listed = ", ".join(refused[:SHOWN])
        return UserError(f"{path}: asks for {listed}{more}: code or objects, which are never loaded", ASK_FOR_WEIGHTS)
    if not zipped and protocol and MAGIC not in read_head(path)[:32]:
        return UserError(f"{path}: is a pickle that torch.save did not write", ASK_FOR_WEIGHTS)
    if protocol > _NEWEST:
        return UserError(
            f"{path}: pickled with protocol {protocol}; only torch.save's own, 2, is read", ASK_FOR_WEIGHTS
        )
    return None


def _named(path: Path, zipped: bool) -> tuple[dict[tuple[str, str], None], int]:
    """Modules and names that the pickles of a file ask for, and their protocol; nothing is run to tell them."""
    names: dict[tuple[str, str], None] = {}
    protocol = 0
    texts: list[str] = []  # two that follow each other are what STACK_GLOBAL asks for
    argument: Any
    with suppress(Exception), _pickled(path, zipped) as stream:  # as far as it can be told
        for _ in range(1 if zipped else _PICKLES):
            for code, argument, _position in pickletools.genops(stream):
                if code.name == "PROTO":
                    protocol = max(protocol, argument)
                elif code.name == "GLOBAL":
                    names[_of_today(*argument.split(" ", 1))] = None
                elif code.name == "STACK_GLOBAL" and len(texts) > 1:
                    names[texts[-2], texts[-1]] = None
                if code.name in _TEXTS:
                    texts.append(argument)
                elif code.name not in _NOTING:
                    texts.clear()
    return names, protocol


def _pickled(path: Path, zipped: bool) -> IO[bytes]:
    if not zipped:
        return path.open("rb")
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        return io.BytesIO(archive.read(name))


def _of_today(module: str, name: str) -> tuple[str, str]:
    """What Python 3 calls a class or function that a pickle of protocol 2 calls as Python 2 did."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _is_read(module: str, name: str) -> bool:
    """True where torch reads a file that asks for this and does nothing with it."""
    if not f"{module}{name}".isprintable():  # it could end the line of its name, and be more than a name
        return False
    asking = b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"."
    before = b"".join(pickle.dumps(number, 2) for number in (MAGIC_NUMBER, PROTOCOL_VERSION))
    file = before + pickle.dumps({}, 2) + asking + pickle.dumps([], 2)
    try:
        torch.load(io.BytesIO(file), weights_only=True)
    except pickle.UnpicklingError:
        return False
    return True


def _require_possible(content: Any, size: int, device: str) -> None:
    """Refuse tensors that a file of ``size`` bytes cannot hold: too large, views without memory, other layouts."""
    storages: dict[int, int] = {}
    for name, tensor in _tensors(content, "it", set()):
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.untyped_storage().device.type != device:
            raise ImpossibleSizes(f"{name} is no plain tensor")
        storage = tensor.untyped_storage()
        storages[storage._cdata] = storage.nbytes()
        stated = tensor.numel() * tensor.element_size()
        if stated > min(size, storage.nbytes()):
            raise ImpossibleSizes(f"{name} takes {stated:,} bytes, the file has {size:,}")
    if sum(storages.values()) > size:
        raise ImpossibleSizes(f"its tensors take {sum(storages.values()):,} bytes, the file has {size:,}")


def _tensors(content: Any, name: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """All tensors, each container looked through once."""
    if isinstance(content, Tensor):
        yield name, content
    elif isinstance(content, dict | list | tuple | set | frozenset) and id(content) not in seen:
        seen.add(id(content))
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from _tensors(value, str(key)[:200], seen)
