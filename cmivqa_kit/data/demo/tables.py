"""The form of the phrase tables and the reader of their notation.

A topic is one block of text, because tables of 900 phrases stay readable only without quotes and commas::

    ! ready stop                 the shared steps that suit the topic
    @ part: ankle = foot joint   a variant: slots as "said = asked = asked"; "+" continues the line
    # key: do something          a step, with the infinitive a question can be built from
    A line of speech. | Another way to say it.
    ? A question about the step with a {part} slot.

Subtitles take the first ("said") form of a slot, questions one of the others, so that the two do not share their words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Language = Literal["Chinese", "English"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One detail of a video: how the speaker says it and how people ask for it."""

    said: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a procedure: ``lines`` hold alternatives per line, ``asks`` whole questions, ``do`` an infinitive."""

    key: str
    do: str
    lines: tuple[tuple[str, ...], ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A procedure with its variants (one per video), its own steps and the keys of the shared steps that suit it."""

    key: str
    variants: tuple[Mapping[str, Slot], ...]
    steps: tuple[Step, ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Speech:
    """Everything of a language that belongs to no topic: chatter, shared steps and the frames of questions.

    ``opening`` and ``closing`` are the shared steps before and after the topic's own. ``frames`` wrap an infinitive
    ``{do}``, ``pairs`` two of them (``{first}``, ``{second}``), ``contexts`` a whole question ``{question}``.
    """

    language: Language
    intros: tuple[tuple[str, ...], ...]
    outros: tuple[tuple[str, ...], ...]
    transitions: tuple[str, ...]
    fillers: tuple[str, ...]
    opening: tuple[Step, ...]
    closing: tuple[Step, ...]
    frames: tuple[str, ...]
    pairs: tuple[str, ...]
    contexts: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    key: str
    do: str
    lines: list[tuple[str, ...]] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def done(self) -> Step:
        return Step(self.key, self.do, tuple(self.lines), tuple(self.asks))


def parse_topic(key: str, text: str) -> Topic:
    """The topic written in ``text`` (see the module's notation)."""
    shared: tuple[str, ...] = ()
    variants: list[str] = []
    body: list[str] = []
    for line in text.strip().splitlines():
        mark, rest = line[:1], line[1:].strip()
        if mark == "!":
            shared = tuple(rest.split())
        elif mark == "@":
            variants.append(rest)
        elif mark == "+":
            variants[-1] += "; " + rest
        else:
            body.append(line)
    return Topic(key, tuple(_slots(variant) for variant in variants), parse_steps("\n".join(body)), shared)


def parse_steps(text: str) -> tuple[Step, ...]:
    """The steps written in ``text``, in order."""
    drafts: list[_Draft] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            key, _, do = line[1:].partition(":")
            drafts.append(_Draft(key.strip(), do.strip()))
        elif line.startswith("?"):
            drafts[-1].asks.append(line[1:].strip())
        else:
            drafts[-1].lines.append(parse_alternatives(line))
    return tuple(draft.done() for draft in drafts)


def parse_alternatives(line: str) -> tuple[str, ...]:
    """The ways to say one line, written with ``|`` between them."""
    return tuple(part.strip() for part in line.split("|"))


def parse_lines(text: str) -> tuple[tuple[str, ...], ...]:
    """One tuple of alternatives for each line of ``text``."""
    return tuple(parse_alternatives(line) for line in text.strip().splitlines())


def _slots(text: str) -> dict[str, Slot]:
    slots = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, _, value = entry.partition(":")
        said, *asked = (part.strip() for part in value.split("="))
        slots[name.strip()] = Slot(said, tuple(asked) or (said,))
    return slots
