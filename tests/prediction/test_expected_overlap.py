"""Lists by expected overlap: against brute force on small inputs, and what must hold of every list."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.span import Span
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.expected_overlap import (
    KnownAnswer,
    LikelySpans,
    OverlapSettings,
    VideoLists,
    best_span,
    expected_overlaps,
    greedy_spans,
    likeliest_temperature,
    overlaps,
    soft_target,
    softmax,
)

SPANS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 10), st.floats(-4, 4)), min_size=1, max_size=7)


def likely_of(spans: list[tuple[int, int, float]], temperature: float = 1.0, most: int = 200) -> LikelySpans:
    start, length, score = (np.array(column, float) for column in zip(*spans, strict=True))
    return LikelySpans.of(start, start + length, score, temperature, most)


def worth(likely: LikelySpans, chosen: list[int]) -> float:
    """The best IoU expected of some spans, by the definition."""
    total = 0.0
    for number, probability in enumerate(likely.probability.tolist()):
        total += probability * max(likely.span(number).iou(likely.span(other)) for other in chosen)
    return total


@given(SPANS)
def test_the_span_of_track_1_has_the_highest_expected_overlap(spans: list[tuple[int, int, float]]) -> None:
    likely = likely_of(spans)
    each = [worth(likely, [number]) for number in range(len(spans))]
    assert expected_overlaps(likely, 150) == pytest.approx(each)
    number, expected = best_span(likely, 150)
    assert expected == pytest.approx(max(each))
    assert each[number] == pytest.approx(max(each))


@given(SPANS)
def test_greedy_spans_add_what_they_say_and_no_other_first_steps_add_more(spans: list[tuple[int, int, float]]) -> None:
    likely = likely_of(spans)
    chosen = greedy_spans(likely, 150, 4)
    numbers = [number for number, _ in chosen]
    assert len(set(numbers)) == len(numbers) == min(4, len(spans))
    so_far: list[int] = []
    for number, added in chosen:
        gains = {n: worth(likely, [*so_far, n]) for n in range(len(spans)) if n not in so_far}
        before = worth(likely, so_far) if so_far else 0.0
        assert added == pytest.approx(gains[number] - before, abs=1e-9)
        assert gains[number] == pytest.approx(max(gains.values()))
        so_far.append(number)
    gained = [added for _, added in chosen]
    assert all(earlier >= later - 1e-12 for earlier, later in pairwise(gained))


@given(SPANS, st.integers(1, 3))
def test_the_greedy_choice_is_within_its_bound_of_the_best_one(spans: list[tuple[int, int, float]], count: int) -> None:
    likely = likely_of(spans)
    count = min(count, len(spans))
    chosen = worth(likely, [number for number, _ in greedy_spans(likely, 150, count)])
    best = max(worth(likely, list(some)) for some in combinations(range(len(spans)), count))
    assert best * (1 - 1 / math.e) - 1e-9 <= chosen <= best + 1e-9


@settings(max_examples=40)
@given(st.lists(SPANS, min_size=1, max_size=5), st.data())
def test_the_list_of_track_3_is_the_greedy_one_over_all_videos(
    corpus: list[list[tuple[int, int, float]]], data: st.DataObject
) -> None:
    scores = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=len(corpus), max_size=len(corpus))))
    videos, likely = softmax(scores), [likely_of(spans) for spans in corpus]
    listed = VideoLists(videos, likely.__getitem__, OverlapSettings(videos=5)).track3(4)
    chosen: list[list[int]] = [[] for _ in corpus]

    def total(lists: list[list[int]]) -> float:
        return sum(
            float(p) * worth(likely[v], some) for v, (p, some) in enumerate(zip(videos, lists, strict=True)) if some
        )

    for entry in listed:
        free = [(v, n) for v, spans in enumerate(corpus) for n in range(len(spans)) if n not in chosen[v]]
        gains = {(v, n): total([*chosen[:v], [*chosen[v], n], *chosen[v + 1 :]]) - total(chosen) for v, n in free}
        assert entry.worth == pytest.approx(max(gains.values()), abs=1e-9)
        number = max(
            (n for v, n in free if v == entry.video and likely[v].span(n) == entry.span),
            key=lambda n: gains[entry.video, n],
        )
        chosen[entry.video].append(number)


def three_videos(settings: OverlapSettings) -> VideoLists:
    spans = [likely_of([(0, 5, 2.0), (10, 5, 1.9), (20, 5, 1.8)]) for _ in range(3)]
    return VideoLists(np.array([0.2, 0.5, 0.3]), spans.__getitem__, settings)


def test_track_2_names_every_video_once_likeliest_first() -> None:
    lists = three_videos(OverlapSettings())
    assert [entry.video for entry in lists.track2(50)] == [1, 2, 0]
    assert [entry.worth for entry in lists.track2(2)] == [0.5, 0.3]
    assert lists.track2(50)[0].span == lists.track1(1, 1)[0].span


def test_one_list_has_distinct_videos_first_then_spans_that_add_most_then_the_other_videos_then_the_rest() -> None:
    listed = three_videos(OverlapSettings(head_videos=2, further_spans=3)).both(50)
    assert [entry.video for entry in listed] == [1, 2, 1, 1, 2, 0, 2]
    assert len({(entry.video, entry.span) for entry in listed}) == len(listed)


def test_a_list_for_track_3_ends_with_the_videos_that_it_lacks() -> None:
    listed = three_videos(OverlapSettings(videos=1, spans_per_video=2)).track3(50)
    assert [entry.video for entry in listed] == [1, 1, 2, 0]
    assert len(three_videos(OverlapSettings(videos=1)).track3(2)) == 2


def test_lists_are_never_longer_than_what_is_read() -> None:
    many = likely_of([(n, 5, 0.0) for n in range(90)])
    lists = VideoLists(np.full(70, 1 / 70), lambda video: many)
    for listed in (lists.track2(99), lists.track3(99), lists.both(99)):
        assert len(listed) == 50


def test_track_1_lists_further_spans_behind_the_best() -> None:
    lists = three_videos(OverlapSettings())
    best, *others = lists.track1(0, 3)
    assert best.span == Span(0, 5)
    assert [entry.span for entry in others] == [Span(10, 15), Span(20, 25)]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6))
def test_probabilities_add_up_however_large_the_scores(scores: list[float]) -> None:
    assert softmax(np.array(scores)).sum() == pytest.approx(1)


def test_scores_that_say_nothing_make_equal_probabilities() -> None:
    assert softmax(np.full(4, -np.inf)).tolist() == [0.25] * 4


@given(st.tuples(st.integers(0, 9), st.integers(1, 9)), st.tuples(st.integers(0, 9), st.integers(1, 9)))
def test_overlaps_are_those_of_the_official_program(one: tuple[int, int], other: tuple[int, int]) -> None:
    first, second = (Span(float(start), float(start + length)) for start, length in (one, other))
    sides = (np.array([value]) for value in (first.start, first.end, second.start, second.end))
    assert overlaps(*sides)[0, 0] == first.iou(second)


def test_a_target_is_near_the_best_and_nothing_below_the_least() -> None:
    target = soft_target(np.array([0.9, 0.8, 0.39, 0.0]))
    assert target.tolist() == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.e), 0, 0])
    assert soft_target(np.array([0.3, 0.1])).tolist() == [1, 0]  # the best is below it: it stays
    assert soft_target(np.zeros(2)).tolist() == [0.5, 0.5]


def test_the_likeliest_temperature_is_the_one_that_answers_were_drawn_with() -> None:
    random = np.random.default_rng(0)
    examples = []
    for _ in range(400):
        scores = random.normal(0, 4, 12)
        target = np.zeros(12)
        target[random.choice(12, p=softmax(scores / 2.5))] = 1
        examples.append(KnownAnswer(scores, target))
    assert likeliest_temperature(examples) == pytest.approx(2.5, rel=0.15)
    assert likeliest_temperature([]) is None
    assert likeliest_temperature([KnownAnswer(np.zeros(2), np.zeros(2))]) is None


def test_a_temperature_leaves_what_is_likely_whatever_is_asked() -> None:
    random = np.random.default_rng(1)
    examples = []
    for _ in range(400):
        scores, before = random.normal(0, 4, 12), random.normal(0, 2, 12)
        target = np.zeros(12)
        target[random.choice(12, p=softmax(scores / 2.5 + before))] = 1
        examples.append(KnownAnswer(scores, target, before))
    without = likeliest_temperature([known._replace(before=0.0) for known in examples])
    assert likeliest_temperature(examples) == pytest.approx(2.5, rel=0.15)
    assert without is not None and without > 3  # it is blamed for what the scores did not know


@pytest.mark.parametrize(("name", "value"), [("reference", 0), ("videos", 0), ("further_spans", -1)])
def test_settings_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(UserError, match=f"decode.{name}"):
        OverlapSettings(**{name: value})
