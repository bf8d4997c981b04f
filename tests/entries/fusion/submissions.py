"""Small submissions, answers and grounds for fusing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.entries.entry import Entry, open_entry
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground

Listed = Sequence[tuple[str, float, float]]


def corpus_file(path: Path, answers: Mapping[Any, Listed], **more: Any) -> Path:
    """A submission for Tracks 2 and 3; ``more`` stands in every item."""
    rows = [
        {"id": identity, "question": f"question {identity}", "output": [list(entry) for entry in entries], **more}
        for identity, entries in answers.items()
    ]
    return written(path, rows)


def span_file(path: Path, answers: Mapping[Any, tuple[float, float]], video: str = "v") -> Path:
    """A submission for Track 1."""
    rows = [
        {"id": i, "video_id": video, "question": f"question {i}", "start_second": start, "end_second": end}
        for i, (start, end) in answers.items()
    ]
    return written(path, rows)


def answer_file(path: Path, answers: Mapping[Any, tuple[str, float, float]]) -> Path:
    """Answers of questions: video and span."""
    rows = [
        {"id": i, "video_id": video, "question": f"question {i}", "start_second": start, "end_second": end}
        for i, (video, start, end) in answers.items()
    ]
    return written(path, rows)


def written(path: Path, rows: Any) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return path


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def outputs(path: Path) -> dict[Any, list[tuple[str, float, float]]]:
    """The lists of a submission by question."""
    return {row["id"]: [tuple(entry) for entry in row["output"]] for row in read(path)}


def ground(truth: Path | None = None, **more: Any) -> OpenGround:
    return open_ground(Ground(truth=truth, resampling=None, **more))


def entries(*paths: Path, on: OpenGround | None = None) -> list[Entry]:
    return [open_entry(path, on or ground()) for path in paths]
