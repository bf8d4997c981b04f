"""What a ``published.toml`` says: figures with their source, and every mistake in the file.

The file holds ``[[table]]`` entries, one per printed table, with what its figures share written once: ``source``,
``corpus`` (an edition's name, or another corpus by its usual name), ``preset`` where the figures belong to one, and
``questions`` (split -> number of questions). Below it ``[table.track2.testA]`` maps canonical metric names to
fractions; ``{ value = 0.5, doubt = "why" }`` marks a figure that is not confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import edition_names, load_edition
from cmivqa_kit.errors import Problem, closest

# Canonical names in the board's order. Scoring has them too, but lies to the right of this room; a test compares.
METRICS: Mapping[Track, tuple[str, ...]] = {
    1: ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"),
    2: ("R@1", "R@10", "R@50", "MRR", "Overall"),
    3: ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"),
}
_TRACKS: Mapping[str, Track] = {f"track{track}": track for track in TRACKS}
_KEYS = ("source", "corpus", "preset", "questions", *_TRACKS)


@dataclass(frozen=True, slots=True)
class Figure:
    """One published value, a fraction, of a system on ``split`` of ``corpus``, which has that many ``questions``.

    ``preset`` is empty for the paper's own setting. ``doubt`` says why a figure is not confirmed, else it is empty.
    """

    track: Track
    split: str
    metric: str
    value: float
    source: str
    corpus: str
    questions: int
    preset: str = ""
    doubt: str = ""

    @property
    def confirmed(self) -> bool:
        """False for a figure that must not be shown as a fact."""
        return not self.doubt


def read(document: Mapping[str, Any], presets: Sequence[str]) -> tuple[tuple[Figure, ...], tuple[Problem, ...]]:
    """The figures of a decoded file, and all that is wrong in it; ``presets`` are those of the baseline."""
    reader = _Reader(presets)
    figures = tuple(reader.document(document))
    return figures, tuple(reader.problems)


@dataclass(slots=True)
class _Reader:
    """Turns the decoded file into figures; what is wrong in it is collected in ``problems``."""

    presets: Sequence[str]
    problems: list[Problem] = field(default_factory=list)

    def document(self, document: Mapping[str, Any]) -> Iterator[Figure]:
        """The figures of every table; one that stands twice is a problem."""
        self._known(document, ("table",), "")
        tables = document.get("table", [])
        if not isinstance(tables, list):
            self._wrong("table", "not an array of tables ([[table]])")
            return
        seen = set()
        for number, table in enumerate(tables, 1):
            for figure in self._table(table, f"table {number}"):
                key = (figure.preset, figure.corpus, figure.track, figure.split, figure.metric)
                if key in seen:
                    where = f"table {number}.track{figure.track}.{figure.split}.{figure.metric}"
                    self._wrong(where, "stands in an earlier table too")
                seen.add(key)
                yield figure

    def _table(self, table: Any, where: str) -> Iterator[Figure]:
        if not isinstance(table, dict):
            self._wrong(where, "not a table")
            return
        self._known(table, _KEYS, where)
        source, corpus = self._text(table, "source", where), self._text(table, "corpus", where)
        preset = self._text(table, "preset", where) if "preset" in table else ""
        if preset and preset not in self.presets:
            self._wrong(f"{where}.preset", f"config.toml has no preset {preset!r}.{closest(preset, self.presets)}")
        questions = dict(self._items(table, "questions", where))
        for split, number in questions.items():
            if type(number) is not int or number < 1:
                self._wrong(f"{where}.questions.{split}", f"{number!r} is not a number of questions")
        for key, track in _TRACKS.items():
            for split, _ in self._items(table, key, where):
                place = f"{where}.{key}.{split}"
                self._check_split(corpus, split, place)
                if split not in questions:
                    self._wrong(place, f"no number of questions: add {split} to [table.questions]")
                for metric, entry in self._items(table[key], split, f"{where}.{key}"):
                    value, doubt = self._figure(entry, track, metric, f"{place}.{metric}")
                    yield Figure(track, split, metric, value, source, corpus, questions.get(split, 0), preset, doubt)

    def _figure(self, entry: Any, track: Track, metric: str, where: str) -> tuple[float, str]:
        """A value and the doubt about it."""
        if metric not in METRICS[track]:
            known = METRICS[track]
            self._wrong(where, f"no metric of Track {track}.{closest(metric, known)} It has: {'; '.join(known)}")
        doubt = ""
        if isinstance(entry, dict):
            self._known(entry, ("value", "doubt"), where)
            doubt = self._text(entry, "doubt", where)
            entry = entry.get("value")
        top = 4 if metric == "Overall" else 1  # a sum of four fractions
        if type(entry) not in (int, float) or not 0 <= entry <= top:
            self._wrong(where, f"{entry!r} is not a number from 0 to {top} (fractions, no percent)")
            return 0.0, doubt
        return float(entry), doubt

    def _check_split(self, corpus: str, split: str, where: str) -> None:
        if corpus in edition_names():
            edition = load_edition(corpus)
            if split not in edition.splits:
                near = edition.canonical_split(split)
                hint = f" Did you mean {near!r}?" if near else closest(split, edition.splits)
                self._wrong(where, f"{corpus} has no split {split!r}.{hint}")

    def _items(self, table: Mapping[str, Any], key: str, where: str) -> Iterable[tuple[str, Any]]:
        inner = table.get(key, {})
        if isinstance(inner, dict):
            return inner.items()
        self._wrong(f"{where}.{key}", "not a table")
        return ()

    def _text(self, table: Mapping[str, Any], key: str, where: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value:
            return value
        self._wrong(f"{where}.{key}", "missing" if value is None else f"{value!r} is not a text")
        return ""

    def _known(self, table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
        for key in table:
            if key not in keys:
                self._wrong(f"{where}.{key}".lstrip("."), f"unknown key.{closest(key, keys)}")

    def _wrong(self, where: str, what: str) -> None:
        self.problems.append(Problem(where, what))
