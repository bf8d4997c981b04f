"""The ranked videos of a submission as every export reads them: de-duplicated, in the order of the answers.

Source: docs/spec/scoring.md, sections 3.3 and 5.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.display import count, short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.errors import SHOWN, Problem, UserError, problems_error
from cmivqa_kit.scoring.entries import ARRAY, is_entry
from cmivqa_kit.scoring.strict import match
from cmivqa_kit.scoring.truth import check_truth

ENTRIES = 50
_E801 = "E801: an id with white space, or an empty one, cannot stand in a column"
_E802 = "E802"
MISSING = object()
FIX = "Mend the submission: `cmivqa validate FILE` names every place."


@dataclass(frozen=True, slots=True)
class Ranking:
    """The list that answers a question.

    Attributes:
        number: position of the question in the answers, from 1.
        target: its answer.
        entries: the entries that are read (the first 50), as they stand.
        videos: the first entry of each video, best first.
        answered: False where the submission does not answer it, or answers it more than once.
    """

    number: int
    target: dict[str, Any]
    entries: tuple[Any, ...] = ()
    videos: tuple[Any, ...] = ()
    answered: bool = False

    @property
    def id(self) -> QuestionId:
        """The question's id."""
        identity: QuestionId = self.target["id"]
        return identity


def rankings(
    predictions: Any, targets: Any, track: Track, entries: int = ENTRIES, times: bool = False
) -> list[Ranking]:
    """The ranking of every question, in the order of the answers; with ``times`` every entry must have two.

    Raises:
        UserError: the answers cannot be scored strictly, the submission is no array, or an entry that would be read is
            malformed (E802); all of them are listed by JSON pointer.
    """
    require_truth(targets, track)
    require_array(predictions)
    matching = match(predictions, targets)
    index = {id(item): at for at, item in enumerate(predictions)}
    problems: list[Problem] = []
    ranked: list[Ranking] = []
    for number, (target, item) in enumerate(zip(targets, matching.items, strict=True), 1):
        if item is None:
            ranked.append(Ranking(number, target))
            continue
        output = item.get("output", MISSING)
        faults = list(_faults(output, entries, times))
        problems += (Problem(f"/{index[id(item)]}/output{at}", f"{_E802}: {fault}") for at, fault in faults)
        if not faults:
            read = tuple(output[:entries])
            ranked.append(Ranking(number, target, read, tuple(first_of_each(read)), True))
    if problems:
        raise problems_error("the submission cannot be exported", problems, FIX)
    return ranked


def require_truth(targets: Any, track: Track) -> None:
    """Refuse answers that strict scoring refuses.

    Raises:
        UserError: with what is wrong.
    """
    if fault := check_truth(targets, track):
        raise UserError(f"nothing can be exported: {fault.message}", "Check them: `cmivqa validate --truth FILE`.")


def require_array(predictions: Any) -> None:
    """Refuse a submission that is no array.

    Raises:
        UserError: it is none.
    """
    if not isinstance(predictions, list):
        raise UserError("the submission cannot be exported: its top level is not an array", FIX)


def require_columns(rows: Sequence[Ranking]) -> None:
    """Refuse ids that cannot stand in a column of a text file.

    Raises:
        UserError: ids of questions or videos that are empty or hold white space, or two ids of one spelling (E801).
    """
    problems: list[Problem] = []
    spelled: dict[str, QuestionId] = {}
    for row in rows:
        question = f"question {short_repr(row.id)}"
        names = [("id", str(row.id)), ("video_id", row.target["video_id"]), *(("output", e[0]) for e in row.videos)]
        problems += (
            Problem(question, f"{_E801}: {kind} {short_repr(name)}") for kind, name in names if not _is_word(name)
        )
        other = spelled.setdefault(str(row.id), row.id)
        if other is not row.id and type(other) is not type(row.id):
            problems.append(Problem(question, f"E801: in the files its id is the same as {short_repr(other)}"))
    if problems:
        raise problems_error("the ids cannot be exported", problems, "Name questions and videos without white space.")


def left_out(predictions: list[Any], targets: list[Any]) -> tuple[str, ...]:
    """The warning W803 about questions that are answered more than once, which count as not answered."""
    answers = match(predictions, targets).answers
    twice = [short_repr(t["id"]) for t, answer in zip(targets, answers, strict=True) if answer == "duplicated"]
    if not twice:
        return ()
    more = f" and {len(twice) - SHOWN} more" if len(twice) > SHOWN else ""
    verb = "stands" if len(twice) == 1 else "stand"
    return (
        f"W803: {count(len(twice), 'question')} {verb} in the submission more than once, count as not answered and are "
        f"left out: {', '.join(twice[:SHOWN])}{more}",
    )


def first_of_each(entries: Sequence[Any]) -> Iterator[Any]:
    """The first entry of each video, in order."""
    seen: set[str] = set()
    for entry in entries:
        if entry[0] not in seen:
            seen.add(entry[0])
            yield entry


def _faults(output: Any, entries: int, times: bool) -> Iterator[tuple[str, str]]:
    """Place below ``output`` and reason of everything that cannot be read."""
    if not isinstance(output, ARRAY):
        yield "", "there is none" if output is MISSING else f"{short_repr(output)} is no list of entries"
        return
    for at, entry in enumerate(output[:entries]):
        if not is_entry(entry):
            yield f"/{at}", f"{short_repr(entry)} is no array that begins with a video"
        elif times and not (len(entry) >= 3 and is_finite(entry[1]) and is_finite(entry[2])):
            yield f"/{at}", f"{short_repr(entry)} has no start and end in seconds"


def _is_word(text: str) -> bool:
    return bool(text) and not any(character.isspace() or character == "\0" for character in text)
