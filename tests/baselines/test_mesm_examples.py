"""From annotated moments to clips and targets: averages, indices, what is drawn, the order of queries, batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.mesm.examples import (
    RELATIVE,
    ClipRules,
    VideoQueries,
    averaged,
    by_video,
    clip_range,
    clips,
    gathered,
    highlight_target,
    moment_target,
)
from baselines.mesm.inputs import Sentence
from baselines.mesm.task import _foreign_queries, batch_numbers, masked_words
from baselines.mesm.word_rows import WordRow
from cmivqa_kit.bench.tasks.moments.types import MomentQuery, saliency

RANDOM = np.random.default_rng


def query(start: float, end: float, duration: float = 10.0, video: str = "v", source: str = "") -> MomentQuery:
    return MomentQuery(0, "a", video, duration, ((start, end),), None, source)


def test_neighbours_are_averaged_and_the_last_row_is_lost() -> None:
    rows = np.arange(5, dtype=np.float32)[:, None]
    assert averaged(rows, 2)[:, 0].tolist() == [0.5, 2.5]  # bounds 0, round_half_even(2.5) = 2, 4: row 4 has no part
    assert averaged(rows, 4)[:, 0].tolist() == [0, 1, 2.5, 4]
    assert clips(rows, ClipRules(1, 2, cut=True, temporal=False))[:, 0].tolist() == [0, 1]


def test_two_channels_say_where_a_clip_is() -> None:
    made = clips(np.ones((4, 1), np.float32), ClipRules(1, 10))
    assert made[:, 1].tolist() == [0, 0.25, 0.5, 0.75] and made[:, 2].tolist() == [0.25, 0.5, 0.75, 1]
    assert clips(np.ones((1, 1), np.float32), ClipRules(1, 10)).tolist() == [[1, 0, 1]]


@pytest.mark.parametrize(
    ("window", "seconds", "count", "wanted"),
    [
        ((2.4, 7.9), 1.0, 10, (2, 7)),
        ((2.4, 7.9), RELATIVE, 20, (4, 15)),
        ((9.0, 10.0), 1.0, 5, (4, 4)),  # beyond the clips
        ((0.0, 10.0), RELATIVE, 8, (0, 7)),
        ((3.0, 3.0), 0.17, 100, (17, 17)),
    ],
)
def test_first_and_last_clip(
    window: tuple[float, float], seconds: float, count: int, wanted: tuple[int, int]
) -> None:  # fmt: skip
    assert clip_range(window, 10.0, seconds, count) == wanted


@given(st.floats(0, 20), st.floats(0, 20), st.integers(1, 50), st.sampled_from([RELATIVE, 0.17, 1.0, 2.0]))
def test_a_moment_has_a_clip_at_least(start: float, length: float, count: int, seconds: float) -> None:
    target = moment_target(query(start, start + length, 40.0), count, seconds, RANDOM(0))
    assert target.clips.any() and len(target.clips) == count
    assert target.clips[target.positives].all()
    assert target.clips.all() or not target.clips[target.negatives].any()


def test_a_moment_of_the_whole_video_has_positives_for_negatives() -> None:
    target = moment_target(query(0, 10), 3, RELATIVE, RANDOM(0))
    assert target.clips.all() and set(target.negatives) <= {0, 1, 2}


def highlighted(
    ids: list[int], scores: list[list[int]], windows: tuple[tuple[float, float], ...] = ((0.0, 4.0),)
) -> MomentQuery:  # fmt: skip
    return MomentQuery(1, "a", "s_0.0_10.0", 10.0, windows, saliency(10.0, ids, scores), "s")


def test_annotated_clips() -> None:
    target = highlight_target(highlighted([1, 2, 4], [[1, 1, 1], [4, 4, 4], [0, 0, 1]]), 5, 2.0, RANDOM(0))
    assert target.relevance.tolist() == [0, 3, 12, 0, 1]
    assert (target.positives[0], target.negatives[0]) == (2, 4)
    assert target.negatives[1] in (0, 3)
    assert target.windows.tolist() == [[0.0, pytest.approx(0.4)]]


def test_clips_beyond_the_features_have_no_part() -> None:
    """The published label grows by them, and training stops (Q20)."""
    target = highlight_target(highlighted([1, 3, 4], [[1, 1, 1], [4, 4, 4], [0, 0, 1]]), 3, 2.0, RANDOM(0))
    assert target.relevance.tolist() == [0, 3, 0] and target.positives.tolist() == [1, 1]
    nothing = highlight_target(highlighted([3], [[1, 1, 1]]), 3, 2.0, RANDOM(0))
    assert nothing.clips.tolist() == [True, True, True]  # what the window says


def test_all_clips_relevant_repeats_the_hard_pair() -> None:
    target = highlight_target(highlighted([0, 1], [[1, 0, 0], [4, 4, 4]]), 2, 2.0, RANDOM(0))
    assert (target.positives.tolist(), target.negatives.tolist()) == ([1, 1], [0, 0])


def test_more_than_five_windows_are_drawn_from() -> None:
    many = tuple((float(start), start + 1.0) for start in range(8))
    own = highlighted([0], [[1, 1, 1]], many)
    target = highlight_target(own, 5, 2.0, RANDOM(0))
    assert len(target.windows) == 5
    assert own.windows == many  # the published code reorders the truth itself (Q32)


def test_queries_are_ordered_within_their_video() -> None:
    given_queries = [
        query(5.2, 6, video="b"),
        query(3.9, 4, video="a"),
        query(5.9, 7, video="b"),
        query(1, 2, video="b"),
    ]
    videos = by_video(given_queries, 1.0)
    assert [video.source for video in videos] == ["b", "a"]
    assert [own.windows[0][0] for own in videos[0].queries] == [1, 5.2, 5.9]
    # the same second: as they stand in the file
    back = by_video([query(5.9, 7), query(5.2, 6)], 1.0)
    assert [own.windows[0][0] for own in back[0].queries] == [5.9, 5.2]
    segments = [query(0, 1, video="yt_60.0_210.0", source="yt"), query(0, 1, video="yt_0.0_150.0", source="yt")]
    assert [own.video for own in by_video(segments, 2.0)[0].queries] == ["yt_0.0_150.0", "yt_60.0_210.0"]


def test_many_queries_of_a_video_become_several_items() -> None:
    videos = [VideoQueries("a", tuple(query(number, number + 1, video="a") for number in range(7)))]
    items = gathered(videos, 3, RANDOM(0))
    assert [len(item.queries) for item in items] == [3, 3, 1]
    assert sorted(own.windows[0][0] for item in items for own in item.queries) == list(range(7))
    for item in items:
        assert list(item.queries) == sorted(item.queries, key=lambda own: own.windows[0][0])
    assert gathered(videos, 0, RANDOM(0)) == videos


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.integers(1, 6))
def test_no_batch_has_two_items_of_a_source(sources: list[str], size: int) -> None:
    batches = batch_numbers(sources, size, RANDOM(0))
    numbers = [number for batch in batches for number in batch]
    assert sorted(numbers) == list(range(len(sources)))
    assert all(len({sources[number] for number in batch}) == len(batch) <= size for batch in batches)


def test_a_foreign_query_is_about_another_source() -> None:
    others = _foreign_queries(["a", "b", "a"], [2, 1, 1], RANDOM(0))
    assert others is not None and others.tolist()[:2] == [2, 2] and others[2] in (0, 1, 3) and others[3] == 2
    assert _foreign_queries(["a", "a"], [2, 1], RANDOM(0)) is None


def sentence(weights: list[int]) -> Sentence:
    row = WordRow(np.zeros(4), np.array(weights), np.zeros(4, np.int64), np.zeros(4, bool))
    mask = torch.ones(sum(weight >= 0 for weight in weights), dtype=torch.bool)
    return Sentence(row, torch.zeros(len(mask), 1), mask)


def test_a_third_of_the_words_is_masked_and_no_special_token() -> None:
    assert masked_words(sentence([0, 1, 1, 0]), RANDOM(0)).sum() == 1
    assert not masked_words(sentence([0, 0, 0, 0]), RANDOM(0)).any()
    counts = sum(masked_words(sentence([0, 2, 1, 0]), RANDOM(seed)).astype(int) for seed in range(300))
    assert counts[0] == counts[3] == 0 and 1.5 < counts[1] / counts[2] < 2.7
