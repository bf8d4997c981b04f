from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from baselines.bm25.baseline import BM25
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.types import Candidate, Target
from cmivqa_kit.prediction.lexical import lists as ranking
from tests.baselines.corpora import clinic, options, split, video

CLINIC = clinic()


def lists(target: Target, *overrides: str, limit: int = 50, asked: Split = CLINIC) -> list[tuple[Candidate, ...]]:
    shown = asked.for_prediction(1 if target == 1 else 2)
    found = list(BM25().predict(shown, target, options(*overrides, limit=limit)))
    assert [p.question_id for p in found] == [q.id for q in asked.questions]
    return [p.candidates for p in found]


@given(arrays(np.float64, st.integers(0, 60), elements=st.sampled_from([0.0, 0.5, 0.25, 1.0, 7.5])), st.integers(1, 9))
def test_one_after_the_other_is_the_order_of_all(scores: ranking.Scores, block: int) -> None:
    assert list(ranking.ordered(scores, block)) == ranking.best_first(scores).tolist()
    assert list(ranking.ordered(scores)) == ranking.best_first(scores).tolist()


@pytest.mark.parametrize("target", [1, 2, 3, "corpus"])
def test_every_list_is_valid(target: Target) -> None:
    for answers in lists(target):
        assert 1 <= len(answers) <= 50
        assert len({(a.video_id, a.span) for a in answers}) == len(answers)
        assert all(a.span.valid and a.video_id in CLINIC.videos for a in answers)
        assert all(a.span.end <= (CLINIC.videos[a.video_id].duration or 0) for a in answers)
        assert all(np.isfinite(a.score) for a in answers)


@pytest.mark.parametrize("target", [1, 2, 3])
def test_scores_fall(target: Target) -> None:
    for answers in lists(target):
        assert all(a.score >= b.score for a, b in pairwise(answers))


@pytest.mark.parametrize("target", [1, 2, 3, "corpus"])
def test_limit(target: Target) -> None:
    assert [answers[:3] for answers in lists(target)] == lists(target, limit=3)


def test_track1_stays_in_its_video() -> None:
    for question, answers in zip(CLINIC.questions, lists(1), strict=True):
        assert {a.video_id for a in answers} == {question.video_id}


def test_track2_never_repeats_a_video() -> None:
    for answers in lists(2):
        assert len({a.video_id for a in answers}) == len(answers) == 50


def test_track2_finds_the_named_video() -> None:
    assert [answers[0].video_id for answers in lists(2)] == [q.video_id for q in CLINIC.questions]


def test_track3_gives_several_spans_of_a_video_but_no_near_duplicates() -> None:
    for answers in lists(3, "lists.spans_per_video=4", "lists.overlap=0.5"):
        by_video: dict[str, list[Span]] = {}
        for a in answers:
            by_video.setdefault(a.video_id, []).append(a.span)
        assert 1 < max(map(len, by_video.values())) <= 4
        for spans in by_video.values():
            assert all(a.iou(b) <= 0.5 for i, a in enumerate(spans) for b in spans[:i])


def test_one_list_for_both() -> None:
    for both, track2 in zip(lists("corpus"), lists(2), strict=True):
        assert len(both) == 50
        assert [(a.video_id, a.span) for a in both[:10]] == [(a.video_id, a.span) for a in track2[:10]]
        head = {a.video_id for a in both[:10]}
        assert {a.video_id for a in both[10:30]} <= head  # further spans of the best videos
        tail = [a.video_id for a in both[30:]]
        assert tail == [a.video_id for a in track2[10:30]]  # further videos


def test_one_list_of_a_small_corpus_is_filled_with_spans() -> None:
    small = split(list(clinic(3).videos.values()), [Question(0, "tool1", "English")])
    (answers,) = lists("corpus", "lists.further_spans=1", asked=small)
    assert [a.video_id for a in answers[:1]] == ["v01"]
    assert {a.video_id for a in answers[:3]} == {"v00", "v01", "v02"}
    assert len(answers) > 10


def test_ties_go_by_video_then_start() -> None:
    same = split([video(i, ["pulse"] * 8) for i in "cab"], [Question(0, "pulse")])
    for target in (2, 3, "corpus"):
        (answers,) = lists(target, asked=same)
        assert answers[0].video_id == "a"
        assert answers[0].span.start == 0
    (answers,) = lists(3, "index.window_seconds=[5]", "lists.spans_per_video=2", asked=same)
    assert [(a.video_id, a.span.start) for a in answers] == [(v, s) for v in "abc" for s in (0, 5)]


def test_pure_functions() -> None:
    windows = np.array([1.0, 3.0, 3.0, 2.0])
    first = np.array([0, 2, 4])
    spans = [Span(0, 10), Span(20, 30), Span(0, 10), Span(1, 11)]
    assert ranking.video_scores(windows, np.array([0.0, 4.0]), first, 0.5).tolist() == [1.0, 1.5]
    assert ranking.list_for_track2(windows, np.array([1.0, 1.5]), first) == [2, 1]
    assert ranking.list_for_track1(windows, spans, first, 1, 0.5, 50) == [2]
    assert ranking.list_for_track1(windows, spans, first, 1, 0.9, 50) == [2, 3]
    assert ranking.list_for_track3(windows, spans, np.array([0, 0, 1, 1]), 0.5, 5) == [1, 2, 0]
    assert ranking.list_for_track3(windows, spans, np.array([0, 0, 1, 1]), 0.5, 1) == [1, 2]
