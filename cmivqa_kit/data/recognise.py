"""What a downloaded file is, judged by its content: names of downloads are not to be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.data.catalogue import tracks_in
from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json

Kind = Literal["questions", "subtitles", "submission", "other"]
MEDIA = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".flv", ".mp3", ".wav", ".m4a", ".aac", ".flac"})
ANSWER_KEYS = ("start_second", "end_second", "answer_start_second")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A JSON file and what it holds. ``hint`` is its name with the names of the folder or archive it came in."""

    path: Path
    hint: str
    kind: Kind
    why: str = ""
    edition: str = ""
    count: int = 0
    ids: tuple[Any, ...] = ()
    videos: frozenset[str] = frozenset()
    answers: bool = False

    def split(self, edition: Edition) -> str | None:
        """The split of a question file: by its names, else by what it holds; ``None`` where neither tells."""
        named = edition.split_in(self.hint)
        if named is not None:
            return named
        sized = [name for name, facts in edition.splits.items() if facts.questions == self.count]
        if sized:
            return sized[0]
        return "train" if self.answers else None

    def tracks(self, edition: Edition) -> tuple[Track, ...]:
        """The tracks of a test question file: by name, by the ids, else by whether it names videos."""
        named = tracks_in(self.path.name)
        if named:
            return named
        numbers = {edition.track_of_id(identity) for identity in self.ids[:100]} - {None}
        if len(numbers) == 1:
            return tuple(t for t in (1, 2, 3) if t in numbers)
        return (1,) if self.videos else (2, 3)


def recognise(path: Path, hint: str) -> Recognised:
    """Open a JSON file and say what it is; a file that cannot be read is ``other`` with the reason."""
    try:
        document = read_json(path)
    except UserError as error:
        return Recognised(path, hint, "other", error.message)
    if isinstance(document, dict):
        if _is_subtitles(document):
            return Recognised(path, hint, "subtitles", count=len(document), videos=frozenset(document))
        return Recognised(path, hint, "other", "an object, but not of subtitles")
    if not isinstance(document, list) or not document:
        return Recognised(path, hint, "other", "not an array of questions")
    records = [record for record in document if isinstance(record, dict)]
    if any("output" in record for record in records):
        return Recognised(path, hint, "submission", "a submission or a sample of one")
    layout = detect(records)
    if layout is None:
        return Recognised(path, hint, "other", "no questions in it")
    return Recognised(
        path,
        hint,
        "questions",
        edition=layout.edition,
        count=len(layout.read(records).questions),
        ids=tuple(record.get("id") for record in records),
        videos=frozenset(record["video_id"] for record in records if isinstance(record.get("video_id"), str)),
        answers=any(record.get(key) is not None for record in records for key in ANSWER_KEYS),
    )


def _is_subtitles(document: Mapping[str, Any]) -> bool:
    """Arrays of objects with a text under every key looked at; an empty array is a video without speech."""
    sample: Sequence[Any] = list(document.values())[:20]
    lines = [line for value in sample if isinstance(value, list) for line in value[:3]]
    return all(isinstance(value, list) for value in sample) and any(
        isinstance(line, dict) and "text" in line and "start" in line for line in lines
    )
