"""``buttons.csv`` of an AssistQ folder: where the buttons of its pictures are; and which of them a candidate names.

Source: docs/spec/q2a.md, sections 1.1 and 2.4.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.bench.tasks.documents import raise_problems
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.errors import Problem

COLUMNS = "name, x, y, width, height, picture, its width, its height"
FIX = f"Each line of buttons.csv has 8 columns: {COLUMNS}."


@dataclass(frozen=True, slots=True)
class Box:
    """The pixels of a button: columns ``left`` to ``right`` and rows ``top`` to ``bottom``, the last ones not in it."""

    left: int
    top: int
    right: int
    bottom: int


Buttons = Mapping[str, Mapping[str, Box]]  # picture -> name of a button -> its box, in the order of the file


def read_buttons(text: str, path: Path, published: bool) -> Buttons:
    """The buttons of every picture. One that is named twice keeps its position and takes the last box.

    Args:
        text: of the file.
        path: of the file, for errors.
        published: blank lines are errors, as in the published program.

    Raises:
        UserError: lines that are none of buttons, all of them.
    """
    buttons: dict[str, dict[str, Box]] = {}
    problems: list[Problem] = []
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if not row and not published:
            continue
        if len(row) != len(COLUMNS.split(", ")):
            problems.append(Problem(f"line {number}", f"{len(row)} columns, not 8"))
            continue
        wrong = [value for value in row[1:5] if not _is_whole(value)]
        if wrong:
            problems.append(Problem(f"line {number}", f"{short_repr(wrong[0], 30)} is not a whole number"))
            continue
        left, top, width, height = map(int, row[1:5])
        if width <= 0 or height <= 0:
            problems.append(Problem(f"line {number}", f"a box of {width} x {height} pixels"))
            continue
        buttons.setdefault(row[5].strip(), {})[row[0].strip()] = Box(left, top, left + width, top + height)
    raise_problems(path, problems, FIX)
    return buttons


def named_buttons(candidate: str, names: Sequence[str], published: bool) -> tuple[int, ...]:
    """The numbers of the buttons that a candidate names, in the order of the picture's.

    Args:
        candidate: an action: ``Press <button10>``.
        names: of the buttons of the picture.
        published: a name is found anywhere in the text, ``button1`` in ``<button10>`` too; else it stands in brackets.
    """
    return tuple(at for at, name in enumerate(names) if (name if published else f"<{name}>") in candidate)


def _is_whole(value: str) -> bool:
    text = value.strip()
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 10
