"""TREC files of a ranked submission: a run and qrels that trec_eval, ir-measures and pytrec_eval read.

Source: docs/spec/scoring.md, section 5.2.
"""

from __future__ import annotations

import re
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports.exported import Exported
from cmivqa_kit.leaderboard.exports.rankings import ENTRIES, Ranking, left_out, rankings, require_columns

QRELS, RUN = "qrels.trec", "run.trec"
TAG = "cmivqa-kit"
_TAG = re.compile(r"[A-Za-z0-9._-]{1,20}")


def trec(predictions: Any, targets: Any, track: Track = 2, *, tag: str = TAG, entries: int = ENTRIES) -> Exported:
    """A decoded submission and its answers as TREC files.

    Over all topics (trec_eval -c) recip_rank is the strict MRR and success_k the strict R@k; over the topics of the run
    questions without an answer are left out, as the official MRR leaves them out (Q12).

    Args:
        predictions: array of objects with ``id`` and ``output``, a list of ``[video_id, ...]``.
        targets: array of objects with ``id`` and ``video_id``.
        track: 2 or 3.
        tag: name of the run in its last column: 1 to 20 letters, digits, ``.``, ``_``, ``-``.
        entries: how many entries of a list are read, before repeated videos are dropped.

    Returns:
        ``qrels.trec`` (``QID 0 VIDEO 1``) and ``run.trec`` (``QID Q0 VIDEO RANK SCORE TAG``).

    Raises:
        UserError: an id with white space or an empty one (E801), malformed entries (E802), another tag.
    """
    if not _TAG.fullmatch(tag):
        raise UserError(f"{tag!r} is no tag of a run", "Give 1 to 20 letters, digits, '.', '_' or '-'.")
    rows = rankings(predictions, targets, track, entries)
    require_columns(rows)
    qrels = "".join(f"{row.id} 0 {row.target['video_id']} 1\n" for row in rows)
    run = "".join(_lines(row, tag) for row in rows)
    return Exported(
        {QRELS: qrels, RUN: run}, (QRELS,), len(rows), sum(bool(r.videos) for r in rows), left_out(predictions, targets)
    )


def _lines(row: Ranking, tag: str) -> str:
    total = len(row.videos)
    return "".join(
        f"{row.id} Q0 {entry[0]} {rank} {total - rank + 1} {tag}\n" for rank, entry in enumerate(row.videos, 1)
    )
