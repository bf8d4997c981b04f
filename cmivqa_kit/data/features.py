"""Visual features: a folder of ``<video_id>.npy``, one row per second, memory-mapped when asked for.

Source: docs/spec/ccgs.md, section 1.4 (I3D, shape (T, 1024), float32, one row per 16 frames at 16 fps).
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import foreign_content

FeatureState = Literal["ok", "missing", "bad"]
# What numpy raises on damaged bytes: a cut-off file, a hostile header, a shape larger than any memory.
DAMAGE = (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError, MemoryError, tokenize.TokenError)


class FeatureStore:
    """Features by video id, opened lazily and never copied into memory as a whole.

    Ids are looked up in the folders' listings, never joined into a path, so a hostile id cannot leave them. Where two
    folders hold the same id the first folder wins.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = tuple(folders)
        self._files: dict[str, Path] | None = None

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> FeatureStore:
        """A store of files that are called otherwise than their videos."""
        store = cls(tuple(dict.fromkeys(path.parent for path in files.values())))
        store._files = dict(sorted(files.items()))
        return store

    @property
    def files(self) -> dict[str, Path]:
        """Video id -> file, ordered by id; the folders are listed at first use."""
        if self._files is None:
            paths: dict[str, Path] = {}
            for folder in self.folders:
                for path in sorted(folder.glob("*.npy")):
                    paths.setdefault(path.stem, path)
            self._files = dict(sorted(paths.items()))
        return self._files

    def __len__(self) -> int:
        return len(self.files)

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def get(self, video_id: str) -> NDArray[np.float32] | None:
        """The (T, D) array of a video, memory-mapped read-only; ``None`` where the folder has no file for it.

        Raises:
            UserError: the file is not a two-dimensional array of floating-point numbers with at least one row.
        """
        path = self.files.get(video_id)
        if path is None:
            return None
        try:
            # open_memmap, not load: load would open a zip too, and hand back something that is no array.
            array: NDArray[np.float32] = np.lib.format.open_memmap(path, mode="r")
        except DAMAGE as error:
            content = foreign_content(path)
            if content is not None and content.kind != "npy":
                raise UserError(f"{path}: is {content.noun}", content.fix) from None
            raise UserError(
                f"{path}: not a readable .npy file ({error})", "Download or extract it again, or delete it."
            ) from None
        if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] == 0 or array.dtype.kind != "f":
            raise UserError(
                f"{path}: shape {array.shape}, type {array.dtype}; expected (seconds, dimensions) of float32",
                "One row per second, e.g. (263, 1024). Extract the features of this video again, or delete the file.",
            )
        return array

    def state(self, video_id: str) -> tuple[FeatureState, str]:
        """``("ok" | "missing" | "bad", explanation)`` for one video; never raises."""
        try:
            array = self.get(video_id)
        except UserError as error:
            return "bad", error.message
        if array is None:
            near = next((known for known in self.files if known.strip().casefold() == video_id.strip().casefold()), "")
            return "missing", f"no feature file (but one called {near!r})" if near else "no feature file"
        return "ok", f"{array.shape[0]} rows of {array.shape[1]}"

    def rows(self, video_id: str) -> int | None:
        """Number of rows (seconds) of a video's features; ``None`` where they are missing or bad. Never raises."""
        try:
            array = self.get(video_id)
        except UserError:
            return None
        return None if array is None else int(array.shape[0])


def sample(features: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """(T, D) to at most ``most`` rows: means of neighbouring rows; unchanged where T <= ``most``.

    Source: docs/spec/ccgs.md, section 2.4; docs/spec/mutualsl.md, section 1.3.
    """
    if len(features) <= most:
        return features
    bounds = sample_bounds(len(features), most).tolist()
    made = [features[begin:end].mean(axis=0) if begin < end else features[begin] for begin, end in pairwise(bounds)]
    return np.stack(made).astype(np.float32)


def sample_bounds(rows: int, most: int) -> NDArray[np.int64]:
    """The published division of ``rows`` rows: (``most`` + 1,), rounded half to even.

    It never reaches the last row, which so is left out of the last mean.
    """
    bounds: NDArray[np.int64] = np.round(np.arange(most + 1) / most * rows).astype(np.int64)
    return np.minimum(bounds, rows - 1)
