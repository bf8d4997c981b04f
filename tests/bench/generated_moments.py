"""Predictions and ground truth of moments from a seed, in the form of QVHighlights; whoever asks gets the same."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

DURATIONS = (150, 150, 150, 150, 148, 126, 90, 22.0, 151.5)


def make(seed: int, queries: int, windows: int = 12) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Submission and ground truth.

    Durations differ, queries have one to eight right windows of all lengths, lists have one to ``windows`` windows of
    which some tie in score, have no length or reach beyond the video; saliency is too short or too long for some, with
    ties.
    """
    chance = random.Random(seed)
    ids = chance.sample(range(10 * queries), queries)
    truth = [_query(chance, qid) for qid in ids]
    submission = [_answer(chance, query, chance.randint(1, windows)) for query in truth]
    chance.shuffle(submission)
    return submission, truth


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    """The records as JSON Lines."""
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


def _query(chance: random.Random, qid: int) -> dict[str, Any]:
    duration = chance.choice(DURATIONS)
    clips = int(duration / 2)
    right: list[list[int]] = []
    start = 0
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        start += 2 * chance.randint(0, 12)
        end = min(start + 2 * chance.choice((1, 3, 5, 6, 15, 16, 40)), 2 * clips)
        if end - start >= 2:
            right.append([start, end])
        start = end + 2
    right = right or [[0, 2]]
    relevant = [clip for first, last in right for clip in range(first // 2, last // 2)]
    if chance.random() < 0.05:
        relevant = list(range(clips))
    lowest = chance.choice((0, 0, 1, 4))
    scores = [[chance.randint(lowest, 4) for _ in range(3)] for _ in relevant]
    source = f"{chance.choice('abcdefgh')}_{chance.randint(0, 9)}"
    return {
        "qid": qid, "query": f"query {qid}", "duration": duration, "vid": f"{source}_{30.0 * (qid % 5)}_{150.0}",
        "relevant_windows": right, "relevant_clip_ids": relevant, "saliency_scores": scores,
    }  # fmt: skip


def _answer(chance: random.Random, query: dict[str, Any], count: int) -> dict[str, Any]:
    windows = []
    for _ in range(count):
        start, end = map(float, chance.choice(query["relevant_windows"]))
        if chance.random() < 0.7:
            start = max(0.0, start + chance.choice((-4, -2, -0.5, 0, 0.17, 2, 6)))
            end += chance.choice((-2, -0.5, 0, 0, 0.34, 2, 8))
        else:
            start, end = sorted(round(chance.uniform(0, 170), 1) for _ in range(2))
        windows.append([start, max(start, end), chance.choice((0.5, 0.25, round(chance.random(), 4)))])
    if chance.random() < 0.8:
        windows.sort(key=lambda window: -window[2])
    clips = max(1, int(query["duration"] / 2) + chance.choice((0, 0, 0, -3, 4)))
    relevant = set(query["relevant_clip_ids"])
    saliency = [round(chance.gauss(0.5 if clip in relevant else 0.0, 0.5), 1) for clip in range(clips)]
    return {
        "qid": query["qid"], "query": query["query"], "vid": query["vid"],
        "pred_relevant_windows": windows, "pred_saliency_scores": saliency,
    }  # fmt: skip
