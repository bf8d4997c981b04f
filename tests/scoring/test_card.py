"""The score card: fractions, the program's own units, counts, and a signature."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit import __version__
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.scoring.card import score, truth_fingerprint
from cmivqa_kit.submission.read import interpreter
from tests.submission.small import lists, records, spans
from tests.submission.test_schema import mutated_rows

EDITION = load_edition("cmivqa-2023")
TRUTH = records("testA")
NAMES: dict[Track, list[str]] = {
    1: ["R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"],
    2: ["R@1", "R@10", "R@50", "MRR", "Overall"],
    3: ["R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"],
}
COUNTS = {"questions": 4, "answered": 4, "missing": 0, "duplicated": 0, "extra": 0, "malformed": 0}


def predictions(track: Track) -> list[dict[str, Any]]:
    return spans(TRUTH) if track == 1 else lists(TRUTH)


@pytest.mark.parametrize("track", TRACKS)
def test_a_card(track: Track) -> None:
    card = score(predictions(track), TRUTH, track, EDITION, "testA")
    assert list(card.metrics) == NAMES[track]
    assert card.headline == NAMES[track][-1]
    assert card.counts == COUNTS
    assert card.question_ids == (0, 1, 2, 3)
    assert all(len(values) == 4 for values in card.per_question.values())
    assert card.crash == ""
    assert card.metrics[card.headline] == (4.0 if track == 2 else 1.0)
    document = json.loads(json.dumps(card.to_dict()))
    assert document["official"] == {
        "status": "ok", "crash": None, "headline": card.headline, "metrics": card.metrics, "raw": card.raw,
    }  # fmt: skip


def test_metrics_are_fractions_and_raw_is_the_programs_own() -> None:
    half = [{**row, "end_second": row["start_second"] + 2.5} for row in TRUTH]
    card = score(half, TRUTH, 1, EDITION)
    assert card.raw == {"R@1,IoU=0.3": 100.0, "R@1,IoU=0.5": 100.0, "R@1,IoU=0.7": 0.0, "mIoU": 50.0}
    assert card.metrics == {"R@1,IoU=0.3": 1.0, "R@1,IoU=0.5": 1.0, "R@1,IoU=0.7": 0.0, "mIoU": 0.5}
    assert card.per_question["mIoU"] == [0.5] * 4
    lower = score(lists(TRUTH)[:2], TRUTH, 2, EDITION)
    assert lower.metrics == lower.raw


def test_the_signature_names_everything_a_number_depends_on() -> None:
    card = score(predictions(3), TRUTH, 3, EDITION, "testA")
    assert card.signature == (
        f"cmivqa-kit:{__version__}|edition:cmivqa-2023|split:testA|track:3|mode:official|cutoffs:1,10,50|"
        f"python:{interpreter()}|truth:{truth_fingerprint(TRUTH)}"
    )
    odd = replace(EDITION, cutoffs=(1, 5))  # the official numbers know only their own cut-offs
    assert "cutoffs:1,10,50" in score(predictions(3), TRUTH, 3, odd).signature
    assert "truth:abc" in score(predictions(3), TRUTH, 3, EDITION, truth="abc").signature


def test_the_fingerprint_is_of_ids_videos_and_spans_in_order() -> None:
    plain = truth_fingerprint(TRUTH)
    assert plain == truth_fingerprint([{**row, "question": "other", "note": 1} for row in TRUTH])
    assert plain != truth_fingerprint(TRUTH[::-1])
    assert plain != truth_fingerprint([{**row, "end_second": row["end_second"] + 1e-9} for row in TRUTH])
    assert len({truth_fingerprint(odd) for odd in (None, {}, "x", [1], [None])}) == 5


def test_counts() -> None:
    rows = [*lists(TRUTH)[:2], lists(TRUTH)[0], {"id": 99}, {"id": "0"}, {"id": None}, {"id": True}]
    card = score(rows, TRUTH, 2, EDITION)
    assert card.counts == {
        "questions": 4, "answered": 2, "missing": 2, "duplicated": 1, "extra": 2, "malformed": 2,
    }  # fmt: skip
    assert score({"id": 0}, TRUTH, 1, EDITION).counts["malformed"] == 0
    assert score([], None, 1, EDITION).counts["questions"] == 0


def test_a_crash_is_said_and_has_no_numbers() -> None:
    rows = lists(TRUTH)
    rows[2]["output"] = []
    card = score(rows, TRUTH, 3, EDITION)
    assert card.crash == "ValueError at question 2 (answer 2)"
    assert card.metrics == card.raw == card.per_question == {}
    assert card.to_dict()["official"]["status"] == "official_crash"
    assert card.to_dict()["official"]["metrics"] is None
    nothing = score([], TRUTH, 2, EDITION)
    assert nothing.crash == "ZeroDivisionError"


@settings(max_examples=300, deadline=None)
@given(st.lists(mutated_rows(), max_size=4), st.sampled_from(TRACKS))
def test_any_rows_give_a_card(rows: list[Any], track: Track) -> None:
    card = score(rows, TRUTH, track, EDITION)
    assert bool(card.crash) != bool(card.metrics)
    assert card.counts["answered"] + card.counts["missing"] == 4
    assert json.dumps(card.to_dict())
