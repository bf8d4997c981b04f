"""The answer where nothing can be chosen: every question gets one. Source: docs/spec/mutualsl.md, section 4.3."""

from __future__ import annotations

from collections.abc import Sequence

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle

LEAST = 1.0  # seconds of an answer that would be empty


def span(start: float, end: float) -> Span:
    """A span that every file may hold: not negative, and a second long where it would be empty."""
    start = max(0.0, start)
    return Span(start, end if end > start else start + LEAST)


def whole_video(subtitles: Sequence[Subtitle], seconds: float | None) -> Span:
    """The span of all that is said in a video, else of its ``seconds`` by the feature rows, else a second."""
    if subtitles:
        return span(subtitles[0].start, subtitles[-1].end)
    return span(0.0, seconds or 0.0)


def whole_of(split: Split, question: Question, video_id: str) -> Span:
    """The span of all that is said in a video in the language of a question, else of all its feature rows."""
    known = split.videos.get(video_id)
    lines = known.subtitles_in(question.language) if known is not None else ()
    return whole_video(lines, None if lines else split.features.seconds(video_id))
