"""Mending a file whose own items say what it answers, in one pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.fix import Context, fix_file, mend, mend_file
from tests.submission.fix.broken import EDITION, QUESTIONS, ROWS, text_of
from tests.submission.fix.broken import mend as mend_plainly

NOTHING = Context(None, EDITION)
FAULTY = text_of([{**ROWS[0], "id": "0", "output": [["a", 3, 1]]}, *ROWS[1:], ROWS[1]])[:-1] + ",]"


def known(rows: list[Any]) -> Context:
    """What the tests know of every file."""
    return Context.of(QUESTIONS, 3, EDITION)


def test_what_is_learnt_from_the_items_is_used() -> None:
    seen: list[list[Any]] = []

    def learn(rows: list[Any]) -> Context:
        seen.append(rows)
        return known(rows)

    assert mend(FAULTY.encode("gbk"), NOTHING, learn) == mend_plainly(FAULTY.encode("gbk"))
    (rows,) = seen
    assert [row["id"] for row in rows] == ["0", *(row["id"] for row in ROWS[1:])], "as they stand, without copies"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (text_of(ROWS), 3),
        (text_of(ROWS[0]), 1),  # one object is a list of one
        ('[{"id": 0, "id": 1}]', 1),  # not mended, but what it answers is known all the same
        ("[]", 0),
        ('{"rows": []}', None),
        ("[{'id': 0}]", None),
    ],
)
def test_items_are_asked_once_and_only_where_there_are_any(text: str, asked: int | None) -> None:
    seen: list[int] = []

    def learn(rows: list[Any]) -> Context:
        seen.append(len(rows))
        return known(rows)

    mend(text.encode(), NOTHING, learn)
    assert seen == ([] if asked is None else [asked])


def test_nothing_is_written_where_the_items_answer_nothing(tmp_path: Path) -> None:
    path, out = tmp_path / "mine.json", tmp_path / "out.json"
    path.write_text(text_of(ROWS), encoding="utf-8")

    def learn(rows: list[Any]) -> Context:
        raise UserError("no such split")

    with pytest.raises(UserError, match="no such split"):
        mend_file(path, out, False, NOTHING, learn)
    assert not out.exists()


def test_a_file_is_mended_as_its_bytes_are(tmp_path: Path) -> None:
    path, out = tmp_path / "mine.json", tmp_path / "out.json"
    path.write_text(FAULTY, encoding="utf-8")
    fixed = fix_file(path, out, False, QUESTIONS, 3, EDITION)
    assert fixed == mend_plainly(FAULTY)
    assert out.read_text(encoding="utf-8") == fixed.text
    assert json.loads(fixed.text or "")[0]["output"] == [["a", 1, 3]]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path, out = tmp_path / "mine.json", tmp_path / "out.json"
    path.write_text(text_of(ROWS), encoding="utf-8")
    fixed = fix_file(path, out, False, QUESTIONS, 3, EDITION, largest=9)
    assert [refusal.code for refusal in fixed.refused] == ["E102"]
    assert fixed.text is None and not out.exists()
