"""Submissions and answers for the tests of the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis import Context, Diagnosis, diagnose
from cmivqa_kit.diagnosis.context import NOTHING
from cmivqa_kit.diagnosis.outcomes import Outcome, read_outcomes
from cmivqa_kit.editions import load_edition
from cmivqa_kit.scoring.scorer import score_documents

EDITION = load_edition("cmivqa-2023")
CUTOFFS = (1, 10, 50)


def target(identity: Any = 0, video: str = "A", start: float = 0, end: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": identity, "video_id": video, "start_second": start, "end_second": end, **more}


def answer(identity: Any, *entries: Sequence[Any]) -> dict[str, Any]:
    return {"id": identity, "output": [list(entry) for entry in entries]}


def others(count: int) -> list[list[Any]]:
    """Entries of videos that are never right."""
    return [[f"other{n}", 0, 5] for n in range(count)]


def outcome(*entries: Sequence[Any], **where: Any) -> Outcome:
    """What becomes of a question about 0 to 10 s of video A."""
    return read_outcomes(3, [answer(0, *entries)], [target(**where)], CUTOFFS, 50)[0]


def diagnosed(track: Track, predictions: Any, targets: Any, context: Context = NOTHING) -> Diagnosis:
    card = score_documents(predictions, targets, track, EDITION, "made")
    return diagnose(card, predictions, targets, context)
