"""`validate` of a correct file beside parsing it and beside a plain `jsonschema` pass, all in one process.

Questions and corpus are given, with durations; nothing may be found. Ratios are medians of five rounds; the plain pass
is timed on a part of the file (400 items) and scaled, because on the whole it takes minutes.
Run: python benchmarks/validate_speed.py [QUESTIONS]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from jsonschema import Draft202012Validator

from cmivqa_kit.data.types import Question, Video
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.schema import load_schema
from cmivqa_kit.submission.validate import validate

ENTRIES, VIDEOS, PART, ROUNDS = 50, 200, 400, 5


def main(count: int, folder: Path) -> None:
    """Measure and print a table."""
    names = [f"video-{j:05d}" for j in range(VIDEOS)]
    corpus = {name: Video(name, duration=300.0, duration_source="given") for name in names}
    questions = [Question(i, f"问题 {i}") for i in range(count)]
    rows = [
        {
            "id": q.id,
            "question": q.text,
            "output": [[names[(i + j) % VIDEOS], j + 0.5, j + 9.25] for j in range(ENTRIES)],
        }
        for i, q in enumerate(questions)
    ]
    path = folder / "submission.json"
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    del rows
    edition = load_edition()
    plain = Draft202012Validator(load_schema(edition.name, 3))

    def checks(document: Document) -> None:
        found = validate(document, (2, 3), edition, "bench", questions, corpus)
        if found.counts or found.unchecked:
            raise SystemExit(f"a correct file has findings: {found.counts} {found.unchecked}")

    parsing, whole, checking, schema = [], [], [], []
    for _ in range(ROUNDS):
        parsing.append(seconds(lambda: json.loads(path.read_bytes())))
        whole.append(seconds(lambda: checks(read_guarded(path))))
        document = read_guarded(path)
        checking.append(seconds(lambda document=document: checks(document)))  # type: ignore[misc]
        del document
        part = json.loads(path.read_bytes())[:PART]
        schema.append(seconds(lambda part=part: list(plain.iter_errors(part))) * count / len(part))  # type: ignore[misc]
    print(f"{count} questions x {ENTRIES} entries, {path.stat().st_size / 2**20:.1f} MiB, medians of {ROUNDS}\n")
    print("| step | seconds | ratio to parsing |\n| --- | --- | --- |")
    for name, times in (
        ("json.loads, with reading the file", parsing),
        ("validate, with reading and parsing", whole),
        ("validate, parsed file", checking),
        (f"plain jsonschema, parsed file (from {min(PART, count)} items)", schema),
    ):
        ratio = median(a / b for a, b in zip(times, parsing, strict=True))
        print(f"| {name} | {median(times):.2f} | {ratio:.1f} |")
    for name, times in (("validate of the parsed file", checking), ("validate with reading and parsing", whole)):
        print(f"\nplain jsonschema / {name}: {median(a / b for a, b in zip(schema, times, strict=True)):.0f}x")


def seconds(work: Callable[[], Any]) -> float:
    """Wall time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000, Path(place))
