"""The score card: ordered metrics, counts, per-question values and a signature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.files import fingerprint
from cmivqa_kit.scoring.official import CUTOFFS, HEADLINE, OfficialCrash, score_official
from cmivqa_kit.submission.read import interpreter, plain_id


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """Official score of one submission on one track.

    ``metrics`` are fractions (the board's scale) by canonical name in the board's order, ``raw`` the official program's
    own units (Track 1 in percent). Both are empty where ``crash`` says that the program would have crashed.
    ``per_question`` holds one value per question in the order of the ground truth; ``None`` where the official program
    leaves a question out of the mean. Two cards are comparable only when their signatures agree.
    """

    track: Track
    split: str
    metrics: dict[str, float]
    raw: dict[str, float]
    counts: dict[str, int]
    signature: str
    crash: str = ""
    question_ids: tuple[Any, ...] = ()
    per_question: dict[str, list[float | None]] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """Name of the metric the board ranks by."""
        return HEADLINE[self.track]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``score --format json``); per-question values are left out."""
        return {
            "track": self.track,
            "split": self.split,
            "official": {
                "status": "official_crash" if self.crash else "ok",
                "crash": self.crash or None,
                "headline": self.headline,
                "metrics": self.metrics or None,
                "raw": self.raw or None,
            },
            "counts": self.counts,
            "signature": self.signature,
        }


def score(
    predictions: Any, targets: Any, track: Track, edition: Edition, split: str = "unnamed", truth: str = ""
) -> ScoreCard:
    """Score decoded predictions against decoded answers with the official metrics.

    Args:
        predictions: the submission document (an array of objects).
        targets: the answers (an array of objects with ``id``, ``video_id``, ``start_second``, ``end_second``).
        track: 1, 2 or 3.
        edition: the rules, named in the signature.
        split: the split's name, for the card.
        truth: fingerprint of the answers, computed if not given.

    Returns:
        A card; where the official program would crash, one without metrics that says how.
    """
    signature = "|".join(
        (
            f"cmivqa-kit:{__version__}",
            f"edition:{edition.name}",
            f"split:{split}",
            f"track:{track}",
            "mode:official",
            f"cutoffs:{','.join(map(str, CUTOFFS))}",
            f"python:{interpreter()}",
            f"truth:{truth or truth_fingerprint(targets)}",
        )
    )
    counts = _counts(predictions, targets)
    try:
        official = score_official(track, predictions, targets)
    except OfficialCrash as crash:
        where = (
            "" if crash.target_index is None else f" at question {crash.question_id!r} (answer {crash.target_index})"
        )
        return ScoreCard(track, split, {}, {}, counts, signature, f"{crash.exception}{where}")
    scale = 100.0 if track == 1 else 1.0
    return ScoreCard(
        track=track,
        split=split,
        metrics={name: value / scale for name, value in official.metrics.items()},
        raw=dict(official.metrics),
        counts=counts,
        signature=signature,
        question_ids=tuple(target.get("id") if isinstance(target, dict) else None for target in targets),
        per_question=official.per_question,
    )


def truth_fingerprint(targets: Any) -> str:
    """Twelve hex digits for what the score depends on: ids, videos and spans of the answers, in order."""
    if not isinstance(targets, list):
        return fingerprint(targets)
    keys = ("id", "video_id", "start_second", "end_second")
    return fingerprint([[t.get(k) for k in keys] if isinstance(t, dict) else t for t in targets])


def _counts(predictions: Any, targets: Any) -> dict[str, int]:
    """Questions, answered, missing, duplicated and extra, by plain ids; what is no plain id counts as malformed."""
    wanted = _ids(targets)
    given = _ids(predictions)
    known = set(wanted)
    times: dict[Any, int] = {}
    for identity in given:
        times[identity] = times.get(identity, 0) + 1
    items = len(predictions) if isinstance(predictions, list) else 0
    return {
        "questions": len(targets) if isinstance(targets, list) else 0,
        "answered": sum(identity in times for identity in wanted),
        "missing": sum(identity not in times for identity in wanted),
        "duplicated": sum(n > 1 and identity in known for identity, n in times.items()),
        "extra": sum(identity not in known for identity in given),
        "malformed": items - len(given),
    }


def _ids(rows: Any) -> list[Any]:
    if not isinstance(rows, list):
        return []
    return [identity for row in rows if (identity := plain_id(row)) is not None]
