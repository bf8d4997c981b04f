"""Ids taken from the question texts: shifted, lost, foreign; and what stays because it could mean two questions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.submission.fix.broken import QUESTIONS, ROWS, SPANS, changed, mend, mended, refused, text_of


def ids(rows: list[dict[str, Any]]) -> list[Any]:
    return [row.get("id") for row in json.loads(mend(rows).text or "")]


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ([1, 2, 3], {"E213": 2, "E205": 1}),  # shifted by one, as positions from 1 are
        ([-1, 0, 1], {"E205": 1, "E213": 2}),
        (["1", "2", "3"], {"E207": 3}),
        ([2, 0, 1], {"E213": 3}),
        (["q0", "q1", "q2"], {"E207": 3}),
        ([None, None, None], {"E203": 3}),
        ([float("nan")] * 3, {"E203": 3}),
        ([[0], {}, True], {"E203": 3}),
    ],
)
def test_texts_tell_the_ids(given: list[Any], codes: dict[str, int]) -> None:
    rows = [{**row, "id": identity} for row, identity in zip(ROWS, given, strict=True)]
    assert text_of(mended(rows)) == text_of(ROWS)
    assert changed(mend(rows)) == codes
    assert not mend(rows, questions=None).changes


def test_lost_ids_come_first_again() -> None:
    rows = [{key: value for key, value in row.items() if key != "id"} for row in ROWS]
    assert text_of(mended(rows)) == text_of(ROWS)
    assert changed(mend(rows)) == {"E202": 3}


def test_a_shift_is_named_and_helps_where_a_text_does_not() -> None:
    """Two questions with one text: the shift of the others says which is which."""
    from dataclasses import replace

    same = [QUESTIONS[0], replace(QUESTIONS[1], text=QUESTIONS[0].text), QUESTIONS[2]]
    rows = [{**row, "id": question.id + 1, "question": question.text}
            for row, question in zip(ROWS, same, strict=True)]  # fmt: skip
    fixed = mend(rows, questions=same)
    assert [row["id"] for row in json.loads(fixed.text or "")] == [0, 1, 2]
    assert all("all moved by -1" in change.message for change in fixed.changes)
    one = [{**row, "id": f"q{row['id']}"} for row in rows]
    assert [row["id"] for row in json.loads(mend(one, questions=same).text or "")] == ["q1", "q2", 2]


def test_what_could_mean_something_else_stays() -> None:
    taken = [*ROWS, {**ROWS[1], "id": 7, "output": [["v", 1, 2]]}]  # the question has an answer already
    assert ids(taken) == [0, 1, 2, 7]
    untold = [{**ROWS[0], "id": 7, "question": "?"}, ROWS[1]]
    assert ids(untold) == [7, 1]
    without = [{k: v for k, v in row.items() if k != "question"} | {"id": row["id"] + 1} for row in ROWS]
    assert ids(without) == [1, 2, 3]
    two_lost = [{**ROWS[0], "id": None}, {**ROWS[0], "id": None, "output": [["v", 1, 2]]}, *ROWS[1:]]
    assert ids(two_lost) == [None, None, 1, 2]


def test_a_chain_that_ends_at_a_taken_id_stays_whole() -> None:
    """Item 1 cannot take id 2, which an item without a text has; so item 0 cannot take id 1 from it."""
    rows = [{**ROWS[1], "id": 0}, {**ROWS[2], "id": 1}, {"id": 2, "output": ROWS[0]["output"]}]
    assert ids(rows) == [0, 1, 2]
    assert "E213" in refused(mend(rows))


def test_on_track_1_the_video_has_to_agree() -> None:
    other = [{**SPANS[0], "id": 7, "video_id": "vidX_______"}, *SPANS[1:]]
    assert not mend(other, 1).changes
    right = [{**SPANS[0], "id": 7}, *SPANS[1:]]
    assert changed(mend(right, 1)) == {"E205": 1}


def test_fixing_again_changes_nothing() -> None:
    rows = [{**row, "id": row["id"] + 1} for row in ROWS]
    assert not mend(mend(rows).text or "").changes
