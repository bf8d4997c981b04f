"""A data root of which every file is read once, however many submissions are held against it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cmivqa_kit.data.captions import read_spoken
from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.container import read_durations
from cmivqa_kit.data.corpus import Lines, QuestionSet, corpus_videos, load_questions, load_split, truth_records
from cmivqa_kit.data.read_once import ReadFile, ReadOnce
from cmivqa_kit.data.subtitles import doubled_ids
from cmivqa_kit.data.types import Note, Split, Track
from cmivqa_kit.errors import UserError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class OpenRoot:
    """A catalogued data root that remembers what was read of it: questions, corpora, answers, durations of videos.

    What could not be read is remembered too: the same error is raised again. ``read_file`` remembers the documents.
    """

    catalogue: Catalogue
    read_file: ReadFile = field(default_factory=ReadOnce, repr=False)
    _read: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def questions(self, split: str, track: Track | None = None) -> QuestionSet:
        """The questions of a split, as `cmivqa_kit.data.corpus.load_questions` reads them."""

        def load() -> QuestionSet:
            return load_questions(self.catalogue, split, track, self._json)

        return self._once(("questions", split, track), load)

    def split(self, split: str, track: Track | None = None) -> Split:
        """Questions and corpus of a split, as `cmivqa_kit.data.corpus.load_split` reads them."""

        def load() -> Split:
            return load_split(
                self.catalogue, split, track, self.questions, self._durations, self._subtitles, self._json
            )

        return self._once(("split", split, track), load)

    def videos(self, split: str, track: Track | None = None) -> frozenset[str]:
        """The ids of the videos of a split, as `cmivqa_kit.data.corpus.corpus_videos` reads them."""

        def load() -> frozenset[str]:
            return corpus_videos(self.catalogue, self.questions(split, track), self._subtitles, self._json)

        return self._once(("videos", split, track), load)

    def answers(self, split: str, track: Track) -> tuple[list[Any], Path] | None:
        """The answers of a split, as `cmivqa_kit.data.corpus.truth_records` reads them; not to be changed."""
        path = self.catalogue.answer_file(split, track)
        numbered = track if self.catalogue.edition.id_pattern else None
        key = ("answers", split, track) if path is None else ("answers", path, numbered)
        return self._once(key, lambda: truth_records(self.catalogue, split, track, self.questions, self._json))

    def _json(self, path: Path, noun: str) -> Any:
        return self._once(("file", path), lambda: self.read_file(path, noun))

    def _subtitles(self, path: Path, known_ids: frozenset[str]) -> tuple[Lines, tuple[Note, ...]]:
        """A subtitle file, read once for all splits that it serves; again only for one that knows other double keys."""
        noted: tuple[Hashable, ...] = ("double", path)

        def read(file: Path, noun: str) -> Any:
            document = self.read_file(file, noun)
            self._read[noted] = doubled_ids(document)
            return document

        if noted not in self._read:
            lines = read_spoken(path, known_ids, read)
            self._read["subtitles", path, known_ids & self._read[noted]] = lines
        deciding = known_ids & self._read[noted]
        return self._once(("subtitles", path, deciding), lambda: read_spoken(path, deciding, read))

    def _durations(self, folder: Path) -> dict[str, float]:
        return self._once(("durations", folder), lambda: read_durations(folder))

    def _once(self, key: Hashable, read: Callable[[], T]) -> T:
        if key not in self._read:
            try:
                self._read[key] = read()
            except UserError as error:
                self._read[key] = error
        known: T | UserError = self._read[key]
        if isinstance(known, UserError):
            raise UserError(known.message, known.fix, known.code)
        return known
