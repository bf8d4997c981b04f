"""The questions that can be trained on, each with the lines it is asked of.

Source: docs/spec/ccgs.md, sections 1.6 and 2.3.

Where a video does not fit into one row, a question is trained with the window of lines that holds its answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.ccgs.examples import EXTRA, iou_matrix, length, target
from baselines.ccgs.settings import TrainSettings
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Ids, Tokenize
from cmivqa_kit.neural.windows import Window, holding, pieces, windows
from cmivqa_kit.prediction.types import Times
from cmivqa_kit.training.usable_examples import UsableExamples, answered_questions, published_drop, require_enough

MIN_ROOM = 16  # tokens that must be left for subtitles


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """Lines of a video that fit into one row: token ids, and when they are said."""

    video: str
    lines: tuple[Ids, ...]
    times: Times


Shown = Mapping[tuple[str, str | None], tuple[Excerpt, ...]]  # video id, language -> its windows


@dataclass(frozen=True, slots=True)
class Example:
    """A training question with its lines: token ids, IoU of their spans with the answer, the best cell."""

    question: Question
    tokens: Ids
    excerpt: Excerpt
    ious: NDArray[np.float32]
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Examples(UsableExamples[Example]):
    """What can be trained on, how many questions each rule left out, and the lines a negative video is shown with."""

    videos: Shown


def build_examples(
    split: Split, tokens: Tokenize, settings: TrainSettings, limit: int | None, visual: bool = False
) -> Examples:
    """The examples of a split.

    Args:
        split: questions with answers.
        tokens: text to ids.
        settings: ``maxlen`` and the rules.
        limit: the most tokens the encoder takes, or ``None``.
        visual: leave out what is asked of videos without features.

    Raises:
        UserError: more than ``max_dropped`` of the questions are left out, or all of them.
    """
    asked = {question.text: tokens(question.text) for question in split.questions}
    longest = max((len(ids) for ids in asked.values()), default=0)
    # One room for all: a negative question may be longer than the right one.
    room = min(settings.maxlen, limit or settings.maxlen) - EXTRA - longest
    if room < MIN_ROOM:
        raise UserError(
            f"a training question of {longest} tokens leaves no room for subtitles",
            "Raise train.maxlen, or shorten it.",
        )
    usable: list[Example] = []
    dropped: Counter[str] = Counter()
    tokenized: dict[tuple[str, str | None], tuple[tuple[Ids, ...], list[Window]]] = {}
    times: dict[tuple[str, str | None], Times] = {}
    for answered in answered_questions(split, dropped):
        question, video, subtitles = answered.question, answered.video, answered.subtitles
        if visual and video.id not in split.features:
            dropped["no-features"] += 1
            continue
        key = video.id, question.language
        if key not in tokenized:
            times[key] = Times.of(subtitles)
            lines = tuple(tokens(line.text) for line in subtitles)
            tokenized[key] = lines, windows([len(line) for line in lines], room)
        lines, covering = tokenized[key]
        reason = None
        if settings.joined_length:
            real = length(len(asked[question.text]), [len(line) for line in lines])
            too_long = "too-long" if real > settings.maxlen else None
            reason = published_drop(subtitles, tokens, settings.maxlen) or too_long
        ious = iou_matrix(subtitles, answered.answer)
        row, column = target(ious)
        if reason is None and not settings.joined_length and ious[row, column] == 0:
            reason = "no-overlap"  # published: the target silently becomes the first cell
        window = holding(covering, row, column)
        if reason is None and window is None:
            reason = "answer-in-no-window"
        if reason is not None or window is None:
            dropped[str(reason)] += 1
            continue
        inside = slice(window.first, window.stop)
        usable.append(
            Example(
                question,
                asked[question.text],
                _excerpt(video.id, window, lines, times[key]),
                ious[inside, inside],
                row - window.first,
                column - window.first,
            )
        )
    require_enough(split, usable, dropped, settings.max_dropped)
    videos = {
        key: tuple(_excerpt(key[0], window, lines, times[key]) for window in covering)
        for key, (lines, covering) in tokenized.items()
    }
    return Examples(tuple(usable), dict(dropped), videos)


def _excerpt(video: str, window: Window, lines: Sequence[Ids], times: Times) -> Excerpt:
    inside = slice(window.first, window.stop)
    return Excerpt(video, tuple(pieces(window, lines)), Times(times.start[inside], times.end[inside]))
