"""Scoring a submission file: which answers belong to it, on which tracks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import truth_records
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.files import read_json
from cmivqa_kit.scoring.card import ScoreCard, score
from cmivqa_kit.submission.match import Match, find, tracks_of
from cmivqa_kit.submission.read import Document


@dataclass(frozen=True, slots=True)
class Scored:
    """Cards of one submission, one per track, and the answer file they were computed with."""

    path: Path
    truth: Path
    cards: tuple[ScoreCard, ...]


def score_against(document: Document, truth: Path, edition: Edition, track: Track | None = None) -> Scored:
    """Score a readable submission against an answer file.

    Raises:
        UserError: the answers cannot be read, or the track cannot be told.
    """
    targets = read_json(truth, "answer file")
    if not isinstance(targets, list) or not targets or not all(isinstance(t, dict) and "id" in t for t in targets):
        raise UserError(f"{truth}: not an array of answers with ids", "--truth wants the organizers' answer file.")
    tracks = (track,) if track else tracks_of(document.rows, edition)
    if not tracks:
        raise _no_track(document)
    for t in tracks:
        _require(targets, t, truth)
    cards = tuple(score(document.raw, targets, t, edition, truth.stem) for t in tracks)
    return Scored(document.path, truth, cards)


def score_in(
    document: Document, files: Catalogue, split: str | None = None, track: Track | None = None, exact: bool = False
) -> Scored:
    """Score a readable submission against the answers in a data root; the split is worked out where not given.

    Args:
        exact: refuse unless every row matches in id and question text (the rule for the embedded corpus).

    Raises:
        UserError: no split fits, or the organizers hold its answers.
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
        _require(targets, t, source)
        cards.append(score(document.raw, targets, t, files.edition, match.split))
        sources.append(source)
    return Scored(document.path, sources[0], tuple(cards))


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


def _require(targets: list[Any], track: Track, path: Path) -> None:
    """Answers lacking a field the track needs are an input error, not a score and not a crash of the submission."""
    times = ("start_second", "end_second")
    needed = {1: ("id", *times), 2: ("id", "video_id"), 3: ("id", "video_id", *times)}[track]
    lacking = [t for t in targets if not isinstance(t, dict) or not all(_usable(t.get(key), key) for key in needed)]
    if lacking:
        example = lacking[0].get("id") if isinstance(lacking[0], dict) else None
        raise UserError(
            f"{path}: {len(lacking)} of {len(targets)} answers lack {' or '.join(needed)} (e.g. id {example!r})",
            f"Track {track} cannot be scored with this file.",
        )


def _usable(value: Any, key: str) -> bool:
    kinds: dict[str, Any] = {"id": int | str, "video_id": str}
    return isinstance(value, kinds.get(key, int | float)) and not isinstance(value, bool)
