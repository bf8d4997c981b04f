"""Reading JSON with plain errors; writing so that nothing is ever half a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit import files
from cmivqa_kit.errors import ExitCode, RunFailed, UserError
from cmivqa_kit.files import (
    CUT_OFF,
    UnreadableFile,
    atomic_path,
    decode,
    fingerprint,
    fingerprint_lists,
    parse_json,
    read_json,
)

PLACE = Path("entry.json")
SMALL = {
    "id": 0,
    "question": '如何"抬"起？',
    "output": [["vidA", 16.6, -0.5e3], [None, True, "a\\b"]],
    "x": float("-inf"),
}


def fault(text: str) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        parse_json(text, PLACE)
    return caught.value


def misread(data: bytes) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        decode(data, PLACE)
    return caught.value


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("[1, 2,]", "trailing comma"),
        ('[{"a": 1,\n}]', "trailing comma"),
        ('[{"a": 1}\n,\n]', "trailing comma"),
        ('[{"a": 1', "cut off"),
        ('[{"a": "b', "cut off"),
        ('[{"a": "b\\"', "cut off"),
        ("[1, 2,", "cut off"),
        ("[tr", "cut off"),
        ('[{"a": 1}, // one\n {"a": 2}]', "comment"),
        ('[/* all */ {"a": 1}]', "comment"),
        ("# made by me\n[]", "comment"),
        ("[{'id': 1}]", "double quotes"),
        ('{"id": 1}\n{"id": 2}\n', "JSON Lines"),
        ("[\0{\0}\0]\0", "UTF-16"),
        ('["a" "b"]', "Mend"),
        ("[1]]", "Mend"),
        ('[{"id" 1}]', "Mend"),
        ("[truth]", "Mend"),
        ("hello", "Mend"),
    ],
)
def test_a_fault_is_guessed(text: str, advice: str) -> None:
    error = fault(text)
    assert advice in error.fix
    assert error.code == ExitCode.USAGE
    assert error.message.startswith(f"{PLACE}:{error.line}:{error.column}: not JSON")


def test_the_place_is_the_one_python_names() -> None:
    error = fault('[\n {"id": 0},\n {"id": 1 "x": 2}\n]')
    assert (error.line, error.column) == (3, 11)
    trailing = fault('[\n {"id": 0},\n]')
    # Python 3.13 points at the comma, earlier versions at the bracket.
    assert (trailing.line, trailing.column) in {(3, 1), (2, 11)}


def test_every_cut_says_that_the_file_was_cut_off() -> None:
    data = json.dumps([SMALL], ensure_ascii=False, indent=1).encode()
    for length in range(1, len(data)):
        with pytest.raises(UnreadableFile) as caught:
            parse_json(decode(data[:length], PLACE), PLACE)
        assert caught.value.fix == CUT_OFF, data[:length]


def test_deep_nesting_and_long_integers_are_plain_errors() -> None:
    assert "nested too deeply" in fault("[" * 100_000).message
    assert "integer of more than" in fault("[" + "7" * 5001 + "]").message


def test_non_finite_literals_are_read_as_python_reads_them() -> None:
    assert str(parse_json("[NaN, Infinity, -Infinity, 1e999]", PLACE)) == "[nan, inf, -inf, inf]"


@settings(deadline=None)
@given(st.text(alphabet='[]{}",:\\/ \n0123456789.-+eEtrufalsn', max_size=40))
def test_reading_never_fails_otherwise(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        assert fault(text).fix
    else:
        assert repr(parse_json(text, PLACE)) == repr(expected)


@settings(deadline=None)
@given(st.binary(max_size=30))
def test_decoding_never_fails_otherwise(data: bytes) -> None:
    try:
        expected = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        assert misread(data).line
    else:
        assert decode(data, PLACE) == expected


@pytest.mark.parametrize(
    ("data", "guess"),
    [
        ("[1]".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + "[1]".encode("utf-16-be"), "UTF-16"),
        ('["问题"]'.encode("utf-16-le"), "UTF-16"),
        ("[1]".encode("utf-32"), "UTF-32"),
        (b"\0\0\xfe\xff" + "[1]".encode("utf-32-be"), "UTF-32"),
        ('["如何测量血压"]'.encode("gbk"), "GB18030"),
    ],
)
def test_the_encoding_is_guessed(data: bytes, guess: str) -> None:
    error = misread(data)
    assert f"it looks like {guess}" in error.message
    assert f"iconv -f {guess} -t UTF-8" in error.fix


def test_no_guess_without_reason() -> None:
    assert "looks like" not in misread(b"\xff" * 3 + b"abc").message


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_place_of_a_wrong_byte_counts_characters(mark: bytes) -> None:
    error = misread(mark + '[\n "问题'.encode() + b"\xff")
    assert (error.line, error.column) == (2, 5)
    assert "0xff" in error.message


def test_a_cut_within_a_character() -> None:
    error = misread('["问'.encode()[:-1])
    assert error.fix == CUT_OFF
    assert (error.line, error.column) == (1, 3)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no such question file"):
        read_json(tmp_path / "x.json", "question file")
    with pytest.raises(UnreadableFile, match="is a directory"):
        read_json(tmp_path)
    (tmp_path / "plain").write_text("[]", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="cannot be read"):
        read_json(tmp_path / "plain" / "x.json")


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_what_is_written_reads_back(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "round.json"
    files.write_json(path, document)
    assert read_json(path) == document
    assert path.read_bytes().endswith(b"\n")


def test_lone_surrogates_stay_json_and_utf8(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, ["a\ud800b", "视频😀"])
    assert path.read_bytes().decode("utf-8")
    assert read_json(path) == ["a\ud800b", "视频😀"]


def test_a_written_file_has_the_mode_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    files.write_text(tmp_path / "x", "x")
    assert (tmp_path / "x").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_folders_are_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a" / "b" / "x", "é\n")
    assert (tmp_path / "a" / "b" / "x").read_bytes() == b"\xc3\xa9\n"


@pytest.mark.parametrize("error", [ValueError("stop"), KeyboardInterrupt(), RunFailed("stop")])
def test_a_failure_leaves_nothing_and_keeps_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "x.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(type(error)), atomic_path(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]
    assert path.read_text(encoding="utf-8") == "old"


def test_a_full_disk_is_a_plain_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        os.truncate(self, 0)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunFailed, match="No space left") as caught:
        files.write_json(tmp_path / "x.json", {"a": 1})
    assert caught.value.code == ExitCode.FAILED
    assert "Free some space" in caught.value.fix
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_folder_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunFailed, match="cannot be written"):
        files.write_text(tmp_path / "file" / "x", "")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="is a directory"):
        files.write_text(tmp_path / "folder", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_hold_fails_the_run(tmp_path: Path, number: float) -> None:
    with pytest.raises(RunFailed, match="NaN or infinite"):
        files.write_json(tmp_path / "x.json", {"loss": number})
    assert list(tmp_path.iterdir()) == []


def test_fingerprints_and_hashes(tmp_path: Path) -> None:
    assert fingerprint({"a": 1, "b": "\ud800"}) == fingerprint({"b": "\ud800", "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    assert len(fingerprint(None)) == 12
    for lists in ([[]], [[], []], [[1, "\ud800"], [{"b": 1, "a": [None, 0.5]}]], [[], ["问"], []]):
        assert fingerprint_lists(iter(map(iter, lists))) == fingerprint(lists)
    (tmp_path / "x").write_bytes(b"abc")
    assert files.sha256(tmp_path / "x").startswith("ba7816bf")


def test_without_a_home_the_cache_is_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMIVQA_CACHE", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: "~/.cache/cmivqa-kit")  # an unknown user's
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert files.cache_root().parent == tmp_path

    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    with pytest.raises(UserError, match="no home folder") as caught:
        files.cache_root()
    assert caught.value.code == 2 and "CMIVQA_CACHE" in caught.value.fix
