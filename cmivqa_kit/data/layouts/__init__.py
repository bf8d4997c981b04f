"""Corpus layouts: how one question file of one data set is read.

A layout is a small declaration registered under a name; adding one is one new file here and its name in `MODULES`.
The first registered layout whose `matches` accepts the records reads the file. It declares the keys of its records: it
is shown no others, and nothing of what it declares to be an answer where only questions may be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cmivqa_kit.data.layouts.keys import RecordKeys
from cmivqa_kit.data.types import Note, Question, Video
from cmivqa_kit.errors import Problem

MODULES = ("mmivqa_items", "m4ivqa", "medvidqa", "mmivqa", "cmivqa")  # most particular first; "cmivqa" accepts the rest


@dataclass(frozen=True, slots=True)
class Records:
    """What a layout makes of the records of one file. ``videos`` only where subtitles stand inside the records.

    ``notes`` say what was changed on the way, such as ids.
    """

    questions: tuple[Question, ...]
    videos: Mapping[str, Video]
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A form of question file: how it is recognised and read, and which of its keys hold answers.

    Attributes:
        edition: the edition such a file belongs to unless the user says otherwise.
        keys: the keys of its records. ``read`` is given no others.
        matches: whether a file is of this layout, by its first records. Where the organizers hold the answers of a
            file for Tracks 2 and 3, the records it is given have the keys of questions alone.
        read: reads all records.
        public_answers: without effect. Who holds the answers of a split is said by its edition alone, never by what a
            file looks like; layouts of other packages may still state it.
        as_scored: its records are what the official program reads, one per question with ``start_second`` and
            ``end_second``.
        tentative: files of a later edition may look like this, too; any other layout beside it decides the edition.
    """

    name: str
    title: str
    edition: str
    keys: RecordKeys
    matches: Callable[[Sequence[Mapping[str, Any]]], bool]
    read: Callable[[Sequence[Any]], Records]
    public_answers: bool = False
    as_scored: bool = False
    tentative: bool = False


_REGISTRY: dict[str, Layout] = {}


def register(layout: Layout) -> Layout:
    """Add a layout; the last registered under a name wins."""
    _REGISTRY[layout.name] = layout
    return layout


def layouts() -> tuple[Layout, ...]:
    """All layouts, most particular first, those registered by other packages before the kit's own."""
    for module in MODULES:
        import_module(f"cmivqa_kit.data.layouts.{module}")
    own = {name: _REGISTRY[name] for name in MODULES}
    return (*(layout for name, layout in _REGISTRY.items() if name not in own), *own.values())


def detect(records: Sequence[Any], questions_only: bool = False) -> Layout | None:
    """The layout of a list of records, judged by the first few objects in it; ``None`` if they are no questions.

    With ``questions_only`` each layout judges by the keys of its questions, as if no answer stood there.
    """
    sample = [record for record in records[:50] if isinstance(record, Mapping)]
    if not sample:
        return None
    return next(
        (one for one in layouts() if one.matches(one.keys.questions_only(sample) if questions_only else sample)), None
    )
