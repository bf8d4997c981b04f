"""The pipeline's list by docs/spec/mutualsl.md, section 5.2, in fractions: no rounding makes or breaks a tie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from cmivqa_kit.data.span import Span

Entry = tuple[str, Span, float]  # video, span, log of p * c


def plainly(
    ranking: Sequence[tuple[str, float]], spans: Mapping[str, Sequence[tuple[float, Span]]], target: int,
    top: int = 50, temperature: float = 1.0, per_video: int = 1, order: str = "score", limit: int = 50,
) -> list[Entry]:  # fmt: skip
    """Best first, one entry after the other."""
    kept = list(ranking)[:top]
    whole = math.fsum(math.exp(score / temperature) for _, score in kept)
    left = []
    for rank, (video, score) in enumerate(kept):
        for confidence, span in list(spans[video])[:per_video]:
            exact = Fraction(score) / Fraction(temperature) + Fraction(confidence)
            left.append((exact, rank, span.start, span.end, video, span))
    made: list[Entry] = []
    named: set[str] = set()
    while left and len(made) < limit:
        best = left[0]
        for one in left[1:]:
            if _before(one, best, by_rank=target == 2 and order == "retriever"):
                best = one
        left.remove(best)
        if target != 2 or best[4] not in named:
            named.add(best[4])
            made.append((best[4], best[5], float(best[0]) - math.log(whole)))
    return made


def _before(entry: tuple[Fraction, int, float, float, str, Span], other: tuple[Fraction, int, float, float, str, Span],
            by_rank: bool) -> bool:  # fmt: skip
    if by_rank and entry[1] != other[1]:
        return entry[1] < other[1]
    if entry[0] != other[0]:
        return entry[0] > other[0]
    return entry[1:4] < other[1:4]
