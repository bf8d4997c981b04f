"""Mending on a ground: the items of the file say which questions it answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmivqa_kit.entries import Ground, open_entry
from cmivqa_kit.entries.mending import mend_entry
from cmivqa_kit.errors import UserError
from tests.submission.small import lists, put, records, root_2023


def damaged(folder: Path) -> Path:
    """Ids as texts, one answer list out of its object, a comma too many."""
    rows = [{**row, "id": str(row["id"]), "output": row["output"][:1]} for row in lists(records("testA"))]
    path = folder / "entry.json"
    path.write_text(json.dumps(rows, ensure_ascii=False)[:-1] + ",]", encoding="utf-8")
    return path


def test_a_mended_copy_is_valid(tmp_path: Path) -> None:
    path, root = damaged(tmp_path), root_2023(tmp_path / "root")
    before = path.read_bytes()
    mended = mend_entry(path, tmp_path / "out.json", root)
    assert mended.by_questions and mended.path == tmp_path / "out.json"
    assert {change.code for change in mended.fixed.changes} == {"E105", "E208"}
    assert open_entry(mended.path, root).report.ok
    assert path.read_bytes() == before


def test_without_questions_ids_stay(tmp_path: Path) -> None:
    mended = mend_entry(damaged(tmp_path), tmp_path / "out.json")
    assert not mended.by_questions
    assert [change.code for change in mended.fixed.changes] == ["E105"]


def test_by_an_answer_file(tmp_path: Path) -> None:
    truth = put(tmp_path / "answers.json", records("testA"))
    assert mend_entry(damaged(tmp_path), tmp_path / "out.json", Ground(truth=truth)).by_questions


def test_what_is_refused(tmp_path: Path) -> None:
    path, root = damaged(tmp_path), root_2023(tmp_path / "root")
    with pytest.raises(UserError, match="never touched"):
        mend_entry(path, path, root)
    put(tmp_path / "out.json", [])
    with pytest.raises(UserError, match="exists already"):
        mend_entry(path, tmp_path / "out.json", root)
    assert mend_entry(path, tmp_path / "out.json", root, force=True).by_questions
    with pytest.raises(UserError, match="no split 'nothing'"):
        mend_entry(path, tmp_path / "other.json", Ground(root, split="nothing"))
    assert not (tmp_path / "other.json").exists()
    hopeless = tmp_path / "cut.json"
    hopeless.write_text('[{"id": 1', encoding="utf-8")
    assert mend_entry(hopeless, tmp_path / "third.json", root).path == hopeless
