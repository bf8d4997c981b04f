"""All repairs in their order: bytes, text where it is no JSON, then the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence, Set
from functools import lru_cache
from importlib import import_module
from typing import Any

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.files import guess_fault
from cmivqa_kit.submission.fix import values
from cmivqa_kit.submission.fix.copies import once
from cmivqa_kit.submission.fix.encoding import as_stated
from cmivqa_kit.submission.fix.ids import unanswered
from cmivqa_kit.submission.fix.model import REPAIRS, Context, FirstError, Fixed, Log, MendsAnError, Repair, Stage
from cmivqa_kit.submission.fix.text import too_much

# In the order in which they run: first what makes a list of the document, times before entries are judged, copies last
# because other repairs may make them.
MODULES = ("encoding", "text", "whole", "ids_by_text", "ids", "spans", "units", "lists", "copies")
_ACROSS_ITEMS = ("ids_by_text", "ids", "copies")  # what they mend may follow from other items, or from each other
Learn = Callable[[list[Any]], Context]


@lru_cache(maxsize=1)
def repairs() -> tuple[Repair, ...]:
    """Every repair, in the order in which they run."""
    repairs: list[Repair] = []
    for name in MODULES:
        module = import_module(f"cmivqa_kit.submission.fix.{name}")
        repairs += (repair for repair in REPAIRS if repair.mend.__module__ == module.__name__)
    return tuple(repairs)


def fix(data: bytes, questions: Sequence[Question] | None, track: Track | None, edition: Edition) -> Fixed:
    """Mend a submission without guessing any answer.

    A file without faults comes back byte for byte, and so does whatever no repair touches: text is only laid out anew
    where a value had to change. Fixing a fixed file changes nothing. Nothing in ``data`` raises.

    Args:
        data: the file.
        questions: those it answers; without them ids are left as they are.
        track: the track it is for (3 for a file of both Tracks 2 and 3); without it times and lists are left.
        edition: the rules: how many entries are read.
    """
    context = Context.of(questions, track, edition)
    return mend(data, context, lambda rows: context)


def mend(data: bytes, before: Context, learn: Learn, encoding: str | None = None) -> Fixed:
    """`fix` of a file whose own items say what it answers, which can be asked once they can be read.

    Args:
        data: the file.
        before: what is known until then.
        learn: makes of the items, copies left out, what is known from then on; not called where there are none. What
            it raises is raised.
        encoding: of ``data`` where it is not UTF-8, if the user says it.
    """
    log = Log()
    if encoding is not None:
        data = as_stated(data, encoding, log)
    for repair in _of("bytes"):
        data = repair.mend(data, before, log)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Fixed(None, (), log.refused)
    mended = _mend(text, before, learn, log)
    return Fixed(mended, log.changes if mended is not None else (), log.refused)


def would_mend(rows: list[Any], context: Context, codes: Set[str]) -> bool:
    """True where `mend` would change what is an error in these items; to be told, it is not done to the end.

    Args:
        rows: the items of a file with which as a whole nothing is wrong.
        context: what is known of them.
        codes: those of all their findings, by which repairs are left out that have nothing to mend.
    """
    log = FirstError()
    # Beyond what is read, and in lists of another shape, nothing is found that could be mended all the same.
    everything = "W403" in codes or any(code.startswith("E4") for code in codes)
    _, *others = _of("document")
    try:
        for repair in others:
            if (
                everything
                or repair.mend.__module__.rpartition(".")[2] in _ACROSS_ITEMS
                or not codes.isdisjoint(repair.codes)
            ):
                rows = repair.mend(rows, context, log)
    except MendsAnError:
        return True
    return False


def _mend(text: str, before: Context, learn: Learn, log: Log) -> str | None:
    text = _json(text, before, log) or ""
    if not text:
        return None
    done = log.total
    mendable, document = values.parse(text, log)
    in_a_list, *others = _of("document")
    if mendable:
        document = in_a_list.mend(document, before, log)
    if not isinstance(document, list):
        return text
    # A copy says nothing that the item itself does not say: fifty of them are no evidence of what a file is for.
    context = learn(once(document, before, Log()))
    if not mendable:
        return text
    for repair in others:
        document = repair.mend(document, context, log)
    unanswered(document, context, log)
    return text if log.total == done else _guarded(values.dump(document, like=text), log)


def _json(text: str, context: Context, log: Log) -> str | None:
    """``text`` if it is JSON, else what the repairs of text make of it; ``None`` where that is no JSON either."""
    if _guarded(text, log) is None:
        return None
    fault = _fault(text)
    if fault is None:
        return text
    told = text, fault
    for repair in _of("text"):
        text = repair.mend(text, context, log)
        fault = _fault(text)
        if fault is None:
            return _guarded(text, log)
        if text.count("\n") == told[0].count("\n"):  # else its lines are not those of the file
            told = text, fault
    text, fault = told
    log.refuse("E105", f"no JSON ({fault.msg}). {guess_fault(text, fault.pos)}", f"line {fault.lineno}")
    return None


def _fault(text: str) -> json.JSONDecodeError | None:
    """Where ``text`` stops being JSON; it has passed `too_much`, so that reading it neither recurses nor chokes."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error
    return None


def _guarded(text: str, log: Log) -> str | None:
    """``text``, or ``None`` where it must not be parsed; an array put around everything may be a level too many."""
    refused = too_much(text)
    if refused is None:
        return text
    log.refuse(*refused)
    return None


def _of(stage: Stage) -> Iterator[Repair]:
    return (repair for repair in repairs() if repair.stage == stage)
