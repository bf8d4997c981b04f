"""What a `torch.save` file holds beside tensors, as plain values: data, never an object with a behaviour.

A pickle names the classes and functions that its content is made with. Torch knows those of tensors; here is what the
options of official checkpoints need beside (`STAND_INS`): ``argparse.Namespace``, containers, scalars and arrays of
NumPy. None of the classes themselves is called: each name stands for a small one of this module that takes what is
stored, checks it and does nothing. NumPy's own are no safe readers: a dtype that lies about its kind turns bytes into
pointers.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

DEPTH = 64  # containers in each other; the deepest of an official file are the states of an optimizer, at five
_DTYPE = re.compile(r"b1|[iu][1248]|f[248]|c(?:8|16)|[SU]\d{1,6}")
_ATOMS = (str, int, float, complex, bytes, type(None), Tensor, np.ndarray)
_UNFINISHED = object()


class NoPlainValue(ValueError):
    """A file holds something that is no plain value; the text completes "it holds ..."."""


class StoredNamespace:
    """The attributes of an ``argparse.Namespace``."""

    attributes: Mapping[str, Any] = MappingProxyType({})  # of one without any, which has no state either

    def __setstate__(self, state: Any) -> None:
        if type(state) is not dict or not all(isinstance(name, str) for name in state):
            raise NoPlainValue("a Namespace whose attributes have no names")
        self.attributes = state


class StoredDtype:
    """The dtype of a NumPy scalar or array: numbers, truth values or text."""

    def __init__(self, code: Any, *flags: Any) -> None:
        if not isinstance(code, str) or not _DTYPE.fullmatch(code):
            raise NoPlainValue(f"a NumPy value of dtype {str(code)[:20]!r}, which is neither numbers nor text")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if order not in ("<", ">", "|", "="):
            raise NoPlainValue("a NumPy dtype without a byte order")
        self.dtype = self.dtype.newbyteorder(order)


class StoredArray:
    """A NumPy array, not to be written to; the bytes are held against dtype and shape before one is made."""

    array: np.ndarray[Any, Any] | None = None

    def __setstate__(self, state: Any) -> None:
        _, shape, stored, in_columns, data = state
        self.array = _array(stored, shape, data, "F" if in_columns else "C")


def _array(stored: Any, shape: Any, data: Any, order: Any = "C") -> np.ndarray[Any, Any]:
    whole = type(shape) is tuple and all(type(size) is int and size >= 0 for size in shape)
    if not isinstance(stored, StoredDtype) or not whole or not isinstance(data, bytes):
        raise NoPlainValue("a NumPy array without a shape, a dtype or bytes")
    if math.prod(shape) * stored.dtype.itemsize != len(data):
        raise NoPlainValue(f"a NumPy array of shape {shape} in {len(data):,} bytes")
    if stored.dtype.itemsize == 0 and shape:
        raise NoPlainValue("a NumPy array of texts without a character")
    if not data:
        return np.zeros(shape, stored.dtype)
    return np.ndarray(shape, stored.dtype, data, order=order)  # no copy: a file may name the same bytes many times


def _scalar(stored: Any, data: Any = b"") -> Any:
    return _array(stored, (), data).item()


def _new_array(kind: Any, *first: Any) -> StoredArray:
    if kind is not StoredArray:
        raise NoPlainValue("a subclass of a NumPy array")
    return StoredArray()


def _new_list(items: Any = (), limit: Any = None) -> list[Any]:
    return list(_container(items))


def _new_frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(_container(items))


def _new_mapping(factory: Any = None) -> dict[Any, Any]:
    return {}


def _new_bytes() -> bytes:
    return b""


def _container(items: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(items, list | tuple):  # what else has a length might be far longer than the file
        raise NoPlainValue("a container that is filled from no list")
    return items


# Name in the pickle -> what is called, or only stands, in its place.
STAND_INS: Mapping[str, Callable[..., Any] | str] = {
    "argparse.Namespace": StoredNamespace,
    "collections.defaultdict": _new_mapping,
    "collections.deque": _new_list,
    "builtins.frozenset": _new_frozenset,
    "builtins.bytes": _new_bytes,
    "numpy.dtype": StoredDtype,
    "numpy.ndarray": StoredArray,
    **{f"numpy.{core}.multiarray.scalar": _scalar for core in ("core", "_core")},
    **{f"numpy.{core}.multiarray._reconstruct": _new_array for core in ("core", "_core")},
    # mappings of the libraries that hold options, of which only the items are read
    "yacs.config.CfgNode": OrderedDict,
    "pytorch_lightning.utilities.parsing.AttributeDict": OrderedDict,
    "lightning_fabric.utilities.data.AttributeDict": OrderedDict,
    "lightning.fabric.utilities.data.AttributeDict": OrderedDict,
    # types that are stored as values or keys, read as their names
    **{f"builtins.{name}": name for name in ("bool", "dict", "float", "int", "list", "str", "tuple")},
    "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint": "ModelCheckpoint",
}


@contextmanager
def stand_ins() -> Iterator[None]:
    """While the block runs, torch takes these names and none that another library has allowed for itself."""
    others = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    allowed: list[Any] = [(value, name) for name, value in STAND_INS.items()]
    torch.serialization.add_safe_globals(allowed)
    try:
        yield
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(others)


def plain_values(content: Any) -> Any:
    """What was read within `stand_ins`, as dicts, lists, tuples, sets, texts, bytes, numbers, arrays and tensors alone.

    A namespace becomes a dict of its attributes; a type, a device and a dtype become their names. Tensors stay the
    same objects; a container that stands in several places stays one.

    Raises:
        NoPlainValue: it holds a function, a bare storage, or containers within themselves or very deep.
    """
    return _plain(content, {}, 0)


def _plain(value: Any, known: dict[int, Any], depth: int) -> Any:
    if isinstance(value, _ATOMS):
        return value
    if id(value) not in known:
        if depth > DEPTH:
            raise NoPlainValue(f"containers more than {DEPTH} deep in each other")
        known[id(value)] = _UNFINISHED
        known[id(value)] = _copied(value, lambda item: _plain(item, known, depth + 1))
    if known[id(value)] is _UNFINISHED:
        raise NoPlainValue("a container that holds itself")
    return known[id(value)]


def _copied(value: Any, plain: Callable[[Any], Any]) -> Any:
    match value:
        case StoredNamespace():
            return {name: plain(item) for name, item in value.attributes.items()}
        case Mapping():
            return {plain(key): plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case tuple():
            return tuple(plain(item) for item in value)
        case set():
            return {plain(item) for item in value}
        case frozenset():
            return frozenset(plain(item) for item in value)
        case StoredArray(array=np.ndarray() as array):
            return array
        case bytearray():
            return bytes(value)
        case torch.device() | torch.dtype() | torch.layout():
            return str(value)
        case type():
            return value.__name__
    raise NoPlainValue(f"{type(value).__name__[:60]!r}, which is no plain value")
