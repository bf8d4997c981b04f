"""What six entries cost on a data root of 2025: captions inside the question files, each file read once per command.

A data root of the challenge's size from a seed: 1,228 videos of 90 lines in two languages for training, 100 for dev and
200 for testA; a file per track, every record with its captions. Processor time of the whole command and the
reads of data files (by an audit hook), for `validate` and `score` of six entries on dev and of one.
Run: python benchmarks/entries_2025.py [--kit FOLDER OF ANOTHER STATE OF THE KIT ...]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LINES = 90
SPLITS = {"train": (1228, 2920), "dev": (100, 490), "test": (200, 500)}  # videos, records of two questions
WORDS = "消毒 伤口 纱布 包扎 按压 血压 手套 针头 注射 呼吸 胸外 按摩 肌肉 关节 药膏".split()  # noqa: SIM905
ENGLISH = "wash wound gauze bandage press blood gloves needle breath massage muscle joint balm".split()  # noqa: SIM905
COUNTED = """
import collections, os, sys
root, reads = os.path.abspath(sys.argv.pop(1)) + os.sep, collections.Counter()
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, os.PathLike)):
        path = os.path.abspath(arguments[0])
        if path.startswith(root) and path.endswith(".json"):
            reads[path] += 1
sys.addaudithook(hook)
from cmivqa_kit.cli.main import run
try:
    run()
finally:
    print("READS", len(reads), sum(reads.values()), file=sys.stderr)
"""


def captions(generator: random.Random) -> list[dict[str, Any]]:
    """The lines of a video in both languages, one after the other."""
    lines, start = [], 0.0
    for _ in range(LINES):
        seconds = round(generator.uniform(1.2, 3.5), 2)
        lines.append({
            "Ch_caption": "".join(generator.choices(WORDS, k=5)),
            "Eng_caption": " ".join(generator.choices(ENGLISH, k=6)),
            "start": round(start, 2), "end": round(start + seconds, 2), "duration": seconds,
        })  # fmt: skip
        start += seconds
    return lines


def make_root(root: Path, beside: bool) -> list[dict[str, Any]]:
    """Write the data root, captions in every record or ``beside`` in one file; the records of dev, its answers."""
    generator = random.Random(2025)
    dev: list[dict[str, Any]] = []
    all_spoken: dict[str, Any] = {}
    for split, (videos, asked) in SPLITS.items():
        spoken = {f"{split}{number:06d}": captions(generator) for number in range(videos)}
        records = [
            {"id": number, "video_id": video,
             "Chinese_question": f"{number}怎么{''.join(generator.choices(WORDS, k=4))}",
             "English_question": f"{number}: how to {' '.join(generator.choices(ENGLISH, k=5))}?",
             "start_second": 10, "end_second": 30, "video_captions": spoken[video]}
            for number, video in enumerate(generator.choices(list(spoken), k=asked))
        ]  # fmt: skip
        all_spoken |= spoken
        dev = records if split == "dev" else dev
        for track in (1, 2, 3):
            lacking = [] if split != "test" else ["start_second", "end_second", *(["video_id"] * (track > 1))]
            lacking += ["video_captions"] * beside
            part = [{key: value for key, value in record.items() if key not in lacking} for record in records]
            put(root / split / f"M4IVQA_{split}_task{track}.json", part)
    if beside:
        put(root / "video_captions.json", all_spoken)
    return dev


def make_entries(folder: Path, dev: list[dict[str, Any]]) -> list[Path]:
    """Six submissions for dev: three of spans, three of lists."""
    rows = [(f"{record['id']}_{language}", record[f"{language}_question"], record)
            for record in dev for language in ("Chinese", "English")]  # fmt: skip
    videos = sorted({record["video_id"] for record in dev})
    spans = [{"id": i, "question": text, "start_second": 11, "end_second": 29} for i, text, _ in rows]
    lists = [{"id": i, "question": text, "output": [[video, 11, 29] for video in videos[:50]]} for i, text, _ in rows]
    return [put(folder / f"e{n}.json", spans if n < 3 else lists) for n in range(6)]


def put(path: Path, document: Any) -> Path:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def measure(kit: Path, root: Path, words: list[str | Path]) -> tuple[float, int, int]:
    """Seconds of processor time of a command, data files that it read, and how often it read any."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, root, *words],
        env={**os.environ, "PYTHONPATH": str(kit)}, cwd=root.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
    files, reads = done.stderr.rsplit("READS ", 1)[1].split()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, int(files), int(reads)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kit", type=Path, nargs="*", default=[Path(__file__).parents[1]])
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    for beside in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            print(f"\nCaptions {'in one file beside' if beside else 'inside the question files'}", end=": ")
            measure_root(Path(folder), beside, options.kit, options.rounds)


def measure_root(folder: Path, beside: bool, kits: list[Path], rounds: int) -> None:
    """Make a data root and measure every command on it with every state of the kit."""
    root = folder / "root"
    entries = make_entries(folder / "entries", make_root(root, beside))
    paths = list(root.rglob("*.json"))
    print(f"{len(paths)} files, {sum(path.stat().st_size for path in paths) / 2**20:.0f} MiB\n")
    print("| command | entries | kit | seconds | files read | reads |\n| --- | --- | --- | --- | --- | --- |")
    truth = ["--truth", root / "dev" / "M4IVQA_dev_task1.json"]
    for command, options in (("validate", []), ("score", ["--no-intervals"]), ("score --truth", ["--no-intervals"])):
        for files in (entries[:1], entries[:3] if "--truth" in command else entries):  # an answer file is of one track
            for kit in kits:
                more = truth if "--truth" in command else []
                words = [command.split()[0], *files, "--data", root, *options, *more]
                seconds, opened, reads = min(measure(kit.resolve(), root, words) for _ in range(rounds))
                print(
                    f"| {command} | {len(files)} | {kit.resolve().name} | {seconds:.2f} | {opened} | {reads} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
