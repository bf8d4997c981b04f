"""One score of an entry: its card with intervals, and published figures beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.entries.published import Beside
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.statistics.bootstrap import Interval


@dataclass(frozen=True, slots=True, eq=False)
class ScoreWithIntervals:
    """A card, which carries the intervals of its strict scores, and the published figures that stand beside it.

    ``corpus_videos``: of how many videos the lists rank; ``None`` on Track 1, and where no corpus is at hand.
    """

    card: ScoreCard
    published: Beside | None = None
    corpus_videos: int | None = None

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The intervals of the strict scores, by metric; none where strict has no scores or none were wanted."""
        return self.card.intervals

    def to_dict(self) -> dict[str, Any]:
        """One of ``scores`` in ``score --format json``.

        Keys: those of `ScoreCard.to_dict`, and ``intervals``, by the names of all strict metrics {``low``, ``high``,
        ``level``, ``error``, ``note``}; ``resampling`` {``by``: video | question, ``units``, ``resamples``, ``seed``};
        ``published``; ``corpus_videos``. Each of the four is ``null`` where there is none.
        """
        card, resampling = self.card, self.card.resampling
        drawn = None
        if self.intervals and resampling is not None:
            drawn = {
                "by": card.resampled_by,
                "units": card.units,
                "resamples": resampling.resamples,
                "seed": resampling.seed,
            }
        return {
            **card.to_dict(),
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()} or None,
            "resampling": drawn,
            "published": None if self.published is None else self.published.to_dict(),
            "corpus_videos": self.corpus_videos,
        }
