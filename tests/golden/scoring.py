"""Replays of the organizers' evaluator: ``scoring``.

Procedures ``track`` and ``files``: the official numbers and crashes (``expected``, and ``expected_py312`` from Python
3.12 on), the repaired numbers and the strict ones with their counts and languages; ``cli``: the program on the command
line. Everything is compared exactly. The exporters and the validation are other parts.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.files import parse_json
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.submission.read import read_submission
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


def load(path: Path) -> list[dict[str, Any]]:
    """The cases of a ``.json`` or ``.json.gz`` file."""
    data = path.read_bytes()
    document: list[dict[str, Any]] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return document


def deviations_of(one: Mapping[str, Any]) -> Iterator[str]:
    """Where the kit's numbers are not exactly those of the case."""
    newer = sys.version_info >= (3, 12)
    wanted = {
        "official": one["expected_py312"] if newer and "expected_py312" in one else one["expected"],
        "repaired": one.get("repaired"),
        "strict": one["strict"],
    }
    number: Track = one["track"]
    got = in_golden_form(card_of(one), number)
    for part in wanted:
        expected, found = wanted[part] or {}, got[part] or {}
        for key in sorted({*expected, *found}):
            if expected.get(key) != found.get(key):
                yield f"{part} {key} is {found.get(key)!r}, not {expected.get(key)!r}"


def card_of(one: Mapping[str, Any]) -> ScoreCard:
    """The card of a case, from a file where it is given byte by byte."""
    edition = load_edition()
    if "pred_b64" not in one:
        return score_documents(_document(one, "pred"), _document(one, "target"), one["track"], edition)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.json"
        path.write_bytes(base64.b64decode(one["pred_b64"]))
        read = read_submission(path)
        crash = unreadable(read)
        return score_documents(read.raw, _document(one, "target"), one["track"], edition, unreadable=crash)


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


def _document(one: Mapping[str, Any], name: str) -> Any:
    """A decoded document, or JSON text with non-standard literals, read as the kit reads a submission."""
    return parse_json(one[f"{name}_text"], Path(name)) if f"{name}_text" in one else one[name]


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
