"""The vocabulary of the project: subtitle, video, question, split. All frozen, all times in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span

QuestionId = int | str
Track = Literal[1, 2, 3]
TRACKS: tuple[Track, ...] = (1, 2, 3)
DurationSource = Literal["given", "container", "features", "subtitles"]
EXACT_SOURCES: frozenset[str] = frozenset({"given", "container"})  # only these may cause a hard error


@dataclass(frozen=True, slots=True)
class Subtitle:
    """One line of speech: ``text`` shown from ``start`` for ``duration`` seconds."""

    text: str
    start: float
    duration: float

    @property
    def end(self) -> float:
        """``start + duration``, unrounded as in the official files."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Video:
    """A video of the corpus. ``duration`` (seconds) is only as good as its ``duration_source``."""

    id: str
    subtitles: tuple[Subtitle, ...] = ()
    duration: float | None = None
    duration_source: DurationSource | None = None
    # M4IVQA 2025 carries the captions once per language; everywhere else this is empty.
    translations: Mapping[str, tuple[Subtitle, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def subtitles_in(self, language: str | None) -> tuple[Subtitle, ...]:
        """The subtitles in ``language`` where the corpus has them per language, else its only subtitles."""
        return self.translations.get(language or "", self.subtitles)

    @property
    def duration_is_exact(self) -> bool:
        """True when the duration was stated or read from the container, not estimated."""
        return self.duration_source in EXACT_SOURCES


@dataclass(frozen=True, slots=True)
class Question:
    """A question. ``video_id`` and ``answer`` are ``None`` where the file, or the rules of a track, hide them."""

    id: QuestionId
    text: str
    language: str | None = None
    video_id: str | None = None
    answer: Span | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader left out or noticed: its ``subject`` (a file, a key, an id) and ``why``.

    ``kind`` is what notes of the same sort share, where ``why`` names more than that.
    """

    subject: str
    why: str
    kind: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Split:
    """Questions and the corpus of videos they are asked of.

    ``videos`` is ordered by id. ``edition`` names the rules (id form, limits), ``layout`` the reader that understood
    the question file, ``source`` that file, and ``notes`` say what was skipped and why.
    """

    name: str
    questions: tuple[Question, ...]
    videos: Mapping[str, Video]
    features: SplitFeatures
    edition: str = "cmivqa-2023"
    layout: str = ""
    source: Path | None = None
    notes: tuple[Note, ...] = ()

    @property
    def has_answers(self) -> bool:
        """True when at least one question carries its answer."""
        return any(question.answer is not None for question in self.questions)

    def for_prediction(self, track: Track) -> Split:
        """What a baseline may see when it predicts ``track``: ids, texts and languages; the video id only for Track 1.

        Answers never pass, nor does a video that only the questions (not the corpus) name, except in Track 1 where
        the video is given: there it is added without subtitles so that its question can still be answered.
        """
        # Made anew, not copied: whatever else a layout may have put into its questions stays behind.
        questions = tuple(
            Question(question.id, question.text, question.language, question.video_id if track == 1 else None)
            for question in self.questions
        )
        videos = dict(self.videos)
        if track == 1:
            for question in questions:
                if question.video_id is not None and question.video_id not in videos:
                    videos[question.video_id] = Video(question.video_id)
        return replace(
            self, questions=questions, videos=MappingProxyType(dict(sorted(videos.items()))), source=None, notes=()
        )
