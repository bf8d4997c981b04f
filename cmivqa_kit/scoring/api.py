"""Scoring in one call: ``from cmivqa_kit.scoring import score``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.data.answer_rows import rows_of_track
from cmivqa_kit.data.types import TRACKS, QuestionId, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.named_questions import asked_for
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.truth import read_answers, require_answers, require_fields, split_named
from cmivqa_kit.submission.match import tracks_of
from cmivqa_kit.submission.read import read_submission

_NO_ANSWERS = "the answers are no list of dicts with ids", "Give the rows of an answer file, or its path."


def score(
    predictions: str | Path | Any,
    truth: str | Path | Any,
    track: Track | None = None,
    *,
    edition: str | Path | Edition | None = None,
    split: str | None = None,
    cutoffs: Sequence[int] | None = None,
    entries: int | None = None,
    only: Iterable[QuestionId] | str | Path | None = None,
) -> ScoreCard:
    """Score a submission on one track: official numbers, corrected ones, and why they differ.

    >>> import cmivqa_kit as ck
    >>> answers = [{"id": 1, "video_id": "knee"}, {"id": 2, "video_id": "wrist"}]
    >>> card = ck.score([{"id": 1, "output": [["wrist", 0, 9], ["knee", 5, 15]]}], answers, track=2)
    >>> card.metrics["MRR"], card.strict.metrics["MRR"]
    (0.5, 0.25)
    >>> print(card)  # doctest: +ELLIPSIS
    Track 2, unnamed
    <BLANKLINE>
      Overall   1.5000 official   1.2500 strict   [0.0000, 2.5000]
    <BLANKLINE>
      metric  official  strict      95% interval
      R@1       0.0000  0.0000  [0.0000, 0.0000]
      R@10      0.5000  0.5000  [0.0000, 1.0000]
      R@50      0.5000  0.5000  [0.0000, 1.0000]
      MRR       0.5000  0.2500  [0.0000, 0.5000]
      95% intervals of the strict scores: 10,000 resamples of 2 videos with all their questions, seed 2023
      Overall, R@10, R@50, MRR: only 2 videos: likely too narrow
      R@1: all questions have the same value
      1 of 2 questions answered; 1 missing
      where official and strict differ:
        Q12, 1 question: not answered: the official program leaves the question out of the MRR, strict counts it as 0
          changes Overall, MRR; ids 2
      cmivqa-kit:...

    Args:
        predictions: path of a submission file, or what stands in one: a list of dicts with ``id`` and either
            ``start_second`` and ``end_second`` (Track 1, seconds) or ``output``, a list of ``[video_id, start, end]``.
        truth: path of an answer file, or a list of dicts with ``id``, ``video_id``, ``start_second``, ``end_second``.
        track: 1, 2 or 3; worked out where only one is possible. A corpus file of 2023 is for Tracks 2 and 3 at once:
            say which.
        edition: name of an edition, path of an edition file (``.toml``), or an edition; by default that which ids and
            layout of the answers tell, else that of 2023.
        split: name of the split for the card; by default the split that the answer file's name tells, or that name.
        cutoffs: cut-offs of the strict metrics, by default the edition's: ``(1, 10, 100)``.
        entries: how many entries of a list strict reads, by default the edition's number; at least the largest cut-off.
        only: score only the questions with these ids, given as in the answers; or a path of a file of ids, or ids as
            one text with commas between, as ``--only`` takes them.

    Returns:
        A card, also for a submission that the official program crashes on or cannot read (then give ``track``).

    Raises:
        UserError: the answers are missing, unreadable or lack a field; the track cannot be told; an id of ``only`` is
            unknown; the cut-offs are no positive integers.
    """
    crash = None
    where = "the submission"
    if isinstance(predictions, str | Path):
        where = str(predictions)
        document = read_submission(Path(predictions))
        predictions = document.raw
        crash = unreadable(document)
    if isinstance(truth, str | Path):
        source, answers = str(truth), read_answers(Path(truth))
    else:
        source, answers = "the answers", require_answers(truth, "the answers", *_NO_ANSWERS)
    rules = edition if isinstance(edition, Edition) else load_edition(str(edition or answers.edition))
    split = split_named(Path(truth) if isinstance(truth, str | Path) else None, rules, split)
    chosen = _track(track, predictions, answers.rows, rules, where)
    targets = rows_of_track(answers.rows, chosen, rules)
    require_fields(targets, chosen, source)
    return score_documents(
        predictions,
        targets,
        chosen,
        rules,
        split,
        cutoffs=cutoffs,
        entries=entries,
        only=asked_for(only, targets, rules.id_form != "string"),
        unreadable=crash,
    )


def _track(track: Track | None, predictions: Any, targets: list[Any], edition: Edition, source: str) -> Track:
    if track is not None:
        if track not in TRACKS:
            raise UserError(f"track {track!r} does not exist", "Give track=1, track=2 or track=3.")
        return track
    found = tracks_of(predictions if isinstance(predictions, list) else [], edition)
    if found == (2, 3) and not any("start_second" in target for target in targets):
        found = (2,)  # answers without spans can only be those of Track 2
    if len(found) != 1:
        what = f"it is for Tracks {' and '.join(map(str, found))}" if found else "cannot tell which track it is for"
        choice = " or ".join(f"track={t}" for t in found or TRACKS)
        raise UserError(f"{source}: {what}", f"Give {choice}.", ExitCode.USAGE)
    return found[0]
