"""Which quirk makes the official program crash, worked out from the place where it stops.

Source: docs/spec/scoring.md, sections 2.2 and 2.3.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.span import interval_iou
from cmivqa_kit.data.types import Track
from cmivqa_kit.scoring.ids import finder, json_safe
from cmivqa_kit.scoring.official.program import OfficialCrash
from cmivqa_kit.scoring.official.questions import ENTRIES, RAISED
from cmivqa_kit.scoring.quirks import CRASHES
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.read import Document


@dataclass(frozen=True, slots=True)
class Crash:
    """Where the official program stops.

    Attributes:
        exception: name of its type, on the running interpreter.
        stage: while reading the submission, or while scoring.
        target_index: position in the ground truth; ``None`` where no question is to blame.
        question_id: the id there.
        quirk: number of the quirk, such as ``Q70``, or a word; empty where it cannot be told.
    """

    exception: str
    stage: Literal["load", "score"]
    target_index: int | None = None
    question_id: Any = None
    quirk: str = ""

    @property
    def why(self) -> str:
        """The quirk in a plain sentence; empty where it cannot be told."""
        return CRASHES.get(self.quirk, "")

    def __str__(self) -> str:
        where = "" if self.target_index is None else f" at question {short_repr(self.question_id)}"
        why = f": {self.why} ({self.quirk})" if self.why else ""
        return f"{self.exception}{where}{why}"

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin; an id that is no text or number is shown as text."""
        return {
            "exception": self.exception,
            "stage": self.stage,
            "target_index": self.target_index,
            "question_id": json_safe(self.question_id),
            "quirk": self.quirk or None,
            "why": self.why or None,
        }


def unreadable(document: Document, data: bytes | None = None) -> Crash | None:
    """How the official program fails to read a submission, or ``None`` where it can; ``data`` are the file's bytes."""
    if document.readable and not document.encoding_fault:
        return None
    # Only nesting can look different here: how much Python bears depends on how deep the caller already is.
    return load_crash(document.path, data) or Crash("RecursionError", "load", quirk="Q8")


def load_crash(path: Path, data: bytes | None = None) -> Crash | None:
    """How the official program fails to read a file, or ``None`` where it can.

    An archive with one submission in it is taken for that: the program is run on unpacked files.
    """
    try:
        whole = path.read_bytes() if data is None else data
        with suppress(NotASubmission):
            whole = content_of(path, whole).data
        text = whole.decode("utf-8")
    except OSError as error:
        return Crash(type(error).__name__, "load", quirk="Q3")
    except UnicodeDecodeError:
        return Crash("UnicodeDecodeError", "load", quirk="Q5")
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return Crash("JSONDecodeError", "load", quirk="Q5" if text.startswith("\ufeff") else "Q6")
    except ValueError:
        return Crash("ValueError", "load", quirk="Q7")
    except RecursionError:
        return Crash("RecursionError", "load", quirk="Q8")
    return None


def explain(track: Track, predictions: Any, targets: Any, crash: OfficialCrash) -> Crash:
    """A crash while scoring, with its quirk."""
    quirk = _quirk(track, predictions, targets, crash)
    return Crash(crash.exception, "score", crash.target_index, crash.question_id, quirk)


def _quirk(track: Track, predictions: Any, targets: Any, crash: OfficialCrash) -> str:
    index = crash.target_index
    if isinstance(targets, list | dict | str) and not targets:
        return "Q14"
    if not isinstance(targets, list):
        return "Q9"
    if index is None:
        return "Q13" if crash.exception == "ZeroDivisionError" else ""
    target = targets[index]
    if not isinstance(target, dict) or "id" not in target:
        return "Q67"
    if not isinstance(predictions, list):
        return "Q9"
    for item in predictions:
        if not isinstance(item, dict):
            return "Q17"
        if "id" not in item:
            return "Q16"
    try:
        prediction = finder(predictions)(target["id"])
    except RAISED:
        return ""
    if not isinstance(prediction, dict):
        return ""
    return _in_span(target, prediction, crash.exception) if track == 1 else _in_list(track, target, prediction, crash)


_TIMES = ("start_second", "end_second")


def _in_span(target: dict[str, Any], prediction: dict[str, Any], exception: str) -> str:
    if not all(isinstance(target.get(name), int | float) for name in _TIMES):
        return "Q67"
    if not all(name in prediction for name in _TIMES):
        return "Q51" if "output" in prediction else "Q42"
    if exception == "ZeroDivisionError":
        return _no_length(target, "Q34")
    return "Q43" if exception == "OverflowError" else "Q42"


def _no_length(target: dict[str, Any], quirk: str) -> str:
    """A division by 0: the quirk, if the right span has no length; else integers and floats were mixed and rounded."""
    return "rounding" if is_span(*(target[name] for name in _TIMES)) else quirk


def _in_list(track: Track, target: dict[str, Any], prediction: dict[str, Any], crash: OfficialCrash) -> str:
    faulty = {2: "Q65", 3: "Q74"}[track]
    if track == 2 and "video_id" not in target:
        return "Q67"
    if "output" not in prediction:
        return "Q51" if any(name in prediction for name in _TIMES) else faulty
    output = prediction["output"]
    if track == 3 and output in ([], ""):
        return "Q70"
    if not isinstance(output, list):
        return faulty
    return "Q64" if track == 2 else _in_moments(target, output, crash.exception)


def _in_moments(target: dict[str, Any], output: list[Any], exception: str) -> str:
    """The first entry that cannot be read, in the order of the program."""
    for entry in output[:ENTRIES]:
        if not isinstance(entry, list | str) or len(entry) == 0:
            return "Q74"
        if "video_id" not in target:
            return "Q67"
        if entry[0] != target["video_id"]:
            continue
        if not all(isinstance(target.get(name), int | float) for name in _TIMES):
            return "Q67"
        if isinstance(entry, str):
            return "Q74"
        if len(entry) < 3:
            return "Q71"
        if not all(isinstance(time, int | float) for time in entry[1:3]):
            return "Q73"
        if not _adds_up(target, entry):
            return _no_length(target, "Q75") if exception == "ZeroDivisionError" else "Q43"
    return ""


def _adds_up(target: dict[str, Any], entry: list[Any]) -> bool:
    try:
        interval_iou(target["start_second"], target["end_second"], entry[1], entry[2])
    except RAISED:
        return False
    return True
