"""The questions that can be trained on; the others are counted by reason, and too many of them stop the training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Generic, TypeVar

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Tokenize

E = TypeVar("E")
FEW_LINES = 2  # a video with at most so many lines is not loaded by the official programs


@dataclass(frozen=True, slots=True)
class UsableExamples(Generic[E]):
    """What can be trained on, and how many questions each rule left out."""

    usable: tuple[E, ...]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A training question with its answer, its video, and the video's subtitles in the question's language."""

    question: Question
    answer: Span
    video: Video
    subtitles: tuple[Subtitle, ...]


def answered_questions(split: Split, dropped: Counter[str]) -> Iterator[AnsweredQuestion]:
    """The questions of a split that have an answer in a video with subtitles; the others are counted in ``dropped``."""
    for question in split.questions:
        video = split.videos.get(question.video_id or "")
        subtitles = video.subtitles_in(question.language) if video is not None else ()
        if question.answer is None:
            dropped["no-answer"] += 1
        elif video is None or not subtitles:
            dropped["no-subtitles"] += 1
        else:
            yield AnsweredQuestion(question, question.answer, video, tuple(subtitles))


def joined_length(subtitles: Sequence[Subtitle], tokens: Tokenize) -> int:
    """The official programs' measure of a video: tokens of all lines in one text, plus [CLS] and [SEP].

    There are no separators between the lines, and the question is not counted.
    """
    return len(tokens("".join(line.text for line in subtitles))) + 2


def published_drop(subtitles: Sequence[Subtitle] | None, tokens: Tokenize, maxlen: int) -> str | None:
    """Why the official programs leave a video's questions out: no entry, at most two lines, too long; else ``None``.

    Source: docs/spec/ccgs.md, section 1.6; docs/spec/mutualsl.md, section 1.4.
    """
    if subtitles is None:
        return "no-subtitles"
    if len(subtitles) <= FEW_LINES:
        return "few-subtitles"
    return "too-long" if joined_length(subtitles, tokens) > maxlen else None


def require_enough(split: Split, usable: Sized, dropped: Counter[str], most: float) -> None:
    """Stop where nothing is left to train on, or more than a share was left out.

    Args:
        split: whose questions they are.
        usable: what is left.
        dropped: how many questions each rule left out.
        most: the largest share that may be left out.

    Raises:
        UserError: naming the reasons.
    """
    lost = sum(dropped.values())
    if usable and lost <= most * len(split.questions):
        return
    share = lost / max(1, len(split.questions))
    reasons = ", ".join(f"{count} {name}" for name, count in dropped.most_common())
    raise UserError(
        f"{lost} of {len(split.questions)} questions of {split.name} cannot be trained on: {reasons or 'none there'}",
        f"Look at the data: cmivqa data check; or allow it: --set train.max_dropped={min(1.0, share + 0.01):.2f}"
        if usable
        else "Nothing is left to train on. Look at the data: cmivqa data check; or raise train.maxlen.",
    )
