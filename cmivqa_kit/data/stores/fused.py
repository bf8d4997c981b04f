"""Several stores at once, one per extractor: rows of the same seconds stand beside each other.

Source: docs/spec/features.md, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from cmivqa_kit.data.feature_clock import Shape, common_width, rate_words
from cmivqa_kit.data.stores.store import FeatureStore, Rows
from cmivqa_kit.errors import UserError

LEAST_NORM = 1e-12
NEAR_ROWS, NEAR_SHARE = 2, 0.1  # by which the rows of two extractors may differ


class FusedStore:
    """The ids that all of some stores have; a row is that of each, in the order of their names.

    Args:
        stores: by name, at least one.
        unit_rows: True divides every row of each by its L2 norm first.

    Raises:
        UserError: the stores state rows of several lengths.
    """

    def __init__(self, stores: Mapping[str, FeatureStore], unit_rows: bool = False) -> None:
        self.stores, self.unit_rows = dict(stores), unit_rows
        clocks = {name: store.seconds_per_row for name, store in stores.items() if store.seconds_per_row is not None}
        if len(set(clocks.values())) > 1:
            stated = ", ".join(f"{name} {rate_words(seconds)}" for name, seconds in clocks.items())
            raise UserError(f"the stores have rows of several lengths: {stated}", "Extract all at the same rate.")
        self.seconds_per_row: float | None = next(iter(clocks.values()), None)

    @property
    def path(self) -> Path:
        """That of the first store."""
        return next(iter(self.stores.values())).path

    @cached_property
    def ids(self) -> Sequence[str]:
        """What all stores have, in the order of the first."""
        first, *others = (store.ids for store in self.stores.values())
        known = [frozenset(ids) for ids in others]
        return tuple(name for name in first if all(name in ids for ids in known))

    @cached_property
    def lacking(self) -> dict[str, list[str]]:
        """Id -> the names of the stores without it, for ids that others have."""
        known = {name: frozenset(store.ids) for name, store in self.stores.items()}
        return {
            each: without
            for each in sorted(frozenset().union(*known.values()))
            if (without := [name for name, ids in known.items() if each not in ids])
        }

    @cached_property
    def width(self) -> int | None:
        """The width that most ids have: the sum of those of the stores."""
        return common_width({name: self.shape(name) for name in self.ids})

    def get(self, name: str) -> Rows | None:
        """The rows of an id side by side, as many as the shortest store has; ``None`` where one lacks it.

        Raises:
            UserError: an array is damaged, or the stores have very different numbers of rows.
        """
        if name not in self._known:
            return None
        rows, _ = self.shape(name)
        read = [store.get(name) for store in self.stores.values()]
        arrays = [np.asarray(array, np.float32)[:rows] for array in read if array is not None]
        if self.unit_rows:
            arrays = [unit_rows(array) for array in arrays]
        return np.concatenate(arrays, axis=1)

    def shape(self, name: str) -> Shape:
        """The rows of the shortest store, and the sum of the widths.

        Raises:
            UserError: as `get`.
        """
        shapes = {store: self.stores[store].shape(name) for store in self.stores}
        counts = [rows for rows, _ in shapes.values()]
        if max(counts) - min(counts) > max(NEAR_ROWS, NEAR_SHARE * max(counts)):
            listed = ", ".join(f"{store} {rows}" for store, (rows, _) in shapes.items())
            raise UserError(
                f"{self.location(name)}: the numbers of rows differ: {listed}",
                "Extract all at the same rate, or leave one of the stores out.",
            )
        return min(counts), sum(width for _, width in shapes.values())

    def location(self, name: str) -> str:
        """Where the rows lie, in every store."""
        return " + ".join(store.location(name) for store in self.stores.values())

    def file(self, name: str) -> Path:
        """The file of the first store."""
        return next(iter(self.stores.values())).file(name)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.ids)


def unit_rows(rows: Rows) -> Rows:
    """Rows divided by their L2 norms; one of zeros stays."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    divided: Rows = rows / np.maximum(norms, np.float32(LEAST_NORM))
    return divided
