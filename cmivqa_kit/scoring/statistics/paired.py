"""Two systems on the same questions, one metric at a time: difference, interval, p-value, wins and losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.scale import FRACTION, Scale
from cmivqa_kit.scoring.statistics.bootstrap import RESAMPLES, SEED, Interval, bootstrap
from cmivqa_kit.scoring.statistics.holm import holm
from cmivqa_kit.scoring.statistics.power import ALPHA, detectable, standard_errors
from cmivqa_kit.scoring.statistics.randomization import randomization_test

Unit = Literal["video", "question"]
Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Settings:
    """How differences are tested.

    Attributes:
        by: what is resampled and exchanged as one: all questions of a video, or each question.
        resamples: of the bootstrap, and exchanges of the randomization test.
        seed: of both.
        alpha: chance of calling a difference real that is none; intervals have the level 1 - alpha.
    """

    by: Unit = "video"
    resamples: int = RESAMPLES
    seed: int = SEED
    alpha: float = ALPHA


DEFAULTS = Settings()


@dataclass(frozen=True, slots=True)
class Difference:
    """System B minus system A on one metric, in its unit.

    Attributes:
        metric: canonical name.
        a, b: the scores, means over all questions.
        difference: ``b - a``.
        interval: of the difference.
        p: two-sided, for this test alone; ``exact`` where it was counted and not drawn.
        p_holm: after Holm's correction for all tests made with it.
        wins, ties, losses: questions on which B has the better, the same, the worse value.
        detectable: the smallest difference that this split would probably show between systems like these two (power
            0.8); ``None`` where they differ nowhere.
        alpha: limit for ``p_holm``.
        scale: unit, direction and bounds of the metric.
    """

    metric: str
    a: float
    b: float
    difference: float
    interval: Interval
    p: float
    exact: bool
    p_holm: float
    wins: int
    ties: int
    losses: int
    detectable: float | None
    alpha: float = ALPHA
    scale: Scale = FRACTION

    @property
    def verdict(self) -> Literal["better", "worse", "open"]:
        """What can be said of B: better or worse than A after the correction, or neither."""
        if self.p_holm > self.alpha or self.difference == 0:
            return "open"
        return "better" if self.scale.gain(self.difference) > 0 else "worse"

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            **asdict(self),
            "interval": self.interval.to_dict(),
            "scale": self.scale.to_dict(),
            "verdict": self.verdict,
        }


def differences(
    a: Values,
    b: Values,
    clusters: Sequence[str | int],
    settings: Settings,
    scales: Mapping[str, Scale] | None = None,
) -> list[Difference]:
    """Compare two systems on the metrics of ``a``, one (Q,) array of values per metric, uncorrected (``p_holm = p``).

    Args:
        a: values of the first system.
        b: values of the second, on the same questions in the same order.
        clusters: (Q,) what is resampled as one; at least one question.
        settings: how to test.
        scales: of the metrics; by default fractions of which more is better.

    Raises:
        ValueError: values of another length or not finite; settings out of range.
    """
    gaps = {name: np.asarray(b[name]) - np.asarray(a[name]) for name in a}
    scale = {name: (scales or {}).get(name, FRACTION) for name in a}
    possible = {name: own.of_differences() for name, own in scale.items()}
    intervals = bootstrap(gaps, clusters, settings.resamples, settings.seed, 1 - settings.alpha, possible)
    p_values = randomization_test(gaps, clusters, settings.resamples, settings.seed)
    errors = standard_errors(gaps, clusters)
    return [
        Difference(
            metric=name,
            a=float(np.mean(a[name])),
            b=float(np.mean(b[name])),
            difference=float(np.mean(gap)),
            interval=intervals[name],
            p=p_values[name].p,
            exact=p_values[name].exact,
            p_holm=p_values[name].p,
            wins=int((scale[name].gain(1.0) * gap > 0).sum()),
            ties=int((gap == 0).sum()),
            losses=int((scale[name].gain(1.0) * gap < 0).sum()),
            detectable=detectable(errors[name], settings.alpha),
            alpha=settings.alpha,
            scale=scale[name],
        )
        for name, gap in gaps.items()
    ]


def corrected(pairs: Sequence[Sequence[Difference]]) -> list[tuple[Difference, ...]]:
    """The differences of several pairs, Holm-corrected as one family: every test in every pair."""
    adjusted = iter(holm([one.p for pair in pairs for one in pair]))
    return [tuple(replace(one, p_holm=next(adjusted)) for one in pair) for pair in pairs]
