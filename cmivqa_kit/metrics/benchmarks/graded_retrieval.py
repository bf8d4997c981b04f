"""Retrieval with graded judgements, as trec_eval measures it: MAP, recall, precision and nDCG of a question.

Documents are ordered by score, which trec_eval keeps in float32; of equal ones the one with the larger id goes first.
A document is relevant from grade 1 on; one without a judgement is not.

Source: docs/spec/scoring.md, section 5.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cmivqa_kit.metrics.base import Metric
from cmivqa_kit.metrics.reducer import average_precision

CUTOFFS = (5, 10)
METRICS = (
    Metric("MAP", "average precision over the relevant videos"),
    *(Metric(f"R@{k}", f"share of the relevant videos that are among the first {k}") for k in CUTOFFS),
    *(Metric(f"P@{k}", f"share of the first {k} that are relevant") for k in CUTOFFS),
    Metric("nDCG", "discounted gain of the grades, divided by that of the best order"),
)


def trec_order(scores: Mapping[str, float]) -> list[str]:
    """The documents in the order of trec_eval."""
    with np.errstate(over="ignore"):  # beyond float32 all are infinite
        return sorted(
            scores,
            key=lambda name: (float(np.float32(scores[name])), name.encode("utf-8", "surrogatepass")),
            reverse=True,
        )


def graded_values(order: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """The value of every metric of `METRICS` for one question, by name.

    Args:
        order: the documents that are given, the best first.
        grades: judged documents and their grades; below 1 is not relevant.
    """
    relevant = sum(grade >= 1 for grade in grades.values())
    ranks = np.array([rank for rank, name in enumerate(order, 1) if grades.get(name, 0) >= 1], dtype=np.int64)
    hits = {k: int((ranks <= k).sum()) for k in CUTOFFS}
    ideal = _gain(sorted(grades.values(), reverse=True))
    return {
        "MAP": average_precision(ranks, relevant),
        **{f"R@{k}": hits[k] / relevant if relevant else 0.0 for k in CUTOFFS},
        **{f"P@{k}": hits[k] / k for k in CUTOFFS},
        "nDCG": _gain([grades.get(name, 0) for name in order]) / ideal if ideal else 0.0,
    }


def _gain(grades: Sequence[int]) -> float:
    """The discounted cumulative gain of grades in an order."""
    return math.fsum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1) if grade > 0)
