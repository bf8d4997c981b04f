"""The scores written down as docs/spec/scoring.md describes them, slowly and without any care for speed.

`official` scans the whole prediction list for every question as the organizers' program does; `strict` follows section
3.3 sentence by sentence. The tests hold the kit's own code against them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cmivqa_kit.data.types import Track


def iou(start: Any, end: Any, a: Any, b: Any) -> float:
    hull = max(end, b) - min(start, a)
    return max(0.0, (1.0 * (min(end, b) - max(start, a))) / hull)


def official(track: Track, predictions: Any, targets: Any) -> dict[str, float]:
    """Section 2: raises what the program raises."""
    n = len(targets)
    values: list[Any] = []
    for i in range(n):
        target = targets[i]
        identity = target["id"]
        used = None
        for item in predictions:
            if item["id"] == identity:
                used = item
        if track == 1:
            if used is None:
                values.append(0.0)
            else:
                s, e, a, b = (x[k] for x in (target, used) for k in ("start_second", "end_second"))
                values.append(iou(s, e, a, b))
        elif used is None:
            values.append(None)
        elif track == 2:
            video = target["video_id"]
            names = [[entry[0] for entry in used["output"][:k]] for k in (1, 10, 50)]
            rr = max((1 / (j + 1) for j, name in enumerate(names[2]) if name == video), default=0.0)
            values.append([int(video in found) for found in names] + [rr])
        else:
            best = []
            for k in (1, 10, 50):
                found = []
                for entry in used["output"][:k]:
                    if entry[0] == target["video_id"]:
                        found.append(iou(target["start_second"], target["end_second"], entry[1], entry[2]))
                    else:
                        found.append(0.0)
                best.append(found)
            values.append([max(found) for found in best])
    if track == 1:
        shares = {f"R@1,IoU={mu}": sum(v >= mu for v in values) / n * 100.0 for mu in (0.3, 0.5, 0.7)}
        return {**shares, "mIoU": float(np.mean(values) * 100.0)}
    columns = [sum([v[c] if v is not None else 0 for v in values]) / n for c in range(3)]
    if track == 3:
        names3 = ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU")
        return {**dict(zip(names3, columns, strict=True)), "Average": (columns[0] + columns[1] + columns[2]) / 3}
    answered = [v[3] for v in values if v is not None]
    mrr = sum(answered) / len(answered)
    overall = columns[0] + columns[1] + columns[2] + mrr
    return {**dict(zip(("R@1", "R@10", "R@50"), columns, strict=True)), "MRR": mrr, "Overall": overall}


def number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(float(value))
    except OverflowError:
        return False


def valid(a: Any, b: Any) -> bool:
    return number(a) and number(b) and 0 <= a < b


def strict(track: Track, predictions: list[Any], targets: list[Any], cutoffs: tuple[int, ...] = (1, 10, 50),
           entries: int = 50) -> tuple[dict[str, float], dict[str, int]]:  # fmt: skip
    """Section 3.3 for a valid ground truth: metrics by name, and counts."""
    n = len(targets)
    wanted = [(type(t["id"]), t["id"]) for t in targets]
    well = [i for i in predictions if isinstance(i, dict) and type(i.get("id")) in (int, str)]
    mine = [[i for i in well if (type(i["id"]), i["id"]) == key] for key in wanted]
    counts = {
        "questions": n,
        "answered": sum(len(items) == 1 for items in mine),
        "missing": sum(len(items) == 0 for items in mine),
        "duplicated": sum(len(items) > 1 for items in mine),
        "extra": sum((type(i["id"]), i["id"]) not in wanted for i in well),
        "malformed": len(predictions) - len(well),
        "invalid_entries": 0,
    }
    per: dict[str, list[float]] = {}

    def put(name: str, value: float) -> None:
        per.setdefault(name, []).append(float(value))

    for target, items in zip(targets, mine, strict=True):
        item = items[0] if len(items) == 1 else {}
        if track == 1:
            a, b = item.get("start_second"), item.get("end_second")
            right = valid(a, b)
            counts["invalid_entries"] += bool(item) and not right
            value = between(target, a, b) if right else 0.0
            for mu in (0.3, 0.5, 0.7):
                put(f"R@1,IoU={mu}", value >= mu)
            put("mIoU", value)
            continue
        output = item.get("output")
        read = output[:entries] if isinstance(output, list) else []
        rank, taken, seen = 0, 0, []
        weights = []
        for one in read:
            formed = isinstance(one, list) and len(one) > 0 and isinstance(one[0], str)
            good = formed and len(one) >= 3 and valid(one[1], one[2])
            counts["invalid_entries"] += not (formed if track == 2 else good)
            weights.append(between(target, one[1], one[2]) if good and one[0] == target["video_id"] else 0.0)
            if formed and one[0] in seen:
                continue
            taken += 1
            if formed:
                seen.append(one[0])
                rank = taken if one[0] == target["video_id"] else rank
        for k in cutoffs:
            put(f"R@{k}", 0 < rank <= k)
            if track == 3:
                best = max([0.0, *weights[:k]])
                put(f"R@{k}|mIoU", best)
                for mu in (0.3, 0.5, 0.7):
                    put(f"R@{k},IoU={mu}", best >= mu)
        put("MRR", 1 / rank if rank else 0.0)
    metrics = {name: math.fsum(values) / n for name, values in per.items()}
    if track != 1:
        total = 0.0
        for name in (*(f"R@{k}" for k in cutoffs), "MRR"):
            total += metrics[name]
        metrics["Overall"] = total
    if track == 3:
        total = 0.0
        for k in cutoffs:
            total += metrics[f"R@{k}|mIoU"]
        metrics["Average"] = total / len(cutoffs)
    return metrics, counts


def between(target: dict[str, Any], a: Any, b: Any) -> float:
    """IoU of valid spans; where huge integers make a length 0 or the ratio exceed 1, it stays in [0, 1]."""
    try:
        return min(1.0, iou(target["start_second"], target["end_second"], a, b))
    except ZeroDivisionError:
        return 0.0
