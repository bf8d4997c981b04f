"""A submission for Tracks 2 and 3 and its answers, of any size, from a seed; hits about as often as the best of 2023.

As a program, so that the memory it takes is not counted to what is measured:
python benchmarks/data.py FOLDER [QUESTIONS] [--trec] writes submission.json and answers.json, with --trec also run.trec
and qrels.trec (docs/spec/scoring.md, section 5.2).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ENTRIES = 50
SEED = 2023
QUESTIONS_PER_VIDEO = 2.5
UNANSWERED = 0.01
REPEATED = 0.06  # entries that are another moment of the video before them
WITHIN = ((0.53, 1, 1), (0.19, 2, 10), (0.10, 11, 50))  # how often the right video is first at a rank from .. to
_CHUNK = 5000

Row = dict[str, Any]


def blocks(questions: int, seed: int = SEED, videos: int | None = None) -> Iterator[tuple[list[Row], list[Row]]]:
    """Blocks of (answers, rows of the submission); about 1 in 100 questions is not answered."""
    videos = videos or max(ENTRIES * 2, int(questions / QUESTIONS_PER_VIDEO))
    names = [f"v{number:07d}_-X" for number in range(videos)]
    for begin in range(0, questions, _CHUNK):
        count = min(_CHUNK, questions - begin)
        rng = np.random.default_rng([seed, questions, begin])
        right = rng.integers(videos, size=count)
        start = np.round(rng.uniform(0, 200, count), 2)
        length = np.round(rng.uniform(5, 70, count), 2)
        listed, starts, ends = _lists(rng, videos, right, start, length)
        answers, rows = [], []
        for i, answered in enumerate(rng.random(count) >= UNANSWERED):
            identity = begin + i
            text = f"第{identity}个问题：发生这种情况时应该如何急救？"
            span = float(start[i]), round(float(start[i] + length[i]), 2)
            answers.append(
                {"id": identity, "video_id": names[right[i]], "question": text}
                | {"start_second": span[0], "end_second": span[1]}
            )
            if answered:
                triples = zip(listed[i].tolist(), starts[i].tolist(), ends[i].tolist(), strict=True)
                rows.append({"id": identity, "question": text, "output": [[names[v], a, b] for v, a, b in triples]})
        yield answers, rows


def _lists(rng: np.random.Generator, videos: int, right: Any, start: Any, length: Any) -> tuple[Any, Any, Any]:
    """(Q, 50) videos, starts and ends (seconds)."""
    count = len(right)
    shape = count, ENTRIES
    step = rng.integers(1, videos // ENTRIES + 1, size=count)
    listed = (rng.integers(videos, size=count)[:, None] + step[:, None] * np.arange(ENTRIES)) % videos
    starts, lengths = rng.uniform(0, 200, shape), rng.uniform(3, 60, shape)
    chance, done = rng.random(count), 0.0
    for share, low, high in WITHIN:
        hit = np.flatnonzero((chance >= done) & (chance < done + share))
        at = rng.integers(low, high + 1, size=len(hit)) - 1
        listed[hit, at] = right[hit]
        near = rng.random(len(hit)) < 0.7
        hit, at = hit[near], at[near]
        starts[hit, at] = np.maximum(start[hit] + rng.normal(0, 10, len(hit)), 0)
        lengths[hit, at] = length[hit] * np.exp(rng.normal(0, 0.4, len(hit)))
        done += share
    again = rng.random(shape) < REPEATED
    for place in range(1, ENTRIES):
        listed[:, place] = np.where(again[:, place], listed[:, place - 1], listed[:, place])
    starts = np.round(starts, 2)
    return listed, starts, np.round(starts + np.maximum(lengths, 1), 2)


def write(folder: Path, questions: int, trec: bool = False) -> None:
    """Write submission.json and answers.json, and, where wanted, the same as run.trec and qrels.trec."""
    with (
        (folder / "submission.json").open("w", encoding="utf-8") as submission,
        (folder / "answers.json").open("w", encoding="utf-8") as answers,
        (folder / "run.trec").open("w", encoding="utf-8") as run,
        (folder / "qrels.trec").open("w", encoding="utf-8") as qrels,
    ):
        between = "["
        for targets, rows in blocks(questions):
            for stream, block in ((submission, rows), (answers, targets)):
                stream.write(between + json.dumps(block, ensure_ascii=False)[1:-1])
            between = ", "
            if trec:
                qrels.writelines(f"{target['id']} 0 {target['video_id']} 1\n" for target in targets)
                for row in rows:
                    distinct = list(dict.fromkeys(entry[0] for entry in row["output"]))
                    run.writelines(
                        f"{row['id']} Q0 {video} {rank} {len(distinct) - rank + 1} kit\n"
                        for rank, video in enumerate(distinct, 1)
                    )
        submission.write("]")
        answers.write("]")
    if not trec:
        for name in ("run.trec", "qrels.trec"):
            (folder / name).unlink()


def make(folder: Path, questions: int, trec: bool = False) -> float:
    """`write` in a process of its own; returns the size of the submission in MiB."""
    command = [sys.executable, __file__, str(folder), str(questions), *(["--trec"] if trec else [])]
    subprocess.run(command, check=True)
    return (folder / "submission.json").stat().st_size / 2**20


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=int, nargs="?", default=500)
    parser.add_argument("--trec", action="store_true")
    given = parser.parse_args()
    write(given.folder, given.questions, given.trec)
