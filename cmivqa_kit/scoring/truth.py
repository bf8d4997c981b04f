"""The ground truth: what strict scoring demands of it, its fingerprint, and a part of it.

Source: specs/scoring.md, section 3.3 (first paragraph) and E901 to E904.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.shown import show
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.errors import SHOWN, UserError
from cmivqa_kit.files import fingerprint
from cmivqa_kit.scoring.ids import plain_key

_SCORED = ("id", "video_id", "start_second", "end_second")


@dataclass(frozen=True, slots=True)
class TruthFault:
    """Why strict scoring refuses a ground truth: a fixed ``word``, and what is wrong where, in a sentence."""

    word: str
    message: str


def check_truth(targets: Any, track: Track) -> TruthFault | None:
    """The first thing that strict scoring cannot accept in the answers, or ``None``."""
    if not isinstance(targets, list):
        return TruthFault("ground_truth_not_array", "the answers are not an array")
    if not targets:
        return TruthFault("ground_truth_empty", "there are no answers")
    seen: set[Hashable] = set()
    for index, target in enumerate(targets):
        fault = _fault(target, track, seen)
        if fault is not None:
            identity = f" (id {show(target.get('id'))})" if isinstance(target, dict) else ""
            return TruthFault(fault[0], f"answer {index}{identity}: {fault[1]}")
    return None


def _fault(target: Any, track: Track, seen: set[Hashable]) -> tuple[str, str] | None:
    """Word and reason for one answer; its id is added to those ``seen``."""
    if not isinstance(target, dict):
        return "ground_truth_bad_id", "not an object with an id"
    key = plain_key(target.get("id"))
    if key is None:
        return "ground_truth_bad_id", "the id is no string and no integer"
    if key in seen:
        return "ground_truth_duplicate_id", "the id is there twice"
    seen.add(key)
    video = target.get("video_id")
    if track != 1 and not (isinstance(video, str) and video):
        return "ground_truth_bad_video_id", f"video_id {show(video)} is no video's id"
    start, end = target.get("start_second"), target.get("end_second")
    if track != 2 and not is_span(start, end):
        return "ground_truth_bad_span", f"{show(start)} to {show(end)} s is no span (0 <= start < end)"
    return None


def truth_fingerprint(targets: Any) -> str:
    """Twelve hex digits for what the score depends on: ids, videos and spans of the answers, in order.

    Raises:
        UserError: the answers hold something that no JSON file can hold, or are nested too deeply.
    """
    rows = targets
    if isinstance(targets, list):
        rows = [[t.get(name) for name in _SCORED] if isinstance(t, dict) else t for t in targets]
    try:
        return fingerprint(rows)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f"the answers cannot be told apart from others ({type(error).__name__}: {show(str(error))})",
            "Give plain numbers and texts, as they stand in an answer file.",
        ) from None


def select(targets: Any, only: Iterable[QuestionId]) -> list[Any]:
    """The answers to the questions ``only`` names, in the order of the truth.

    Raises:
        UserError: an id is not in the truth; the message names up to 20.
    """
    rows = targets if isinstance(targets, list) else []
    keys = [plain_key(target.get("id")) if isinstance(target, dict) else None for target in rows]
    given = list(only)
    wanted = {plain_key(identity) for identity in given}
    known = set(keys) - {None}
    unknown = [show(identity) for identity in given if plain_key(identity) not in known]
    if unknown or not given:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        what = f"no question has the id {', '.join(unknown[:SHOWN])}{more}" if unknown else "no id is given"
        raise UserError(f"cannot score a part of the questions: {what}", "Copy ids as they stand in the answers.")
    return [target for target, key in zip(rows, keys, strict=True) if key in wanted]
