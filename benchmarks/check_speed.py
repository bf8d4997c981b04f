"""What `cmivqa data check` costs where one subtitle file serves all splits: read once, beside once per question file.

A data root of the 2023 challenge's size from a seed: 1,628 videos of 110 lines in one `subtitle.json`, six question
files. Processor time, best of N, both ways in one process, interleaved; the reports are compared.
Run: python benchmarks/check_speed.py
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cmivqa_kit.data import catalogue as names
from cmivqa_kit.data.check import CheckReport, check
from cmivqa_kit.data.check_root import check_root
from cmivqa_kit.data.corpus import load_split

ROUNDS = 5
LINES = 110
SPLITS = {"train": (1106, 2640), "dev": (122, 297), "testA": (200, 492), "testB": (200, 511)}
WORDS = "消毒 伤口 纱布 包扎 按压 血压 手套 针头 注射 呼吸 胸外 按摩 肌肉 关节 药膏".split()  # noqa: SIM905


def spoken(generator: random.Random) -> list[dict[str, Any]]:
    """The lines of a video, one after the other."""
    lines, start = [], 0.0
    for _ in range(LINES):
        duration = round(generator.uniform(1.2, 3.5), 2)
        lines.append({"text": "".join(generator.choices(WORDS, k=5)), "start": round(start, 2), "duration": duration})
        start += duration
    return lines


def make_root(root: Path) -> int:
    """Write the data root; the bytes of its subtitle file."""
    generator = random.Random(2023)
    subtitles: dict[str, Any] = {}
    for split, (videos, questions) in SPLITS.items():
        ids = [f"{split}{number:06d}" for number in range(videos)]
        subtitles |= {video: spoken(generator) for video in ids}
        records = [
            {"id": number, "video_id": generator.choice(ids), "start_second": 10, "end_second": 30,
             "question": "怎么" + "".join(generator.choices(WORDS, k=5))}
            for number in range(questions)
        ]  # fmt: skip
        files: dict[str, tuple[str, ...]] = {f"{split}.json": tuple(records[0])}
        if split.startswith("test"):
            track1 = ("id", "video_id", "question")
            files = {
                f"dataset_{split}_for_track1.json": track1,
                f"dataset_{split}_for_track23.json": ("id", "question"),
            }
        (root / split).mkdir()
        for name, keys in files.items():
            part = [{key: record[key] for key in keys} for record in records]
            (root / split / name).write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")
    (root / "subtitle.json").write_text(json.dumps(subtitles, ensure_ascii=False), encoding="utf-8")
    return (root / "subtitle.json").stat().st_size


def once_per_file(root: Path) -> list[CheckReport]:
    """As before: every question file opens its split by itself."""
    files = names.catalogue(root)
    reports = []
    for name in files.splits:
        paths = {files.question_file(name, track).path: track for track in reversed((None, *files.tracks(name)))}
        reports += [check(load_split(files, name, paths[path])) for path in reversed(paths)]
    return reports


def once(root: Path) -> list[CheckReport]:
    """As `cmivqa data check` does it."""
    return check_root(names.catalogue(root))[0]


def main() -> None:
    """Measure and print the table."""
    ways: dict[str, Callable[[Path], list[CheckReport]]] = {
        "once per question file": once_per_file, "once": once
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        size = make_root(Path(folder)) / 2**20
        best = dict.fromkeys(ways, float("inf"))
        reports: dict[str, list[CheckReport]] = {}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                begin = time.process_time()
                reports[name] = way(Path(folder))
                best[name] = min(best[name], time.process_time() - begin)
        told = [[report.summary() for report in found] for found in reports.values()]
        if sorted(map(str, told[0])) != sorted(map(str, told[1])):
            raise SystemExit("the reports differ")
    print(f"subtitle.json of {size:.1f} MiB, {len(told[0])} question files\n")
    print("| subtitle.json is read | seconds | ratio |\n| --- | --- | --- |")
    for name, seconds in best.items():
        print(f"| {name} | {seconds:.2f} | {seconds / best['once']:.1f} |")


if __name__ == "__main__":
    main()
