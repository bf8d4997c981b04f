"""Evaluation of moments and highlights query by query, in plain loops: what the kit's arrays are held against.

Written from the description of the published programs alone: lists and numbers, nothing of the kit. Submissions and
ground truth are lists of the objects of their files.
"""

from __future__ import annotations

import math
import struct
from itertools import pairwise
from typing import Any

Window = list[float]
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
RANGES = {"short": (0, 10), "middle": (10, 30), "long": (30, 150)}
TACOS_RANGES = {**RANGES, "superlong": (150, 600)}
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def mesm(submission: list[Any], truth: list[Any], dataset: str) -> dict[str, Any]:
    """What MESM's program returns."""
    tacos = dataset == "tacos"
    recalls = (0.1, 0.3, 0.5, 0.7) if tacos else (0.3, *THRESHOLDS)
    numbers: dict[str, Any] = {}
    for name, limits in {**(TACOS_RANGES if tacos else RANGES), "full": None}.items():
        block = ranged(submission, truth, limits, recalls, with_overlap=True)
        if block is not None:
            numbers[name] = block
    full = numbers["full"]
    brief = {f"MR-full-R1@{mu}": full["MR-R1"][str(mu)] for mu in (0.3, 0.5, 0.7)}
    brief["MR-full-miou"] = full["MR-R1"]["miou"]
    for key, threshold in (("", "average"), ("@0.5", "0.5"), ("@0.75", "0.75")):
        brief[f"MR-full-mAP{key}"] = full["MR-mAP"][threshold]
    for name in TACOS_RANGES:
        brief[f"MR-{name}-mAP"] = numbers[name]["MR-mAP"]["average"] if name in numbers else None
    return {"brief": brief, **numbers}


def moment_detr(submission: list[Any], truth: list[Any]) -> dict[str, Any]:
    """What Moment-DETR's program returns."""
    numbers: dict[str, Any] = {}
    brief: dict[str, Any] = {}
    if "pred_relevant_windows" in submission[0]:
        for name, limits in {**RANGES, "full": None}.items():
            numbers[name] = ranged(submission, truth, limits, THRESHOLDS, with_overlap=False)
        for mu in ("0.5", "0.7"):
            brief[f"MR-full-R1@{mu}"] = numbers["full"]["MR-R1"][mu]
        for key, threshold in (("", "average"), ("@0.5", "0.5"), ("@0.75", "0.75")):
            brief[f"MR-full-mAP{key}"] = numbers["full"]["MR-mAP"][threshold]
        for name in RANGES:
            brief[f"MR-{name}-mAP"] = numbers[name]["MR-mAP"]["average"]
    if "pred_saliency_scores" in submission[0]:
        for name, level in LEVELS.items():
            numbers[f"HL-min-{name}"] = highlights(submission, truth, level)
            for key, value in numbers[f"HL-min-{name}"].items():
                brief[f"HL-min-{name}-{key.removeprefix('HL-')}"] = value
    return {"brief": brief, **numbers}


def ranged(
    submission: list[Any],
    truth: list[Any],
    limits: tuple[float, float] | None,
    recalls: tuple[float, ...],
    with_overlap: bool,
) -> dict[str, Any] | None:
    """Average precisions and recalls of the queries that have a right window of a length within the limits."""
    predicted = {record["qid"]: record["pred_relevant_windows"] for record in submission}
    precisions, bests, firsts = [], [], []
    for query in truth:
        right = [w for w in query["relevant_windows"] if limits is None or limits[0] < w[1] - w[0] <= limits[1]]
        if not right:
            continue
        windows = predicted[query["qid"]]
        precisions.append(query_precisions(windows, right))
        first = windows[0]
        ious = [iou(first, window) for window in right]
        best = ious.index(max(ious))
        bests.append(ious[best])
        firsts.append(hull_iou(first, right[best]))
    if not precisions:
        return None
    means = [sum(row[t] for row in precisions) / len(precisions) for t in range(len(THRESHOLDS))]
    precision = {str(mu): percent(mean) for mu, mean in zip(THRESHOLDS, means, strict=True)}
    precision["average"] = percent(sum(means) / len(means))
    recall = {str(mu): percent(sum(value >= mu for value in firsts) / len(firsts)) for mu in recalls}
    if with_overlap:
        recall["miou"] = percent(sum(bests) / len(bests))
    return {"MR-mAP": precision, "MR-R1": recall}


def query_precisions(windows: list[Window], right: list[Window]) -> list[float]:
    """Average precision at every threshold."""
    ranked = sorted(windows[:10], key=lambda window: -window[2])
    hits: list[list[bool]] = [[] for _ in THRESHOLDS]
    taken: list[set[int]] = [set() for _ in THRESHOLDS]
    for window in ranked:
        ious = [iou(window, other) for other in right]
        order = sorted(range(len(right)), key=lambda index: ious[index])[::-1]
        for t, threshold in enumerate(THRESHOLDS):
            hit = False
            for index in order:
                if ious[index] < threshold:
                    break
                if index in taken[t]:
                    continue
                taken[t].add(index)
                hit = True
                break
            hits[t].append(hit)
    return [area(row, len(right)) for row in hits]


def area(hits: list[bool], positives: int) -> float:
    """Area below precision over recall, after precision was made to fall with recall."""
    precisions, recalls, right = [0.0], [0.0], 0
    for rank, hit in enumerate(hits, 1):
        right += hit
        precisions.append(right / rank)
        recalls.append(right / positives)
    precisions.append(0.0)
    recalls.append(1.0)
    for index in range(len(precisions) - 2, -1, -1):
        precisions[index] = max(precisions[index], precisions[index + 1])
    steps = range(1, len(recalls))
    return sum((recalls[i] - recalls[i - 1]) * precisions[i] for i in steps if recalls[i] != recalls[i - 1])


def iou(first: Window, second: Window) -> float:
    """Intersection by union; 0 where the union has no length."""
    shared = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    union = (first[1] - first[0]) + (second[1] - second[0]) - shared
    return shared / union if union else 0.0


def hull_iou(first: Window, second: Window) -> float:
    """Intersection by the stretch that both cover."""
    shared = max(0.0, min(first[1], second[1]) - max(first[0], second[0]))
    hull = max(first[1], second[1]) - min(first[0], second[0])
    return shared / hull if hull else 0.0


def highlights(submission: list[Any], truth: list[Any], level: int) -> dict[str, float]:
    """Average precision and hit of the clips at a level."""
    predicted = {record["qid"]: record["pred_saliency_scores"] for record in submission}
    precisions, hits = [], []
    for query in truth:
        scores = predicted[query["qid"]]
        clips = int(query["duration"] / 2)
        table = [[0, 0, 0] for _ in range(clips)]
        for clip, given in zip(query["relevant_clip_ids"], query["saliency_scores"], strict=True):
            table[clip] = list(given)
        top = scores.index(max(scores))
        hits.append(float(top < clips and max(table[top]) >= level))
        filled = (list(scores) + [0.0] * clips)[:clips]
        precisions += [clip_precision(filled, [row[who] >= level for row in table]) for who in range(3)]
    return {"HL-mAP": percent(sum(precisions) / len(precisions)), "HL-Hit1": percent(sum(hits) / len(hits))}


def clip_precision(scores: list[float], labels: list[bool]) -> float:
    """Average precision of clips, from the lowest threshold to the highest."""
    positives = sum(labels)
    if positives in (0, len(labels)):
        return float(positives > 0)
    ranked = sorted(range(len(scores)), key=lambda index: -scores[index])
    points, positives_seen = [], 0
    for rank, index in enumerate(ranked, 1):
        positives_seen += labels[index]
        if rank == len(ranked) or scores[ranked[rank]] != scores[index]:
            points.append((positives_seen / rank, single(positives_seen / positives)))
    points = [*points[::-1], (1.0, 0.0)]
    values, highest = [], -math.inf
    for (precision, recall), (_, following) in pairwise(points):
        highest = max(highest, precision)
        if recall != following:
            values.append(highest)
    return sum(values) / len(values)


def single(value: float) -> float:
    """The value in single precision."""
    (rounded,) = struct.unpack("f", struct.pack("f", value))
    return float(rounded)


def percent(value: float) -> float:
    """A fraction in percent, with two decimals."""
    return float(f"{100 * value:.2f}")
