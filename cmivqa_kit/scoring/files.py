"""Scoring a submission file: which answers belong to it, on which tracks."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import truth_records
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.truth import read_answers, require_fields
from cmivqa_kit.submission.match import Match, find, tracks_of
from cmivqa_kit.submission.read import Document


@dataclass(frozen=True, slots=True)
class Scored:
    """Cards of one submission, one per track, and the answer file they were computed with."""

    path: Path
    truth: Path
    cards: tuple[ScoreCard, ...]


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Other cut-offs than usual (of the strict metrics), and only some questions, by their ids in the answers."""

    cutoffs: Sequence[int] | None = None
    only: Sequence[QuestionId] | None = None


def score_against(
    document: Document, truth: Path, edition: Edition, track: Track | None = None, options: ScoreOptions | None = None
) -> Scored:
    """Score a submission against an answer file. One that cannot be read needs its track given.

    Raises:
        UserError: the answers cannot be read, the track cannot be told, or ``options`` does not fit the answers.
    """
    targets = read_answers(truth)
    tracks = (track,) if track else tracks_of(document.rows, edition)
    if not tracks:
        raise _no_track(document)
    for t in tracks:
        require_fields(targets, t, truth)
    return Scored(
        document.path, truth, tuple(_card(document, targets, t, edition, truth.stem, options) for t in tracks)
    )


def score_in(
    document: Document,
    catalogue: Catalogue,
    split: str | None = None,
    track: Track | None = None,
    exact: bool = False,
    options: ScoreOptions | None = None,
) -> Scored:
    """Score a readable submission against the answers in a data root; the split is worked out where not given.

    Args:
        exact: refuse unless every row matches in id and question text (the rule for the embedded corpus).

    Raises:
        UserError: no split fits, the organizers hold its answers, or ``options`` does not fit the answers.
    """
    if not document.rows and (split is None or track is None):
        raise _no_track(document)
    match = find(document.rows, catalogue, split, track, exact)
    cards: list[ScoreCard] = []
    sources: list[Path] = []
    for t in match.tracks:
        found = truth_records(catalogue, match.split, t)
        if found is None:
            raise _held_back(document.path, match, catalogue)
        targets, source = found
        require_fields(targets, t, source)
        cards.append(_card(document, targets, t, catalogue.edition, match.split, options))
        sources.append(source)
    return Scored(document.path, sources[0], tuple(cards))


def _card(
    document: Document, targets: list[Any], track: Track, edition: Edition, split: str, options: ScoreOptions | None
) -> ScoreCard:
    options = options or ScoreOptions()
    crash = unreadable(document)
    return score_documents(
        document.raw, targets, track, edition, split, cutoffs=options.cutoffs, only=options.only, unreadable=crash
    )


def _no_track(document: Document) -> UserError:
    """The error of a file that does not say its track; without an array the official program stops on any."""
    if isinstance(document.raw, list) and document.rows:
        return UserError(f"{document.path}: cannot tell the track", "Give --track 1, --track 2 or --track 3.")
    what = "; ".join(finding.message for finding in document.findings) or "no answers in it"
    return UserError(
        f"{document.path}: nothing to score: {what}",
        "Write an array with one object per question; cmivqa sample writes a template.",
        ExitCode.UNREADABLE,
    )


def _held_back(path: Path, match: Match, catalogue: Catalogue) -> UserError:
    ids, rows, questions, split = match.ids, match.rows, len(match.questions.questions), match.split
    how = f"all {ids} ids match" if ids == rows == questions else f"{ids} of {rows} items have an id of its {questions}"
    public = [s for s in catalogue.splits if s != split and catalogue.edition.splits[s].answers == "public"]
    other = "dev" if "dev" in public or not public else public[0]
    return UserError(
        f"the answers of {split} are held by the organizers, so there is nothing to score against ({how})",
        f"Run `cmivqa validate {shlex.quote(str(path))}`, or predict and score `{other}`.",
    )
