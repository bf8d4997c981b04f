"""What a downloaded file is, judged by its content: names of downloads are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from cmivqa_kit.data.answer_names import names_predictions
from cmivqa_kit.data.captions import are_captions, captioned_videos
from cmivqa_kit.data.dev_corpus import DEV_CORPUS_KEYS, read_dev_corpus
from cmivqa_kit.data.file_roles import tracks_in
from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.question_match import AskedById, answers_without_texts, asked_by_id
from cmivqa_kit.data.types import Track
from cmivqa_kit.data.video_names import plain_id
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json

Kind = Literal["questions", "subtitles", "dev corpus", "submission", "other"]
MEDIA = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".mp3", ".wav", ".m4a", ".aac", ".flac"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """A JSON file and what it holds.

    ``hint`` is its name below what was given, with the names of the folders and archives it came in; ``outer`` the
    name of the folder that was given, which the user chose and which therefore says little.
    """

    path: Path
    hint: str
    kind: Kind
    why: str = ""
    outer: str = ""
    edition: str = ""
    tentative: bool = False  # files of a later edition may look so, too
    count: int = 0
    ids: tuple[Any, ...] = ()
    videos: frozenset[str] = frozenset()
    asked: AskedById = field(default_factory=dict)
    answers: bool = False  # times stand in it: answers, or predictions (see `answer_evidence`)
    textless: bool = False  # ids, videos and times alone
    inline: bool = False  # brings its own subtitles
    flagged: bool = False  # the user said that it holds answers

    @property
    def named(self) -> tuple[str, ...]:
        """The names that say what it is, the nearest first."""
        return tuple(reversed(PurePosixPath(self.hint).parts))

    @property
    def full_name(self) -> str:
        """Its path from the folder or file that was given."""
        return "/".join(part for part in (self.outer, self.hint) if part)

    def named_split(self, edition: Edition) -> str | None:
        """The split that its name, the folders and archives it came in, or the folder that was given state."""
        return edition.split_in(*self.named) or edition.split_in(self.outer)

    def split(self, edition: Edition) -> str | None:
        """The split of a file by its names, else by its size; ``None`` where neither tells."""
        sized = [name for name, facts in edition.splits.items() if facts.questions == self.count]
        return edition.split_in(*self.named) or (sized[0] if sized else edition.split_in(self.outer))

    def stated_tracks(self, edition: Edition) -> tuple[Track, ...]:
        """The tracks that its name or its ids state; empty where they do not."""
        named = tracks_in(self.path.name)
        if named:
            return named
        numbers = {edition.track_of_id(identity) for identity in self.ids} - {None}
        return tuple(t for t in (1, 2, 3) if t in numbers) if len(numbers) == 1 else ()

    def tracks(self, edition: Edition) -> tuple[Track, ...]:
        """The tracks of a test question file: as stated, else by whether it names videos."""
        return self.stated_tracks(edition) or ((1,) if self.videos else (2, 3))


def recognise(path: Path, hint: str, outer: str = "", flagged: bool = False) -> Recognised:
    """Open a JSON file and say what it is; a file that cannot be read is ``other`` with the reason.

    ``flagged``: the user said that it holds answers; then its name says nothing against it.
    """
    try:
        document = read_json(path)
    except UserError as error:
        return Recognised(path, hint, "other", error.message)
    if are_captions(document):
        videos = captioned_videos(document)
        return Recognised(path, hint, "subtitles", outer=outer, count=len(videos), videos=videos)
    if isinstance(document, dict):
        if _is_subtitles(document):
            return Recognised(
                path, hint, "subtitles", outer=outer, count=len(document), videos=frozenset(map(plain_id, document))
            )
        if document.keys() >= DEV_CORPUS_KEYS:
            return _dev_corpus(path, hint, outer, document)
        return Recognised(path, hint, "other", "an object, but not of subtitles")
    if not isinstance(document, list) or not document:
        return Recognised(path, hint, "other", "not an array of questions")
    records = [record for record in document if isinstance(record, dict)]
    # A Track 1 submission looks like an annotated file: there its name tells, or `answer_evidence`.
    if any("output" in record for record in records):
        return Recognised(path, hint, "submission", "a submission or a sample of one")
    if names_predictions(path.name) and not flagged:
        return Recognised(path, hint, "submission", "a submission or a sample of one, by its name")
    layout = detect(records)
    if layout is None:
        return _without_texts(path, hint, outer, records, flagged)
    read = layout.read(layout.keys.known(records))
    return Recognised(
        path,
        hint,
        "questions",
        outer=outer,
        edition=layout.edition,
        tentative=layout.tentative,
        count=len(read.questions),
        ids=tuple(record.get("id") for record in records),
        videos=_videos(records, layout.keys.video_id),
        asked=asked_by_id(read.questions),
        answers=any(question.answer is not None and question.answer.valid for question in read.questions),
        inline=any(video.subtitles for video in read.videos.values()),
        flagged=flagged,
    )


def _dev_corpus(path: Path, hint: str, outer: str, document: dict[str, Any]) -> Recognised:
    """The videos that dev is ranked over, as `data split` stores them."""
    try:
        corpus = read_dev_corpus(path, lambda *_: document)
    except UserError as error:
        return Recognised(path, hint, "other", error.message)
    videos = frozenset(corpus.videos)
    return Recognised(path, hint, "dev corpus", outer=outer, count=len(videos), videos=videos)


def _without_texts(path: Path, hint: str, outer: str, records: list[dict[str, Any]], flagged: bool) -> Recognised:
    """An answer file without question texts: the official program reads ids, videos and times only."""
    asked = answers_without_texts(records)
    if asked is None:
        return Recognised(path, hint, "other", "no questions in it")
    return Recognised(
        path,
        hint,
        "questions",
        outer=outer,
        count=len(records),
        ids=tuple(asked),
        videos=_videos(records),
        asked=asked,
        answers=True,
        textless=True,
        flagged=flagged,
    )


def _videos(records: list[dict[str, Any]], key: str = "video_id") -> frozenset[str]:
    return frozenset(plain_id(record[key]) for record in records if isinstance(record.get(key), str))


def _is_subtitles(document: Mapping[str, Any]) -> bool:
    """True for an object of subtitles: arrays of objects with a text; an empty array is a video without speech.

    Lines without times are subtitles too: opening the split names every one of them.
    """
    values = list(document.values())
    return all(isinstance(value, list) for value in values[:20]) and any(
        isinstance(line, dict) and "text" in line for value in values if isinstance(value, list) for line in value[:1]
    )
