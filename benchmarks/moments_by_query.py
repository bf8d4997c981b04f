"""The published evaluation of QVHighlights in plain form: one query, threshold and window at a time, NumPy per query.

Written from the description of Moment-DETR's standalone evaluation (its precision-recall curve is scikit-learn's); it
takes the decoded lines of both files.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

THRESHOLDS = [float(f"{threshold:.2f}") for threshold in np.linspace(0.5, 0.95, 10)]
RANGES = {"short": (0, 10), "middle": (10, 30), "long": (30, 150), "full": (0, 150)}
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def evaluate(submission: list[Any], truth: list[Any]) -> dict[str, Any]:
    """All numbers in percent; ``brief`` is left out, which only repeats some."""
    numbers: dict[str, Any] = {}
    for name, limits in RANGES.items():
        lines, queries = within(submission, truth, name, limits)
        numbers[name] = {"MR-mAP": precisions(lines, queries), "MR-R1": recalls(lines, queries)}
    predicted = {line["qid"]: np.array(line["pred_saliency_scores"]) for line in submission}
    tables = {query["qid"]: clips_of(query) for query in truth}
    for name, level in LEVELS.items():
        numbers[f"HL-min-{name}"] = highlights(predicted, {qid: table >= level for qid, table in tables.items()})
    return numbers


def within(submission: list[Any], truth: list[Any], name: str, limits: tuple[int, int]) -> tuple[list[Any], list[Any]]:
    """The queries with right windows of a length in the range, and their predictions."""
    if name == "full":
        return submission, truth
    queries = []
    for query in truth:
        windows = [window for window in query["relevant_windows"] if limits[0] < window[1] - window[0] <= limits[1]]
        if windows:
            queries.append({**copy.deepcopy(query), "relevant_windows": windows})
    ids = {query["qid"] for query in queries}
    return [copy.deepcopy(line) for line in submission if line["qid"] in ids], queries


def precisions(submission: list[Any], truth: list[Any]) -> dict[str, float]:
    """Average precision at every threshold, and their mean."""
    predicted = {line["qid"]: line["pred_relevant_windows"][:10] for line in submission}
    table = np.array([query_precisions(predicted[q["qid"]], q["relevant_windows"]) for q in truth])
    means = table.mean(axis=0)
    return {**{str(mu): percent(v) for mu, v in zip(THRESHOLDS, means, strict=True)}, "average": percent(means.mean())}


def query_precisions(windows: list[list[float]], right: list[list[float]]) -> np.ndarray:
    """Average precision of a query at every threshold."""
    ranked = sorted(windows, key=lambda window: -window[2])
    hits = np.zeros((len(THRESHOLDS), len(ranked)))
    taken = np.zeros((len(THRESHOLDS), len(right)), dtype=bool)
    for rank, window in enumerate(ranked):
        ious = overlaps(np.array([window[:2]]), np.array(right))[0]
        order = ious.argsort()[::-1]
        for t, threshold in enumerate(THRESHOLDS):
            for index in order:
                if ious[index] < threshold:
                    break
                if not taken[t, index]:
                    taken[t, index] = True
                    hits[t, rank] = 1
                    break
    counts = np.cumsum(hits, axis=1)
    precision, recall = counts / np.arange(1, len(ranked) + 1), counts / len(right)
    return np.array([area(precision[t], recall[t]) for t in range(len(THRESHOLDS))])


def area(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area below precision over recall, after precision was made to fall with recall."""
    precision, recall = np.hstack([[0], precision, [0]]), np.hstack([[0], recall, [1]])
    for index in range(len(precision) - 1)[::-1]:
        precision[index] = max(precision[index], precision[index + 1])
    steps = np.where(recall[1:] != recall[:-1])[0] + 1
    return float(np.sum((recall[steps] - recall[steps - 1]) * precision[steps]))


def overlaps(windows: np.ndarray, right: np.ndarray) -> np.ndarray:
    """IoU of every window with every right one."""
    lengths, others = windows[:, 1] - windows[:, 0], right[:, 1] - right[:, 0]
    start, end = np.maximum(windows[:, None, 0], right[:, 0]), np.minimum(windows[:, None, 1], right[:, 1])
    shared = np.clip(end - start, 0, None)
    return shared / (lengths[:, None] + others - shared)


def recalls(submission: list[Any], truth: list[Any]) -> dict[str, float]:
    """Share of queries whose first window overlaps enough, at every threshold."""
    first = {line["qid"]: line["pred_relevant_windows"][0][:2] for line in submission}
    best = []
    for query in truth:
        right = np.array(query["relevant_windows"])
        window = np.array([first[query["qid"]]])
        best.append(overlaps(window, right[[np.argmax(overlaps(window, right)[0])]])[0, 0])
    return {str(mu): percent(np.mean(np.array(best) >= mu)) for mu in THRESHOLDS}


def clips_of(query: dict[str, Any]) -> np.ndarray:
    """(c, 3) scores of all clips."""
    table = np.zeros((int(query["duration"] / 2), 3))
    table[np.array(query["relevant_clip_ids"])] = np.array(query["saliency_scores"])
    return table


def highlights(predicted: dict[Any, np.ndarray], tables: dict[Any, np.ndarray]) -> dict[str, float]:
    """Average precision and hit of the clips, given which are highlights."""
    scores, hits = [], []
    for qid, saliency in predicted.items():
        labels = tables[qid]
        top = int(np.argmax(saliency))
        hits.append(float(labels[top].max()) if top < len(labels) else 0.0)
        padded = np.zeros(len(labels))
        padded[: len(saliency)] = saliency[: len(labels)]
        scores.append([clip_precision(labels[:, annotator], padded) for annotator in range(labels.shape[1])])
    return {"HL-mAP": percent(np.mean(scores)), "HL-Hit1": percent(np.mean(hits))}


def clip_precision(labels: np.ndarray, scores: np.ndarray) -> float:
    """Average precision of the clips of one video by one annotator."""
    if len(set(labels.tolist())) == 1:
        return float(labels[0])
    order = np.argsort(scores, kind="mergesort")[::-1]
    ends = np.r_[np.where(np.diff(scores[order]))[0], len(scores) - 1]
    positives = np.cumsum(labels[order])[ends]
    precision = np.hstack([(positives / (ends + 1))[::-1], 1])
    recall = np.hstack([(positives / positives[-1])[::-1], 0]).astype(np.float32)
    for index in range(1, len(precision)):
        precision[index] = max(precision[index - 1], precision[index])
    return float(np.mean(precision[np.where(np.diff(recall))]))


def percent(value: float | np.floating[Any]) -> float:
    """A fraction in percent, with two decimals."""
    return float(f"{100 * value:.2f}")
