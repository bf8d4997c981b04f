"""Questions that belong together: those of one video are not independent, so they are resampled together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Q questions in C clusters, the clusters in the order of their names.

    Attributes:
        of: (Q,) cluster of each question.
        sizes: (C,) questions of each cluster, none of them 0.
    """

    of: NDArray[np.intp]
    sizes: NDArray[np.intp]

    @property
    def count(self) -> int:
        """The number of clusters, C."""
        return len(self.sizes)

    @property
    def questions(self) -> int:
        """The number of questions, Q."""
        return len(self.of)

    def totals(self, table: NDArray[np.float64]) -> NDArray[np.float64]:
        """(Q, M) values -> (C, M) sums over the questions of each cluster: all that resampling clusters needs."""
        sums = np.empty((self.count, table.shape[1]))
        for column in range(table.shape[1]):
            sums[:, column] = np.bincount(self.of, weights=table[:, column], minlength=self.count)
        return sums


def group(names: Sequence[str | int]) -> Clusters:
    """The clusters of questions, given the name of the cluster of each question (its video; its own id for none).

    Sorted by name, so that what is drawn does not depend on the order of the questions. Python's sort and not
    NumPy's: an array of texts takes the room of its longest one for all.
    """
    position = {name: i for i, name in enumerate(sorted(set(names), key=lambda name: (isinstance(name, str), name)))}
    of = np.fromiter((position[name] for name in names), dtype=np.intp, count=len(names))
    return Clusters(of, np.bincount(of, minlength=len(position)))


def as_table(values: Mapping[str, ArrayLike], questions: int) -> NDArray[np.float64]:
    """M metrics of Q values each as a (Q, M) table.

    Raises:
        ValueError: a metric has another number of values, or one that is not finite.
    """
    table = np.empty((questions, len(values)))
    for column, (name, numbers) in enumerate(values.items()):
        array = np.asarray(numbers, dtype=np.float64)
        if array.shape != (questions,):
            raise ValueError(f"{name}: {questions} questions, but values of shape {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name}: not every value is finite")
        table[:, column] = array
    return table
