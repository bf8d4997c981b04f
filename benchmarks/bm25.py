"""BM25 at the size of the challenge: 1,228 videos, 180,000 windows, 492 questions.

Whole commands (`cmivqa predict -m bm25`) on videos of the embedded corpus' generator: processor time and peak memory of
the first call, which reads the subtitles, and of the second, which has them from the cache. The digest of the lists
stands beside, so that versions of the kit can be compared: PYTHONPATH=OTHER python benchmarks/bm25.py.
Run: python benchmarks/bm25.py [--rounds N]; with --corpus FOLDER it only writes the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from processes import KIT, Run, run

from cmivqa_kit.data.demo import speech_zh, topics_zh_care, topics_zh_move
from cmivqa_kit.data.demo.text import ask_step, pick, write_script
from cmivqa_kit.data.demo.timing import timed_lines

SEED = "cmivqa-kit bm25"
TOPICS = topics_zh_care.TOPICS + topics_zh_move.TOPICS
VIDEOS, QUESTIONS = 1228, 492
SCRIPTS = (3, 3, 3, 2, 2)  # of the generator, one behind the other in a video, by turns: 82 lines in 180 s
TRAINING = 200  # questions with answers, of 10 to 55 s: four window lengths are learnt of them
TRACKS = {"Tracks 2 and 3": (), "Track 2": ("--track", "2"), "Track 3": ("--track", "3")}


def write_corpus(folder: Path) -> None:
    """A data root with the questions of Test A and their corpus; the same bytes on every machine."""
    folder.mkdir(parents=True, exist_ok=True)
    subtitles = dict(_subtitles())
    (folder / "subtitle.json").write_text(json.dumps(subtitles, ensure_ascii=False), encoding="utf-8")
    questions = list(_questions())
    answers = [_answered(row, subtitles, number) for number, row in enumerate(questions[:TRAINING])]
    for name, rows in (("dataset_testA_for_track23.json", questions), ("train.json", answers)):
        (folder / name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def _subtitles() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for number in range(VIDEOS):
        rng = Random(f"{SEED} video {number}")
        lines: list[dict[str, Any]] = []
        for _ in range(SCRIPTS[number % len(SCRIPTS)]):
            topic = pick(rng, TOPICS)
            script = write_script(speech_zh.SPEECH, topic, int(rng.random() * len(topic.variants)), rng)
            shift = lines[-1]["start"] + lines[-1]["duration"] + 1 if lines else 0.0
            for line in (line for part in timed_lines(script, "Chinese", rng) for line in part):
                lines.append({"text": line.text, "start": round(line.start + shift, 2), "duration": line.duration})
        yield f"v{number:08}_X", lines


def _questions() -> Iterator[dict[str, Any]]:
    for number in range(QUESTIONS):
        rng = Random(f"{SEED} question {number}")
        topic = pick(rng, TOPICS)
        text = ask_step(speech_zh.SPEECH, pick(rng, topic.variants), pick(rng, topic.steps), rng)
        yield {"id": number, "question": f"{number}，{text}"}


def _answered(question: dict[str, Any], subtitles: dict[str, list[dict[str, Any]]], number: int) -> dict[str, Any]:
    """A question with an answer somewhere in a video: only how long answers are is learnt."""
    video = list(subtitles)[number]
    start = subtitles[video][number % 20]["start"]
    end = start + 10 + 45 * number / TRAINING
    return {**question, "video_id": video, "start_second": start, "end_second": end}


def main(rounds: int) -> None:
    """Measure and print a table."""
    print("| lists | call | processor, s | peak memory, MiB | digest of the file |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([sys.executable, __file__, "--corpus", str(folder / "corpus")])
        os.environ["CMIVQA_CACHE"] = str(folder / "cache")
        run([*KIT, "train", "-m", "bm25", "--data", "corpus"], name)
        for title, track in TRACKS.items():
            command = [*KIT, "predict", "-m", "bm25", "--data", "corpus", "--force", *track]
            calls: dict[str, list[Run]] = {"first": [], "second": []}
            for _ in range(rounds):
                shutil.rmtree(folder / "cache", ignore_errors=True)
                for call in calls.values():
                    call.append(run(command, name))
            digest = hashlib.sha256((folder / "submission.json").read_bytes()).hexdigest()[:12]
            for ordinal, done in calls.items():
                best = min(done, key=lambda call: call.seconds)
                print(f"| {title} | {ordinal} | {best.seconds:.1f} | {best.memory:.0f} | {digest} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--corpus", type=Path, help="write the corpus there, and measure nothing")
    given = parser.parse_args()
    if given.corpus:
        write_corpus(given.corpus)
    else:
        main(given.rounds)
