"""From text and seconds to rows, labels, look-up tables and frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.mutualsl.examples import (
    Example,
    build_examples,
    highlight_labels,
    highlighted,
)
from baselines.mutualsl.settings import Settings
from baselines.mutualsl.text import text_row
from baselines.mutualsl.token_frame_table import TokenFrameTable, line_of, nearest
from baselines.mutualsl.video_rows import require_frames
from cmivqa_kit.data.feature_sampling import sample
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Special
from cmivqa_kit.neural.video_rows import VideoRows, pad
from cmivqa_kit.neural.windows import Window, holding
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training.usable_examples import UsableExamples, published_drop
from tests.baselines.mutualsl_corpus import WIDTH, corpus, of
from tests.golden.published_validation import validation_videos

SPECIAL = Special(1, 2, 0)


def letters(text: str) -> tuple[int, ...]:
    """One id per character."""
    return tuple(3 + ord(character) % 60 for character in text if character != " ")


def built(
    folder: Path, *overrides: str, recipe: Recipe = "kit", limit: int | None = None,
    change: Callable[[Question], Question] = lambda q: q, frames: int = 64, rows: dict[str, int] | None = None,
) -> UsableExamples[Example]:  # fmt: skip
    data = corpus(folder, rows)
    data = replace(data, questions=tuple(change(question) for question in data.questions))
    settings: Settings = of(*overrides, recipe=recipe)
    return build_examples(data, letters, SPECIAL, settings.train, VideoRows(data.features, frames, WIDTH), limit)


def test_a_row_is_question_and_lines_each_closed() -> None:
    row = text_row((10, 11), [(12,), (), (13, 14)], SPECIAL)
    assert row.ids == (1, 10, 11, 2, 12, 2, 2, 13, 14, 2)
    assert row.types == (0, 0, 0, 0, 1, 1, 1, 1, 1, 1)
    assert row.separators == (3, 5, 6, 9)
    assert row.firsts == (4, 6, 7)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(0, 6))
def test_every_token_has_its_line(lengths: list[int], asked: int) -> None:
    row = text_row((9,) * asked, [(7,) * length for length in lengths], SPECIAL)
    lines = [line_of(row.separators, token) for token in range(len(row.ids))]
    expected = [-1] * (asked + 2) + [k for k, length in enumerate(lengths) for _ in range(length + 1)]
    assert lines == expected


def test_ties_go_to_the_first_start_and_the_last_end() -> None:
    starts, ends = np.array([0.0, 10.0, 20.0]), np.array([10.0, 20.0, 30.0])
    assert nearest(starts, ends, 5.0, 15.0) == (0, 1)
    assert nearest(starts, ends, 15.0, 25.0) == (1, 2)
    assert nearest(starts, ends, 99.0, 0.0) == (2, 0)


def test_the_table_looks_both_ways() -> None:
    row = text_row((10,), [(11, 12), (13,), (14,)], SPECIAL)
    table = TokenFrameTable(np.array([0.0, 4.0, 9.5]), np.array([4.0, 9.5, 12.0]), row.firsts, row.separators)
    assert table.tokens(5, 12) == (6, 9)
    assert table.times(6, 8) == (4.0, 12.0)
    assert table.times(0, 2) == (9.5, 12.0)  # the question's tokens stand for the last line


def test_the_published_start_label_is_one_token_late(tmp_path: Path) -> None:
    first = built(tmp_path, "train.rescale=false", "train.frame_mask=false")
    late = built(tmp_path, "train.rescale=false", "train.frame_mask=false", "train.start_label=second")
    for one, other in zip(first.usable, late.usable, strict=True):
        assert one.gold.start_label + 1 == other.gold.start_label
        assert one.gold.end_label == other.gold.end_label == one.gold.table.separators[one.question.id + 2]  # type: ignore[operator]
        assert [token + 1 for token in one.gold.table.start_tokens] == list(other.gold.table.start_tokens)
        assert one.gold.start_row == other.gold.start_row == 5 * one.question.id  # type: ignore[operator]


def test_an_empty_last_line_has_a_label_behind_the_row() -> None:
    row = text_row((10,), [(11,), ()], SPECIAL)
    assert row.firsts[1] + 1 == len(row.ids)


def test_labels_follow_frames_that_were_averaged_down(tmp_path: Path) -> None:
    def only(*overrides: str) -> Example:
        return built(tmp_path, *overrides, frames=20, rows={"v3": 55}).usable[3]

    kit, seconds = only(), only("train.rescale=false", "train.frame_mask=false")
    assert (seconds.gold.start_row, seconds.gold.end_row, seconds.gold.limit) == (15, 25, 20)
    assert (kit.gold.start_row, kit.gold.end_row, kit.gold.limit) == (int(15 * 20 / 55), int(25 * 20 / 55), 20)
    np.testing.assert_allclose(kit.gold.table.starts, seconds.gold.table.starts * 20 / 55)
    assert kit.gold.table.ends.max() == 19  # within the frames


def test_with_the_mask_a_videos_own_frames_are_its_classes(tmp_path: Path) -> None:
    rows = {"v0": 9, "v1": -1}
    masked, whole = built(tmp_path, rows=rows).usable, built(tmp_path, "train.frame_mask=false", rows=rows).usable
    assert [one.gold.limit for one in masked] == [9, 0, 50, 55, 60, 64]
    assert {one.gold.limit for one in whole} == {64}
    assert (masked[0].gold.end_row, whole[0].gold.end_row) == (8, 10)  # features end before the answer does
    assert not highlight_labels(*masked[1].highlight, 64).any()
    assert whole[1].highlight == (2, 1)  # two rows of zeros stand in for its features


@pytest.mark.parametrize(
    ("start", "end", "rows", "wanted"),
    [
        (10, 20, 100, (7, 23)),  # 2.75 -> 3
        (10, 11, 100, (10, 11)),  # 0.5 -> 0
        (10, 15, 100, (8, 17)),  # 1.5 -> 2
        (10, 19, 100, (8, 21)),  # 2.5 -> 2
        (10, 23, 100, (6, 27)),  # 3.5 -> 4
        (1, 20, 22, (0, 21)),
        (90, 91, 50, (90, 91)),  # too short to be extended: not cut
    ],
)
def test_highlighted_frames(start: int, end: int, rows: int, wanted: tuple[int, int]) -> None:
    assert highlighted(start, end, rows) == wanted
    labels = highlight_labels(*wanted, 100)
    assert labels.sum() == wanted[1] - wanted[0] + 1 and labels[wanted[0]] == 1
    assert not highlight_labels(5, 4, 10).any()


@given(st.integers(1, 300), st.integers(1, 40))
def test_sampling_keeps_short_videos_and_the_range_of_long_ones(rows: int, most: int) -> None:
    given_rows = np.arange(rows, dtype=np.float32)[:, None]
    found = sample(given_rows, most)
    assert len(found) == min(rows, most)
    assert (np.diff(found[:, 0]) > 0).all() and found.min() >= 0 and found.max() <= rows - 1
    padded, mask = pad([found], most)
    assert padded.shape == (1, most, 1) and int(mask.sum()) == len(found)


def test_what_the_published_loader_leaves_out(tmp_path: Path) -> None:
    lines = tuple(Subtitle(text, n, 1.0) for n, text in enumerate(("ab", "c", "de")))
    assert published_drop(None, letters, 10) == "no-subtitles"
    assert published_drop(lines[:2], letters, 10) == "few-subtitles"
    assert published_drop(lines, letters, 7) is None
    assert published_drop(lines, letters, 6) == "too-long"
    assert [validation_videos(count) for count in (9, 10, 1228)] == [0, 1, 122]
    with pytest.raises(UserError, match=r"6 of 6 .*6 too-long"):
        built(tmp_path, "train.maxlen=40", recipe="published")


def test_a_long_video_is_trained_on_in_the_window_of_the_answer(tmp_path: Path) -> None:
    found = built(tmp_path, "train.maxlen=100", frames=200)
    assert len(found.usable) == 6 and not found.dropped
    for example in found.usable:
        assert len(example.row.ids) <= 100
        first = int(np.argmin(abs(example.gold.table.starts - example.gold.start_row)))
        assert example.gold.table.starts[first] == example.gold.start_row
        assert example.gold.start_label == example.row.firsts[first]
    assert holding([Window(0, 4), Window(2, 6)], 3, 3) == Window(2, 6)
    assert holding([Window(0, 4), Window(2, 6)], 1, 5) is None


def test_what_cannot_be_trained_on_is_counted(tmp_path: Path) -> None:
    def one(question: Question) -> Question:
        return {0: replace(question, video_id="other"), 1: replace(question, answer=None),
                2: replace(question, answer=Span(0, 50))}.get(int(question.id), question)  # fmt: skip

    found = built(tmp_path, "train.maxlen=100", "train.max_dropped=0.9", change=one)
    assert found.dropped == {"no-subtitles": 1, "no-answer": 1, "answer-in-no-window": 1}
    with pytest.raises(UserError, match=r"3 of 6 questions of dev cannot be trained on"):
        built(tmp_path, "train.maxlen=100", change=one)
    with pytest.raises(UserError, match="leaves no room"):
        built(tmp_path, change=lambda q: replace(q, text="x" * 50), limit=64)


def test_damaged_features_are_named(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    np.save(tmp_path / "v0.npy", np.full((3, WIDTH), np.nan, np.float32))
    with pytest.raises(UserError, match=r"v0\.npy: holds numbers that are not finite"):
        VideoRows(data.features, 64, WIDTH).get("v0")
    with pytest.raises(UserError, match=r"rows of 8 numbers; this network takes rows of 4"):
        VideoRows(data.features, 64, 4).get("v1")
    with pytest.raises(UserError, match="no video of this split has any"):
        require_frames(VideoRows(data.features, 64, WIDTH), [Video("x").id], misaligned=False)


def test_labels_follow_the_length_of_a_row(tmp_path: Path) -> None:
    """With a row every 2 s the same moment is half as many rows away; averaged down it is a quarter."""
    data = corpus(tmp_path)
    settings: Settings = of()
    labels = {}
    for seconds, frames in ((1.0, 80), (2.0, 80), (2.0, 20)):
        store = SplitFeatures(data.features.folders, stated=seconds)
        examples = build_examples(data, letters, SPECIAL, settings.train, VideoRows(store, frames, WIDTH), None).usable
        labels[seconds, frames] = [(example.gold.start_row, example.gold.end_row) for example in examples]
        for example in examples:
            assert example.gold.table.starts[1] == pytest.approx(
                5.0 / seconds * min(1, frames / counts(store, example))
            )
    assert labels[1.0, 80] == [(5 * n, 5 * n + 10) for n in range(6)]
    assert labels[2.0, 80] == [(5 * n // 2, (5 * n + 10) // 2) for n in range(6)]
    assert labels[2.0, 20] == [
        (int(5 * n / 2 * 20 / (40 + 5 * n)), int((5 * n + 10) / 2 * 20 / (40 + 5 * n))) for n in range(6)
    ]


def counts(store: SplitFeatures, example: Example) -> int:
    return store.rows(example.video) or 0
