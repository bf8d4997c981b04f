"""The visual features of a split: rows by video, a row per second or so, memory-mapped when asked for.

Source: docs/spec/ccgs.md, section 1.4 (I3D, shape (T, 1024), float32, one row per 16 frames at 16 fps). The formats:
`cmivqa_kit.data.stores`; which file or key is of which video: `cmivqa_kit.data.feature_names`; how long a row is:
`cmivqa_kit.data.feature_clock`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.data.feature_clock import ONE_SECOND, MeasuredClock, Shape, common_width, measure, outlasts, transposed
from cmivqa_kit.data.feature_entries import FeatureEntry, FeaturePath, OpenedFeatures, entries_of
from cmivqa_kit.data.feature_faults import FeatureFault, content_fault, transposed_fault, width_fault
from cmivqa_kit.data.feature_names import FeatureNames
from cmivqa_kit.data.stores.store import Rows
from cmivqa_kit.errors import UserError

FeatureState = Literal["ok", "missing", "bad"]
Ends = Mapping[str, float | None]


class SplitFeatures:
    """The features of a split by video id, opened lazily and never copied into memory as a whole.

    Ids are looked up in the folders' listings, never joined into a path, so a hostile id cannot leave them. Where two
    folders hold the same id the first folder wins.

    Args:
        folders: of ``.npy`` files, or other stores, nearest first; opened at first use.
        videos: the videos that the features are for, each with the end of its last subtitle in seconds where that is
            known. None: every file is called by its video, and nothing tells how long a row is.
        stated: seconds of a row as the user says; 0: as measured; ``None``: not said.
        assumed: seconds of a row where nothing is said.
    """

    def __init__(
        self,
        folders: Sequence[FeaturePath] = (),
        videos: Ends | None = None,
        stated: float | None = None,
        assumed: float = ONE_SECOND,
    ) -> None:
        self.folders = tuple(folders)
        self.videos: Ends = {} if videos is None else videos
        self.given, self.assumed = stated, assumed
        self._made: dict[str, FeatureEntry] | None = None
        self._shapes: dict[str, Shape | UserError] = {}
        self._faults: dict[str, FeatureFault | None] = {}

    @classmethod
    def of(cls, files: Mapping[str, Path]) -> SplitFeatures:
        """A store of files that the kit makes: called otherwise than their videos, a row per second, perhaps not there
        yet."""
        store = cls(tuple(dict.fromkeys(path.parent for path in files.values())))
        store._made = {video: FeatureEntry(path) for video, path in sorted(files.items())}
        return store

    @classmethod
    def joined(cls, stores: Sequence[SplitFeatures]) -> SplitFeatures:
        """The features of several splits together, with what is said of the first one's rows."""
        folders = dict.fromkeys(folder for store in stores for folder in store.folders)
        videos = {video: end for store in reversed(stores) for video, end in store.videos.items()}
        return cls(tuple(folders), videos, stores[0].given, stores[0].assumed)

    def assuming(self, seconds: float) -> SplitFeatures:
        """The same features, their rows taken for so many seconds unless the user states another number."""
        if self._made is not None or (seconds == self.assumed and self.given != 0):
            return self
        return SplitFeatures(self.folders, self.videos, self.given or None, seconds)

    @cached_property
    def opened(self) -> tuple[OpenedFeatures, ...]:
        """What lies at each of the places."""
        return tuple(OpenedFeatures(folder) for folder in self.folders)

    @cached_property
    def names(self) -> tuple[FeatureNames[Any], ...]:
        """Which file or key is of which video, per place; these are opened at first use."""
        return tuple(features.names(self.videos.keys()) for features in self.opened)

    @cached_property
    def entries(self) -> dict[str, FeatureEntry]:
        """Video id -> where its rows lie, ordered by id."""
        return self._made if self._made is not None else entries_of(zip(self.opened, self.names, strict=True))

    @cached_property
    def files(self) -> dict[str, Path]:
        """Video id -> file, ordered by id."""
        return {video: entry.path for video, entry in self.entries.items()}

    def location(self, video_id: str) -> str:
        """The file of a video, and the key in it, for messages."""
        return self.entries[video_id].location

    @property
    def ids(self) -> Sequence[str]:
        """The videos that have features, in order."""
        return tuple(self.entries)

    @property
    def unopened(self) -> tuple[FeatureFault, ...]:
        """A fault for each place that holds features and cannot be opened."""
        errors = [(each.path, each.opened) for each in self.opened if isinstance(each.opened, UserError)]
        return tuple(FeatureFault("", Path(str(path)), "unusable", error.message, error.fix) for path, error in errors)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, video_id: object) -> bool:
        return video_id in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def get(self, video_id: str) -> Rows | None:
        """The (T, D) array of a video, memory-mapped read-only; ``None`` where the folder has no file for it.

        Raises:
            UserError: the file is not a two-dimensional array of floating-point numbers with at least one row, or it is
                (D, T).
        """
        entry = self._usable(video_id)
        return None if entry is None else entry.open()

    def shape(self, video_id: str) -> Shape | None:
        """(T, D) of a video, where `get` would give its rows; no more than a header is read.

        Raises:
            UserError: as `get`.
        """
        entry = self._usable(video_id)
        return None if entry is None else entry.shape()

    def state(self, video_id: str) -> tuple[FeatureState, str]:
        """``("ok" | "missing" | "bad", explanation)`` for one video, all of whose rows are read; never raises."""
        fault = self.fault(video_id)
        if fault is not None:
            return "bad", fault.message
        if video_id not in self:
            near = next(
                (known for known in self.entries if known.strip().casefold() == video_id.strip().casefold()), ""
            )
            return "missing", f"no feature file (but one called {near!r})" if near else "no feature file"
        shape = self.shape(video_id)
        return "ok", "" if shape is None else f"{shape[0]} rows of {shape[1]}"

    def fault(self, video_id: str) -> FeatureFault | None:
        """What keeps the features of a video from being used, once all its rows were read; ``None`` where there is
        nothing, or no file. Never raises."""
        if video_id not in self._faults:
            self._faults[video_id] = self._look(video_id)
        return self._faults[video_id]

    def faults(self, video_ids: Iterable[str]) -> tuple[FeatureFault, ...]:
        """What cannot be opened at all, then the faults of the features of some videos, in their order."""
        return (*self.unopened, *(fault for video_id in video_ids if (fault := self.fault(video_id)) is not None))

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
        shapes = {video: self._shape(video) for video in self.entries}
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
    def stated(self) -> float | None:
        """Seconds of a row as the user says, else as the first store says that does; 0: as measured."""
        if self.given is not None or self._made is not None:
            return self.given
        used = {id(entry.store) for entry in self.entries.values()}
        said = (each.store.seconds_per_row for each in self.opened if each.store is not None and id(each.store) in used)
        return next((seconds for seconds in said if seconds is not None), None)

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

    def _usable(self, video_id: str) -> FeatureEntry | None:
        """Where the rows of a video lie, unless they are (dimensions, time)."""
        entry = self.entries.get(video_id)
        if entry is not None and video_id in self.transposed:
            fault = transposed_fault(video_id, entry.path, entry.shape(), entry.key_location)
            raise UserError(fault.message, fault.fix)
        return entry

    def _shape(self, video_id: str) -> Shape | UserError | None:
        """The shape of a file as it lies there, or what is wrong with it; remembered, but of files made on the way."""
        entry = self.entries.get(video_id)
        if entry is None:
            return None
        known = self._shapes.get(video_id)
        if known is None or self._made is not None:
            try:
                known = entry.shape()
            except UserError as error:
                known = error
            self._shapes[video_id] = known
        return known

    def _look(self, video_id: str) -> FeatureFault | None:
        entry, shape = self.entries.get(video_id), self._shape(video_id)
        if entry is None or shape is None:
            return None
        path, location = entry.path, entry.key_location
        if isinstance(shape, UserError):
            return FeatureFault(video_id, path, "unusable", shape.message, shape.fix, location)
        if video_id in self.transposed:
            return transposed_fault(video_id, path, shape, location)
        if self._made is None and shape[1] != self.width:
            return width_fault(video_id, path, shape[1], self._upright, location)
        try:
            return content_fault(video_id, path, entry.open(), location)
        except UserError as error:  # it was changed in between
            return FeatureFault(video_id, path, "unusable", error.message, error.fix, location)
