"""`validate` beside `score` on the same large file: processor time and peak memory of whole processes.

Every edition's form (2023: one shared list for Tracks 2 and 3), every track; against an answer file alone (no corpus)
and on a data root with subtitles; compact and indented JSON; a right file, and files with a fault in every item:
`spans`: every third entry ends before it starts; `videos`: a tenth of the entries name no video of the corpus;
`texts`: every question text is another one; `types`: one time of every item is a text, which only JSON Schema can say.
Run: python benchmarks/validate_vs_score.py [QUESTIONS] [--editions cmivqa-2023 ...] [--tracks 2 3] [--rounds 1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data import Row, blocks
from processes import KIT, Run, best

EDITIONS = ("cmivqa-2023", "mmivqa-2024", "m4ivqa-2025")
GROUNDS, INDENTS, FAULTS = ("truth", "data"), ("compact", "indented"), ("none", "spans", "videos", "texts", "types")
VIDEOS, LINES, SECONDS = 200, 110, 500.0  # of a test split: videos, the subtitle lines of each, how long it lasts
CODES = (0, 1, 3)  # right, with errors, and what the official program would have stopped at


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: an edition's form, a track, what the file is held against, how it is written, what is wrong."""

    edition: str
    track: int
    ground: str
    layout: str
    fault: str


def cases(given: argparse.Namespace) -> Iterator[Case]:
    """Every ground and layout of a right file; every fault of a compact one against an answer file."""
    for edition in given.editions:
        for track in given.tracks:
            for ground in GROUNDS:
                for layout in INDENTS:
                    yield Case(edition, track, ground, layout, "none")
            for fault in FAULTS[1:]:
                yield Case(edition, track, "data" if fault == "videos" else "truth", "compact", fault)


def identity(edition: str, track: int, number: int) -> Any:
    """An id as the edition has it."""
    return {
        "cmivqa-2023": number,
        "mmivqa-2024": f"NLPCC2024_Task{track}_{number}",
        "m4ivqa-2025": f"M4IVQA2025_Task{track}_{number}",
    }[edition]


def make(folder: Path, case: Case, questions: int) -> None:
    """Write ``submission.json``, and ``answers.json`` or the data root ``root``."""
    columns = {} if case.edition == "cmivqa-2023" else {"language_type": "Chinese"}
    answers: list[Row] = []
    rows: list[Row] = []
    for targets, lists in blocks(questions, videos=VIDEOS if case.ground == "data" else None):
        answers += [{**target, "id": identity(case.edition, case.track, target["id"]), **columns} for target in targets]
        rows += [{**row, "id": identity(case.edition, case.track, row["id"]), **columns} for row in lists]
    if case.track == 1:
        asked = {answer["id"]: answer["video_id"] for answer in answers}
        rows = [
            {**{key: row[key] for key in row if key != "output"}, "video_id": asked[row["id"]],
             "start_second": row["output"][0][1], "end_second": row["output"][0][2]}
            for row in rows
        ]  # fmt: skip
    for row in rows:
        SPOIL[case.fault](row)
    indent = 1 if case.layout == "indented" else None
    put(folder / "submission.json", rows, indent)
    if case.ground == "truth":
        put(folder / "answers.json", answers)
    else:
        make_root(folder / "root", case, answers)


def make_root(root: Path, case: Case, answers: list[Row]) -> None:
    """A data root whose dev split has these answers, with subtitles of every video."""
    step = SECONDS / LINES
    spoken = [{"text": "先洗手，再按压伤口。", "start": step * n, "duration": step} for n in range(LINES)]
    name = {"cmivqa-2023": "dev.json", "mmivqa-2024": f"MMIVQA_DEV_TASK{case.track}.json"}
    file = name.get(case.edition, f"M4IVQA_dev_task{case.track}.json")
    put(root / "dev" / file, answers)
    put(root / "dev" / "subtitle.json", dict.fromkeys((f"v{n:07d}_-X" for n in range(VIDEOS)), spoken))


def _spans(row: Row) -> None:
    for entry in row.get("output", ())[::3]:
        entry[1:] = entry[:0:-1]
    if "output" not in row:
        row["start_second"], row["end_second"] = row["end_second"], row["start_second"]


def _videos(row: Row) -> None:
    for entry in row.get("output", ())[::10]:
        entry[0] = f"w{entry[0][1:]}"
    if "output" not in row:
        row["video_id"] = f"w{row['video_id'][1:]}"


def _texts(row: Row) -> None:
    row["question"] = f"{row['question']}！"


def _types(row: Row) -> None:
    if "output" in row:
        row["output"][3][1] = str(row["output"][3][1])
    else:
        row["start_second"] = str(row["start_second"])


SPOIL: dict[str, Callable[[Row], None]] = {
    "none": lambda row: None, "spans": _spans, "videos": _videos, "texts": _texts, "types": _types,
}  # fmt: skip


def put(path: Path, document: Any, indent: int | None = None) -> None:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=indent), encoding="utf-8")


def measure(case: Case, questions: int, rounds: int) -> tuple[float, Run, Run]:
    """The size of the file in MiB; `validate` and `score` of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = [sys.executable, __file__, str(questions), "--make", name, json.dumps([*fields(case)])]
        subprocess.run(words, check=True)  # in a process of its own: its memory is not counted to what is measured
        against = ["--truth", "answers.json"] if case.ground == "truth" else ["--data", "root", "--split", "dev"]
        flags = [*against, "--track", str(case.track), "--edition", case.edition]
        validate, score = (
            best([*KIT, command, "submission.json", *flags], rounds, name, codes=CODES)
            for command in ("validate", "score")
        )
        return (folder / "submission.json").stat().st_size / 2**20, validate, score


def fields(case: Case) -> tuple[Any, ...]:
    """The fields of a case, in order."""
    return case.edition, case.track, case.ground, case.layout, case.fault


def main(given: argparse.Namespace) -> None:
    """Measure and print a table."""
    print(f"{given.questions:,} questions, best of {given.rounds}\n")
    columns = (*Case.__match_args__, "MiB", "validate, s", "score, s", "ratio", "validate, MiB", "score, MiB")
    print(f"| {' | '.join(columns)} |")
    print("|" + " --- |" * 11)
    over = []
    for case in cases(given):
        if given.faults and case.fault not in given.faults:
            continue
        size, validate, score = measure(case, given.questions, given.rounds)
        ratio = validate.seconds / score.seconds
        print(
            f"| {' | '.join(map(str, fields(case)))} | {size:.1f} | {validate.seconds:.2f} | {score.seconds:.2f} | "
            f"{ratio:.2f} | {validate.memory:.0f} | {score.memory:.0f} |",
            flush=True,
        )
        if ratio > 2 or validate.memory > score.memory:
            over.append(case)
    print(f"\nOver twice the processor time, or over the memory, of score: {len(over)} of the rows.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=int, nargs="?", default=8000)
    parser.add_argument("--editions", nargs="+", default=EDITIONS, choices=EDITIONS)
    parser.add_argument("--tracks", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--faults", nargs="+", choices=FAULTS)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(Path(options.make[0]), Case(*json.loads(options.make[1])), options.questions)
    else:
        main(options)
