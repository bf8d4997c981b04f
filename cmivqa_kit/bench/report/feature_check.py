"""Features held against the videos of a benchmark's split: all that is missing or wrong, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cmivqa_kit.bench.contract.types import SplitCheck
from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_clock import Shape, common_width
from cmivqa_kit.data.feature_faults import content_fault, width_fault
from cmivqa_kit.data.stores.store import FeatureStore
from cmivqa_kit.errors import Problem, UserError

NAMED = 5  # ids in a line


def with_features(check: SplitCheck, store: FeatureStore) -> SplitCheck:
    """A check with what ``store`` has for the videos of the split; every row of theirs is read.

    Raises:
        UserError: the ids of the store cannot be read.
    """
    if not check.videos:
        return check
    ids = frozenset(store.ids)
    there = [video for video in check.videos if video in ids]
    missing = [video for video in check.videos if video not in ids]
    problems = list(_faults(store, there))
    if missing:
        named = ", ".join(missing[:NAMED]) + (", ..." if len(missing) > NAMED else "")
        said = f"{count(len(missing), 'video')} of {len(check.videos)} without features: {named}"
        problems.insert(0, Problem(str(store.path), said))
    counts = {**check.counts, "videos with features": len(there)}
    clock = store.seconds_per_row
    known = "not said" if clock is None else f"{clock:g} s"
    told = (f"Features: width {store.width if there and not problems else '-'}, length of a row {known}.",)
    return replace(check, counts=counts, problems=(*check.problems, *problems), remarks=(*check.remarks, *told))


def _faults(store: FeatureStore, videos: list[str]) -> Iterator[Problem]:
    """What is wrong with the rows of each video: damage, another width, numbers that are none."""
    shapes: dict[str, Shape] = {}
    for video in videos:
        try:
            shapes[video] = store.shape(video)
        except UserError as error:
            yield Problem(video, error.message)
    usual = common_width(shapes)
    for video, (_, width) in shapes.items():
        path, location = store.file(video), store.location(video)
        fault = width_fault(video, path, width, shapes, location) if width != usual else None
        if fault is None:
            try:
                rows = store.get(video)
            except UserError as error:
                yield Problem(video, error.message)
                continue
            fault = None if rows is None else content_fault(video, path, rows, location)
        if fault is not None:
            yield Problem(video, fault.message)
