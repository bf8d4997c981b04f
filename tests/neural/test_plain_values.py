"""What a torch.save file holds beside tensors: read as plain values, or refused by its name."""

from __future__ import annotations

import argparse
import collections
import functools
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.plain_values import NoPlainValue, plain_values
from cmivqa_kit.neural.torch_files import load_torch_file

SWITCHES = ("weights_only", "safe_globals", "allow_pickle", "trust")


class Asking:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any, state: Any = None) -> None:
        self.function, self.arguments, self.state = function, arguments, state

    def __reduce__(self) -> tuple[Any, ...]:
        return (self.function, self.arguments, self.state) if self.state else (self.function, self.arguments)


class Settings(dict[str, Any]):
    """A mapping of a library that holds options, under that library's name."""


Settings.__module__, Settings.__qualname__ = "yacs.config", "CfgNode"


def loaded(folder: Path, content: Any, zipped: bool = True) -> Any:
    torch.save(content, folder / "file.pt", _use_new_zipfile_serialization=zipped)
    return load_torch_file(folder / "file.pt")


@pytest.mark.parametrize("zipped", [True, False])
def test_options_become_plain_values(tmp_path: Path, zipped: bool) -> None:
    options = argparse.Namespace(
        rate=np.float32(0.5), count=np.int64(7), yes=np.bool_(True), name=np.str_("音"), empty=np.str_(""),
        device=torch.device("cuda:0"), kind=torch.float16, layers=["a", ("b", 1)], none=None, raw=b"\0\1",
        inner=argparse.Namespace(), groups=collections.defaultdict(list, {"x": [1]}), last=collections.deque([1, 2], 5),
        ids=frozenset([3]), large=2**70, size=torch.Size([2, 3]), of=int,
    )  # fmt: skip
    read = loaded(tmp_path, {"opt": options, "order": collections.OrderedDict(a=1)}, zipped)
    assert read == {
        "opt": {
            "rate": 0.5, "count": 7, "yes": True, "name": "音", "empty": "", "device": "cuda:0",
            "kind": "torch.float16", "layers": ["a", ("b", 1)], "none": None,
            "raw": b"\0\1", "inner": {}, "groups": {"x": [1]}, "last": [1, 2],
            "ids": frozenset([3]), "large": 2**70, "size": (2, 3), "of": "int",
        },
        "order": {"a": 1},
    }  # fmt: skip
    plain = {float, int, bool, str, list, type(None), bytes, dict, frozenset, tuple}
    assert {type(value) for value in read["opt"].values()} <= plain


@pytest.mark.parametrize("core", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_arrays_of_both_numpys_are_read(tmp_path: Path, core: bytes) -> None:
    arrays = {
        "rows": np.arange(6.0).reshape(2, 3), "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big": np.arange(3, dtype=">i2"), "words": np.array(["a", "bcd"]), "none": np.zeros((0, 3)),
        "one": np.float64(2),
    }  # fmt: skip
    torch.save(arrays, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    data = (tmp_path / "a.pt").read_bytes()
    assert b"numpy._core.multiarray" in data
    (tmp_path / "a.pt").write_bytes(data.replace(b"numpy._core.multiarray", core))
    read = load_torch_file(tmp_path / "a.pt")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert np.array_equal(read[name], array) and np.asarray(read[name]).dtype.kind == array.dtype.kind


def test_mappings_of_option_libraries_give_their_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("yacs.config")
    module.CfgNode = Settings  # type: ignore[attr-defined]
    for name in ("yacs", "yacs.config"):
        monkeypatch.setitem(sys.modules, name, module)
    node = Settings(SOLVER=Settings(LR=0.002))
    node.__dict__["frozen"] = True
    torch.save({"hyper_parameters": {"cfg": node}}, tmp_path / "a.ckpt")
    monkeypatch.undo()
    assert load_torch_file(tmp_path / "a.ckpt") == {"hyper_parameters": {"cfg": {"SOLVER": {"LR": 0.002}}}}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [(os.system, ("touch owned",), f"{os.system.__module__}.system"), (eval, ("open('owned', 'w')",), "builtins.eval"),
     (functools.partial, (print,), "functools.partial, builtins.print"), (getattr, ("a", "upper"), "builtins.getattr"),
     (torch.nn.Linear, (1, 1), "torch.nn.modules.linear.Linear"), (torch.load, ("x",), "torch.serialization.load")],
)  # fmt: skip
def test_code_is_refused_by_its_name_however_deep(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: Callable[..., Any],
    arguments: Any,
    name: str,
    zipped: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    hidden = {"opt": argparse.Namespace(a=[{"b": (Asking(function, *arguments),)}]), "model": {"w": torch.ones(1)}}
    for content in (Asking(function, *arguments), hidden):
        with pytest.raises(UserError) as refused:
            loaded(tmp_path, content, zipped)
        assert refused.value.message.startswith(f"{tmp_path / 'file.pt'}: asks for {name}: code or objects")
        assert "Nothing of it was run" in refused.value.fix
        assert not any(word in str(refused.value) for word in SWITCHES)
    assert not (tmp_path / "owned").exists()


def test_all_refused_names_are_told_and_long_lists_are_cut(tmp_path: Path) -> None:
    functions: list[Any] = [os.getcwd, eval, exec, open, print, compile, input]
    with pytest.raises(UserError, match=r"builtins\.eval, builtins\.exec, .* and more: code") as refused:
        loaded(tmp_path, [Asking(function) for function in functions])
    assert "collections" not in str(refused.value)


def test_names_in_pickles_of_other_kinds_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    for protocol in (2, 4):
        path.write_bytes(pickle.dumps({"a": Asking(os.system, "x")}, protocol))
        with pytest.raises(UserError, match=rf"asks for {os.system.__module__}\.system"):
            load_torch_file(path)
    path.write_bytes(pickle.dumps({"a": "b" * 40}, 2))
    with pytest.raises(UserError, match="is a pickle that torch"):
        load_torch_file(path)
    torch.save({"a": torch.ones(1)}, path, pickle_protocol=4)
    with pytest.raises(UserError, match="pickled with protocol 4"):
        load_torch_file(path)


def test_a_name_that_would_write_to_the_terminal_is_cleaned(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"\x80\x02cbuilt\x1b[31m\nev\x07al\n." + b" " * 20)
    with pytest.raises(UserError, match=r"asks for built\?\[31m\.ev\?al: code"):
        load_torch_file(tmp_path / "a.pt")


def test_what_other_libraries_have_allowed_counts_for_them_alone(tmp_path: Path) -> None:
    with torch.serialization.safe_globals([functools.partial]):
        before = set(torch.serialization.get_safe_globals())
        with pytest.raises(UserError, match=r"asks for functools\.partial"):
            loaded(tmp_path, Asking(functools.partial, int))
        assert loaded(tmp_path, {"opt": argparse.Namespace(a=1)}) == {"opt": {"a": 1}}
        assert set(torch.serialization.get_safe_globals()) == before


def _dtype_that_lies() -> Any:
    """Numbers by its code, Python objects by its flags: NumPy itself would take bytes for pointers."""
    dtype = Asking(np.dtype, "O8", False, True, state=(3, "|", None, None, None, -1, -1, 0))
    return Asking(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b", state=(1, (1,), dtype, False, b"\1" * 8))


@pytest.mark.parametrize(
    ("content", "message"),
    [(np.array([None, "x"], object), r"dtype 'O8', which is neither"), (_dtype_that_lies(), "dtype 'O8'"),
     (np.zeros(2, [("a", "i4"), ("b", "O")]), "dtype 'V12'"), (np.datetime64("2020-01-01"), "dtype 'M8'"),
     (Asking(np._core.multiarray.scalar, np.dtype("f8"), b"1234"), r"shape \(\) in 4 bytes"),
     (Asking(np._core.multiarray._reconstruct, np.ndarray, (0,), b"b",
             state=(1, (2**40,), np.dtype("f8"), False, b"\0" * 8)), "in 8 bytes"),
     (Asking(collections.deque, bytearray(9)), "filled from no list"), (torch._utils._rebuild_tensor_v2, "'function'"),
     (torch.per_tensor_affine, "no plain value")],
)  # fmt: skip
def test_values_that_are_not_plain_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    for zipped in (True, False):
        with pytest.raises(UserError, match=rf"file\.pt: holds .*{message}"):
            loaded(tmp_path, {"a": content}, zipped)


def test_containers_in_themselves_or_very_deep_are_refused(tmp_path: Path) -> None:
    ring: list[Any] = []
    ring.append({"a": ring})
    with pytest.raises(UserError, match="holds a container that holds itself"):
        loaded(tmp_path, ring)
    deep: Any = 1
    for _ in range(70):
        deep = [deep]
    with pytest.raises(NoPlainValue, match="more than 64 deep"):
        plain_values(deep)


def test_a_container_in_many_places_costs_its_length_once(tmp_path: Path) -> None:
    table = torch.ones(2)
    level: Any = [table]
    for _ in range(40):
        level = [level, level]  # 2 ** 40 ways to the tensor
    read = loaded(tmp_path, level)
    for _ in range(40):
        assert read[0] is read[1]
        read = read[0]
    assert torch.equal(read[0], table)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    | st.tuples(inner, inner),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(VALUES)
def test_plain_values_are_read_as_they_were(tmp_path_factory: pytest.TempPathFactory, content: Any) -> None:
    folder = tmp_path_factory.getbasetemp()
    for zipped in (True, False):
        assert loaded(folder, content, zipped) == content
        assert loaded(folder, argparse.Namespace(a=content), zipped) == {"a": content}
