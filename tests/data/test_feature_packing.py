"""`data pack`: the same ids, numbers and types in another format, or all reasons why not and nothing written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cmivqa_kit.data.feature_packing import format_for, pack, require_destination
from cmivqa_kit.data.stores.registry import format_named, open_store
from cmivqa_kit.errors import UserError
from tests.data.stores.stored import FORMATS, ROWS, Arrays, stored, write_store

IDS = st.text(st.characters(categories=["L", "Nd"], max_codepoint=255), min_size=1, max_size=8)


def destination(kind: str, folder: Path) -> Path:
    suffixes = format_named(kind).suffixes
    return folder / f"packed{suffixes[0] if suffixes else '-' + kind}"


def packed(source: Path, kind: str, folder: Path) -> Path:
    target = destination(kind, folder)
    pack(open_store(source), target, format_named(kind))
    return target


def contents(path: Path) -> dict[str, tuple[str, bytes]]:
    store = open_store(path)
    return {name: (rows.dtype.str, rows.tobytes()) for name in store.ids if (rows := store.get(name)) is not None}


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_there_and_back(source: str, target: str, tmp_path: Path) -> None:
    first = write_store(source, tmp_path)
    there = packed(first, target, tmp_path / "there")
    back = packed(there, source, tmp_path / "back")
    assert contents(first) == contents(there) == contents(back)
    assert contents(first) == {name: (array.dtype.str, array.tobytes()) for name, array in ROWS.items()}
    assert not list(tmp_path.rglob(".*"))


@effort(max_examples=15, deadline=None)
@given(
    st.sampled_from([name for name in FORMATS if name != "npy"]),
    st.integers(1, 4).flatmap(
        lambda width: st.dictionaries(
            IDS,
            st.integers(1, 5).flatmap(
                lambda rows: arrays.arrays(np.float32, (rows, width), elements=st.floats(-10, 10, width=32))
            ),
            min_size=1,
            max_size=4,
        )
    ),
)
def test_any_numbers(tmp_path_factory: pytest.TempPathFactory, kind: str, rows: Arrays) -> None:
    folder = tmp_path_factory.mktemp("any")
    first = write_store("npz", folder, rows)
    assert contents(packed(first, kind, folder)) == contents(first)


def test_what_was_written_is_said(tmp_path: Path) -> None:
    store = stored("hdf5", tmp_path, clock=2.0)
    done = pack(store, tmp_path / "a.safetensors", format_named("safetensors"))
    assert (done.format, done.ids, done.rows, done.width, done.seconds_per_row, done.clock_lost) == (
        "safetensors", 3, 7, 2, 2.0, False
    )  # fmt: skip
    assert open_store(tmp_path / "a.safetensors").seconds_per_row == 2.0
    assert pack(store, tmp_path / "a.npz", format_named("npz")).clock_lost
    calls: list[tuple[int, int]] = []
    pack(store, tmp_path / "b.hdf5", format_named("hdf5"), 0.5, lambda done, total: calls.append((done, total)))
    assert open_store(tmp_path / "b.hdf5").seconds_per_row == 0.5 and calls == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("kind", FORMATS)
def test_all_findings_are_listed_and_nothing_is_written(kind: str, tmp_path: Path) -> None:
    bad = np.ones((4, 2), np.float32)
    bad[2, 1] = np.nan
    rows = {
        "fine": np.ones((3, 2), np.float32), "good": np.ones((5, 2), np.float32), "nan": bad,
        "wide": np.ones((3, 3), np.float32), "whole": np.ones((3, 2), np.int32), "flat": np.ones(3, np.float32),
        "far": np.full((1, 2), np.inf, np.float32),
    }  # fmt: skip
    np.savez(tmp_path / "a.npz", **rows)
    target = destination(kind, tmp_path / "out")
    with pytest.raises(UserError) as error:
        pack(open_store(tmp_path / "a.npz"), target, format_named(kind))
    text = error.value.message
    for line in (
        "a.npz: 5 problems",
        "'nan': 1 of 4 rows holds numbers that are not finite (NaN or infinite), the first: row 2",
        "'wide': rows of 3 numbers, where 4 of 5 files have 2",
        "key 'whole': shape (3, 2), type int32; expected",
        "key 'flat': shape (3,), type float32; expected",
        "'far': 1 of 1 row holds numbers that are not finite",
    ):
        assert line in text, text
    assert "'fine'" not in text and "'good'" not in text
    assert not target.exists() and not list((tmp_path / "out").rglob("*"))


def test_numbers_that_are_not_finite_are_found_while_writing(tmp_path: Path) -> None:
    rows = {name: np.full((2, 2), np.nan if name != "b" else 1, np.float32) for name in "abc"}
    for kind in FORMATS:
        target = destination(kind, tmp_path / kind)
        with pytest.raises(UserError, match="2 problems"):
            pack(stored("npz", tmp_path / "from" / kind, rows), target, format_named(kind))
        assert not list((tmp_path / kind).rglob("*"))


def test_ids_and_types_that_the_format_cannot_keep(tmp_path: Path) -> None:
    store = stored("npz", tmp_path, {"a/b": ROWS["a"], "测试": ROWS["b"].astype(np.float64), "c d": ROWS["b"]})
    with pytest.raises(UserError, match="'a/b': npy: cannot be the name of a file"):
        pack(store, tmp_path / "npy", format_named("npy"))
    with pytest.raises(UserError) as error:
        pack(store, tmp_path / "big", format_named("bigfile"))
    assert "'测试': bigfile: float64 cannot be kept" in error.value.message
    assert "'c d': bigfile: id.txt cannot hold a name with white space" in error.value.message


def test_features_that_are_turned_round(tmp_path: Path) -> None:
    store = stored("npz", tmp_path, {name: np.ones((2, n), np.float32) for n, name in enumerate("abcd", 3)})
    with pytest.raises(UserError, match=r"'a': shape \(2, 3\) looks like \(dimensions, time\), transposed"):
        pack(store, tmp_path / "a.hdf5", format_named("hdf5"))


@pytest.mark.parametrize("kind", ["npy", "bigfile"])
def test_a_folder_is_replaced_as_a_whole(kind: str, tmp_path: Path) -> None:
    target = packed(write_store("npz", tmp_path), kind, tmp_path)
    pack(stored("hdf5", tmp_path, {"other": ROWS["a"]}), target, format_named(kind))
    assert open_store(target).ids == ("other",) and not list(tmp_path.glob(".*"))


def test_nothing_to_pack(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: no features in it"):
        pack(open_store(tmp_path / "empty"), tmp_path / "a.npz", format_named("npz"))


def test_the_format_of_a_destination(tmp_path: Path) -> None:
    named = {name: format_for(Path(name), None).name for name in ("a.h5", "a.HDF5", "a.npz", "a", "b.safetensors")}
    assert named == {"a.h5": "hdf5", "a.HDF5": "hdf5", "a.npz": "npz", "a": "npy", "b.safetensors": "safetensors"}
    assert format_for(Path("a"), "bigfile").name == "bigfile" and format_for(Path("a"), "npz").name == "npz"
    for path, form, reason in (("a.zip", None, "no format has the ending .zip"), ("a.npz", "hdf5", "that of npz"),
                               ("a", "h5", "no feature format 'h5'")):  # fmt: skip
        with pytest.raises(UserError, match=reason):
            format_for(Path(path), form)


def test_what_is_never_written_over(tmp_path: Path) -> None:
    source = write_store("npy", tmp_path)
    file = write_store("npz", tmp_path)
    for target, kind, force, reason in (
        (file, "npz", False, "exists already"),
        (source, "npy", True, "is read by this command"),
        (source / "a.npz", "npz", True, "lies in what is read"),
        (tmp_path, "npy", True, "exists already, and is no folder of npy features alone"),
        (write_store("npy", tmp_path / "other"), "bigfile", True, "no folder of bigfile features alone"),
        (write_store("bigfile", tmp_path / "other"), "bigfile", False, "exists already"),
        (tmp_path, "npz", True, "is a directory"),
        (tmp_path / "store.npz", "npy", True, "exists already, and is no folder of npy features alone"),
    ):
        with pytest.raises(UserError, match=reason):
            require_destination(target, format_named(kind), source, force)
    require_destination(file, format_named("npz"), source, True)
    require_destination(tmp_path / "other" / "store-bigfile", format_named("bigfile"), source, True)
    (tmp_path / "new").mkdir()
    require_destination(tmp_path / "new", format_named("npy"), source, False)
