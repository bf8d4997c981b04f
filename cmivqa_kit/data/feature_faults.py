"""What keeps feature files from being used: found for all of them at once, before anything is learnt or answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_clock import Shape, width_counts
from cmivqa_kit.errors import Problem, UserError, problems_error

FaultKind = Literal["unusable", "transposed", "width", "not finite"]
CHUNK = 4096  # rows that are looked at together
TURN_KEYED = "Write each of them turned round, (seconds, dimensions)."
TURN = "Save each of them turned round: numpy.save(FILE, numpy.load(FILE).T)"


@dataclass(frozen=True, slots=True)
class FeatureFault:
    """What is wrong with the features of a video, and what to do; ``message`` begins with the location.

    Attributes:
        video_id: empty for a whole store that cannot be opened.
        path: the file.
        location: the file, and the key in it where it holds several videos; empty: the file alone.
    """

    video_id: str
    path: Path
    kind: FaultKind
    message: str
    fix: str
    location: str = ""

    @property
    def name(self) -> str:
        """The file's name, and the key in it."""
        return (self.location or str(self.path)).removeprefix(f"{self.path.parent}/")

    @property
    def reason(self) -> str:
        """The message without the location."""
        return self.message.removeprefix(f"{self.location or self.path}: ")


def transposed_fault(video_id: str, path: Path, shape: Shape, location: str = "") -> FeatureFault:
    """The fault of features that are (dimensions, time)."""
    where = location or path
    message = f"{where}: shape {shape} looks like (dimensions, time), transposed; expected (seconds, dimensions)"
    return FeatureFault(video_id, path, "transposed", message, TURN_KEYED if location else TURN, location)


def width_fault(video_id: str, path: Path, width: int, shapes: Mapping[str, Shape], location: str = "") -> FeatureFault:
    """The fault of rows that are wider or narrower than those of the other files, whose ``shapes`` are given."""
    widths = width_counts(shapes)
    others = " and ".join(
        f"{files} of {len(shapes)} {'videos' if location else 'files'} have {other}"
        for other, files in sorted(widths.items(), key=lambda item: -item[1])
        if other != width
    )
    odd = widths[width] < max(widths.values())
    fix = (
        f"Extract the features of this video again, as those of the others, or delete the file; {width} is the odd one."
        if odd
        else "Two kinds of features lie together: keep one of them in this folder."
    )
    if location:
        fix = fix.replace("delete the file", "leave it out").replace("in this folder", "in this file")
    message = f"{location or path}: rows of {width} numbers, where {others}"
    return FeatureFault(video_id, path, "width", message, fix, location)


def content_fault(video_id: str, path: Path, features: NDArray[np.float32], location: str = "") -> FeatureFault | None:
    """The fault of features (T, D) that hold numbers which are not finite as float32; all of them are read."""
    bad, first = 0, -1
    for begin in range(0, len(features), CHUNK):
        with np.errstate(over="ignore"):  # a float64 that float32 cannot hold
            finite = np.isfinite(np.asarray(features[begin : begin + CHUNK], np.float32)).all(axis=1)
        if not finite.all():
            first = first if bad else begin + int(np.argmin(finite))
            bad += int((~finite).sum())
    if not bad:
        return None
    where, rows = location or path, count(len(features), "row")
    return FeatureFault(
        video_id,
        path,
        "not finite",
        f"{where}: {bad} of {rows} hold{'s' * (bad == 1)} numbers that are not finite (NaN or infinite), "
        f"the first: row {first}",
        "Extract the features of this video again, or leave it out."
        if location
        else "Extract the features of this video again, or delete the file.",
        location,
    )


def faults_error(faults: Sequence[FeatureFault], files: int) -> UserError:
    """One error about all the faults among so many ``files``; where all files are transposed they are not listed."""
    fixes = " ".join(dict.fromkeys(fault.fix for fault in faults))
    if len(faults) == 1:
        return UserError(faults[0].message, fixes)
    folder = faults[0].path.parent
    if all(fault.kind == "transposed" for fault in faults) and len(faults) == files:
        return UserError(f"{folder}: all {files} feature files are transposed; e.g. {faults[0].message}", fixes)
    named = [Problem(fault.name, fault.reason) for fault in faults]
    return problems_error(f"{folder}: {len(faults)} of {files} feature files cannot be used", named, fixes)
