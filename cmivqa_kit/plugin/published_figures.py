"""Published figures of baselines: read from ``published.toml``, chosen from, and as the tables of a README.

The file holds ``[[table]]`` entries, one per printed table, with what its figures share written once: ``source``,
``corpus`` (an edition's name, or another corpus by its usual name), ``preset`` where the figures belong to one, and
``questions`` (split -> number of questions). Below it ``[table.track2.testA]`` maps canonical metric names to
fractions; ``{ value = 0.5, doubt = "why" }`` marks a figure that is not confirmed.
``python -m cmivqa_kit.plugin.published_figures NAME`` prints the block that stands in the baseline's README.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import edition_names, load_edition
from cmivqa_kit.editions.metrics import parse
from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.metrics.board_names import BOARD_NAMES
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.plugin.registry import baseline_names, find_declaration
from cmivqa_kit.plugin.settings import MEND, package_toml, presets
from cmivqa_kit.plugin.types import Declaration

BEGIN, END = "<!-- published:begin -->", "<!-- published:end -->"
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
        self._known(document, ("table", "benchmark"), "")
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

    def _table(self, table: Any, location: str) -> Iterator[Figure]:
        if not isinstance(table, dict):
            self._wrong(location, "not a table")
            return
        self._known(table, _KEYS, location)
        source, corpus = self._text(table, "source", location), self._text(table, "corpus", location)
        preset = self._text(table, "preset", location) if "preset" in table else ""
        if preset and preset not in self.presets:
            self._wrong(f"{location}.preset", f"config.toml has no preset {preset!r}.{closest(preset, self.presets)}")
        questions = dict(self._items(table, "questions", location))
        for split, number in questions.items():
            if type(number) is not int or number < 1:
                self._wrong(f"{location}.questions.{split}", f"{number!r} is not a number of questions")
        for key, track in _TRACKS.items():
            for split, _ in self._items(table, key, location):
                place = f"{location}.{key}.{split}"
                self._check_split(corpus, split, place)
                if split not in questions:
                    self._wrong(place, f"no number of questions: add {split} to [table.questions]")
                for metric, entry in self._items(table[key], split, f"{location}.{key}"):
                    value, doubt = self._figure(entry, track, metric, f"{place}.{metric}")
                    yield Figure(track, split, metric, value, source, corpus, questions.get(split, 0), preset, doubt)

    def _figure(self, entry: Any, track: Track, metric: str, location: str) -> tuple[float, str]:
        """A value and the doubt about it."""
        if metric not in BOARD_NAMES[track]:
            known = BOARD_NAMES[track]
            self._wrong(location, f"no metric of Track {track}.{closest(metric, known)} It has: {'; '.join(known)}")
        doubt = ""
        if isinstance(entry, dict):
            self._known(entry, ("value", "doubt"), location)
            doubt = self._text(entry, "doubt", location)
            entry = entry.get("value")
        scale = parse(metric).scale if metric in BOARD_NAMES[track] else FRACTION
        if type(entry) not in (int, float) or not isfinite(entry) or scale.clamp(entry) != entry:
            low, high = ("any" if bound is None else f"{bound:g}" for bound in scale.bounds)
            hint = " (fractions, no percent)" if scale.unit == "fraction" else scale.symbol
            self._wrong(location, f"{entry!r} is not a number from {low} to {high}{hint}")
            return 0.0, doubt
        return float(entry), doubt

    def _check_split(self, corpus: str, split: str, location: str) -> None:
        if corpus in edition_names():
            edition = load_edition(corpus)
            if split not in edition.splits:
                near = edition.canonical_split(split)
                hint = f" Did you mean {near!r}?" if near else closest(split, edition.splits)
                self._wrong(location, f"{corpus} has no split {split!r}.{hint}")

    def _items(self, table: Mapping[str, Any], key: str, location: str) -> Iterable[tuple[str, Any]]:
        inner = table.get(key, {})
        if isinstance(inner, dict):
            return inner.items()
        self._wrong(f"{location}.{key}", "not a table")
        return ()

    def _text(self, table: Mapping[str, Any], key: str, location: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value:
            return value
        self._wrong(f"{location}.{key}", "missing" if value is None else f"{value!r} is not a text")
        return ""

    def _known(self, table: Mapping[str, Any], keys: Sequence[str], location: str) -> None:
        for key in table:
            if key not in keys:
                self._wrong(f"{location}.{key}".lstrip("."), f"unknown key.{closest(key, keys)}")

    def _wrong(self, location: str, message: str) -> None:
        self.problems.append(Problem(location, message))


def published(declaration: Declaration) -> tuple[Figure, ...]:
    """The published figures of a baseline, in the order of its file; none where it names no file.

    Raises:
        UserError: the file cannot be read, or something in it is wrong; every mistake is listed.
    """
    if not declaration.published:
        return ()
    figures, problems = read(package_toml(declaration, declaration.published), presets(declaration))
    if problems:
        raise problems_error(f"baseline {declaration.name!r}: {declaration.published}", problems, MEND)
    return figures


def named(name: str) -> tuple[Figure, ...]:
    """The figures of a baseline in the paper's own setting (``ccgs``), or of one preset (``ccgs/NAME``).

    Raises:
        UserError: no such baseline, or no figures of that name; the nearest name is offered.
    """
    baseline, _, preset = name.partition("/")
    figures = published(find_declaration(baseline))
    known = list(dict.fromkeys(f"{baseline}/{f.preset}" if f.preset else baseline for f in figures))
    if name in known:
        return tuple(figure for figure in figures if figure.preset == preset)
    if not known:
        others = ", ".join(_with_figures()) or "none"
        raise UserError(f"{baseline} has no published figures", f"Baselines that have some: {others}.")
    raise UserError(f"no published figures of {name!r}.{closest(name, known)}", f"There are: {', '.join(known)}.")


def fitting(figures: Iterable[Figure], track: Track, split: str, edition: str) -> tuple[Figure, ...]:
    """The figures to set beside a score on ``split`` of a corpus of ``edition``.

    Those of the same corpus where there are any, else those of the first corpus that has figures for such a split.
    """
    found = [f for f in figures if f.track == track and f.split == _split(f.corpus, split)]
    corpora = [f.corpus for f in found]
    return tuple(f for f in found if f.corpus == (edition if edition in corpora else corpora[0]))


def markdown(figures: Sequence[Figure]) -> str:
    """The figures as tables for a README, one per printed table and track; for an unconfirmed one a note, no value."""
    blocks: list[str] = []
    notes: list[str] = []
    for source, corpus, preset in dict.fromkeys((f.source, f.corpus, f.preset) for f in figures):
        here = [f for f in figures if (f.source, f.corpus, f.preset) == (source, corpus, preset)]
        of = f", preset `{preset}`" if preset else ""
        blocks.append(f"Source: {source} (`{corpus}`{of}). Fractions.")
        for track in dict.fromkeys(f.track for f in here):
            blocks.append(_table([f for f in here if f.track == track], track, notes))
    return "\n\n".join((*blocks, *notes))


def _table(figures: Sequence[Figure], track: Track, notes: list[str]) -> str:
    names = [name for name in BOARD_NAMES[track] if any(f.metric == name for f in figures)]
    lines = [[f"Track {track}", "questions", *(name.replace("|", r"\|") for name in names)]]
    lines.append(["---", *("---:" for _ in lines[0][1:])])
    for split in dict.fromkeys(f.split for f in figures):
        row = {f.metric: f for f in figures if f.split == split}
        cells = [_cell(row.get(name), notes) for name in names]
        lines.append([split, str(next(iter(row.values())).questions), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(figure: Figure | None, notes: list[str]) -> str:
    if figure is None:
        return ""
    if figure.confirmed:
        return f"{figure.value:.4f}"
    notes.append(f"({len(notes) + 1}) Not confirmed and left out: {figure.doubt}.")
    return f"- ({len(notes)})"


def _split(corpus: str, name: str) -> str:
    """A split by its name in ``corpus``; ``name`` may be another edition's (``test``) or the stem of an answer file."""
    if corpus not in edition_names():
        return name
    edition = load_edition(corpus)
    return edition.canonical_split(name) or edition.split_in(name) or name


def _with_figures() -> Iterator[str]:
    """Installed baselines that name a file of published figures; one whose package is broken is passed over."""
    for name in baseline_names():
        with suppress(UserError):
            if find_declaration(name).published:
                yield name


def main(arguments: Sequence[str]) -> int:
    """Print the README table of the named baseline, between its markers."""
    if len(arguments) != 1:
        print("usage: python -m cmivqa_kit.plugin.published_figures BASELINE", file=sys.stderr)
        return 2
    try:
        figures = published(find_declaration(arguments[0]))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return int(error.code)
    print(BEGIN, markdown(figures), END, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
