"""Files of strangers: whatever is wrong with one is said in a sentence, with its place."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from cmivqa_kit.bench.tasks.documents import FaultyFile, problems_of, read_document, read_lines
from cmivqa_kit.errors import Problem, UserError

FIX = "Write numbers."


def said(path: Path, size: int = 10_000) -> str:
    with pytest.raises(UserError) as caught:
        read_document(path, "predictions", FIX, size=size)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "file is empty"),
        (b"[1, 2", "cut off"),
        (b"[1,]", "trailing comma"),
        (b"\xff\xfe[\x00", "not UTF-8"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"[" * 50 + b"]" * 50, "file.json:1:33: brackets are nested more than 32 deep"),
        (b"[\n" + b"9" * 100 + b"]", "file.json:2:1: a number of 100 characters"),
        (b" " * 20_000, "MiB, no predictions"),
    ],
)
def test_what_is_no_document(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert words in said(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file of predictions" in said(tmp_path / "file.json")
    assert "is a directory" in said(tmp_path)


def test_a_key_that_stands_twice_is_placed(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"a": [1],\n "b": {"c": 1,\n  "c": 2}, "a": 3}', encoding="utf-8")
    with pytest.raises(FaultyFile) as caught:
        read_document(path, "predictions", FIX)
    assert [problem.location for problem in caught.value.problems] == ["3:3", "3:12"]
    assert 'c" stands twice' in str(caught.value)


def test_of_an_archive_the_named_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "file.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("notes.json", "[1]")
        bundle.writestr("sub/submit.json", "[2]")
    assert read_document(path, "predictions", FIX, named="submit.json") == [2]
    assert "2 submissions in it" in said(path)


def test_another_kind_of_file_is_answered_with_the_own_format(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("[Content_Types].xml", "")
        bundle.writestr("xl/sheet.xml", "")
    assert said(path).endswith(f"an Excel workbook\n{FIX}")


def test_lines(tmp_path: Path) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text('{"a": 1}\n\n{"a": \n[2]\r\n', encoding="utf-8")
    problems: list[Problem] = []
    assert list(read_lines(path, "annotations", FIX, problems)) == [("line 1", {"a": 1}), ("line 4", [2])]
    assert [problem.location for problem in problems] == ["line 3"]
    path.write_text("[1]\n" + json.dumps([[]]) + "\n" + "[" * 40, encoding="utf-8")
    with pytest.raises(UserError, match=r"file.jsonl:3:33: brackets"):
        list(read_lines(path, "annotations", FIX, problems))


def test_an_error_without_a_list_is_one_problem() -> None:
    assert problems_of(UserError("gone"), Path("a/b.json")) == (Problem("b.json", "gone"),)
