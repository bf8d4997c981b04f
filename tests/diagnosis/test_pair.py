"""Two systems side by side: values, verdicts and order; they are those of `compare`; what the page is given of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.diagnosis import Context
from cmivqa_kit.diagnosis.context import NOTHING
from cmivqa_kit.diagnosis.pair import Pair, side_by_side
from cmivqa_kit.diagnosis.pair_payload import FIRST, pair_payload
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.statistics.comparison import compare
from cmivqa_kit.scoring.statistics.paired import Settings
from tests.baselines.corpora import split, video
from tests.declared import conform
from tests.diagnosis.made import EDITION, answer, others, target

NAMES = ("a.json", "b.json")
TARGETS = [target(number) for number in range(4)]


def paired(track: Track, a: Any, b: Any, targets: Any = TARGETS, context: Context = NOTHING) -> Pair:
    first, second = (score_documents(raw, targets, track, EDITION, "made") for raw in (a, b))
    return side_by_side(NAMES, (first, second), (a, b), targets, context, "signature", ("a remark",))


def spans(*rows: tuple[float, float] | None) -> list[dict[str, Any]]:
    return [
        {"id": number, "start_second": row[0], "end_second": row[1]}
        for number, row in enumerate(rows)
        if row is not None
    ]


def test_track_1_by_iou() -> None:
    pair = paired(1, spans((0, 5), (0, 10), (20, 30), (0, 8)), spans((0, 10), (0, 9), None, (0, 8)))
    assert [(one.id, one.difference, one.verdict) for one in pair.questions] == [
        (0, 0.5, "b-better"),
        (1, -0.09999999999999998, "a-better"),
        (2, 0.0, "both-miss"),
        (3, 0.0, "same"),
    ]
    assert pair.headline == "mIoU" and pair.cutoffs == (1,)
    assert [one.answers[1].answer for one in pair.questions] == ["given", "given", "missing", "given"]
    assert [one.answers[0].label for one in pair.questions] == ["hit", "hit", "wrong-span", "hit"]
    assert pair.verdicts() == {"a-better": 1, "b-better": 1, "both-miss": 1, "same": 1}
    assert pair.questions[2].span == (0, 10) and pair.questions[2].index == 2


def test_track_2_by_the_parts_of_its_headline() -> None:
    """A right video at rank 2 earns R@10, R@50 and half a reciprocal rank; a repeated video takes no rank."""
    targets = [{"id": 0, "video_id": "A"}, {"id": 1, "video_id": "A"}, target(2)]
    a = [answer(0, ["A"]), answer(1, ["B"], ["B", 0, 1], ["A"]), answer(2, *others(3))]
    b = [answer(0, ["B", 3, 4], ["A"]), {"id": 1, "output": [3, ["A"]]}, answer(2)]
    pair = paired(2, a, b, targets)
    assert [(one.id, one.difference) for one in pair.questions] == [(0, -1.5), (1, 0.0), (2, 0.0)]
    first, second, third = pair.questions
    assert [one.rank for one in (*first.answers, *second.answers, *third.answers)] == [1, 2, 2, 2, None, None]
    assert [one.verdict for one in pair.questions] == ["a-better", "same", "both-miss"]
    assert first.span is None and third.span == (0, 10)
    assert first.answers[1].entries == ((1, "B", 3, 4), (2, "A", None, None))
    assert second.answers[1].entries == ((2, "A", None, None),) and second.answers[1].read == 2
    assert first.answers[0].best == () and first.answers[0].label is None


def test_track_3_by_the_mean_of_the_best_overlaps() -> None:
    a = [answer(0, ["A", 0, 10]), answer(1, ["A", 0, 5]), answer(2, *others(20), ["A", 0, 10])]
    b = [answer(0, *others(1), ["A", 0, 10]), answer(1, ["A", 0, 5]), answer(2, ["A", 50, 60]), answer(3, ["A", 0, 10])]
    pair = paired(3, a, b)
    assert [one.id for one in pair.questions] == [3, 0, 2, 1]
    assert [round(one.difference, 4) for one in pair.questions] == [1, -0.3333, -0.3333, 0]
    assert [[one.rank for one in question.answers] for question in pair.questions] == [
        [None, 1],
        [1, 2],
        [21, 1],
        [1, 1],
    ]
    assert pair.questions[2].answers[0].best == (0, 0, 1)
    assert pair.remarks == ("a remark", *NOTHING.remarks)


ENTRY = st.one_of(
    st.tuples(st.sampled_from("ABC"), st.integers(0, 12), st.integers(0, 25)).map(list),
    st.sampled_from([None, ["A"], 3]),
)
SUBMISSION = st.lists(
    st.builds(lambda number, rows: {"id": number, "output": rows}, st.integers(0, 5), st.lists(ENTRY, max_size=4)),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(SUBMISSION, SUBMISSION, st.sampled_from([2, 3]))
def test_wins_and_scores_are_those_of_compare(a: Any, b: Any, track: Track) -> None:
    pair = paired(track, a, b)
    compared = compare(pair.cards, metrics=[pair.headline], settings=Settings(resamples=1)).pairs[0].differences[0]
    counts = pair.verdicts()
    assert (counts["b-better"], counts["a-better"]) == (compared.wins, compared.losses)
    assert counts["both-miss"] + counts["same"] == compared.ties
    assert pair.scores == pytest.approx((compared.a, compared.b))
    sizes = [abs(question.difference) for question in pair.questions]
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(question.index for question in pair.questions) == [0, 1, 2, 3]
    document = pair.to_dict()
    for system in document["systems"]:
        system["made_by"] = None
    conform("diagnose A B", json.loads(json.dumps(document, allow_nan=False)))
    json.dumps(pair_payload(pair, NAMES))


def shown(public: bool = False) -> dict[str, Any]:
    corpus = split(
        [video("A", ["one", "two"], 60.0), video("B", ["three"], 5.0)], [Question(0, "why?"), Question(1, "how?")]
    )
    a = [answer(0, ["B", 1, 2], *others(30), ["A", 0.12345, 9]), answer(1, ["A", 0, 10])]
    b = [answer(0, ["A", 0, 10]), answer(1)]
    pair = paired(3, a, b, TARGETS[:2], Context(corpus))
    document: dict[str, Any] = json.loads(
        json.dumps(pair_payload(pair, NAMES, ("bm25, run bm25-1", None), True, public))
    )
    return document


def test_the_page_holds_what_it_shows_and_no_more() -> None:
    document = shown()
    assert [(one["letter"], one["name"], one["made_by"]) for one in document["systems"]] == [
        ("A", "a.json", "bm25, run bm25-1"),
        ("B", "b.json", None),
    ]
    assert document["organizers_only"] is True and document["title"] == "a.json / b.json"
    first, second = document["questions"]
    assert (first["id"], first["text"], first["gold"], first["label"]) == (1, "how?", [0, 0, 10], "a-better")
    assert second["gold"] == [0, 0, 10] and second["index"] == 0
    listed = second["answers"][0]
    assert listed["read"] == 32 and len(listed["entries"]) == FIRST + 1  # the first ones, and the right video
    assert listed["entries"][0] == [1, 1, "", 1, 2] and listed["entries"][-1] == [32, 0, "", 0.123, 9]
    assert [one["id"] for one in document["videos"]] == ["A", "B"]
    assert {one["key"]: one["questions"] for one in document["costs"]}["hit"] == [1, 1]
    assert [one["questions"] for one in document["labels"]] == [1, 1, 0, 0]


def test_the_page_for_the_public_tells_no_right_video() -> None:
    document = shown(public=True)
    assert document["public"] is True and "organizers_only" not in document
    for question in document["questions"]:
        assert question["gold"] is None
        assert [one["position"] for one in question["answers"]] == [None, None]
        assert all(entry[0] <= FIRST for one in question["answers"] for entry in one["entries"])
    assert shown()["questions"][1]["answers"][0]["position"] == 32
