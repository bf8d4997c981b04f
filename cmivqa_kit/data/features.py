"""Visual features: a folder of ``<video_id>.npy``, a row per second or so, memory-mapped when asked for.

Source: docs/spec/ccgs.md, section 1.4 (I3D, shape (T, 1024), float32, one row per 16 frames at 16 fps). Which file is
of which video: `cmivqa_kit.data.feature_names`; how long a row is: `cmivqa_kit.data.feature_clock`.
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.feature_clock import ONE_SECOND, MeasuredClock, Shape, common_width, measure, outlasts, transposed
from cmivqa_kit.data.feature_faults import FeatureFault, content_fault, transposed_fault, width_fault
from cmivqa_kit.data.feature_names import FeatureNames, feature_files, name_videos
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import foreign_content

FeatureState = Literal["ok", "missing", "bad"]
Ends = Mapping[str, float | None]
# What numpy raises on damaged bytes: a cut-off file, a hostile header, a shape larger than any memory.
DAMAGE = (OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError, MemoryError, tokenize.TokenError)

OBJECTS = "Save it as plain numbers: an array of float32, with no Python objects in it."
SQUEEZE = "Save it without the axis of length 1: numpy.save(FILE, numpy.load(FILE).squeeze())"
HOW_IT_SHOULD_BE = "One row per second, e.g. (263, 1024). Extract the features of this video again, or delete the file."


class FeatureStore:
    """Features by video id, opened lazily and never copied into memory as a whole.

    Ids are looked up in the folders' listings, never joined into a path, so a hostile id cannot leave them. Where two
    folders hold the same id the first folder wins.

    Args:
        folders: of ``.npy`` files, nearest first; listed at first use.
        videos: the videos that the features are for, each with the end of its last subtitle in seconds where that is
            known. None: every file is called by its video, and nothing tells how long a row is.
        stated: seconds of a row as the user says; 0: as measured; ``None``: not said.
        assumed: seconds of a row where nothing is said.
    """

    def __init__(
        self,
        folders: Sequence[Path] = (),
        videos: Ends | None = None,
        stated: float | None = None,
        assumed: float = ONE_SECOND,
    ) -> None:
        self.folders = tuple(folders)
        self.videos: Ends = {} if videos is None else videos
        self.stated, self.assumed = stated, assumed
        self._made: dict[str, Path] | None = None
        self._shapes: dict[str, Shape | UserError] = {}
        self._faults: dict[str, FeatureFault | None] = {}

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> FeatureStore:
        """A store of files that the kit makes: called otherwise than their videos, a row per second, perhaps not there
        yet."""
        store = cls(tuple(dict.fromkeys(path.parent for path in files.values())))
        store._made = dict(sorted(files.items()))
        return store

    @classmethod
    def joined(cls, stores: Sequence[FeatureStore]) -> FeatureStore:
        """The features of several splits together, with what is said of the first one's rows."""
        folders = dict.fromkeys(folder for store in stores for folder in store.folders)
        videos = {video: end for store in reversed(stores) for video, end in store.videos.items()}
        return cls(tuple(folders), videos, stores[0].stated, stores[0].assumed)

    def assuming(self, seconds: float) -> FeatureStore:
        """The same features, their rows taken for so many seconds unless the user states another number."""
        if self._made is not None or (seconds == self.assumed and self.stated != 0):
            return self
        return FeatureStore(self.folders, self.videos, self.stated or None, seconds)

    @cached_property
    def names(self) -> tuple[FeatureNames, ...]:
        """Which file is of which video, per folder; the folders are listed at first use."""
        return tuple(name_videos(feature_files(folder), self.videos.keys()) for folder in self.folders)

    @cached_property
    def files(self) -> dict[str, Path]:
        """Video id -> file, ordered by id."""
        if self._made is not None:
            return self._made
        paths: dict[str, Path] = {}
        for names in self.names:
            for video, path in names.files.items():
                paths.setdefault(video, path)
        return dict(sorted(paths.items()))

    def __len__(self) -> int:
        return len(self.files)

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def get(self, video_id: str) -> NDArray[np.float32] | None:
        """The (T, D) array of a video, memory-mapped read-only; ``None`` where the folder has no file for it.

        Raises:
            UserError: the file is not a two-dimensional array of floating-point numbers with at least one row, or it is
                (D, T).
        """
        path = self.files.get(video_id)
        if path is None:
            return None
        array = _open(path)
        if video_id in self.transposed:
            fault = transposed_fault(video_id, path, self._shape_of(array))
            raise UserError(fault.message, fault.fix)
        return array

    def state(self, video_id: str) -> tuple[FeatureState, str]:
        """``("ok" | "missing" | "bad", explanation)`` for one video, all of whose rows are read; never raises."""
        fault = self.fault(video_id)
        if fault is not None:
            return "bad", fault.message
        if video_id not in self:
            near = next((known for known in self.files if known.strip().casefold() == video_id.strip().casefold()), "")
            return "missing", f"no feature file (but one called {near!r})" if near else "no feature file"
        array = self.get(video_id)
        return "ok", "" if array is None else f"{array.shape[0]} rows of {array.shape[1]}"

    def fault(self, video_id: str) -> FeatureFault | None:
        """What keeps the features of a video from being used, once all its rows were read; ``None`` where there is
        nothing, or no file. Never raises."""
        if video_id not in self._faults:
            self._faults[video_id] = self._look(video_id)
        return self._faults[video_id]

    def faults(self, video_ids: Iterable[str]) -> tuple[FeatureFault, ...]:
        """The faults of the features of some videos, in their order."""
        return tuple(fault for video_id in video_ids if (fault := self.fault(video_id)) is not None)

    def rows(self, video_id: str) -> int | None:
        """Number of rows of a video's features; ``None`` where they are missing or bad. Never raises."""
        shape = None if video_id in self.transposed else self._shape(video_id)
        return shape[0] if isinstance(shape, tuple) else None

    def seconds(self, video_id: str) -> float | None:
        """How long a video is by its rows; ``None`` without them, or while it is not settled how long a row is."""
        rows = self.rows(video_id) if self.settled else None
        return None if rows is None else rows * self.seconds_per_row

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shapes of the files that can be opened, by video id."""
        shapes = {video: self._shape(video) for video in self.files}
        return {video: shape for video, shape in shapes.items() if isinstance(shape, tuple)}

    @cached_property
    def transposed(self) -> frozenset[str]:
        """The videos whose features are (dimensions, time)."""
        return frozenset() if self._made is not None else transposed(self.shapes, self._ends)

    @cached_property
    def width(self) -> int | None:
        """The width that most files have; ``None`` where two are equally common, or there is no file."""
        return common_width(self._upright)

    @cached_property
    def measured(self) -> MeasuredClock | None:
        """What the videos say about the length of a row."""
        return None if self._made is not None else measure(self._upright, self._ends)

    @property
    def seconds_per_row(self) -> float:
        """Seconds of a row: as stated, as measured where 0 is stated, else as assumed."""
        if self.stated == 0 and self.measured is not None:
            return self.measured.seconds
        return self.stated or self.assumed

    @property
    def settled(self) -> bool:
        """False where nobody says how long a row is and the videos speak against what is assumed."""
        return self.stated is not None or self.measured is None or self.measured.agrees(self.assumed)

    @property
    def outlasted(self) -> dict[str, tuple[float, float]]:
        """The videos whose subtitles go on long after their rows: seconds of the rows, and end of the subtitles."""
        lengths = {video: self.seconds(video) for video in self._ends if video in self}
        return {
            video: (seconds, self._ends[video])
            for video, seconds in lengths.items()
            if seconds is not None and outlasts(self._ends[video], seconds)
        }

    @cached_property
    def _ends(self) -> dict[str, float]:
        return {video: end for video, end in self.videos.items() if end is not None}

    @cached_property
    def _upright(self) -> dict[str, Shape]:
        return {video: shape for video, shape in self.shapes.items() if video not in self.transposed}

    def _shape(self, video_id: str) -> Shape | UserError | None:
        """The shape of a file as it lies there, or what is wrong with it; remembered, but of files made on the way."""
        path = self.files.get(video_id)
        if path is None:
            return None
        known = self._shapes.get(video_id)
        if known is None or self._made is not None:
            try:
                known = self._shape_of(_open(path))
            except UserError as error:
                known = error
            self._shapes[video_id] = known
        return known

    @staticmethod
    def _shape_of(array: NDArray[np.float32]) -> Shape:
        return int(array.shape[0]), int(array.shape[1])

    def _look(self, video_id: str) -> FeatureFault | None:
        path, shape = self.files.get(video_id), self._shape(video_id)
        if path is None or shape is None:
            return None
        if isinstance(shape, UserError):
            return FeatureFault(video_id, path, "unusable", shape.message, shape.fix)
        if video_id in self.transposed:
            return transposed_fault(video_id, path, shape)
        if self._made is None and shape[1] != self.width:
            return width_fault(video_id, path, shape[1], self._upright)
        try:
            return content_fault(video_id, path, _open(path))
        except UserError as error:  # it was changed in between
            return FeatureFault(video_id, path, "unusable", error.message, error.fix)


def _open(path: Path) -> NDArray[np.float32]:
    """The array of a file, memory-mapped.

    Raises:
        UserError: it is not a two-dimensional array of floating-point numbers with at least one row.
    """
    try:
        # open_memmap, not load: load would open a zip too, and hand back something that is no array.
        array: NDArray[np.float32] = np.lib.format.open_memmap(path, mode="r")
    except DAMAGE as error:
        content = foreign_content(path)
        if content is not None and content.kind != "npy":
            raise UserError(f"{path}: is {content.noun}", content.fix) from None
        objects = "object" in str(error)  # whatever they are, nothing is ever unpickled
        fix = OBJECTS if objects else "Download or extract it again, or delete it."
        raise UserError(f"{path}: not a readable .npy file ({error})", fix) from None
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] == 0 or array.dtype.kind != "f":
        raise UserError(
            f"{path}: shape {array.shape}, type {array.dtype}; expected (seconds, dimensions) of float32",
            SQUEEZE if array.ndim == 3 and 1 in array.shape else HOW_IT_SHOULD_BE,
        )
    return array


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
