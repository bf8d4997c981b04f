"""What the organizers' table says of a corpus: videos, questions and their mean lengths.

Source: docs/spec/ccgs.md, section 1.1 (length of questions in characters, of videos in seconds).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from cmivqa_kit.data.types import Split


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """The size of a split; a mean is ``None`` where there is nothing to take it of.

    Attributes:
        videos: of the corpus.
        videos_asked: of these, that some question names.
        questions: in all.
        question_characters: mean length of a question, blanks included.
        video_seconds: mean duration of the videos whose duration is known.
        videos_timed: how many these are.
        answer_seconds: mean length of the valid answers.
        answers: how many these are.
        subtitle_lines: mean number of lines of the videos that have any, in the first language with lines.
        line_characters: mean length of these lines.
    """

    videos: int
    videos_asked: int
    questions: int
    question_characters: float | None
    video_seconds: float | None
    videos_timed: int
    answer_seconds: float | None
    answers: int
    subtitle_lines: float | None
    line_characters: float | None


def corpus_statistics(split: Split) -> CorpusStatistics:
    """The statistics of a split as it was read."""
    answers = [question.answer.length for question in split.questions if question.answer and question.answer.valid]
    durations = [video.duration for video in split.videos.values() if video.duration is not None]
    spoken = [
        lines
        for video in split.videos.values()
        if (lines := next((lines for lines in (video.subtitles, *video.translations.values()) if lines), ()))
    ]
    return CorpusStatistics(
        videos=len(split.videos),
        videos_asked=len({question.video_id for question in split.questions} & split.videos.keys()),
        questions=len(split.questions),
        question_characters=_mean(len(question.text) for question in split.questions),
        video_seconds=_mean(durations),
        videos_timed=len(durations),
        answer_seconds=_mean(answers),
        answers=len(answers),
        subtitle_lines=_mean(map(len, spoken)),
        line_characters=_mean(len(line.text) for lines in spoken for line in lines),
    )


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return fmean(listed) if listed else None
