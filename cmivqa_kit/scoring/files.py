"""Scoring a submission file: which answers belong to it, on which tracks."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import truth_records
from cmivqa_kit.data.shown import show
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.files import read_json
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.submission.match import Match, find, tracks_of
from cmivqa_kit.submission.read import Document


@dataclass(frozen=True, slots=True)
class Scored:
    """Cards of one submission, one per track, and the answer file they were computed with."""

    path: Path
    truth: Path
    cards: tuple[ScoreCard, ...]


@dataclass(frozen=True, slots=True)
class How:
    """How to score: other cut-offs (of the strict metrics), and only some questions, by their ids in the answers."""

    cutoffs: Sequence[int] | None = None
    only: Sequence[QuestionId] | None = None


def score_against(
    document: Document, truth: Path, edition: Edition, track: Track | None = None, how: How | None = None
) -> Scored:
    """Score a submission against an answer file. One that cannot be read needs its track given.

    Raises:
        UserError: the answers cannot be read, the track cannot be told, or ``how`` does not fit the answers.
    """
    targets = read_answers(truth)
    tracks = (track,) if track else tracks_of(document.rows, edition)
    if not tracks:
        raise _no_track(document)
    for t in tracks:
        require(targets, t, truth)
    return Scored(document.path, truth, tuple(_card(document, targets, t, edition, truth.stem, how) for t in tracks))


def read_answers(path: Path) -> list[Any]:
    """The rows of an answer file.

    Raises:
        UserError: it cannot be read, or holds no answers with ids.
    """
    said = f"{path}: not an array of answers with ids", "--truth wants the organizers' answer file."
    return require_answers(read_json(path, "answer file"), *said)


def require_answers(document: Any, message: str, fix: str) -> list[Any]:
    """``document`` as the rows of an answer file: a list of objects with ids, one at least.

    Raises:
        UserError: it is none; with ``message`` and ``fix``.
    """
    if not isinstance(document, list) or not document or not all(isinstance(t, dict) and "id" in t for t in document):
        raise UserError(message, fix)
    return document


def score_in(
    document: Document,
    files: Catalogue,
    split: str | None = None,
    track: Track | None = None,
    exact: bool = False,
    how: How | None = None,
) -> Scored:
    """Score a readable submission against the answers in a data root; the split is worked out where not given.

    Args:
        exact: refuse unless every row matches in id and question text (the rule for the embedded corpus).

    Raises:
        UserError: no split fits, the organizers hold its answers, or ``how`` does not fit the answers.
    """
    if not document.rows and (split is None or track is None):
        raise _no_track(document)
    match = find(document.rows, files, split, track, exact)
    cards: list[ScoreCard] = []
    sources: list[Path] = []
    for t in match.tracks:
        found = truth_records(files, match.split, t)
        if found is None:
            raise _held_back(document.path, match, files)
        targets, source = found
        require(targets, t, source)
        cards.append(_card(document, targets, t, files.edition, match.split, how))
        sources.append(source)
    return Scored(document.path, sources[0], tuple(cards))


def _card(
    document: Document, targets: list[Any], track: Track, edition: Edition, split: str, how: How | None
) -> ScoreCard:
    how = how or How()
    crash = unreadable(document)
    return score_documents(
        document.raw, targets, track, edition, split, cutoffs=how.cutoffs, only=how.only, unreadable=crash
    )


def _no_track(document: Document) -> UserError:
    """Nothing says which track it is for; without an array the official program stops on any of them."""
    if isinstance(document.raw, list) and document.rows:
        return UserError(f"{document.path}: cannot tell the track", "Give --track 1, --track 2 or --track 3.")
    what = "; ".join(finding.message for finding in document.findings) or "no answers in it"
    return UserError(
        f"{document.path}: nothing to score: {what}",
        "Write an array with one object per question; cmivqa sample writes a template.",
        ExitCode.UNREADABLE,
    )


def _held_back(path: Path, match: Match, files: Catalogue) -> UserError:
    ids, rows, questions, split = match.ids, match.rows, len(match.questions.questions), match.split
    how = f"all {ids} ids match" if ids == rows == questions else f"{ids} of {rows} items have an id of its {questions}"
    public = [s for s in files.splits if s != split and files.edition.splits[s].answers == "public"]
    other = "dev" if "dev" in public or not public else public[0]
    return UserError(
        f"the answers of {split} are held by the organizers, so there is nothing to score against ({how})",
        f"Run `cmivqa validate {shlex.quote(str(path))}`, or predict and score `{other}`.",
    )


def require(targets: list[Any], track: Track, where: object) -> None:
    """Answers lacking a field the track needs are an input error, not a score and not a crash of the submission."""
    times = ("start_second", "end_second")
    needed = {1: ("id", *times), 2: ("id", "video_id"), 3: ("id", "video_id", *times)}[track]
    lacking = [t for t in targets if not isinstance(t, dict) or not all(_usable(t.get(key), key) for key in needed)]
    if lacking:
        example = show(lacking[0].get("id") if isinstance(lacking[0], dict) else None)
        raise UserError(
            f"{where}: {len(lacking)} of {len(targets)} answers lack {' or '.join(needed)} (e.g. id {example})",
            f"Track {track} cannot be scored with this file.",
        )


def _usable(value: Any, key: str) -> bool:
    kinds: dict[str, Any] = {"id": int | str, "video_id": str}
    return isinstance(value, kinds.get(key, int | float)) and not isinstance(value, bool)
