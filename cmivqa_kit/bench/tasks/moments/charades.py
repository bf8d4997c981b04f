"""Annotations of Charades-STA (a text file and a table of durations) and of Charades-CD and -CG (JSON).

Source: docs/spec/moments.md, sections 1.1 and 1.2.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.moments.records import refuse_foreign
from cmivqa_kit.bench.tasks.moments.types import (
    LONGEST,
    AnnotationsAndProblems,
    MomentAnnotations,
    MomentQuery,
    Window,
)
from cmivqa_kit.data.display import escape_pointer, short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.files import decode, read_bytes, read_json

TEXT_FIX = "A line is `VIDEO START END##SENTENCE` in seconds; durations stand in Charades_v1_SPLIT.csv beside it."
JSON_FIX = "A video has timestamps [[start, end], ...] in seconds, as many sentences, and its duration."
TABLES = ("Charades_v1_train.csv", "Charades_v1_test.csv")


@dataclass(slots=True)
class _Reader:
    """Collects queries, what the rules changed, and what is wrong."""

    queries: list[MomentQuery] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=lambda: Counter(dropped=0, swapped=0, clipped=0))
    problems: list[Problem] = field(default_factory=list)

    def add(self, location: str, qid: int, video: str, text: str, window: Window, duration: float) -> None:
        """A query; its window is mended by the rules of the benchmark, in their order."""
        start, end = window
        if not (is_finite(start) and is_finite(end) and min(start, end) >= 0):
            self.problems.append(Problem(location, f"{start} to {end} is no window: times are seconds from 0 on"))
            return
        if start > duration:
            self.changes["dropped"] += 1
            return
        if start > end:
            start, end = end, start
            self.changes["swapped"] += 1
        if end > duration:
            end = duration
            self.changes["clipped"] += 1
        self.queries.append(MomentQuery(qid, text, video, duration, ((start, end),)))

    def result(self, *files: Path) -> AnnotationsAndProblems:
        """What was collected."""
        return MomentAnnotations(files, tuple(self.queries), dict(self.changes)), self.problems


def read_charades_sta(files: Sequence[Path]) -> AnnotationsAndProblems:
    """The queries of a text file; ids are numbers of lines from 0, those of dropped lines included.

    ``files`` are the text file and tables of durations; without a table those that stand beside are taken.

    Raises:
        UserError: a file is missing or no text.
    """
    path = next((file for file in files if file.suffix.lower() != ".csv"), files[0])
    tables = [file for file in files if file != path] or _beside(path)
    durations = _Durations(tables)
    reader = _Reader()
    data = read_bytes(path, "annotation file")
    lines = decode(data, path).removesuffix("\n").split("\n")
    for number, line in enumerate(lines):
        head, mark, rest = line.partition("##")
        fields = head.split()
        times = _numbers(fields[1:])
        location = f"line {number + 1}"
        if not mark or len(fields) != 3 or times is None:
            reader.problems.append(Problem(location, f"{short_repr(line)} is not VIDEO START END##SENTENCE"))
            continue
        text = rest.split("##")[0].rstrip()
        if not text:
            reader.problems.append(Problem(location, "has no sentence"))
        duration = durations.of(fields[0], location, reader.problems)
        if duration is not None:
            reader.add(location, number, fields[0], text, (times[0], times[1]), duration)
    if not reader.queries:
        refuse_foreign(path, data)
    return reader.result(path, *tables)


def read_charades_json(path: Path, duration_key: str) -> AnnotationsAndProblems:
    """The queries of a JSON file by video; ids count all of them from 1, dropped ones included.

    Raises:
        UserError: the file is missing or no JSON object.
    """
    reader = _Reader()
    qid = 0
    for pointer, video, entry in video_entries(path):
        duration = _duration(entry.get(duration_key), f"{pointer}/{duration_key}", reader.problems)
        for location, window, text in pairs(pointer, entry, reader.problems):
            qid += 1
            if duration is not None:
                reader.add(location, qid, video, text, window, duration)
    return reader.result(path)


def video_entries(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Pointer, video and object of every video in a JSON file; what is no object is an empty one.

    Raises:
        UserError: the file is missing or no JSON object.
    """
    document = read_json(path, "annotation file")
    if not isinstance(document, dict):
        raise UserError(f"{path}: {short_repr(document)} is no object of videos", JSON_FIX)
    for video, entry in document.items():
        yield f"/{escape_pointer(video)}", video, entry if isinstance(entry, dict) else {}


def pairs(pointer: str, entry: dict[str, Any], problems: list[Problem]) -> Iterator[tuple[str, Window, str]]:
    """Location, window and sentence of every query of a video; what is wrong with them goes to ``problems``."""
    windows, texts = entry.get("timestamps"), entry.get("sentences")
    if not isinstance(windows, list) or not isinstance(texts, list):
        problems.append(Problem(pointer, "has no arrays 'timestamps' and 'sentences'"))
        return
    if len(windows) != len(texts):
        problems.append(Problem(pointer, f"has {len(windows)} timestamps and {len(texts)} sentences"))
    for index, (window, text) in enumerate(zip(windows, texts, strict=False)):
        location = f"{pointer}/timestamps/{index}"
        if not (isinstance(window, list) and len(window) == 2 and all(map(is_finite, window))):
            problems.append(Problem(location, f"{short_repr(window)} is not [start, end]"))
            continue
        if not isinstance(text, str) or not text.strip():
            problems.append(Problem(f"{pointer}/sentences/{index}", f"{short_repr(text)} is no sentence"))
            continue
        yield location, (float(window[0]), float(window[1])), text


def _beside(path: Path) -> list[Path]:
    tables = [path.parent / name for name in TABLES if (path.parent / name).is_file()]
    own = [table for table in tables if table.stem.rpartition("_")[2] == path.stem.rpartition("_")[2]]
    if not tables:
        raise UserError(f"{path}: no table of durations beside it ({' or '.join(TABLES)})", TEXT_FIX)
    return own or tables


class _Durations:
    """Durations of videos in the tables of Charades: first column the video, last one its seconds."""

    def __init__(self, tables: Sequence[Path]) -> None:
        self._names = " and ".join(table.name for table in tables)
        self._rows: dict[str, tuple[str, str]] = {}
        self._told: set[str] = set()
        for table in tables:
            text = decode(read_bytes(table, "table of durations"), table)
            rows = csv.reader(io.StringIO(text, newline=""))
            try:
                header = next(rows, [])
                if header[:1] != ["id"] or header[-1:] != ["length"]:
                    raise UserError(f"{table}:1: the columns are not id, ..., length", "Get Charades_v1_*.csv again.")
                for row in rows:
                    if row:
                        self._rows[row[0]] = (f"{table.name}:{rows.line_num}", row[-1])
            except csv.Error as error:
                raise UserError(f"{table}:{rows.line_num}: {error}", "Get Charades_v1_*.csv again.") from None

    def of(self, video: str, location: str, problems: list[Problem]) -> float | None:
        """The duration of a video; a missing or wrong row is told once."""
        row, text = self._rows.get(video, (location, None))
        numbers = _numbers([text]) if text is not None else None
        said: list[Problem] = []
        if text is None:
            said.append(Problem(row, f"video {short_repr(video)} has no row in {self._names}"))
        duration = None if text is None else _duration(numbers[0] if numbers else text, row, said)
        if video not in self._told:
            problems += said
            self._told.add(video)
        return duration


def _numbers(fields: Sequence[str]) -> tuple[float, ...] | None:
    try:
        return tuple(map(float, fields))
    except ValueError:
        return None


def _duration(value: Any, location: str, problems: list[Problem]) -> float | None:
    if is_finite(value) and 0 < value <= LONGEST:
        return float(value)
    problems.append(Problem(location, f"{short_repr(value)} is no duration in seconds"))
    return None
