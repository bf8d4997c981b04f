"""Why an entry has no cards, in words."""

from __future__ import annotations

import shlex
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.editions import Edition
from cmivqa_kit.entries.files import STANDARD_INPUT
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.submission.match import Match
from cmivqa_kit.submission.read import Document


def no_track(document: Document) -> UserError:
    """The error of a file that does not say its track; without an array the official program stops on any."""
    if isinstance(document.raw, list) and document.rows:
        return UserError(f"{document.path}: cannot tell the track", "Give --track 1, --track 2 or --track 3.")
    what = "; ".join(finding.message for finding in document.findings) or "no answers in it"
    return UserError(
        f"{document.path}: nothing to score: {what}",
        "Write an array with one object per question; `cmivqa sample` writes a template.",
        ExitCode.UNREADABLE,
    )


def held_back(path: Path, match: Match, catalogue: Catalogue) -> UserError:
    """The error of a file for a split whose answers are not here."""
    ids, rows, questions, split = match.ids, match.rows, len(match.questions.questions), match.split
    how = f"all {ids} ids match" if ids == rows == questions else f"{ids} of {rows} items have an id of its {questions}"
    public = [s for s in catalogue.splits if s != split and catalogue.edition.splits[s].answers == "public"]
    other = "dev" if "dev" in public or not public else public[0]
    return UserError(
        f"the answers of {split} are held by the organizers, so there is nothing to score against ({how})",
        f"Run `cmivqa validate {shlex.quote(str(path))}`, or predict and score `{other}`.",
    )


def answers_are_held(edition: Edition, split: str | None) -> bool:
    """True where what tells the answers of a split is for organizers only; also where the split cannot be told."""
    facts = edition.splits.get(split or "")
    return facts is None or facts.answers == "organizers"


def cannot_be(purpose: str, document: Document) -> UserError:
    """The error of a file that cannot be ``purpose`` (compared, diagnosed) because it cannot be read."""
    said = "; ".join(f"{finding.code} {finding.message}" for finding in document.findings)
    return UserError(f"{document.path}: cannot be {purpose}: {said}", run_validate(document.path))


def run_validate(path: Path, truth: Path | None = None) -> str:
    """What to do about a file that cannot be used; standard input, which is called ``-``, cannot be read again."""
    if path == STANDARD_INPUT:
        return "Save it as a file and run cmivqa validate on that"
    return f"Run: {shlex.join(['cmivqa', 'validate', str(path), *([] if truth is None else ['--truth', str(truth)])])}"
