"""Fingerprints of the feature files that a training reads, so that it does not go on with others unnoticed.

A fingerprint is of the file's size, the array's shape and type, and 64 of its rows: reading everything could take as
long as an epoch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import FEATURE_ENCODER, FEATURE_FINGERPRINTS, JOINED_FEATURES, RunDirectory

ROWS = 64  # sampled of a file, evenly, the first and the last among them
_NAMED = 10  # videos named in an error


def feature_fingerprints(*splits: Split | None) -> dict[str, str]:
    """Video id -> fingerprint of its feature file, for the videos of some splits that have one."""
    prints: dict[str, str] = {}
    for split in splits:
        if split is not None:
            for video_id in split.videos:
                if video_id in split.features and video_id not in prints:
                    prints[video_id] = _fingerprint(split.features, video_id)
    return dict(sorted(prints.items()))


def require_same_features(run: RunDirectory, *splits: Split | None) -> None:
    """Refuse to go on with other feature files than those that a run was begun on.

    Nothing is refused where the run has no fingerprints (it does not read features, or an earlier kit began it), or
    makes its features itself.

    Raises:
        UserError: naming the videos whose files are new, changed or gone.
    """
    path = run.path / FEATURE_FINGERPRINTS
    if not path.is_file() or ((run.path / FEATURE_ENCODER).is_dir() and not (run.path / JOINED_FEATURES).is_file()):
        return
    begun: Mapping[str, str] = run.read_object(FEATURE_FINGERPRINTS)
    now = feature_fingerprints(*splits)
    states = {
        video: "new" if video not in begun else "gone" if video not in now else "changed"
        for video in sorted({*begun, *now})
        if begun.get(video) != now.get(video)
    }
    if states:
        named = ", ".join(f"{video} ({state})" for video, state in list(states.items())[:_NAMED])
        more = f" and {len(states) - _NAMED} more" if len(states) > _NAMED else ""
        raise UserError(
            f"{run.path}: the feature files are not those that it was begun on, {len(states)} of "
            f"{len({*begun, *now})} differ: {named}{more}",
            "Put the files back as they were, or train anew without --resume.",
        )


def _fingerprint(store: SplitFeatures, video_id: str) -> str:
    entry = store.entries.get(video_id)
    own = entry.path if entry is not None and not entry.key_location else None  # a file of all videos may grow by some
    digest = hashlib.sha256(str(_size(own)).encode())
    try:
        array = store.get(video_id)
    except UserError:
        return f"unreadable {digest.hexdigest()[:16]}"
    if array is None:
        return "none"
    digest.update(f"{array.shape} {array.dtype}".encode())
    for row in np.unique(np.linspace(0, len(array) - 1, ROWS).round().astype(int)).tolist():
        digest.update(np.ascontiguousarray(array[row]).tobytes())
    return digest.hexdigest()[:16]


def _size(path: Path | None) -> int:
    try:
        return path.stat().st_size if path is not None else 0
    except OSError:
        return 0
