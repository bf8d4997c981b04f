"""BM25 at the size of the challenge: 1,228 videos, 180,000 windows, 492 questions.

Whole commands (`cmivqa predict -m bm25`) on a corpus of the embedded corpus' generator: processor time and peak memory of
the first call, which makes the index, and of the second, which takes it from the cache. The digest of the lists stands
beside, so that two versions of the kit can be compared.
Run: python benchmarks/bm25.py [--rounds N]
As a program of its own: python benchmarks/bm25.py --corpus FOLDER only writes the corpus.
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

from processes import KIT, run

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
    return {**question, "video_id": video, "start_second": start, "end_second": start + 10 + 45 * number / TRAINING}


if __name__ == "__main__":
    write_corpus(Path(sys.argv[2]))
