"""What children share: every command imported, and a small workspace with a corpus, runs and submissions."""

from __future__ import annotations

import json
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from cmivqa_kit.cli.main import COMMANDS
from tests.data.corpora import read, write

VIDEOS = 6


@cache
def imported() -> None:
    """Everything that a command imports when it is called, once; torch only for `with_torch`."""
    for module, _ in COMMANDS.values():
        import_module(module)
    for module in ("scipy.stats", "jsonschema", "baselines.bm25.baseline", "baselines.prior.baseline",
                   "cmivqa_kit.entries.entry", "cmivqa_kit.entries.checking", "cmivqa_kit.entries.comparing",
                   "cmivqa_kit.submission.fix", "cmivqa_kit.diagnosis.page", "cmivqa_kit.training.api",
                   "cmivqa_kit.prediction.api", "cmivqa_kit.data.intake", "cmivqa_kit.data.convert"):  # fmt: skip
        import_module(module)


@cache
def with_torch() -> None:
    """`imported`, and what neural baselines import."""
    imported()
    for module in ("torch", "transformers", "safetensors.torch", "accelerate", "baselines.ccgs.baseline",
                   "baselines.ccgs.checkpoint", "baselines.mutualsl.baseline", "baselines.mutualsl.checkpoint",
                   "transformers.models.deberta_v2.modeling_deberta_v2", "cmivqa_kit.neural.conversion",
                   "cmivqa_kit.neural.encoders", "cmivqa_kit.training.trained"):  # fmt: skip
        import_module(module)


def corpus(folder: Path) -> Path:
    """A part of the embedded corpus, features included: `VIDEOS` videos and the questions about them."""
    from cmivqa_kit.data.demo import demo_corpus

    source = demo_corpus()
    splits = {name: read(source / name) for name in ("train.json", "dev.json", ANSWERS)}
    chosen: list[str] = []
    for rows in splits.values():
        chosen += list(dict.fromkeys(row["video_id"] for row in rows))[: VIDEOS // 3]
    folder.mkdir(parents=True)
    for name in ("corpus.json",):
        shutil.copy(source / name, folder / name)
    subtitles = read(source / "subtitle.json")
    write(folder / "subtitle.json", {video: subtitles[video] for video in chosen})
    (folder / "answers").mkdir()
    asked: set[Any] = set()
    for name, rows in splits.items():
        left = [row for row in rows if row["video_id"] in chosen]
        write(folder / name, left)
        asked |= {row["id"] for row in left if name == ANSWERS}
    for name in ("dataset_testA_for_track1.json", "dataset_testA_for_track23.json"):
        write(folder / name, [row for row in read(source / name) if row["id"] in asked])
    for video in chosen:
        (folder / "video_feature").mkdir(exist_ok=True)
        for file in (source / "video_feature").rglob(f"{video}.npy"):
            shutil.copy(file, folder / "video_feature" / file.name)
    return folder


ANSWERS = "answers/dataset_testA_for_task_1_answer.json"


def submissions(folder: Path, data: Path) -> None:
    """`track1.json` and `lists.json`: valid, and right now and then, for the testA of ``data``."""
    answers = read(data / ANSWERS)
    videos = [row["video_id"] for row in answers]
    first = [{**row, "end_second": row["end_second"] + 1} for row in answers]
    write(folder / "track1.json", [{key: row[key] for key in FIELDS} for row in first])
    lists = []
    for number, row in enumerate(answers):
        names = [*videos[number:], *videos[:number]]
        entries = [
            [names[rank % len(names)], row["start_second"] + rank, row["end_second"] + rank] for rank in range(50)
        ]
        lists.append({"id": row["id"], "question": row["question"], "output": entries})
    write(folder / "lists.json", lists)


FIELDS = ("id", "video_id", "question", "start_second", "end_second")


def text(document: Any) -> bytes:
    """A document as a file has it; lone surrogates as escapes."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def resident() -> int:
    """The largest resident size of this process so far, in bytes: what a child starts with."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
