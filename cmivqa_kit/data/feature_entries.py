"""Where the features of a split lie: folders, files, or several stores by name, each opened at its first use.

What cannot be opened has no ids, and the error is kept: text baselines read splits whose features are damaged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from cmivqa_kit.data.feature_clock import Shape
from cmivqa_kit.data.feature_names import FeatureNames, feature_files, name_ids, name_videos
from cmivqa_kit.data.stores.fused import FusedStore
from cmivqa_kit.data.stores.npy import NpyFolder, open_rows
from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.data.stores.store import FeatureStore, Rows
from cmivqa_kit.errors import UserError, naming


@dataclass(frozen=True, slots=True)
class NamedStores:
    """Several stores by name, whose rows stand beside each other, in that order."""

    stores: tuple[tuple[str, Path], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(name for name, _ in self.stores)

    def __str__(self) -> str:
        return ", ".join(f"{name}={path}" for name, path in self.stores)


FeaturePath: TypeAlias = Path | NamedStores


@dataclass(frozen=True, slots=True)
class FeatureEntry:
    """The rows of a video: a ``.npy`` file, or an id of a store."""

    path: Path
    store: FeatureStore | None = None
    name: str = ""

    @property
    def location(self) -> str:
        """The file, and the key in it, for messages."""
        return str(self.path) if self.store is None else self.store.location(self.name)

    @property
    def key_location(self) -> str:
        """`location` where the file holds several videos, else empty."""
        return "" if self.store is None else self.location

    def open(self) -> Rows:
        """The rows, (rows, width), mapped where the format can.

        Raises:
            UserError: they cannot be used.
        """
        rows = open_rows(self.path) if self.store is None else self.store.get(self.name)
        if rows is None:
            raise KeyError(self.name)  # an entry is made of an id that the store lists
        return rows

    def shape(self) -> Shape:
        """Rows and width; raises as `open`."""
        if self.store is not None:
            return self.store.shape(self.name)
        rows, width = open_rows(self.path).shape
        return rows, width


class OpenedFeatures:
    """The features at one place, opened at first use."""

    def __init__(self, path: FeaturePath) -> None:
        self.path = path

    @cached_property
    def opened(self) -> FeatureStore | UserError:
        """The store, or why there is none; a folder that is not there is one without files."""
        try:
            if isinstance(self.path, Path) and not self.path.exists():
                return NpyFolder(self.path)
            store = open_features(self.path)
            if not isinstance(store, NpyFolder):
                store.ids, store.seconds_per_row  # noqa: B018 (damage shows here)
        except UserError as error:
            return error
        return store

    @property
    def store(self) -> FeatureStore | None:
        """The store; ``None`` where it cannot be opened."""
        return None if isinstance(self.opened, UserError) else self.opened

    @property
    def is_folder(self) -> bool:
        """True for a folder of ``.npy`` files."""
        return isinstance(self.opened, NpyFolder)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids as they are called here; none where nothing can be opened."""
        if isinstance(self.opened, NpyFolder):
            return tuple(path.stem for path in feature_files(self.opened.path))
        return () if self.store is None else tuple(self.store.ids)

    def names(self, videos: Collection[str]) -> FeatureNames[Any]:
        """Which file or key is of which video."""
        if isinstance(self.opened, NpyFolder):
            return name_videos(feature_files(self.opened.path), videos)
        return name_ids(self.ids, videos)

    def entries(self, names: FeatureNames[Any]) -> dict[str, FeatureEntry]:
        """Video -> its rows, for the names that `names` gave."""
        if self.store is None or isinstance(self.store, NpyFolder):
            return {video: FeatureEntry(Path(file)) for video, file in names.files.items()}
        return {
            video: FeatureEntry(self.store.file(str(key)), self.store, str(key)) for video, key in names.files.items()
        }


def open_features(path: FeaturePath) -> FeatureStore:
    """The store at a place; several by name become one.

    Raises:
        UserError: one of them cannot be opened, or their rows have several lengths.
    """
    if isinstance(path, Path):
        return open_store(path)
    stores = {name: open_store(each) for name, each in path.stores}
    with naming(Path(str(path)), *(each for _, each in path.stores)):
        return FusedStore(stores)


def named_stores(stated: Mapping[str, Path]) -> FeaturePath:
    """What a user names: one store without a name, or several by name."""
    (first, path), *others = stated.items()
    return path if not first and not others else NamedStores(((first, path), *others))


def entries_of(opened: Iterable[tuple[OpenedFeatures, FeatureNames[Any]]]) -> dict[str, FeatureEntry]:
    """Video -> its rows, ordered by video; of two places with one video the first."""
    entries: dict[str, FeatureEntry] = {}
    for features, names in opened:
        entries = {**features.entries(names), **entries}
    return dict(sorted(entries.items()))
