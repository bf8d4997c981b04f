"""Where the official program stops, and which quirk it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.scoring.crashes import Crash, explain, load_crash, unreadable
from cmivqa_kit.scoring.official import OfficialCrash, score_official
from cmivqa_kit.submission.read import read_submission
from tests.golden.replay import OWN
from tests.golden.scoring import card_of, load
from tests.scoring.documents import Documents, dirty_cases, json_values

TARGET = {"id": 1, "video_id": "A", "start_second": 0.0, "end_second": 10.0}
# Golden cases that show one quirk by means of another, or that several describe.
OTHERWISE = {
    "dup_id_last_malformed": "Q42", "item_without_id_empty_target": "Q14", "reversed_gt_zero_pred": "Q34",
    "string_seconds_both": "Q67", "id_int_vs_str_t2": "Q13", "t3_crash_at_last_question": "Q70",
}  # fmt: skip


def crash_of(track: Track, predictions: Any, targets: Any) -> Crash | None:
    try:
        score_official(track, predictions, targets)
    except OfficialCrash as crash:
        return explain(track, predictions, targets, crash)
    return None


@pytest.mark.parametrize("folder", ["track1", "track2", "track3", "files"])
def test_the_quirks_of_the_golden_cases(folder: str) -> None:
    for one in load(OWN / "scoring" / folder / "cases.json"):
        crash = card_of(one).official.crash
        if crash is not None:
            assert (one["name"], crash.quirk) == (one["name"], OTHERWISE.get(one["name"], one["quirk"]))
            assert crash.why
            assert crash.quirk in str(crash)


@settings(max_examples=400, deadline=None)
@given(dirty_cases())
def test_every_crash_on_a_valid_ground_truth_has_its_quirk(case: Documents) -> None:
    predictions, targets, track = case
    crash = crash_of(track, predictions, targets)
    assert crash is None or crash.why, crash


@settings(max_examples=200, deadline=None)
@given(json_values, json_values, st.sampled_from(TRACKS))
def test_any_crash_is_told(predictions: Any, targets: Any, track: Track) -> None:
    crash = crash_of(track, predictions, targets)
    if crash is not None:
        assert crash.stage == "score"
        assert crash.exception.endswith("Error")
        assert json.dumps(crash.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("track", "item", "quirk"),
    [
        (1, {"output": []}, "Q51"),
        (1, {"start_second": 0}, "Q42"),
        (1, {"start_second": 0, "end_second": "5"}, "Q42"),
        (1, {"start_second": 0, "end_second": 10**400}, "Q43"),
        (2, {"start_second": 0}, "Q51"),
        (2, {}, "Q65"),
        (2, {"output": 5}, "Q65"),
        (2, {"output": [["A"], []]}, "Q64"),
        (3, {"start_second": 0}, "Q51"),
        (3, {}, "Q74"),
        (3, {"output": []}, "Q70"),
        (3, {"output": ""}, "Q70"),
        (3, {"output": {}}, "Q74"),
        (3, {"output": [["B", 0, 1], ["A", 1]]}, "Q71"),
        (3, {"output": [["A", 0, None]]}, "Q73"),
        (3, {"output": [["A", 0, 10**400]]}, "Q43"),
        (3, {"output": [["A", 0, 1], ["A", 0, 10**400], None]}, "Q43"),
        (3, {"output": ["B", "A"]}, "Q74"),
    ],
)
def test_a_quirk_each(track: Track, item: Any, quirk: str) -> None:
    crash = crash_of(track, [{"id": 1, **item}], [TARGET])
    assert crash is not None
    assert (crash.quirk, crash.target_index, crash.question_id) == (quirk, 0, 1)


def test_a_degenerate_right_span() -> None:
    empty = {**TARGET, "end_second": 0.0}
    item = {"id": 1, "start_second": 0.0, "end_second": 0.0, "output": [["A", 0.0, 0.0]]}
    quirks = [crash.quirk for track in (1, 3) if (crash := crash_of(track, [item], [empty]))]  # type: ignore[arg-type]
    assert quirks == ["Q34", "Q75"]
    mixed = {**TARGET, "start_second": 2**60 + 1, "end_second": 2**60 + 100}  # rounds to a float's 2**60
    crash = crash_of(1, [{"id": 1, "start_second": 2.0**60, "end_second": 2**60 + 100}], [mixed])
    assert crash is not None
    assert (crash.exception, crash.quirk) == ("ZeroDivisionError", "rounding")


@pytest.mark.parametrize(
    ("content", "exception", "quirk"),
    [
        (b"\xef\xbb\xbf[]", "JSONDecodeError", "Q5"),
        ("[]".encode("utf-16"), "UnicodeDecodeError", "Q5"),
        (b"[1,]", "JSONDecodeError", "Q6"),
        (b"", "JSONDecodeError", "Q6"),
        (b"[" + b"1" * 5000 + b"]", "ValueError", "Q7"),
        (b"[" * 100_000, "RecursionError", "Q8"),
        (None, "FileNotFoundError", "Q3"),
        (b"[]", None, None),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, exception: str | None, quirk: str) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    crash = load_crash(path)
    assert (crash.exception if crash else None) == exception
    if crash:
        assert (crash.quirk, crash.stage) == (quirk, "load")


def test_what_the_kit_cannot_read_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"[]")
    assert unreadable(read_submission(path)) is None
    deeper = replace(read_submission(path), readable=False)  # as if the reader had been called with less room
    assert unreadable(deeper) == Crash("RecursionError", "load", quirk="Q8")
    path.write_bytes(b"\xef\xbb\xbf[]")
    assert unreadable(read_submission(path)) == Crash("JSONDecodeError", "load", quirk="Q5")


def test_text_for_people() -> None:
    crash = crash_of(3, [{"id": 1, "output": []}], [TARGET])
    assert str(crash) == "ValueError at question 1: output is empty (Q70)"
    assert str(Crash("TypeError", "score", 0, [1] * 1000)).startswith("TypeError at question [1, 1, 1")
    assert len(str(Crash("TypeError", "score", 0, [1] * 1000))) < 100
