"""Answer files: `check_answers`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Track, Video
from cmivqa_kit.submission.answers import check_answers
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.validate import Report
from tests.submission.small import VIDEOS, records, split_of, without
from tests.submission.test_schema import mutated_rows

CORPUS = split_of().videos  # of 90 s each, stated


def check(rows: Any, track: Track | None = None, corpus: Any = CORPUS) -> Report:
    return check_answers(Document(Path("answers.json"), rows, True, ()), track, corpus)


def one(**fields: Any) -> list[dict[str, Any]]:
    rows = records("dev")
    rows[1] |= fields
    return rows


def lacking(*keys: str) -> list[dict[str, Any]]:
    return [*records("dev")[:1], *without(records("dev")[1:2], *keys), records("dev")[2]]


ANSWER_CASES: list[tuple[Any, list[tuple[str, str]]]] = [
    (records("dev"), []),
    ([*records("dev"), records("dev")[0]], [("E902", "/3/id")]),
    ([*records("dev"), 5], [("E903", "/3")]),
    (lacking("id"), [("E903", "/1")]),
    (lacking("video_id", "start_second"), [("E903", "/1"), ("E903", "/1")]),
    (one(id=True), [("E903", "/1/id")]),
    (one(id=1.0), [("E903", "/1/id")]),
    (one(video_id=""), [("E903", "/1/video_id")]),
    (one(start_second="0", end_second=None), [("E903", "/1/start_second"), ("E903", "/1/end_second")]),
    (one(start_second=15), [("E904", "/1")]),
    (one(start_second=-1), [("E904", "/1")]),
    (one(end_second=float("nan")), [("E904", "/1")]),
    (one(end_second=10**400), [("E904", "/1"), ("W906", "/1/end_second")]),
    (one(video_id="nowhere"), [("E905", "/1/video_id")]),
    (one(end_second=90.5), [("W906", "/1/end_second")]),
    ([], [("E901", "")]),
    ({}, [("E901", "")]),
]


@pytest.mark.parametrize(("rows", "expected"), ANSWER_CASES, ids=range(len(ANSWER_CASES)))
def test_each_fault_has_its_code_and_place(rows: Any, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    if rows:
        report = check(rows)
    else:
        path.write_text(json.dumps(rows), encoding="utf-8")
        report = check_answers(read_guarded(path), None, CORPUS)
    assert [(finding.code, finding.path) for finding in report.findings] == expected
    assert report.ok == all(code.startswith("W") for code, _ in expected)


def test_track_2_needs_no_times() -> None:
    rows = without(records("dev"), "start_second", "end_second")
    assert check(rows, 2).unchecked == ()
    assert check(rows, 2).ok
    assert check(rows, 3).counts == {"E903": 6}
    guessed = check(rows)
    assert guessed.ok
    assert guessed.unchecked == ("spans: no answer has one, so this can only be an answer file for Track 2",)


def test_without_a_corpus_and_with_estimates() -> None:
    assert check(one(end_second=500), corpus=()).counts == {}
    assert check(one(end_second=500), corpus=()).unchecked == ("video ids and durations: no corpus",)
    assert check(one(end_second=500), corpus=VIDEOS).counts == {}
    estimated = {v: Video(v, duration=90.0, duration_source="features") for v in VIDEOS}
    assert check(one(end_second=90.9), corpus=estimated).counts == {}
    assert check(one(end_second=91.1), corpus=estimated).counts == {"W906": 1}


def test_an_unreadable_answer_file(tmp_path: Path) -> None:
    assert check_answers(read_guarded(tmp_path / "none")).counts == {"E101": 1}


@settings(max_examples=300, deadline=None)
@given(st.lists(mutated_rows(), max_size=4))
def test_nothing_raises(rows: list[Any]) -> None:
    assert json.dumps(check([*records("dev"), *rows]).to_dict())
