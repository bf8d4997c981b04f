"""Which feature file belongs to which video: extractors write ``ID.npy``, and also ``ID_rgb.npy``, ``v_ID.NPY``.

A file that is not called by an id alone is taken where exactly one known id stands in its name, set off from the rest,
and no other file claims that video. Nothing is guessed beyond that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.video_names import ids_in
from cmivqa_kit.errors import UserError

SUFFIX = ".npy"


@dataclass(frozen=True, slots=True)
class FeatureNames:
    """The feature files of one folder.

    Attributes:
        files: video id -> its file, ordered by id.
        unnamed: the files that no video is known of, in order.
        several: video id -> the files that could all be meant, none of which is taken.
    """

    files: Mapping[str, Path]
    unnamed: tuple[Path, ...] = ()
    several: Mapping[str, tuple[Path, ...]] | None = None


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


def name_videos(paths: Iterable[Path], known: Collection[str] = ()) -> FeatureNames:
    """Say which video each file belongs to.

    Args:
        paths: the files of one folder, in order.
        known: the ids of videos; none: every file is called by its video.
    """
    exact: dict[str, Path] = {}
    others: list[Path] = []
    for path in sorted(paths, key=lambda path: (path.suffix != SUFFIX, path)):  # ``a.npy`` goes before ``a.NPY``
        if (not known or path.stem in known) and path.stem not in exact:
            exact[path.stem] = path
        else:
            others.append(path)
    claims: dict[str, list[Path]] = defaultdict(list)
    unnamed: list[Path] = []
    for path in others:
        ids = ids_in(path.stem, known) - exact.keys()
        if len(ids) == 1:
            claims[ids.pop()].append(path)
        else:
            unnamed.append(path)
    several = {video: tuple(paths) for video, paths in sorted(claims.items()) if len(paths) > 1}
    matched = {video: paths[0] for video, paths in claims.items() if len(paths) == 1}
    return FeatureNames(dict(sorted({**exact, **matched}.items())), tuple(sorted(unnamed)), several)
