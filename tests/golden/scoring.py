"""Replays of the organizers' evaluator: ``scoring``.

Built so far: procedure ``track``, of which the official numbers and crashes are compared (``expected``, and
``expected_py312`` from Python 3.12 on), exactly. What the cases say under ``repaired`` and ``strict`` belongs to the
complete scorer, the next part, and so do the procedures ``files``, ``validation``, ``cli`` and the exporters.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.files import UnreadableFile, parse_json
from cmivqa_kit.scoring.official import OfficialCrash, score_official
from tests.golden.replay import Case, procedure

# The golden files' short names -> the kit's names, per track. A case must name all of them.
NAMES: dict[int, dict[str, str]] = {
    1: {"i3": "R@1,IoU=0.3", "i5": "R@1,IoU=0.5", "i7": "R@1,IoU=0.7", "miou": "mIoU"},
    2: {"r1": "R@1", "r10": "R@10", "r50": "R@50", "mrr": "MRR", "overall": "Overall"},
    3: {"r1": "R@1|mIoU", "r10": "R@10|mIoU", "r50": "R@50|mIoU", "avg": "Average"},
}


@procedure("scoring", "track")
def track(case: Case) -> list[str]:
    """Official numbers and crashes of every submission in the files that the case names."""
    deviations: list[str] = []
    for name, count in case.config["files"].items():
        found = load(case.folder / name)
        if len(found) != count:
            deviations.append(f"{name}: {len(found)} cases, {count} are announced")
        for one in found:
            deviations += (f"{name}: {one['name']} ({one['quirk']}): {what}" for what in deviations_of(one))
    return deviations


def load(path: Path) -> list[dict[str, Any]]:
    """The cases of a ``.json`` or ``.json.gz`` file."""
    data = path.read_bytes()
    document: list[dict[str, Any]] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return document


def deviations_of(one: Mapping[str, Any]) -> Iterator[str]:
    """Where the kit's official result is not exactly the one that the organizers' program gave."""
    newer = sys.version_info >= (3, 12)
    expected = one["expected_py312"] if newer and "expected_py312" in one else one["expected"]
    if expected.get("stage") == "load":
        expected = {"stage": "load"}  # the kit names the place in the file, not Python's exception
    elif "raises" not in expected:
        expected = {NAMES[one["track"]][key]: value for key, value in expected.items()}
    got = official(one)
    for key in sorted({*expected, *got}):
        if expected.get(key) != got.get(key):
            yield f"{key} is {got.get(key)!r}, not {expected.get(key)!r}"


def official(one: Mapping[str, Any]) -> dict[str, Any]:
    """What the kit makes of a case: metrics by name, or the crash in the golden files' form."""
    try:
        predictions, targets = _document(one, "pred"), _document(one, "target")
    except UnreadableFile:
        return {"stage": "load"}
    try:
        return score_official(one["track"], predictions, targets).metrics
    except OfficialCrash as crash:
        return {"raises": crash.exception, "stage": "score", "at_index": crash.target_index}


def _document(one: Mapping[str, Any], name: str) -> Any:
    """A decoded document, or JSON text with non-standard literals, read as the kit reads a submission."""
    return parse_json(one[f"{name}_text"], Path(name)) if f"{name}_text" in one else one[name]
