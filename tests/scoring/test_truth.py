"""The ground truth: what strict scoring refuses, fingerprints, and choosing a part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.truth import check_truth, select, truth_fingerprint
from tests.submission.small import records

ROW = {"id": 1, "video_id": "A", "start_second": 0, "end_second": 10}
TRUTH = records("testA")


@pytest.mark.parametrize(
    ("targets", "tracks", "word"),
    [
        ({"id": 1}, (1, 2, 3), "ground_truth_not_array"),
        (None, (1, 2, 3), "ground_truth_not_array"),
        ([], (1, 2, 3), "ground_truth_empty"),
        ([None], (1, 2, 3), "ground_truth_bad_id"),
        ([{}], (1, 2, 3), "ground_truth_bad_id"),
        ([{**ROW, "id": True}], (1, 2, 3), "ground_truth_bad_id"),
        ([{**ROW, "id": 1.0}], (1, 2, 3), "ground_truth_bad_id"),
        ([ROW, ROW], (1, 2, 3), "ground_truth_duplicate_id"),
        ([{**ROW, "video_id": ""}], (2, 3), "ground_truth_bad_video_id"),
        ([{**ROW, "video_id": 5}], (2, 3), "ground_truth_bad_video_id"),
        ([{**ROW, "end_second": 0}], (1, 3), "ground_truth_bad_span"),
        ([{**ROW, "start_second": -1}], (1, 3), "ground_truth_bad_span"),
        ([{**ROW, "start_second": float("nan")}], (1, 3), "ground_truth_bad_span"),
        ([{"id": 1, "video_id": "A"}], (1, 3), "ground_truth_bad_span"),
        ([ROW, {**ROW, "id": "1"}], (), ""),  # another id: a string
    ],
)
def test_refusals(targets: Any, tracks: tuple[int, ...], word: str) -> None:
    for track in (1, 2, 3):
        fault = check_truth(targets, track)  # type: ignore[arg-type]
        assert (fault.word if fault else "") == (word if track in tracks else "")


def test_a_refusal_names_the_place() -> None:
    fault = check_truth([ROW, {**ROW, "id": "q2", "end_second": -3}], 3)
    assert fault is not None
    assert fault.message == "answer 1 (id 'q2'): 0 to -3 s is no span (0 <= start < end)"


def test_the_fingerprint_is_of_ids_videos_and_spans_in_order() -> None:
    plain = truth_fingerprint(TRUTH)
    assert plain == truth_fingerprint([{**row, "question": "other", "note": 1} for row in TRUTH])
    assert plain == truth_fingerprint([dict(reversed(row.items())) for row in TRUTH])
    times = ("start_second", "end_second")
    whole = [{**row, **{name: int(row[name]) for name in times}} for row in TRUTH]
    floats = [{**row, **{name: float(int(row[name])) for name in times}} for row in TRUTH]
    assert truth_fingerprint(whole) == truth_fingerprint(floats)
    far = [truth_fingerprint([{**ROW, "end_second": end}]) for end in (2**53, 2**53 + 1, 10**400)]
    assert len(set(far)) == 3
    assert truth_fingerprint([{**ROW, "start_second": -0.0}]) == truth_fingerprint([ROW])
    assert plain != truth_fingerprint(TRUTH[::-1])
    assert plain != truth_fingerprint([{**row, "end_second": row["end_second"] + 1e-9} for row in TRUTH])
    assert len({truth_fingerprint(odd) for odd in (None, {}, "x", [1], [None])}) == 5


def test_what_no_answer_file_holds() -> None:
    for odd in (10**5000, np.float32(1), {1, 2}):
        with pytest.raises(UserError, match="cannot be told apart"):
            truth_fingerprint([{**ROW, "start_second": odd}])


def test_a_part_of_the_questions() -> None:
    assert select(TRUTH, [2, 0]) == [TRUTH[0], TRUTH[2]]
    assert select([ROW, {**ROW, "id": "1"}], ["1"]) == [{**ROW, "id": "1"}]


@pytest.mark.parametrize(
    ("only", "part"),
    [(["0"], "no question has the id '0'"), ([0, 99, True], "the id 99, True"), ([], "no id is given"),
     (range(4, 30), " and 6 more")],
)  # fmt: skip
def test_unknown_ids_are_named(only: Any, part: str) -> None:
    with pytest.raises(UserError) as caught:
        select(TRUTH, only)
    assert part in caught.value.message
