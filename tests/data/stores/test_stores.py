"""Every format gives back what was written, says what is damaged, and is told by its content."""

from __future__ import annotations

import builtins
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from cmivqa_kit.data.stores.registry import format_named, formats, open_store
from cmivqa_kit.errors import UserError
from tests.data.stores.stored import FORMATS, ROWS, stored, write_store

FILES = tuple(name for name, kind in formats().items() if kind.suffixes)
MAPPED = ("npy", "bigfile", "safetensors")


@pytest.mark.parametrize("kind", FORMATS)
def test_what_was_written_is_read(kind: str, tmp_path: Path) -> None:
    store = stored(kind, tmp_path)
    assert store.name == kind and set(store.ids) == set(ROWS) and len(store.ids) == len(ROWS)
    assert (store.width, store.seconds_per_row) == (2, None)
    for name, array in ROWS.items():
        rows = store.get(name)
        assert rows is not None and rows.dtype == np.float32 and np.array_equal(rows, array)
        assert store.shape(name) == array.shape and store.file(name).is_file()
        assert isinstance(rows, np.memmap) == (kind in MAPPED)
        assert name in store.location(name) and str(store.file(name)) in store.location(name)
    assert store.get("nobody") is None


@pytest.mark.parametrize("kind", FORMATS)
def test_writing_twice_gives_the_same_bytes(kind: str, tmp_path: Path) -> None:
    paths = [write_store(kind, tmp_path / name) for name in ("one", "two")]
    first, second = ([file.read_bytes() for file in sorted(p.iterdir())] if p.is_dir() else [p.read_bytes()]
                     for p in paths)  # fmt: skip
    assert first == second


@pytest.mark.parametrize("kind", FORMATS)
def test_the_length_of_a_row_where_the_format_keeps_it(kind: str, tmp_path: Path) -> None:
    assert stored(kind, tmp_path, clock=0.5).seconds_per_row == (0.5 if format_named(kind).keeps_clock else None)


@pytest.mark.parametrize("kind", [name for name in FORMATS if name != "bigfile"])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_types_stay(kind: str, dtype: str, tmp_path: Path) -> None:
    rows = stored(kind, tmp_path, {"a": np.ones((2, 3), dtype)}).get("a")
    assert rows is not None and rows.dtype == np.dtype(dtype)


def test_the_files_are_those_of_other_libraries(tmp_path: Path) -> None:
    with h5py.File(write_store("hdf5", tmp_path)) as stream:
        assert np.array_equal(stream["b"][()], ROWS["b"])
    tensors = load_file(write_store("safetensors", tmp_path))
    assert {name: array.tolist() for name, array in tensors.items()} == {n: a.tolist() for n, a in ROWS.items()}
    assert np.array_equal(np.load(write_store("npz", tmp_path))["b"], ROWS["b"])


@pytest.mark.parametrize("kind", FILES)
def test_the_name_of_a_file_does_not_matter(kind: str, tmp_path: Path) -> None:
    path = write_store(kind, tmp_path).rename(tmp_path / "features.dat")
    assert open_store(path).name == kind


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("size", [0, 4, 20, 100, -1])
def test_a_file_that_was_cut_off_is_named(kind: str, size: int, tmp_path: Path) -> None:
    path = write_store(kind, tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=path.name):
        store = open_store(path)
        for name in store.ids:
            store.get(name)


WRONG: dict[str, tuple[Any, str]] = {
    "one axis": (np.ones(3, np.float32), r"shape \(3,\)"),
    "three axes": (np.ones((1, 2, 2), np.float32), r"shape \(1, 2, 2\)"),
    "no row": (np.ones((0, 2), np.float32), r"shape \(0, 2\)"),
    "integers": (np.ones((2, 2), np.int64), "int64|I64"),
}


def _saved(kind: str, path: Path, array: Any) -> None:
    if kind == "hdf5":
        with h5py.File(path, "w") as stream:
            stream["x"] = array
            stream["y"] = np.ones((1, 2), np.float32)
    elif kind == "npz":
        np.savez(path, x=array, y=np.ones((1, 2), np.float32))
    else:
        save_file({"x": array, "y": np.ones((1, 2), np.float32)}, path)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("fault", WRONG)
def test_what_is_no_array_of_rows_is_named_with_its_key(kind: str, fault: str, tmp_path: Path) -> None:
    array, reason = WRONG[fault]
    path = tmp_path / f"store{formats()[kind].suffixes[0]}"
    _saved(kind, path, array)
    store = open_store(path)
    assert store.get("y") is not None
    with pytest.raises(UserError, match=f"key 'x'.*(?:{reason}).*expected") as error:
        store.get("x")
    assert str(path) in error.value.message


def test_python_objects_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([[None]], dtype=object), y=np.ones((1, 1), np.float32))
    with pytest.raises(UserError, match="key 'x': holds Python objects, which are never loaded"):
        open_store(tmp_path / "a.npz").get("x")


def test_an_archive_that_states_more_than_it_holds(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2**40, 2)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue() + b"\0" * 64)
        archive.writestr("y.npy", b"")
    with pytest.raises(UserError, match=r"a\.npz: damaged, .* features of 'x' .*8,796,093,022,208 bytes"):
        open_store(tmp_path / "a.npz").get("x")


def test_two_members_of_one_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, pytest.warns(UserWarning):
        archive.writestr("x.npy", b"")
        archive.writestr("x.npy", b"")
    with pytest.raises(UserError, match="x: the key stands twice"):
        _ = open_store(tmp_path / "a.npz").ids


def test_a_group_of_one_dataset_is_an_id(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.hdf5", "w") as stream:
        stream["v_1/c3d_features"] = ROWS["b"]
        stream["v_2/a"] = stream["v_2/b"] = ROWS["a"]
        stream.create_group("v_3")
    store = open_store(tmp_path / "a.hdf5")
    rows = store.get("v_1")
    assert store.ids == ("v_1", "v_2", "v_3") and rows is not None and np.array_equal(rows, ROWS["b"])
    for key, members in (("v_2", "'a', 'b'"), ("v_3", "nothing")):
        with pytest.raises(UserError, match=f"key '{key}': a group of {members}; expected one dataset"):
            store.get(key)


def test_what_leads_out_of_an_hdf5_file_is_not_followed(tmp_path: Path) -> None:
    other = write_store("hdf5", tmp_path)
    with h5py.File(tmp_path / "a.hdf5", "w") as stream:
        stream["link"] = h5py.ExternalLink(other, "a")
        stream["soft"] = h5py.SoftLink("/real")
        stream["real"] = ROWS["a"]
        layout = h5py.VirtualLayout((2, 2), np.float32)
        layout[:] = h5py.VirtualSource(other, "a", (2, 2))
        stream.create_virtual_dataset("virtual", layout)
        (tmp_path / "raw").write_bytes(bytes(64))
        stream.create_dataset("raw", (2, 2), np.float32, external=[(tmp_path / "raw", 0, 16)])
        stream.create_dataset("hollow", (2**40, 2), np.float32, chunks=(1024, 2))
    store = open_store(tmp_path / "a.hdf5")
    for key in ("link", "soft"):
        with pytest.raises(UserError, match=f"key '{key}': a link, which may lead out of the file"):
            store.get(key)
    for key in ("virtual", "raw"):
        with pytest.raises(UserError, match=f"key '{key}': its rows lie in another file"):
            store.get(key)
    with pytest.raises(UserError, match=r"features of 'hollow' .*8,796,093,022,208 bytes, and 0 are stored"):
        store.get("hollow")


@pytest.mark.parametrize("value", ["soon", -1.0, float("nan"), 1e9])
def test_a_stated_length_of_a_row_that_is_none(value: object, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.hdf5", "w") as stream:
        stream.attrs["seconds_per_row"] = value
    save_file({"a": ROWS["a"]}, tmp_path / "a.safetensors", {"seconds_per_row": str(value)})
    for name in ("a.hdf5", "a.safetensors"):
        with pytest.raises(UserError, match=f"{name}.*seconds_per_row is .*, not a number of seconds above 0"):
            _ = open_store(tmp_path / name).seconds_per_row


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>404</html>", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (b"hello", "no feature store"),
        (b"", "no feature store"),
    ],
)
def test_a_file_that_is_no_store(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.hdf5").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        open_store(tmp_path / "a.hdf5")


def test_a_single_array_is_no_store(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROWS["a"])
    with pytest.raises(UserError, match="is a single NumPy array"):
        open_store(tmp_path / "a.npy")
    assert open_store(tmp_path).ids == ("a",)


def test_folders(tmp_path: Path) -> None:
    assert open_store(tmp_path).ids == ()
    for name in ("b", "a"):
        np.savez(tmp_path / f"{name}.npz", features=ROWS[name], other=np.ones(3))
    store = open_store(tmp_path)
    assert (store.name, store.ids, store.location("a")) == ("npz", ("a", "b"), f"{tmp_path / 'a.npz'}, key 'features'")
    write_store("safetensors", tmp_path)
    with pytest.raises(UserError, match=r"holds features in several formats \(npz, safetensors\)"):
        open_store(tmp_path)
    np.save(tmp_path / "c.npy", ROWS["a"])
    assert open_store(tmp_path).ids == ("c",)  # what lies beside .npy files is not read


def test_a_folder_of_files_that_hold_parts_of_the_ids(tmp_path: Path) -> None:
    save_file({"a": ROWS["a"], "b": ROWS["b"]}, tmp_path / "1.safetensors", {"seconds_per_row": "2"})
    save_file({"c": ROWS["a"]}, tmp_path / "2.safetensors", {"seconds_per_row": "2"})
    store = open_store(tmp_path)
    assert (store.ids, store.seconds_per_row, store.file("c").name) == (("a", "b", "c"), 2.0, "2.safetensors")
    save_file({"c": ROWS["a"], "b": ROWS["b"]}, tmp_path / "2.safetensors", {"seconds_per_row": "4"})
    assert open_store(tmp_path).seconds_per_row is None
    with pytest.raises(UserError, match=r"2\.safetensors: key 'b' stands in 1\.safetensors too") as error:
        _ = open_store(tmp_path).ids
    assert "--features NAME=FILE" in error.value.fix


def test_a_folder_of_one_array_in_each_file(tmp_path: Path) -> None:
    for name in ("b", "a"):
        np.savez(tmp_path / f"{name}.npz", ROWS[name])
    store = open_store(tmp_path)
    rows = store.get("b")
    assert store.ids == ("a", "b") and rows is not None and np.array_equal(rows, ROWS["b"])


def test_two_npy_files_of_one_id(tmp_path: Path) -> None:
    for name in ("a.npy", "a.NPY"):
        with (tmp_path / name).open("wb") as stream:
            np.save(stream, ROWS["a"])
    with pytest.raises(UserError, match=r"a\.NPY: is of the id 'a' too"):
        _ = open_store(tmp_path).ids


@pytest.mark.parametrize(
    ("kind", "package", "extra"), [("hdf5", "h5py", "hdf5"), ("safetensors", "safetensors", "models")]
)
def test_without_the_package(
    kind: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = write_store(kind, tmp_path), builtins.__import__

    def imported(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", imported)
    with pytest.raises(UserError, match=f"{path.name}: .* by {package}; that is not installed here") as error:
        _ = open_store(path).ids
    assert error.value.fix == f"Install it: pip install 'cmivqa-kit[{extra}]'"


REFUSED: dict[str, tuple[str, ...]] = {
    "npy": ("", ".hidden", "a/b", "a\\b", "x" * 252, "a\nb"),
    "npz": ("", "a\0b"),
    "hdf5": ("", ".", "..", "a/b", "a\0b"),
    "safetensors": ("", "__metadata__", "a\0b"),
    "bigfile": ("", "a b", "测试", "a\u00a0b", "a\0b"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_ids_that_a_format_cannot_keep(kind: str) -> None:
    refusal: Callable[[str, Any], str] = format_named(kind).refusal
    assert all(refusal(name, np.dtype(np.float32)) for name in REFUSED[kind])
    assert not any(refusal(name, np.dtype(np.float32)) for name in ROWS)


def test_types_that_a_format_cannot_keep() -> None:
    assert "holds float32" in format_named("bigfile").refusal("a", np.dtype(np.float64))
    assert "none of its types" in format_named("safetensors").refusal("a", np.dtype(np.longdouble))
    assert "not the same on every machine" in format_named("hdf5").refusal("a", np.dtype(np.longdouble))


def test_no_format_of_that_name() -> None:
    with pytest.raises(UserError, match="Did you mean 'hdf5'"):
        format_named("hdf")


def test_files_of_torch_save_are_told_how_to_become_arrays(tmp_path: Path) -> None:
    """Loading one could run what is in it; beside .npy files they are let lie."""
    (tmp_path / "a.pth").write_bytes(b"PK\3\4")
    for path in (tmp_path, tmp_path / "a.pth"):
        with pytest.raises(UserError, match=r"a\.pth is a file of torch\.save[^\n]*\n.*weights_only=True"):
            open_store(path)
    np.save(tmp_path / "b.npy", np.ones((2, 3), np.float32))
    assert list(open_store(tmp_path).ids) == ["b"]
