"""The features of a collection: a store, or of images a matrix beside the list of their ids.

Source: docs/spec/nrccr.md, sections 1.2 and 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from baselines.nrccr.examples import Rows
from cmivqa_kit.damage import reading
from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.data.stores.store import FeatureStore
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import decode, read_bytes

HELP = "docs/spec/nrccr.md, section 1.3 lists the files of a collection."


@dataclass(frozen=True)
class Features:
    """Rows by the id of a video, and where they lie."""

    store: FeatureStore | Mapping[str, Rows]
    path: Path

    def __contains__(self, video: str) -> bool:
        return video in self._known

    def rows(self, video: str) -> Rows:
        """(T, D) of a video that is there.

        Raises:
            UserError: they are damaged, or hold numbers that are not finite.
        """
        rows = np.asarray(self.store.get(video))
        if not np.isfinite(rows).all():
            location = f"{self.path}, {video}" if isinstance(self.store, Mapping) else self.store.location(video)
            raise UserError(f"{location}: NaN or infinite numbers", "Extract the features of this video again.")
        return rows

    @property
    def width(self) -> int:
        """D.

        Raises:
            UserError: there are no rows, or they have several widths.
        """
        if isinstance(self.store, Mapping):
            return int(next(iter(self.store.values())).shape[1])
        if self.store.width is None:
            raise UserError(f"{self.path}: its rows have no common width", "Extract the features again, all alike.")
        return self.store.width

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.store if isinstance(self.store, Mapping) else self.store.ids)


def features_of(path: Path, split: str, target: str, images: bool) -> Features:
    """The features of a split below a folder of ``FeatureData``.

    Args:
        path: the folder, or a file.
        split: "train", "val" or "test".
        target: the target language, whose lists of images go first.
        images: they are of images.

    Raises:
        UserError: they are not there, or cannot be read.
    """
    if not path.exists():
        there = sorted(each.name for each in path.parent.glob("*"))
        raise UserError(
            f"{path}: no such features (there are: {', '.join(there) or 'none'})",
            "Name them: --set data.feature=NAME",
        )
    matrix = _matrix_of(path, split, target) if images and path.is_dir() else None
    return Features(matrix if matrix is not None else open_store(path), path)


def _matrix_of(folder: Path, split: str, target: str) -> dict[str, Rows] | None:
    """A row per image, from the one array and the one list of ids whose names begin with a split.

    Those of the target language (``zh_test_id.txt``) go before those of all (``test_id_2016.txt``).
    """
    arrays, lists = (
        next(filter(None, (sorted(folder.glob(f"{begin}{end}")) for begin in (f"{target}_{split}", split))), [])
        for end in ("*.npy", "*id*.txt")
    )
    if len(arrays) != 1 or len(lists) != 1:
        return None
    ids = decode(read_bytes(lists[0], "list of images"), lists[0]).split()
    with reading(arrays[0], "array", "Extract the features again."):
        rows = np.load(arrays[0], mmap_mode="r", allow_pickle=False)
        if rows.ndim != 2 or rows.dtype.kind != "f":
            raise UserError(f"{arrays[0]}: {rows.dtype} of shape {rows.shape}, not one row of floats per image", HELP)
    if len(rows) != len(ids):
        raise UserError(
            f"{arrays[0]}: {len(rows)} rows, where {lists[0].name} names {len(ids)} images",
            "Get both files from the same place.",
        )
    return {name.removesuffix(".jpg"): rows[at : at + 1] for at, name in enumerate(ids)}
