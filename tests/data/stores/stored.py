"""Feature stores of a few rows in every format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.stores.registry import format_named, formats, open_store
from cmivqa_kit.data.stores.store import StoredFeatures

Arrays = Mapping[str, NDArray[Any]]
FORMATS = tuple(formats())
ROWS: Arrays = {
    "b": np.arange(8, dtype=np.float32).reshape(4, 2),
    "a": np.array([[0.5, -1], [2, 3]], np.float32),
    "v_1-x.mp4": np.full((1, 2), 7, np.float32),
}


def write_store(kind: str, folder: Path, rows: Arrays = ROWS, clock: float | None = None) -> Path:
    """A store in ``folder``, which need not be there."""
    made = format_named(kind)
    path = folder / f"store{made.suffixes[0] if made.suffixes else '-' + kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not made.suffixes:
        path.mkdir()
    with made.writing(path, {name: (array.shape, array.dtype) for name, array in rows.items()}, clock) as add:
        for name, array in rows.items():
            add(name, array)
    return path


def stored(kind: str, folder: Path, rows: Arrays = ROWS, clock: float | None = None) -> StoredFeatures:
    """The same, opened."""
    return open_store(write_store(kind, folder, rows, clock))
