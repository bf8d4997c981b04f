"""Training examples: a question, the lines around its answer, and every label.

Source: docs/spec/mutualsl.md, 1.4 to 1.6.

The published labels and the kit's differ in three settings, each of its own: ``start_label`` (the token that stands for
a line's start), ``rescale`` (labels follow frames that were averaged down) and ``frame_mask`` (frames beyond the
features are no classes).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.mutualsl.settings import TrainSettings
from baselines.mutualsl.text import EXTRA, MIN_ROOM, TextRow, text_row
from baselines.mutualsl.token_frame_table import TokenFrameTable, line_times, nearest
from baselines.mutualsl.video_rows import STAND_IN
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Ids, Special, Tokenize
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.neural.windows import Window, holding, pieces, windows
from cmivqa_kit.training.usable_examples import (
    AnsweredQuestion,
    UsableExamples,
    answered_questions,
    published_drop,
    require_enough,
)

AROUND = 0.25  # of the answer's length, on either side, counts as highlighted


@dataclass(frozen=True, slots=True, eq=False)
class Gold:
    """What the losses need to know of an example.

    Attributes:
        start_label: the token where the answer starts; may be the row's length (an empty last line).
        end_label: the token where it ends.
        start_row: the frame where it starts.
        end_row: the frame where it ends.
        limit: frames at and beyond which nothing is supervised or looked up; 0: there are no frames.
        tokens: L of the row.
        frames: frames that are classes.
        table: between tokens and frames.
    """

    start_label: int
    end_label: int
    start_row: int
    end_row: int
    limit: int
    tokens: int
    frames: int
    table: TokenFrameTable


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One training example; ``highlight`` are the first and the last highlighted frame (none where last < first)."""

    question: Question
    video: str
    row: TextRow
    gold: Gold
    highlight: tuple[int, int]


def highlighted(start: int, end: int, rows: int, extend: float = AROUND) -> tuple[int, int]:
    """The first and the last highlighted frame for an answer from ``start`` to ``end``; none where last < first.

    ``rows``: of the video's features, without padding. An answer too short to be extended is not cut to them.
    """
    around = round(extend * (end - start + 1))
    return (max(0, start - around), min(end + around, rows - 1)) if around > 0 else (start, end)


def highlight_labels(first: int, last: int, frames: int) -> NDArray[np.float32]:
    """Ones on frames ``first`` to ``last``, zeros elsewhere, (frames,)."""
    labels = np.zeros(frames, np.float32)
    labels[first : last + 1] = 1
    return labels


def text_labels(row: TextRow, first: int, last: int, settings: TrainSettings) -> tuple[int, int]:
    """The tokens of the start of line ``first`` and of the end of line ``last``."""
    return start_tokens(row, settings)[first], row.separators[last + 1]


def start_tokens(row: TextRow, settings: TrainSettings) -> Ids:
    """The token that stands for the start of each line: its first, or as published the one after it."""
    late = int(settings.start_label == "second")
    return tuple(first + late for first in row.firsts)


def build_examples(
    split: Split, tokens: Tokenize, special: Special, settings: TrainSettings, frames: VideoRows, limit: int | None
) -> UsableExamples[Example]:
    """The examples of a split.

    Args:
        split: questions with answers.
        tokens: text to ids.
        special: ids of special tokens.
        settings: ``maxlen`` and the rules.
        frames: features of the split.
        limit: the most tokens the encoder takes, or ``None``.

    Raises:
        UserError: more than ``max_dropped`` of the questions are left out, or all of them.
    """
    usable: list[Example] = []
    dropped: Counter[str] = Counter()
    ids: dict[tuple[str, str | None], tuple[Ids, ...]] = {}
    most = min(settings.maxlen, limit or settings.maxlen)
    for answered in answered_questions(split, dropped):
        question, video, subtitles = answered.question, answered.video, answered.subtitles
        reason = published_drop(subtitles, tokens, settings.maxlen) if settings.published_filter else None
        if reason is not None:
            dropped[reason] += 1
            continue
        key = video.id, question.language
        if key not in ids:
            ids[key] = tuple(tokens(line.text) for line in subtitles)
        room = None if settings.published_filter and limit is None else most - EXTRA - len(tokens(question.text))
        if room is not None and room < MIN_ROOM:
            raise UserError(
                f"question {question.id!r} leaves no room for subtitles", "Raise train.maxlen, or shorten it."
            )
        first, last = nearest(*line_times(subtitles), answered.answer.start, answered.answer.end)
        window = holding(windows([len(line) for line in ids[key]], room), first, last)
        if window is None:
            dropped["answer-in-no-window"] += 1
            continue
        row = text_row(tokens(question.text), pieces(window, ids[key]), special)
        usable.append(_example(answered, row, window, settings, frames))
    require_enough(split, usable, dropped, settings.max_dropped)
    return UsableExamples(tuple(usable), dict(dropped))


def _example(
    answered: AnsweredQuestion, row: TextRow, window: Window, settings: TrainSettings, frames: VideoRows
) -> Example:
    video, answer = answered.video.id, answered.answer
    count = frames.count(video)
    rows = min(count, frames.most) if count is not None else 0 if settings.frame_mask else STAND_IN
    scale = rows / count if count is not None and settings.rescale else 1.0
    scale /= frames.seconds_per_row  # rows per second
    starts, ends = line_times(answered.subtitles[window.first : window.stop])
    first, last = nearest(starts, ends, answer.start, answer.end)
    start_label, end_label = text_labels(row, first, last, settings)
    # Whole seconds in the official files; others are rounded, then cut to the row they lie in.
    begin, end = int(round(answer.start) * scale), int(round(answer.end) * scale)
    starts, ends = starts * scale, ends * scale
    if settings.frame_mask:  # features often end within the last second
        ends, end = np.minimum(ends, max(0, rows - 1)), min(end, max(0, rows - 1))
    limit = rows if settings.frame_mask else frames.most
    gold = Gold(
        start_label, end_label, begin, end, limit, len(row.ids), limit,
        TokenFrameTable(starts, ends, start_tokens(row, settings), row.separators),
    )  # fmt: skip
    return Example(answered.question, video, row, gold, highlighted(begin, end, rows))
