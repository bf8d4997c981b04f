"""Whether the times in a download are true answers or somebody's predictions: never decided by their shape.

A Track 1 submission has the shape of an annotated file. True answers are what the user flagged (`--answers`) or what
a name says so of; training data is what a name says is of a split with public answers. Predictions are what a run is
on record for, what is named after a system, and whatever asks the questions of a test file without a name that says
answers. All else with times in it is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cmivqa_kit.data.answer_names import folder_of_predictions, names_true_times, system_in
from cmivqa_kit.data.question_match import SHARE, share_of
from cmivqa_kit.data.recognise import Recognised
from cmivqa_kit.data.types import Note
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.files import sha256

RunOf = Callable[[Path], str | None]  # the run that made a file; `None` where none is on record for it


def _no_run(path: Path) -> None:
    return None


@dataclass(frozen=True, slots=True)
class KnownPredictions:
    """What is known of predictions beforehand: which run made a file, and the names of the systems that make them.

    ``digests`` are those of the records that lie among the downloads, with their runs.
    """

    run_of: RunOf = _no_run
    systems: Collection[str] = ()
    digests: Mapping[str, str] = field(default_factory=dict)

    def run(self, path: Path) -> str | None:
        """The run that made a file."""
        return self.run_of(path) or (self.digests.get(sha256(path)) if self.digests else None)


NOTHING_KNOWN = KnownPredictions()


@dataclass(frozen=True, slots=True)
class Sorted:
    """A question file with the split that it is of, where that can be told, and whether it holds the answers of it."""

    file: Recognised
    split: str | None
    answers: bool = False


def sort_questions(
    files: Sequence[Recognised], present: Sequence[Recognised], edition: Edition, known: KnownPredictions
) -> tuple[list[Sorted], list[Note]]:
    """Say of every question file what it is, and what is left out, why.

    Args:
        files: the question files of the downloads.
        present: those that lie in the data root already.
        edition: the edition of both.
        known: what is known of predictions.

    Raises:
        UserError: the user flagged what a run predicted.
    """
    wrong = [
        Problem(file.hint, f"run {run} predicted this: it holds no answers")
        for file in files
        if file.flagged and (run := known.run(file.path))
    ]
    if wrong:
        raise problems_error("--answers", wrong, "Name the organizers' answer file.")
    tests = [file for file in (*files, *present) if not file.answers]
    sorted_files: list[Sorted] = []
    notes: list[Note] = []
    for file in files:
        verdict = Sorted(file, file.split(edition)) if not file.answers else _with_times(file, tests, edition, known)
        if isinstance(verdict, str):
            notes.append(Note(file.hint, verdict))
        else:
            sorted_files.append(verdict)
    return sorted_files, notes


def _with_times(
    file: Recognised, tests: Sequence[Recognised], edition: Edition, known: KnownPredictions
) -> Sorted | str:
    """What a file with times is, or why it is left out."""
    run = known.run(file.path)
    if run is not None:
        return f"predictions: run {run} made this file"
    own, *folders = file.named
    says_answers = file.flagged or names_true_times(file.named)
    named = file.named_split(edition)
    # What is named as training data is a test's only where the videos say so, too: short texts repeat.
    strict = named is not None and edition.splits[named].answers == "public"
    asked_by = next((test for test in tests if share_of(file.asked, test.asked, videos=strict) >= SHARE), None)
    if not file.flagged:
        system = system_in(own, known.systems)
        if system:
            return f"predictions, being named after the system {system}; if not so, give it as --answers FILE"
        folder = "" if names_true_times([own]) else folder_of_predictions(folders)
        if folder:
            return f"predictions, by the name of the folder {folder}"
    split = (asked_by.split(edition) if asked_by else None) or named or (file.split(edition) if says_answers else None)
    if split is not None and edition.splits[split].answers == "organizers":
        official = own in edition.splits[split].files
        if says_answers:
            return Sorted(file, split, answers=True)
        if asked_by is not None and not official:
            return (
                f"predictions or answers: it asks the questions of {asked_by.path.name} and its name says neither; "
                "give true answers as --answers FILE"
            )
        # A file whose own name says which split it asks about is its question file, even with answers planted in it.
        if edition.split_in(own) is not None and not file.textless:
            return Sorted(file, split)
    elif named is not None and not file.textless:
        return Sorted(file, named)
    elif says_answers:
        return Sorted(file, split)  # told by content alone: the intake asks
    return f"has times like answers, training data or predictions, and its name says neither; {_advice(file, edition)}"


def _advice(file: Recognised, edition: Edition) -> str:
    splits = [name for name, facts in edition.splits.items() if facts.answers == "public"]
    train = f", or rename training data to {splits[0]}.json" if splits and not file.textless else ""
    return f"give true answers as --answers FILE{train}"
