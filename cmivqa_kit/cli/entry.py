"""What `score` found out about one file: its score cards with intervals, who made it, what stands beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.cli.published import Beside, to_dict
from cmivqa_kit.scoring.card import OWN, ScoreCard
from cmivqa_kit.scoring.statistics.bootstrap import LEVEL, Interval, bootstrap

if TYPE_CHECKING:
    from cmivqa_kit.submission.findings import Finding


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often to resample, and from which seed."""

    resamples: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class ScoreWithIntervals:
    """A card and the intervals of its strict scores, by metric; none where strict has no scores or none were wanted.

    ``units`` is how many were resampled: videos with all their questions, or single questions where ``by`` says so,
    because the answers name no videos.
    """

    card: ScoreCard
    intervals: Mapping[str, Interval]
    resampling: Resampling | None
    units: int
    by: str
    published: Beside | None = None

    def to_dict(self) -> dict[str, Any]:
        """One of ``scores`` in ``score --format json``.

        Keys: those of `ScoreCard.to_dict`, and ``intervals``, by the names of all strict metrics {``low``, ``high``,
        ``level``, ``error``, ``note``}; ``resampling`` {``by``: video | question, ``units``, ``resamples``, ``seed``};
        ``published``. Each of the three is ``null`` where there is none.
        """
        how = self.resampling
        drawn = how and {"by": self.by, "units": self.units, "resamples": how.resamples, "seed": how.seed}
        return {
            **self.card.to_dict(),
            "intervals": {name: one.to_dict() for name, one in self.intervals.items()} or None,
            "resampling": drawn if self.intervals else None,
            "published": to_dict(self.published),
        }

    @property
    def level(self) -> str:
        """The level of the intervals in words: ``95%``."""
        return f"{100 * LEVEL:g}%"


def estimate(card: ScoreCard, resampling: Resampling | None, published: Beside | None = None) -> ScoreWithIntervals:
    """Intervals for a card, all from the same resamples; quietly none for ``resampling`` ``None``."""
    intervals: dict[str, Interval] = {}
    if resampling is not None and card.strict.per_question:
        intervals = bootstrap(
            card.strict.per_question,
            card.clusters,
            resampling.resamples,
            resampling.seed,
            scales=card.strict.scales,
        )
    by = "question" if all(name.startswith(OWN) for name in card.clusters) else "video"
    return ScoreWithIntervals(card, intervals, resampling, len(set(card.clusters)), by, published)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One file. ``truth`` is ``None`` and ``scores`` empty where nothing in it could be scored."""

    path: Path
    findings: Sequence[Finding]
    truth: Path | None
    scores: Sequence[ScoreWithIntervals]
    made_by: Mapping[str, Any] | None

    @property
    def sound(self) -> bool:
        """True where the official program has numbers for it, on every track."""
        return bool(self.scores) and all(one.card.official.status == "ok" for one in self.scores)

    def to_dict(self) -> dict[str, Any]:
        """One file in ``score --format json``.

        Keys: ``file``; ``status``, ok or unreadable; ``findings`` about the file as a whole, as of ``validate``;
        ``truth``, the answer file; ``made_by``, the record of the run that made it, or ``null``; ``scores``, one per
        track (`ScoreWithIntervals.to_dict`).
        """
        return {
            "file": self.path,
            "status": "unreadable" if self.truth is None else "ok",
            "findings": [finding.to_dict() for finding in self.findings],
            "truth": self.truth,
            "made_by": self.made_by,
            "scores": [one.to_dict() for one in self.scores],
        }
