"""``subtitle.json``: what is said in every video, and when.

Form: ``{video_id: [{"text", "start", "duration"}, ...]}``, times in seconds, lines in time order.
Source: docs/spec/ccgs.md, section 1.3 (including the ``<id>sr`` keys that are no videos). Inline subtitles of other
layouts (MedVidCQA, M4IVQA 2025) hold the same lines and are read by `parse_lines`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

from cmivqa_kit.data.display import escape_pointer
from cmivqa_kit.data.types import Note, Subtitle
from cmivqa_kit.data.video_names import id_among
from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.files import read_json

FIX = 'Write {"<video id>": [{"text": "...", "start": 17.52, "duration": 2.28}, ...], ...}, times in seconds.'
DISORDER = "lines start before the one above; sorted by start"
DOUBLE = "left out: a second transcript of another video, not a video"
DOUBLE_SUFFIX = "sr"  # a second transcript of the same video that the reference never looks up


def read_subtitles(
    path: Path, known_ids: Collection[str] = frozenset(), read_file: Callable[[Path, str], Any] = read_json
) -> tuple[dict[str, tuple[Subtitle, ...]], tuple[Note, ...]]:
    """The subtitles of every video in ``path`` (in the file's order of videos, lines in time order), and the notes.

    A key ``K + "sr"`` where ``K`` is also a key or in ``known_ids`` is no video: it is left out, with a note. Real ids
    may end in ``sr``, so every other such key is a video. A key ``ID.mp4`` or a link is the id in it, with a note.
    Lines out of order are sorted, with a note. ``read_file`` decodes the file, and may remember it.

    Raises:
        UserError: the file is missing, not UTF-8 or not JSON; or, all in one error with a JSON pointer for each: a
            wrong type, a missing, negative or non-finite time, keys that differ only by case or surrounding blanks.
    """
    document = read_file(path, "subtitle file")
    if not isinstance(document, dict):
        raise problems_error(path, [Problem("top level", f"is {_kind(document)}, expected an object")], FIX)
    videos: dict[str, tuple[Subtitle, ...]] = {}
    notes: list[Note] = []
    problems: list[Problem] = []
    known = frozenset(known_ids)
    renamed: list[str] = []
    for key, items in document.items():
        original = key.removesuffix(DOUBLE_SUFFIX)
        if original != key and original and (original in document or original in known):
            notes.append(Note(key, f"left out: a second transcript of {original}, not a video", DOUBLE))
            continue
        pointer = "/" + escape_pointer(key)
        video_id = id_among(key, known)
        if video_id != key:
            if video_id in document or video_id in videos:
                notes.append(Note(key, f"left out: {video_id} is in the file already"))
                continue
            renamed.append(key)
        if not key.strip():
            problems.append(Problem(pointer, "empty video id"))
        lines, found = lines_as_given(items, pointer)
        problems += found
        videos[video_id], disorder = in_time_order(lines, key)
        notes += disorder
    if renamed:
        notes.append(Note(renamed[0], f"taken as {id_among(renamed[0], known)}; {len(renamed)} such keys hold an id"))
    problems += _confusable(videos)
    if problems:
        raise problems_error(path, problems, FIX)
    return videos, tuple(notes)


def doubled_ids(document: Any) -> frozenset[str]:
    """The ids that decide how `read_subtitles` reads a document, if they are known: those with a second transcript."""
    if not isinstance(document, dict):
        return frozenset()
    return frozenset(key.removesuffix(DOUBLE_SUFFIX) for key in document if key.endswith(DOUBLE_SUFFIX))


def parse_lines(items: Any, pointer: str, text_key: str = "text") -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The subtitles in a JSON array of lines, sorted by start, and everything wrong with it.

    ``pointer`` is the JSON pointer of the array, ``text_key`` the key of the text (``Ch_caption`` in M4IVQA 2025). A
    line with ``end`` and no ``duration`` gets ``duration = end - start``. Wrong lines are left out of the result.
    Never raises.
    """
    lines, problems = lines_as_given(items, pointer, text_key)
    return in_time_order(lines, pointer)[0], problems


def lines_as_given(items: Any, pointer: str, text_key: str = "text") -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The lines of a subtitle record in the order of the file; otherwise as `parse_lines`."""
    if not isinstance(items, list):
        return (), [Problem(pointer, f"is {_kind(items)}, expected an array of lines")]
    lines: list[Subtitle] = []
    problems: list[Problem] = []
    for index, item in enumerate(items):
        # The quick path first: a good line costs a few type checks, and a corpus has more than 100,000 of them.
        if isinstance(item, dict):
            text, start, duration = item.get(text_key), item.get("start"), item.get("duration")
            if type(text) is str and type(start) is float and type(duration) is float:  # noqa: SIM102
                if 0.0 <= start < float("inf") and 0.0 <= duration < float("inf"):
                    lines.append(Subtitle(text, start, duration))
                    continue
        line, found = _line(item, f"{pointer}/{index}", text_key)
        problems += found
        if line is not None:
            lines.append(line)
    return tuple(lines), problems


def in_time_order(lines: Sequence[Subtitle], subject: str) -> tuple[tuple[Subtitle, ...], tuple[Note, ...]]:
    """The lines sorted by start (stably), and a note about ``subject`` where that changed their order."""
    late = sum(later.start < earlier.start for earlier, later in pairwise(lines))
    if not late:
        return tuple(lines), ()
    noun = "line starts" if late == 1 else "lines start"
    why = f"{late} {noun} before the one above; sorted by start"
    return tuple(sorted(lines, key=lambda line: line.start)), (Note(subject, why, DISORDER),)


def _line(item: Any, pointer: str, text_key: str) -> tuple[Subtitle | None, list[Problem]]:
    """One line, or what is wrong with it."""
    if not isinstance(item, dict):
        return None, [Problem(pointer, f"is {_kind(item)}, expected an object")]
    problems: list[Problem] = []
    text = item.get(text_key)
    if not isinstance(text, str):
        what = f"is {_kind(text)}, expected a string" if text_key in item else "missing"
        problems.append(Problem(f"{pointer}/{escape_pointer(text_key)}", what))
    start = _seconds(item, "start", pointer, problems)
    if "duration" not in item and "end" in item:
        end = _seconds(item, "end", pointer, problems)
        duration = None if start is None or end is None else end - start
        if duration is not None and duration < 0:
            problems.append(Problem(f"{pointer}/end", f"{end} is before the start {start}"))
    else:
        duration = _seconds(item, "duration", pointer, problems)
    if problems or not isinstance(text, str) or start is None or duration is None:
        return None, problems
    return Subtitle(text, start, duration), []


def _seconds(item: dict[str, Any], key: str, pointer: str, problems: list[Problem]) -> float | None:
    """A time of a line in seconds; ``None`` and one more problem where it is none."""
    value = item.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            seconds = float(value)
        except OverflowError:  # an integer of 400 digits
            seconds = float("inf")
        if isfinite(seconds) and seconds >= 0:
            return seconds
        what = f"{seconds} is negative" if isfinite(seconds) else "is not a finite number"
    elif key not in item:
        what = "missing"
    elif isinstance(value, str) and _is_number(value):
        what = f'"{value}" is text: write {value.strip()} without quotes'
    else:
        what = f"is {_kind(value)}, expected a number of seconds"
    problems.append(Problem(f"{pointer}/{key}", what))
    return None


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _confusable(keys: Collection[str]) -> list[Problem]:
    """Keys that a person cannot have meant as two videos: equal but for case or surrounding blanks."""
    seen: dict[str, str] = {}
    problems: list[Problem] = []
    for key in keys:
        first = seen.setdefault(key.strip().casefold(), key)
        if first != key:
            what = f"differs from the key {first!r} only by case or surrounding blanks; keep one of them"
            problems.append(Problem("/" + escape_pointer(key), what))
    return problems


def _kind(value: Any) -> str:
    """What a JSON value is, in JSON's words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    names = {str: "a string", int: "a number", float: "a number", list: "an array", dict: "an object"}
    return names.get(type(value), type(value).__name__)
