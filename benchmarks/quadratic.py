"""Tracks 2 and 3 as the official program is described (docs/spec/scoring.md, sections 2.1 to 2.3), written plainly.

Every target scans the whole prediction list; nothing else is done and nothing but the standard library imported. As a
program: python benchmarks/quadratic.py PREDICTIONS TARGETS TRACK prints the numbers as JSON under the kit's names.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

CUTOFFS = (1, 10, 50)


def iou(target: Any, start: float, end: float) -> float:
    """Overlap of the target's span and another, both in seconds."""
    hull = max(target["end_second"], end) - min(target["start_second"], start)
    inter = min(target["end_second"], end) - max(target["start_second"], start)
    overlap: float = max(0.0, (1.0 * inter) / hull)
    return overlap


def prediction_of(predictions: list[Any], identity: Any) -> Any:
    """The last prediction with this id."""
    found = None
    for item in predictions:
        if item["id"] == identity:
            found = item
    return found


def track2(predictions: list[Any], targets: list[Any]) -> dict[str, float]:
    """Recall and MRR."""
    hits: dict[int, list[int]] = {k: [] for k in CUTOFFS}
    reciprocal = []
    for target in targets:
        item = prediction_of(predictions, target["id"])
        if item is None:
            for k in CUTOFFS:
                hits[k].append(0)
            continue
        for k in CUTOFFS:
            hits[k].append(int(target["video_id"] in [entry[0] for entry in item["output"][:k]]))
        ranks = [1 / j for j, entry in enumerate(item["output"][:50], 1) if entry[0] == target["video_id"]]
        reciprocal.append(max(ranks, default=0.0))
    metrics = {f"R@{k}": sum(hits[k]) / len(targets) for k in CUTOFFS}
    metrics["MRR"] = sum(reciprocal) / len(reciprocal)
    metrics["Overall"] = metrics["R@1"] + metrics["R@10"] + metrics["R@50"] + metrics["MRR"]
    return metrics


def track3(predictions: list[Any], targets: list[Any]) -> dict[str, float]:
    """Best overlap within the first 1, 10 and 50 entries."""
    values: dict[int, list[float]] = {k: [] for k in CUTOFFS}
    for target in targets:
        item = prediction_of(predictions, target["id"])
        for k in CUTOFFS:
            best = 0.0
            if item is not None:
                overlaps = []
                for entry in item["output"][:k]:
                    overlaps.append(iou(target, entry[1], entry[2]) if entry[0] == target["video_id"] else 0.0)
                best = max(overlaps)
            values[k].append(best)
    metrics = {f"R@{k}|mIoU": sum(values[k]) / len(targets) for k in CUTOFFS}
    metrics["Average"] = (metrics["R@1|mIoU"] + metrics["R@10|mIoU"] + metrics["R@50|mIoU"]) / 3
    return metrics


def main(predictions: str, targets: str, track: str) -> None:
    """Read, score, print."""
    read = [json.loads(Path(path).read_text(encoding="utf-8")) for path in (predictions, targets)]
    print(json.dumps({"2": track2, "3": track3}[track](*read)))


if __name__ == "__main__":
    main(*sys.argv[1:])
