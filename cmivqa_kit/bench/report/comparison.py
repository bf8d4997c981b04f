"""A comparison of systems on a benchmark: each pair, metric by metric."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cmivqa_kit.scoring.statistics.paired import Difference, Settings


@dataclass(frozen=True, slots=True)
class BenchPair:
    """Two of the compared systems, ``b`` against ``a``, by their position."""

    a: int
    b: int
    differences: tuple[Difference, ...]

    def on(self, metric: str) -> Difference | None:
        """The difference on a metric, where it was compared."""
        return next((difference for difference in self.differences if difference.metric == metric), None)


@dataclass(frozen=True, slots=True)
class BenchComparison:
    """Systems on one split of a benchmark, compared on the same queries; the baseline stands first."""

    benchmark: str
    split: str
    systems: tuple[str, ...]
    headline: str
    pairs: tuple[BenchPair, ...]
    queries: int
    videos: int
    settings: Settings
    signature: str

    @property
    def tests(self) -> int:
        """How many p-values were corrected together: metrics x pairs."""
        return sum(len(pair.differences) for pair in self.pairs)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``bench compare --format json``)."""
        return {
            "benchmark": self.benchmark,
            "split": self.split,
            "systems": list(self.systems),
            "headline": self.headline,
            "queries": self.queries,
            "videos": self.videos,
            "settings": {**asdict(self.settings), "correction": "holm", "tests": self.tests},
            "pairs": [
                {
                    "a": self.systems[pair.a],
                    "b": self.systems[pair.b],
                    "metrics": [difference.to_dict() for difference in pair.differences],
                }
                for pair in self.pairs
            ],
            "signature": self.signature,
        }
