"""Dev figures over all training videos and over a corpus like the test's, beside the figure on test.

TutorialVQA in protocol `unseen` (`cmivqa data convert tutorialvqa`), laid out as CMIVQA is: train and dev in one file
over 56 videos, testA over its own 20. Each seed divides train and dev anew (12 dev videos) and trains BM25 on its train
part; the same run answers dev over all 56 videos, dev over the drawn corpus, and testA.
Run: python benchmarks/dev_corpus.py ROOT [SEEDS]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

FRACTION = 0.22  # of 56 videos: 12, as in the protocol
COLUMNS = (("all", "dev"), ("like-test", "dev"), ("like-test", "testA"))


def main() -> None:
    """Print the table."""
    root, seeds = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    print("| seed | dev over 56 videos | dev over 20 | testA over 20 |\n| --- | --- | --- | --- |")
    rows = []
    for seed in range(seeds):
        rows.append(_figures(root, seed))
        print(f"| {seed} | " + " | ".join(f"{value:.3f}" for value in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{mean(column):.3f}" for column in zip(*rows, strict=True)) + " |")


def _figures(source: Path, seed: int) -> list[float]:
    """The official Overall of BM25's list for Track 2 in each column."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in ("all", "like-test"):
            _apart(source, folder / size)
            flags = ("--fraction", FRACTION, "--seed", seed, "--corpus-size", size)
            _cmivqa(folder, "data", "split", "--data", size, *flags)
        _cmivqa(folder, "train", "-m", "bm25", "--data", "all")
        figures = []
        for size, split in COLUMNS:
            out = f"{size}-{split}.json"
            _cmivqa(folder, "predict", "-m", "bm25", "--data", size, "--split", split, "--track", 2, "--out", out)
            flags = ("--split", split, "--track", 2, "--no-intervals", "--format", "json")
            (entry,) = json.loads(_cmivqa(folder, "score", out, "--data", size, *flags))
            figures.append(entry["scores"][0]["official"]["metrics"]["Overall"])
        return figures


def _apart(source: Path, root: Path) -> None:
    """Write a converted corpus with one subtitle file for train and dev and one for testA."""
    subtitles = _read(source / "subtitle.json")
    test = {row["video_id"] for row in _read(source / "dataset_testA_for_track1.json")}
    rows = [*_read(source / "train.json"), *_read(source / "dev.json")]
    _write(root / "train_dev" / "train_dev.json", [{**row, "id": number} for number, row in enumerate(rows)])
    _write(root / "train_dev" / "subtitle.json", {k: v for k, v in subtitles.items() if k not in test})
    _write(root / "testA" / "subtitle.json", {k: v for k, v in subtitles.items() if k in test})
    for path in source.rglob("dataset_testA_*.json"):
        folder = "answers" if "answer" in path.name else "testA"
        _write(root / folder / path.name, _read(path))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def _cmivqa(folder: Path, *words: object) -> str:
    command = [sys.executable, "-m", "cmivqa_kit", *map(str, words)]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


if __name__ == "__main__":
    main()
