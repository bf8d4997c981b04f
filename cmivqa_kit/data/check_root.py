"""Looking over a data root: every split as each track uses it, every file read once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.check import CheckReport, check
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.unused_files import unused_question_files
from cmivqa_kit.errors import UserError


def check_root(catalogue: Catalogue, split: str | None = None) -> tuple[list[CheckReport], dict[str, UserError]]:
    """The reports of all splits of a data root, or of one: a report per question file that some track uses.

    Returns:
        The reports, and by split (and track) the error of what cannot be read.
    """
    root = OpenRoot(catalogue)
    splits: list[Split] = []
    broken: dict[str, UserError] = {}
    for name in (split,) if split else catalogue.splits:
        read: set[Path] = set()
        unused = unused_question_files(catalogue, name)
        # One file of the split for each track, as they are used; most editions use one of them for several.
        for track in (None, *catalogue.tracks(name)):
            try:
                path = catalogue.question_file(name, track).path
                if path not in read:
                    read.add(path)
                    opened = root.split(name, track)
                    splits.append(replace(opened, notes=(*opened.notes, *unused)))
            except UserError as error:
                if str(error) not in map(str, broken.values()):
                    broken[f"{name}, Track {track}" if track else name] = error
    splits = _sharing_features(splits)
    known = _known(splits) if not _has_unnamed(splits) else _known([*splits, *_others(root, splits)])
    return [check(each, known) for each in splits], broken


def _sharing_features(splits: Iterable[Split]) -> list[Split]:
    """The splits, with one feature store for those of the same features, so that no file is read twice."""
    shared: list[Split] = []
    for split in splits:
        same = next(
            (
                other.features
                for other in shared
                if other.features.folders == split.features.folders and other.features.videos == split.features.videos
            ),
            split.features,
        )
        shared.append(replace(split, features=same))
    return shared


def _known(splits: Iterable[Split]) -> frozenset[str]:
    return frozenset(video for split in splits for video in split.features.videos)


def _has_unnamed(splits: Iterable[Split]) -> bool:
    return any(names.unnamed for split in splits for names in split.features.names)


def _others(root: OpenRoot, splits: Iterable[Split]) -> Iterable[Split]:
    """The splits that are not looked at, whose features may lie in the same folder; none that cannot be read."""
    names = {split.name for split in splits}
    for name in root.catalogue.splits:
        if name not in names:
            with suppress(UserError):
                yield root.split(name)
