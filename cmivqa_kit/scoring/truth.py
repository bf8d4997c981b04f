"""The ground truth: reading it, what the tracks and strict scoring demand of it, its fingerprint, and a part of it.

Source: docs/spec/scoring.md, section 3.3 (first paragraph) and E901 to E904.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.answer_rows import AnswerRows, answer_rows
from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_number, is_span
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import SHOWN, UserError
from cmivqa_kit.files import UnreadableFile, called_by_name, decode, fingerprint, parse_json, read_bytes
from cmivqa_kit.submission.container import content_of

FILE_FIX = "--truth wants the organizers' answer file."
_SUFFIXES = (".json", ".gz", ".zip", ".tar", ".tgz", ".bz2", ".xz")
TIMES = ("start_second", "end_second")
FIELDS: Mapping[Track, tuple[str, ...]] = {1: ("id", *TIMES), 2: ("id", "video_id"), 3: ("id", "video_id", *TIMES)}


@dataclass(frozen=True, slots=True)
class TruthFault:
    """Why strict scoring refuses a ground truth: a fixed ``word``, and what is wrong where, in a sentence."""

    word: str
    message: str


def read_answers(path: Path) -> AnswerRows:
    """The answers of a file; it may lie in an archive, as a submission may.

    Raises:
        UserError: it cannot be read, or holds no answers with ids.
    """
    return answers_in(read_answer_document(path), path)


def read_answer_document(path: Path, encoding: str | None = None) -> Any:
    """The decoded document of an answer file, which may lie in an archive; ``encoding`` is that of one not in UTF-8.

    Raises:
        UserError: it cannot be read, or is something else altogether (a web page, a pointer).
    """
    data = content_of(path, read_bytes(path, "answer file")).data
    try:
        return parse_json(decode(data, path, encoding), path)
    except UnreadableFile as error:
        raise called_by_name(path, data, error) from None


def answers_in(document: Any, path: Path) -> AnswerRows:
    """The answers of a decoded file.

    Raises:
        UserError: it holds no answers with ids.
    """
    return require_answers(document, path, f"{path}: not an array of answers with ids", FILE_FIX)


def require_answers(document: Any, source: object, message: str, fix: str) -> AnswerRows:
    """A decoded document as answers: objects with ids, one at least, of any layout.

    Raises:
        UserError: it is none, with ``message`` and ``fix``; or records with findings.
    """
    if not isinstance(document, list) or not document or not all(isinstance(row, dict) for row in document):
        raise UserError(message, fix)
    answers = answer_rows(document, source)
    if not answers.rows or not all("id" in row for row in answers.rows):
        raise UserError(message, fix)
    return answers


def require_fields(targets: list[Any], track: Track, source: object) -> None:
    """Refuse answers that lack a field the track needs: no score, and no crash of the submission.

    Raises:
        UserError: naming ``source``, the fields and one such answer.
    """
    lacking = [target for target in targets if not _has_fields(target, track)]
    if lacking:
        example = short_repr(lacking[0].get("id") if isinstance(lacking[0], dict) else None)
        raise UserError(
            f"{source}: {len(lacking)} of {len(targets)} answers lack {' or '.join(FIELDS[track])} (e.g. id {example})",
            f"Track {track} cannot be scored with this file.",
        )


def computable(targets: Any, track: Track) -> bool:
    """True where the official program's arithmetic has all it needs of the answers, at least one of which there is."""
    return isinstance(targets, list) and bool(targets) and all(_computable(target, track) for target in targets)


def _computable(target: Any, track: Track) -> bool:
    if not isinstance(target, dict) or not all(name in target for name in FIELDS[track]):
        return False
    return all(is_number(target[name]) for name in FIELDS[track] if name in TIMES)


def _has_fields(target: Any, track: Track) -> bool:
    kinds: dict[str, Any] = {"id": int | str, "video_id": str}
    values = ((name, target.get(name)) for name in FIELDS[track]) if isinstance(target, dict) else (("id", None),)
    return all(
        isinstance(value, kinds.get(name, int | float)) and not isinstance(value, bool) for name, value in values
    )


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
            identity = f" (id {short_repr(target.get('id'))})" if isinstance(target, dict) else ""
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
        return "ground_truth_bad_video_id", f"video_id {short_repr(video)} is no video's id"
    start, end = target.get("start_second"), target.get("end_second")
    if track != 2 and not is_span(start, end):
        return "ground_truth_bad_span", f"{short_repr(start)} to {short_repr(end)} s is no span (0 <= start < end)"
    return None


def split_named(path: Path | None, edition: Edition, stated: str | None = None) -> str:
    """The split whose answers a file holds: as stated, else the one in the file's name, by its canonical name.

    So ``answers_TESTA.json`` and ``--split testa`` are called ``testA``, as in a data root; a name that says no split
    stands as it is, and answers without a file have none (``unnamed``).
    """
    if stated is not None:
        return edition.canonical_split(stated) or stated
    if path is None:
        return "unnamed"
    name = path.name
    while (suffix := Path(name).suffix.lower()) and suffix in _SUFFIXES:
        name = name[: -len(suffix)]
    return edition.split_in(name) or name


def _plain(name: str, value: Any) -> Any:
    """A value as it counts for the fingerprint: a time is a float (12 is 12.0, as data roots read it) where it can."""
    if name not in TIMES or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        seconds = float(value)
    except OverflowError:
        return value
    return (seconds or 0.0) if seconds == value else value  # -0.0 is 0; an integer beyond 2^53 may have no float


def truth_fingerprint(targets: Any) -> str:
    """Twelve hex digits for what the score depends on: ids, videos and spans of the answers, in order.

    The same answers have the same digits however they are written: times as 12 or 12.0, keys in any order.

    Raises:
        UserError: the answers hold something that no JSON file can hold, or are nested too deeply.
    """
    rows = targets
    if isinstance(targets, list):
        rows = [[_plain(name, t.get(name)) for name in FIELDS[3]] if isinstance(t, dict) else t for t in targets]
    try:
        return fingerprint(rows)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserError(
            f"the answers cannot be told apart from others ({type(error).__name__}: {short_repr(str(error))})",
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
    unknown = [short_repr(identity) for identity in given if plain_key(identity) not in known]
    if unknown or not given:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        what = f"no question has the id {', '.join(unknown[:SHOWN])}{more}" if unknown else "no id is given"
        raise UserError(f"cannot score a part of the questions: {what}", _hint(given, known))
    return [target for target, key in zip(rows, keys, strict=True) if key in wanted]


def _hint(given: Iterable[QuestionId], known: set[Hashable]) -> str:
    """What to do about unknown ids; where one is there as a number or as a text instead, that is said."""
    by_text = {str(identity): identity for identity in known if isinstance(identity, str | int)}
    for identity in given:
        text = str(identity) if isinstance(identity, str) or abs(identity) < 10**64 else ""
        near = by_text.get(text, by_text.get(re.sub(r"\.0+$", "", text)))
        if near is not None and near != identity:
            kinds = {int: "the number", str: "the text"}
            return (
                f"In the answers the id is {kinds.get(type(near), '')} {short_repr(near)}, not {kinds[type(identity)]} "
                f"{short_repr(identity)}: give ids as they stand there."
            )
    return "Copy ids as they stand in the answers."
