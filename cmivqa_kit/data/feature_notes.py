"""What is said about feature files: which are not used and why, and how long their rows seem to be."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_clock import rate_words
from cmivqa_kit.data.feature_entries import OpenedFeatures
from cmivqa_kit.data.feature_names import SUFFIX, FeatureNames, feature_files
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.stores.fused import FusedStore
from cmivqa_kit.data.types import Note
from cmivqa_kit.data.video_names import ids_in

STRAY = f"{SUFFIX} files that are not used: features are looked for in video_feature/"
UNNAMED = "feature files that no video is known of"
SEVERAL = "several feature files of one video, none of which is used"
PARTLY = "features that not all of the named stores have"
OTHER_FILES = "files in a feature folder that are not read"
UNUSED_CLOCK = "the length of a row is stated, but no video of this split has a feature file"
UNMEASURED = "no video has both feature rows and subtitles to measure them by"
OUTLASTED = "subtitles go on long after the feature rows: cut off, or of another extractor?"
NOT_SETTLED, OTHERWISE = "rows that are not a second long", "rows that are not as long as stated"


def stray_features(below: Sequence[Path], root: Path) -> Iterator[Note]:
    """Feature files among those below a data root that lie where none are looked for, a note per folder."""
    folders = Counter(path.parent for path in below if path.suffix.lower() == SUFFIX)
    for folder, number in folders.items():
        why = f"{number} {SUFFIX} file{'s' * (number > 1)} not used: features are looked for in video_feature/"
        yield Note(folder.relative_to(root).as_posix(), why, STRAY)


def feature_notes(features: SplitFeatures, elsewhere: Collection[str] = ()) -> Iterator[Note]:
    """What a user must know of the features of a split.

    Args:
        features: of the split.
        elsewhere: videos of other splits, whose features may lie in the same folder.
    """
    yield from name_notes(features, elsewhere)
    yield from clock_notes(features)


def name_notes(features: SplitFeatures, elsewhere: Collection[str] = ()) -> Iterator[Note]:
    """The files in the folders of a split that are not used, a note per folder and kind."""
    for opened, names in zip(features.opened, features.names, strict=True):
        if not opened.is_folder:
            yield from _key_notes(opened, names, elsewhere)
            continue
        folder = Path(str(opened.path))
        unnamed = [path for path in names.unnamed if not ids_in(path.stem, elsewhere)]
        if unnamed:
            files = len(names.files) + len(names.unnamed) + sum(map(len, (names.several or {}).values()))
            share = count(files, "file") if len(unnamed) == files else f"{len(unnamed)} of {files} files"
            example = unnamed[0].name
            yield Note(
                str(folder), f"{share}, none named as a video; e.g. {example} (wanted: VIDEO_ID{SUFFIX})", UNNAMED
            )
        for video, paths in (names.several or {}).items():
            if video not in features:
                listed = ", ".join(path.name for path in paths)
                yield Note(video, f"{listed} could all be its features; keep one of them", SEVERAL)
        yield from _other_files(folder, [path for path in features.folders if isinstance(path, Path)])


def _key_notes(opened: OpenedFeatures, names: FeatureNames[str], elsewhere: Collection[str]) -> Iterator[Note]:
    """The keys of a store that are not used, and the ids that not all of several stores have."""
    unnamed = [key for key in names.unnamed if not ids_in(key, elsewhere)]
    if unnamed:
        share = (
            count(len(opened.ids), "key")
            if len(unnamed) == len(opened.ids)
            else (f"{len(unnamed)} of {len(opened.ids)} keys")
        )
        why = f"{share}, none named as a video; e.g. {unnamed[0]!r} (wanted: VIDEO_ID)"
        yield Note(str(opened.path), why, UNNAMED)
    for video, keys in (names.several or {}).items():
        listed = ", ".join(map(repr, keys))
        yield Note(video, f"keys {listed} could all be its features; keep one of them", SEVERAL)
    lacking = opened.store.lacking if isinstance(opened.store, FusedStore) else {}
    for video, without in lacking.items():
        yield Note(video, f"not in {' and '.join(without)}, so it has no features", PARTLY)


def _other_files(folder: Path, folders: Collection[Path]) -> Iterator[Note]:
    """What else lies in a feature folder: other formats by their suffix, folders with features in them."""
    suffixes: Counter[str] = Counter()
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.name[:1] == "." or path.suffix.lower() == SUFFIX:
                continue
            if entry.is_file():
                suffixes[path.suffix or "no suffix"] += 1
            elif entry.is_dir() and not any(other == path or other.is_relative_to(path) for other in folders):
                inside = len(feature_files(path))
                if inside:
                    why = f"{inside} {SUFFIX} file{'s' * (inside > 1)} in a folder of their own: move them up"
                    yield Note(str(path), why, OTHER_FILES)
    for suffix, number in suffixes.items():
        why = f"{count(number, 'file')} not read ({suffix}): features are VIDEO_ID{SUFFIX}, float32"
        yield Note(str(folder), why, OTHER_FILES)


def clock_notes(features: SplitFeatures) -> Iterator[Note]:
    """What the videos say about the length of a row, where it is not what it is taken for."""
    measured = features.measured
    said = {store.seconds_per_row for each in features.opened if (store := each.store) is not None} - {None}
    if features.given and said and features.given not in said:
        others = " or ".join(rate_words(seconds) for seconds in sorted(filter(None, said)))
        yield Note("features", f"stated is {rate_words(features.given)}, but the file says {others}", OTHERWISE)
    if features.stated is not None and not len(features):
        yield Note("features", f"{UNUSED_CLOCK} (--seconds-per-row {features.stated:g})", UNUSED_CLOCK)
    if measured is None:
        if features.stated == 0 and len(features):
            why = f"{UNMEASURED}: taken for {rate_words(features.seconds_per_row)}"
            yield Note("features", why, UNMEASURED)
        return
    if not features.settled:
        yield Note("features", f"{measured.words} {unsettled_fix(features)}", NOT_SETTLED)
    elif features.stated and not measured.agrees(features.stated):
        stated = rate_words(features.stated)
        yield Note("features", f"stated is {stated}, but {measured.words}", OTHERWISE)
    else:
        for video, (seconds, end) in features.outlasted.items():
            why = (
                f"its subtitles go on until {end:g} s, its rows end at {seconds:g} s: cut off, or of another extractor?"
            )
            yield Note(video, why, OUTLASTED)


def unsettled_fix(features: SplitFeatures) -> str:
    """What to do about rows that are not as long as they are taken for."""
    seconds = f"{features.measured.seconds:g}" if features.measured is not None else "N"
    return (
        f"If so, give --seconds-per-row {seconds}, or write seconds_per_row = {seconds} under [data] of cmivqa.toml; "
        f"if not, --seconds-per-row {features.assumed:g}."
    )
