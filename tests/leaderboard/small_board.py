"""A small edition of 2023 for boards: 24 questions on 12 videos, answers, and entries of any skill."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmivqa_kit.leaderboard.records import FiledEntry, FiledFile

Rows = list[dict[str, Any]]
EDITION = "cmivqa-2023"
VIDEOS = [f"video_{number:05d}" for number in range(12)]
ANSWERS: Rows = [
    {"id": number, "video_id": VIDEOS[number % 12], "question": f"问题{number}？",
     "start_second": 10.0 + number, "end_second": 30.0 + number}
    for number in range(24)
]  # fmt: skip


def corpus(skill: float, seed: int = 0) -> Rows:
    """Lists of six videos; the right one is first with the chance ``skill``, else last, always with its span nearly."""
    chance = random.Random(seed)
    rows = []
    for answer in ANSWERS:
        others = [[video, 1.0, 9.0] for video in VIDEOS if video != answer["video_id"]][:5]
        right = [answer["video_id"], answer["start_second"] + chance.choice([0, 2, 5]), answer["end_second"]]
        output = [right, *others] if chance.random() < skill else [*others, right]
        rows.append({"id": answer["id"], "question": answer["question"], "output": output})
    return rows


def spans(shift: float) -> Rows:
    """The right spans, so many seconds late."""
    return [
        {**answer, "start_second": answer["start_second"] + shift, "end_second": answer["end_second"] + shift}
        for answer in ANSWERS
    ]


def put(folder: Path, team: str, content: Rows | str, run: str = "run-1", **fields: Any) -> FiledEntry:
    """File a submission as ``EDITION/TEAM/RUN/submission.json`` in a folder; the entry as it is filed."""
    edition = fields.pop("edition", EDITION)
    plain = hashlib.sha256(team.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    home = folder / edition / plain / run
    home.mkdir(parents=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    (home / "submission.json").write_text(text, encoding="utf-8")
    file = FiledFile("submission.json", "submission.json", hashlib.sha256(text.encode()).hexdigest())
    return replace(FiledEntry(home, edition, team, run, (file,)), **fields)


def truth(folder: Path, rows: Rows | None = None, name: str = "answers_testB.json") -> Path:
    """The answer file."""
    path = folder / name
    path.write_text(json.dumps(ANSWERS if rows is None else rows, ensure_ascii=False), encoding="utf-8")
    return path
