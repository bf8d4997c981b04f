"""Small data roots and splits for the tests of submissions, scores, training and prediction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video

VIDEOS = ("vidA_______", "vidB_______", "vidC_______")
TEXTS = {
    "train": ("如何包扎手臂？", "如何测量血压？", "如何清洗伤口？", "如何按压胸部？", "如何放松肩膀？"),
    "dev": ("如何固定夹板？", "如何给孩子喂药？", "如何冷敷脚踝？"),
    "testA": ("如何注射疫苗？", "如何检查脉搏？", "如何抬起病人？", "如何伸展背部？"),
}


def records(split: str) -> list[dict[str, Any]]:
    """Annotated questions of a split, ids from 0."""
    return [
        {
            "id": i,
            "video_id": VIDEOS[i % len(VIDEOS)],
            "question": text,
            "start_second": 10.0 * i,
            "end_second": 10.0 * i + 5,
        }
        for i, text in enumerate(TEXTS[split])
    ]


def without(rows: list[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """The records without some fields."""
    return [{key: value for key, value in row.items() if key not in keys} for row in rows]


def put(path: Path, document: Any) -> Path:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def root_2023(folder: Path, answers: bool = False) -> Path:
    """A data root of the 2023 edition: train, dev, and testA, whose answers are there only if asked for."""
    for split in ("train", "dev"):
        put(folder / f"{split}.json", records(split))
    test = records("testA")
    put(folder / "dataset_testA_for_track1.json", without(test, "start_second", "end_second"))
    put(folder / "dataset_testA_for_track23.json", without(test, "start_second", "end_second", "video_id"))
    if answers:
        put(folder / "answers" / "dataset_testA_for_task_1_answer.json", test)
    put(
        folder / "subtitle.json",
        {v: [{"text": f"line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(12)] for v in VIDEOS},
    )
    return folder


def root_2024(folder: Path) -> Path:
    """A data root of the 2024 edition: test and dev with one question file per track, ids carry the track."""
    for split in ("dev", "test"):
        for track in (1, 2, 3):
            rows = [
                {**row, "id": f"NLPCC2024_Task{track}_{row['id'] + 1}", "language_type": "Chinese"}
                for row in records("dev" if split == "dev" else "testA")
            ]
            hidden = ("start_second", "end_second", *(("video_id",) if track > 1 else ()))
            put(folder / f"{split}_track{track}.json", rows if split == "dev" else without(rows, *hidden))
    put(folder / "subtitle.json", {v: [{"text": "x", "start": 0.0, "duration": 90.0}] for v in VIDEOS})
    return folder


def spans(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A Track 1 submission that gives the annotated spans."""
    return rows


def lists(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A submission for Tracks 2 and 3 with the right answer first and a wrong one after it."""
    return [
        {
            "id": row["id"],
            "question": row["question"],
            "output": [[row["video_id"], row["start_second"], row["end_second"]], ["vidX_______", 1.0, 2.0]],
        }
        for row in rows
    ]


def split_of(edition: str = "cmivqa-2023", language: str | None = None) -> Split:
    """Three questions and three videos."""
    prefix = {"cmivqa-2023": None, "mmivqa-2024": "NLPCC2024_Task1_", "m4ivqa-2025": "any-"}[edition]
    questions = tuple(
        Question(i if prefix is None else f"{prefix}{i + 1}", text, language, VIDEOS[i])
        for i, text in enumerate(TEXTS["dev"])
    )
    videos = {v: Video(v, (Subtitle("x", 0.0, 5.0),), 90.0, "given") for v in VIDEOS}
    return Split("dev", questions, videos, SplitFeatures(()), edition)
