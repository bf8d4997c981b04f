"""Replays of the organizers' evaluator: ``scoring``.

Procedures ``track`` and ``files``: the official numbers and crashes (``expected``, and ``expected_py312`` from Python
3.12 on), the repaired numbers and the strict ones with their counts and languages; ``cli``: the program on the command
line; ``validation``: the codes found in submissions with one fault each. Everything is compared exactly.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Question, Track, Video
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.files import parse_json
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import read_submission
from cmivqa_kit.submission.scan import Limits
from cmivqa_kit.submission.validate import Report, validate
from tests.golden.replay import Case, procedure

# The golden files' short names -> the kit's names, per track. A case must name all of them.
OFFICIAL: dict[int, dict[str, str]] = {
    1: {"i3": "R@1,IoU=0.3", "i5": "R@1,IoU=0.5", "i7": "R@1,IoU=0.7", "miou": "mIoU"},
    2: {"r1": "R@1", "r10": "R@10", "r50": "R@50", "mrr": "MRR", "overall": "Overall"},
    3: {"r1": "R@1|mIoU", "r10": "R@10|mIoU", "r50": "R@50|mIoU", "avg": "Average"},
}
_MOMENTS = {
    **{f"r{n}_miou": f"R@{n}|mIoU" for n in (1, 10, 50)},
    **{f"r{n}_iou{mu}": f"R@{n},IoU=0.{mu}" for n in (1, 10, 50) for mu in (3, 5, 7)},
    "avg": "Average",
}
STRICT: dict[int, dict[str, str]] = {1: OFFICIAL[1], 2: OFFICIAL[2], 3: {**OFFICIAL[2], **_MOMENTS}}
PROGRAM = "cmivqa_kit.scoring.official"


@procedure("scoring", "track")
def track(case: Case) -> list[str]:
    """All numbers of every submission in the files that the case names."""
    return [
        f"{name}: {one['name']} ({one['quirk']}): {what}"
        for name, one in _named(case, load)
        for what in deviations_of(one)
    ] + _miscounted(case, load)


@procedure("scoring", "files")
def files(case: Case) -> list[str]:
    """The same for submissions given byte by byte."""
    return track(case)


@procedure("scoring", "cli")
def cli(case: Case) -> list[str]:
    """What the program prints on the command line, and how it ends."""
    deviations = _miscounted(case, lambda path: json.loads(path.read_text(encoding="utf-8"))["runs"])
    for name in case.config["files"]:
        document = json.loads((case.folder / name).read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            for file, content in document["files"].items():
                (Path(folder) / file).write_text(json.dumps(content), encoding="utf-8")
            for run in document["runs"]:
                deviations += (f"{name}: {' '.join(run['args'])}: {what}" for what in _run(run, folder))
    return deviations


# Codes that another one brings along (docs/spec/scoring.md, section 4); nothing else may be reported beside those
# wanted.
IMPLIED: Mapping[str, frozenset[str]] = {
    "E106": frozenset({"E302", "W216"}),  # in whatever field the number stands
    **dict.fromkeys(("E201", "E202", "E203", "E205", "E208", "E209"), frozenset({"E206"})),
    "E207": frozenset({"E208", "E209", "E212"}),
    "E212": frozenset({"E205", "E206"}),
}


@procedure("scoring", "validation")
def validation(case: Case) -> list[str]:
    """The codes and the exit status of every submission with one fault; where none is wanted, no finding."""
    sets = json.loads((case.folder / "question_sets.json").read_text(encoding="utf-8"))
    deviations = _miscounted(case, lambda path: json.loads(path.read_text(encoding="utf-8")))
    for one in load(case.folder / "cases.json"):
        report = _validated(one, sets[one["questions"]], case.config)
        wanted, found = set(one["must_include"]), set(report.counts)
        allowed = wanted.union(*(IMPLIED.get(code, frozenset()) for code in wanted))
        if not wanted <= found <= allowed or (1 if report.errors else 0) != one["exit_code"]:
            found_text = ", ".join(f"{finding.code} {finding.path}" for finding in report.findings[:5])
            deviations.append(f"{one['name']}: wanted {sorted(wanted)}, status {one['exit_code']}; found {found_text}")
    return deviations


def _validated(submission: Mapping[str, Any], asked: Mapping[str, Any], config: Mapping[str, Any]) -> Report:
    limits = Limits(depth=config["max_depth"], number=config["max_number_length"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.json"
        data = (
            base64.b64decode(submission["pred_b64"])
            if "pred_b64" in submission
            else json.dumps(submission["pred"]).encode()
        )
        path.write_bytes(data)
        document = read_guarded(path, limits)
    questions = [
        Question(q["id"], q["question"], q.get("language_type"), q.get("video_id")) for q in asked["questions"]
    ]
    corpus = {
        name: Video(name, duration=seconds, duration_source="given")
        for name, seconds in asked["video_durations"].items()
    }
    edition = replace(_edition(questions), entries=config["max_outputs"])
    return validate(
        document, (submission["track"],), edition, "golden", questions, corpus, tolerance=config["duration_tolerance"]
    )


def _edition(questions: list[Question]) -> Edition:
    """The edition whose form the ids of the questions have."""
    if all(isinstance(question.id, int) for question in questions):
        return load_edition("cmivqa-2023")
    official = all(str(question.id).startswith("NLPCC2024_Task") for question in questions)
    return load_edition("mmivqa-2024" if official else "m4ivqa-2025")


def load(path: Path) -> list[dict[str, Any]]:
    """The cases of a ``.json`` or ``.json.gz`` file."""
    data = path.read_bytes()
    document: list[dict[str, Any]] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return document


def deviations_of(case: Mapping[str, Any]) -> Iterator[str]:
    """Where the kit's numbers are not exactly those of the case."""
    newer = sys.version_info >= (3, 12)
    wanted = {
        "official": case["expected_py312"] if newer and "expected_py312" in case else case["expected"],
        "repaired": case.get("repaired"),
        "strict": case["strict"],
    }
    number: Track = case["track"]
    got = in_golden_form(card_of(case), number)
    for part in wanted:
        expected, found = wanted[part] or {}, got[part] or {}
        for key in sorted({*expected, *found}):
            if expected.get(key) != found.get(key):
                yield f"{part} {key} is {found.get(key)!r}, not {expected.get(key)!r}"


def card_of(case: Mapping[str, Any]) -> ScoreCard:
    """The card of a case, from a file where it is given byte by byte."""
    edition = load_edition()
    if "pred_b64" not in case:
        return score_documents(_document(case, "pred"), _document(case, "target"), case["track"], edition)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.json"
        path.write_bytes(base64.b64decode(case["pred_b64"]))
        read = read_submission(path)
        crash = unreadable(read)
        return score_documents(read.raw, _document(case, "target"), case["track"], edition, unreadable=crash)


def in_golden_form(card: ScoreCard, number: Track) -> dict[str, Any]:
    """The numbers of a card under the golden files' names."""
    crash, strict = card.official.crash, card.strict
    official: dict[str, Any] = _short(card.raw, OFFICIAL[number])
    if crash is not None and crash.stage == "load":
        official = {"raises": crash.exception, "stage": "load"}
    elif crash is not None:
        official = {"raises": crash.exception, "stage": "score", "at_index": crash.target_index}
    languages = {name: _short(found, STRICT[number]) for name, found in strict.by_language.items()}
    return {
        "official": official,
        "repaired": _short(card.official.repaired_raw or {}, OFFICIAL[number]),
        "strict": {"error": strict.error}
        if strict.error
        else {
            **_short(strict.metrics, STRICT[number]),
            "counts": card.counts,
            **({"by_language": languages} if languages else {}),
        },
    }


def _short(metrics: Mapping[str, float], names: Mapping[str, str]) -> dict[str, Any]:
    short = {long: key for key, long in names.items()}
    return {short.get(name, name): value for name, value in metrics.items()}


def _document(case: Mapping[str, Any], name: str) -> Any:
    """A decoded document, or JSON text with non-standard literals, read as the kit reads a submission."""
    return parse_json(case[f"{name}_text"], Path(name)) if f"{name}_text" in case else case[name]


def _named(case: Case, read: Any) -> Iterator[tuple[str, Any]]:
    for name in case.config["files"]:
        yield from ((name, one) for one in read(case.folder / name))


def _miscounted(case: Case, read: Any) -> list[str]:
    return [
        f"{name}: {found} cases, {count} are announced"
        for name, count in case.config["files"].items()
        if (found := len(read(case.folder / name))) != count
    ]


def _run(run: Mapping[str, Any], folder: str) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, *run["args"]], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    if (done.stdout, done.returncode) != (run["stdout"], run["returncode"]):
        yield f"{done.stdout!r} and status {done.returncode}, not {run['stdout']!r} and {run['returncode']}"
    if not done.stderr.startswith(run.get("exception", "")):
        yield f"{done.stderr!r} on standard error, not {run['exception']}"
