"""A corpus of which the length of a feature row can be measured: four videos of different length, spoken to the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.data.corpora import Record, annotated, write

SECONDS = {"vid0000000A": 40, "vid0000000B": 52, "vid0000000C": 64, "vid0000000D": 90}
WIDTH = 6
Array = NDArray[np.generic]
Change = Callable[[Array], Array]


def spoken(seconds: int) -> list[Record]:
    """Lines of two seconds that end half a second before the video does."""
    return [{"text": f"第{n}句", "start": 2.0 * n, "duration": 1.5} for n in range(seconds // 2)]


def clocked(root: Path, change: Change = lambda rows: rows, name: str = "{}.npy", **of: Change) -> Path:
    """A data root with a train split; ``change`` is made to the rows of every video, ``of`` to those of some."""
    write(root / "train.json", annotated(list(SECONDS)))
    write(root / "subtitle.json", {video: spoken(seconds) for video, seconds in SECONDS.items()})
    folder = root / "video_feature"
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    for video, seconds in SECONDS.items():
        rows = generator.normal(size=(seconds, WIDTH)).astype(np.float32)
        with (folder / name.format(video)).open("wb") as stream:
            np.save(stream, of.get(video, change)(rows), allow_pickle=True)
    return root
