"""What a repair is, and what it reports: changes made and faults refused.

One repair is one function with the codes it mends and one plain sentence, filled into `REPAIRS` by `repair`. Repairs
run in the order in which their modules are named in `run.MODULES`, stage by stage: bytes, text, document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cmivqa_kit.data.display import WIDTH, cut, cut_at_difference
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import Question, Track, Video
from cmivqa_kit.editions import Edition
from cmivqa_kit.submission.codes import CODES
from cmivqa_kit.submission.units import Unit

Stage = Literal["bytes", "text", "document"]
EXAMPLES = 20  # places kept per kind of change or refusal: a file of 400,000 wrong times needs no more to be understood


@dataclass(frozen=True, slots=True)
class Example:
    """One place that was changed: its JSON pointer (empty for the file), and its value before and after, in short."""

    pointer: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change: the ``code`` it mends, a ``message`` of what was done, how often, and the first examples."""

    code: str
    message: str
    count: int
    examples: tuple[Example, ...]

    @property
    def pointer(self) -> str:
        """JSON pointer of the first place; empty for the file."""
        return self.examples[0].pointer if self.examples else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not mended, because that would be guessing: its ``code``, why and what to do, and where it is first."""

    code: str
    message: str
    count: int
    pointers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """The repaired document. ``text`` is ``None`` where no JSON comes out: then ``refused`` says why."""

    text: str | None
    changes: tuple[Change, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Context:
    """What repairs may know beside the file.

    ``known`` has the questions by the keys of their ids, and is empty where no questions file is given.

    ``unit`` is what the times are in, where the user names it; ``corpus`` has the lengths of the videos for it.
    """

    track: Track | None
    edition: Edition
    questions: Sequence[Question] = ()
    known: Mapping[Hashable, Question] = field(default_factory=dict)
    unit: Unit | None = None
    corpus: Mapping[str, Video] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        questions: Sequence[Question] | None,
        track: Track | None,
        edition: Edition,
        unit: Unit | None = None,
        corpus: Mapping[str, Video] | None = None,
    ) -> Context:
        """What is known of a file that answers ``questions``; ``None`` where they are not known."""
        known: dict[Hashable, Question] = {plain_key(question.id): question for question in questions or ()}
        return cls(track, edition, questions or (), known, unit, corpus or {})


@dataclass(slots=True)
class _Tally:
    count: int = 0
    examples: list[Any] = field(default_factory=list)


class Log:
    """Collects what the repairs of one call say, in order of first appearance."""

    def __init__(self) -> None:
        self._changes: dict[tuple[str, str], _Tally] = {}
        self._refused: dict[tuple[str, str], _Tally] = {}

    def change(self, code: str, message: str, pointer: str, before: Any, after: Any, count: int = 1) -> None:
        """Note a change that touched ``count`` things at ``pointer``."""
        tally = self._changes.setdefault((code, message), _Tally())
        tally.count += count
        if len(tally.examples) < EXAMPLES:
            tally.examples.append(Example(pointer, *_short_pair(before, after)))

    def refuse(self, code: str, message: str, pointer: str = "", count: int = 1) -> None:
        """Note ``count`` faults at ``pointer`` that stay."""
        tally = self._refused.setdefault((code, message), _Tally())
        tally.count += count
        if pointer and len(tally.examples) < EXAMPLES:
            tally.examples.append(pointer)

    @property
    def total(self) -> int:
        """How many things were changed so far."""
        return sum(tally.count for tally in self._changes.values())

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes so far, one per kind."""
        return tuple(Change(code, what, t.count, tuple(t.examples)) for (code, what), t in self._changes.items())

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The refusals so far, one per kind."""
        return tuple(Refusal(code, what, t.count, tuple(t.examples)) for (code, what), t in self._refused.items())


class MendsAnError(Exception):
    """The first change of what is an error was about to be made."""


class FirstError(Log):
    """A log that ends the repairs with `MendsAnError` at the first change of what is an error."""

    def change(self, code: str, message: str, pointer: str, before: Any, after: Any, count: int = 1) -> None:
        """Note a change.

        Raises:
            MendsAnError: it mends an error, not what is only warned of.
        """
        if CODES[code].severity == "E":
            raise MendsAnError
        super().change(code, message, pointer, before, after, count)


class Shown(str):
    """A text that is shown in changes as it stands, not as a JSON string."""

    __slots__ = ()


GONE = Shown("(removed)")


def short(value: Any) -> str:
    """A value in one short line: JSON, or the text of a `Shown`."""
    if isinstance(value, Shown):
        text = str(value)
    elif isinstance(value, str):
        text = json.dumps(value[: WIDTH + 1], ensure_ascii=False)
    else:
        # A list of 10,000 entries is not written out to show 60 characters of it.
        value = value[:4] if isinstance(value, list) else value
        text = json.dumps(value, ensure_ascii=False)
    return cut(text)


def _short_pair(before: Any, after: Any) -> tuple[str, str]:
    """Both in one short line each; long texts are cut to where they differ."""
    if all(isinstance(value, str) and not isinstance(value, Shown) for value in (before, after)):
        before, after = cut_at_difference(before, after, WIDTH - 2)  # and quotes around them
    return short(before), short(after)


@dataclass(frozen=True, slots=True)
class Repair:
    """A registered repair: ``mend(value, context, log)`` gives the value back, mended or as it was."""

    stage: Stage
    codes: tuple[str, ...]
    says: str
    mend: Callable[[Any, Context, Log], Any]


REPAIRS: list[Repair] = []
Mend = Callable[[Any, Context, Log], Any]


def repair(stage: Stage, *codes: str, says: str) -> Callable[[Mend], Mend]:
    """Register a repair of ``codes`` at ``stage``; ``says`` is the plain sentence of the documentation."""

    def register(mend: Mend) -> Mend:
        REPAIRS.append(Repair(stage, codes, says, mend))
        return mend

    return register
