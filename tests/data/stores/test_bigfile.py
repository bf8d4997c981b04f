"""BigFiles: the reader of rows, the store of videos, and what is said of files that do not belong together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.stores.bigfile_reader import BigFile, parse_names, parse_shape
from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.errors import UserError
from tests.data.stores.stored import stored, write_store

ROWS = np.arange(10, dtype="<f4").reshape(5, 2)
NAMES = "b_1 a_0 b_0\na_2  c\r\n"
FRAMES = "{'a': ['a_0', 'a_2'], 'b': ['b_0', 'b_1']}"


def bigfile(folder: Path, names: str = NAMES, shape: str = "5 2", frames: str | None = FRAMES) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "feature.bin").write_bytes(ROWS.tobytes())
    (folder / "id.txt").write_bytes(names.encode("iso-8859-1"))
    (folder / "shape.txt").write_text(shape, encoding="ascii")
    if frames is not None:
        (folder / "video2frames.txt").write_text(frames, encoding="utf-8")
    return folder


def test_rows_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    reader = BigFile(bigfile(tmp_path))
    names, rows = reader.read(["c", "a_0", "c", "nobody"])
    assert names == ["a_0", "c"] and rows.tolist() == [[2, 3], [8, 9]]
    assert reader.read(["nobody"])[0] == []
    assert reader.read_numbers([4, 0, 4])[1].tolist() == [[0, 1], [8, 9]]
    assert reader.read_one("b_0").tolist() == [4, 5]
    with pytest.raises(IndexError):
        reader.read_one("nobody")
    for number in (-1, 5):
        with pytest.raises(IndexError):
            reader.read_numbers([0, number])


def test_of_a_name_that_stands_twice_the_last_row_is_read_and_the_store_refuses_it(tmp_path: Path) -> None:
    folder = bigfile(tmp_path, "a a b b c", frames=None)
    assert BigFile(folder).read(["a"])[1].tolist() == [[2, 3]]
    with pytest.raises(UserError) as error:
        _ = open_store(folder).ids
    assert "'a': stands 2 times" in error.value.message and "'b': stands 2 times" in error.value.message
    assert "published reader takes the last" in error.value.fix


def test_a_video_is_its_frames(tmp_path: Path) -> None:
    store = open_store(bigfile(tmp_path))
    assert store.ids == ("a", "b") and store.shape("a") == (2, 2)
    for name, wanted in (("a", [[2, 3], [6, 7]]), ("b", [[4, 5], [0, 1]])):
        rows = store.get(name)
        assert rows is not None and rows.tolist() == wanted


def test_without_frames_a_row_is_an_id(tmp_path: Path) -> None:
    store = open_store(bigfile(tmp_path, frames=None))
    rows = store.get("c")
    assert store.ids == ("b_1", "a_0", "b_0", "a_2", "c") and rows is not None and rows.tolist() == [[8, 9]]


def test_rows_that_follow_each_other_are_mapped(tmp_path: Path) -> None:
    rows = stored("bigfile", tmp_path).get("b")
    assert isinstance(rows, np.memmap) and not rows.flags.writeable


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut off": (lambda f: (f / "feature.bin").write_bytes(ROWS.tobytes()[:-3]), "37 bytes.*40 bytes: it is cut off"),
    "too long": (lambda f: (f / "feature.bin").write_bytes(ROWS.tobytes() * 2), "80 bytes.*of other rows"),
    "another width": (lambda f: (f / "shape.txt").write_text("5 3"), "5 rows of 3 float32, 60 bytes: it is cut off"),
    "too few names": (lambda f: (f / "id.txt").write_text("a_0 b_0"), "id.txt: 2 names, where shape.txt states 5 rows"),
    "no shape": (lambda f: (f / "shape.txt").write_text("five two"), "shape.txt:1: 'five two'; expected"),
    "empty shape": (lambda f: (f / "shape.txt").write_text(""), "shape.txt:1: ''"),
    "no rows": (lambda f: (f / "shape.txt").write_text("0 2"), "shape.txt:1: 0 rows of 2 numbers"),
    "file missing": (lambda f: (f / "shape.txt").unlink(), "shape.txt: no such file"),
    "bin missing": (lambda f: (f / "feature.bin").unlink(), "feature.bin: cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(name: str, tmp_path: Path) -> None:
    change, reason = DAMAGE[name]
    change(bigfile(tmp_path))
    with pytest.raises(UserError, match=reason):
        _ = open_store(tmp_path).ids


def test_all_frames_without_a_row_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        _ = open_store(bigfile(tmp_path, frames="{'a': ['a_9', 'a_0'], 'b': [], 'c': ['x']}")).ids
    assert [line.strip() for line in error.value.message.splitlines()[1:]] == [
        "b: has no frame", "a: frame 'a_9' is not in id.txt", "c: frame 'x' is not in id.txt"
    ]  # fmt: skip


def test_names_outside_ascii(tmp_path: Path) -> None:
    rows = stored("bigfile", tmp_path, {"café": np.ones((1, 2), np.float32)}).get("café")
    assert rows is not None
    assert write_store("bigfile", tmp_path / "two", {"é": ROWS}).joinpath("id.txt").read_bytes().startswith(b"\xe9_0 ")
    latin = bigfile(tmp_path / "latin", "\u00e9_0 a b c d", frames=None)
    (latin / "video2frames.txt").write_bytes("{'\u00e9': ['\u00e9_0']}".encode("iso-8859-1"))
    assert open_store(latin).ids == ("é",)


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**6),
    st.sampled_from([" ", "\t", "   "]),
    st.sampled_from(["", "\n", "\r\n", "\nx"]),
)
def test_shapes(rows: int, width: int, gap: str, rest: str) -> None:
    assert parse_shape(f"{rows}{gap}{width}{rest}", Path("shape.txt")) == (rows, width)


@given(st.text())
def test_any_other_shape_is_refused_plainly(text: str) -> None:
    words = text.split("\n", 1)[0].split()
    if len(words) == 2 and all(word.isascii() and word.isdigit() and int(word) for word in words):
        return
    with pytest.raises(UserError, match=r"shape\.txt:1"):
        parse_shape(text, Path("shape.txt"))


@given(st.binary())
def test_any_names_are_read(content: bytes) -> None:
    names = parse_names(content.decode("iso-8859-1"))
    assert all(name and not any(letter.isspace() for letter in name) for name in names)
    assert "".join(names) == "".join(content.decode("iso-8859-1").split())
