"""Which feature file belongs to which video: extractors write ``ID.npy``, and also ``ID_rgb.npy``, ``v_ID.NPY``.

A file that is not called by an id alone is taken where exactly one known id stands in its name, set off from the rest,
and no other file claims that video. Nothing is guessed beyond that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from cmivqa_kit.data.video_names import ids_in
from cmivqa_kit.errors import UserError

SUFFIX = ".npy"
T = TypeVar("T", bound=Any)


@dataclass(frozen=True, slots=True)
class FeatureNames(Generic[T]):
    """The feature files of one folder, or the keys of one store.

    Attributes:
        files: video id -> its file, ordered by id.
        unnamed: the files that no video is known of, in order.
        several: video id -> the files that could all be meant, none of which is taken.
    """

    files: Mapping[str, T]
    unnamed: tuple[T, ...] = ()
    several: Mapping[str, tuple[T, ...]] | None = None


def feature_files(folder: Path) -> list[Path]:
    """The ``.npy`` files of a folder, ``.NPY`` too, in order; names that begin with a dot are no features.

    Raises:
        UserError: the folder may not be read.
    """
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() == SUFFIX and path.name[:1] != ".")
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror or error})", "Check its permissions.") from None


def name_videos(paths: Iterable[Path], known: Collection[str] = ()) -> FeatureNames[Path]:
    """Say which video each file belongs to.

    Args:
        paths: the files of one folder, in order.
        known: the ids of videos; none: every file is called by its video.
    """
    ordered = sorted(paths, key=lambda path: (path.suffix != SUFFIX, path))  # ``a.npy`` goes before ``a.NPY``
    return _named([(path.stem, path) for path in ordered], known)


def name_ids(keys: Iterable[str], known: Collection[str] = ()) -> FeatureNames[str]:
    """Say which video each key of a store belongs to, as `name_videos` does for files."""
    return _named([(key, key) for key in keys], known)


def _named(items: Iterable[tuple[str, T]], known: Collection[str]) -> FeatureNames[T]:
    """Which video each item belongs to; an item is given with its name."""
    exact: dict[str, T] = {}
    others: list[tuple[str, T]] = []
    for name, item in items:
        if (not known or name in known) and name not in exact:
            exact[name] = item
        else:
            others.append((name, item))
    claims: dict[str, list[T]] = defaultdict(list)
    unnamed: list[T] = []
    for name, item in others:
        ids = ids_in(name, known) - exact.keys()
        if len(ids) == 1:
            claims[ids.pop()].append(item)
        else:
            unnamed.append(item)
    several = {video: tuple(claimed) for video, claimed in sorted(claims.items()) if len(claimed) > 1}
    matched = {video: claimed[0] for video, claimed in claims.items() if len(claimed) == 1}
    return FeatureNames(dict(sorted({**exact, **matched}.items())), tuple(sorted(unnamed)), several)
