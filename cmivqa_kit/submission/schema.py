"""Structure of a submission by its JSON Schema (2020-12), one per submission form and track.

The schema is the contract: every structural finding comes from a walk through it (`schema_walk`). A plain check in
front of it (`fits`) decides which items and entries need that, because most files are right; tests prove that both
agree with `jsonschema`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from cmivqa_kit.data.display import cut, short_repr
from cmivqa_kit.data.numbers import is_number
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.form import submission_form
from cmivqa_kit.submission.locate import pointer
from cmivqa_kit.submission.read import matched_id
from cmivqa_kit.submission.schema_walk import Path, Violation, violations

# Fields the official program never reads: what is wrong with them has the code of their comparison with the questions.
_UNREAD = {"question": "E213", "video_id": "E218", "language_type": "W217"}


def load_schema(edition: Edition | str, track: Track) -> dict[str, Any]:
    """The JSON Schema of a whole submission file, in the form that the edition names.

    Raises:
        UserError: the edition names no form.
    """
    return _schema(submission_form(edition), track)


@lru_cache(maxsize=16)
def _schema(form: str, track: Track) -> dict[str, Any]:
    file = resources.files("cmivqa_kit.submission") / "schemas" / f"{form}.track{track}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def structural_findings(
    rows: Sequence[Any], edition: Edition | str, track: Track, only: Iterable[int] | None = None
) -> Iterator[Finding]:
    """Every structural finding of every item, in file order, with its JSON pointer.

    Args:
        rows: the items.
        edition: the edition whose schema is meant, or its name.
        track: the track whose schema is meant.
        only: indices of the items to look at, where the others are known to be right.
    """
    form = submission_form(edition)
    items = _schema(form, track)["items"]
    for index in range(len(rows)) if only is None else only:
        row = rows[index]
        if fits(row, items["properties"]["id"], track):
            continue
        identity = row.get("id") if isinstance(row, dict) else None
        nested = _nested(row)
        for path, code, message in nested:
            yield Finding(code, message, pointer([index, *path]), index, identity)
        wrong = {path for path, _, _ in nested}
        for path, error in schema_errors(row, form, track):
            if error.validator != "required" and not (wrong and (path[:1] in wrong or path[:2] in wrong)):
                code, message = _translate(error, path)
                yield Finding(code, message, pointer([index, *path]), index, identity)
        if isinstance(row, dict):
            missing = [name for name in items["required"] if name not in row]
            for code, message in _missing(missing, row, track):
                yield Finding(code, message, f"/{index}", index, identity)


def schema_errors(row: Any, form: str, track: Track) -> Iterator[tuple[Path, Violation]]:
    """What an item violates of a submission form, each violation with its path in the item.

    Only those entries of ``output`` are walked through that are not certainly right.
    """
    shown, ranks = _suspects(row, track)
    for path, error in violations(_cut(shown), _schema(form, track)["items"]):
        yield (
            ("output", ranks[path[1]], *path[2:]) if ranks and path[:1] == ("output",) and len(path) > 1 else path,
            error,
        )


def fits(row: Any, id_schema: Mapping[str, Any], track: Track) -> bool:
    """True only if the item is certainly right by its schema; where not, the walk through the schema decides."""
    if type(row) is not dict or not _fits_id(row.get("id"), id_schema):
        return False
    if type(row.get("question", "")) is not str or row.get("language_type", "Chinese") not in ("Chinese", "English"):
        return False
    if track == 1:
        video = row.get("video_id", "-")
        return type(video) is str and video != "" and _time(row.get("start_second")) and _time(row.get("end_second"))
    output = row.get("output")
    return type(output) is list and output != [] and all(fits_entry(entry, track) for entry in output)


def fits_entry(entry: Any, track: Track) -> bool:
    """True only if an entry of ``output`` is certainly right by its schema."""
    if type(entry) is not list or not entry or type(entry[0]) is not str or not entry[0]:
        return False
    return track == 2 or (len(entry) >= 3 and _time(entry[1]) and _time(entry[2]))


def other_track(row: Mapping[str, Any], track: Track) -> bool:
    """True for an item that has the fields of another track instead of this one's (E210)."""
    if track == 1:
        return "output" in row and "start_second" not in row
    return "start_second" in row and "output" not in row


def flat_triple(output: Any) -> bool:
    """True for an ``output`` that is one entry, not an array of entries."""
    return (
        isinstance(output, list) and len(output) == 3 and isinstance(output[0], str) and all(map(is_number, output[1:]))
    )


def nested_entry(entry: Any) -> bool:
    """True for an entry whose element 0 is an array: one pair of brackets too many."""
    return isinstance(entry, list) and len(entry) > 0 and isinstance(entry[0], list)


def _suspects(row: Any, track: Track) -> tuple[Any, list[int]]:
    """The item with only those entries that may be wrong, and their ranks."""
    output = row.get("output") if isinstance(row, dict) else None
    if track == 1 or not isinstance(output, list):
        return row, []
    ranks = [rank for rank, entry in enumerate(output) if not fits_entry(entry, track)] or list(range(len(output)))[:1]
    return {**row, "output": [output[rank] for rank in ranks]}, ranks


def _nested(row: Any) -> list[tuple[tuple[Any, ...], str, str]]:
    """The findings E407, each of which replaces everything that the schema says of that list or entry."""
    output = row.get("output") if isinstance(row, dict) else None
    if not isinstance(output, list):
        return []
    if flat_triple(output):
        return [(("output",), "E407", "is one entry itself: put it into an array of entries")]
    return [
        (("output", rank), "E407", "is an array of arrays: one pair of brackets too many")
        for rank, entry in enumerate(output)
        if type(entry) is list and entry and type(entry[0]) is list  # `nested_entry`, which is no call of its own here
    ]


def _time(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and value >= 0


def _fits_id(value: Any, schema: Mapping[str, Any]) -> bool:
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if type(value) is int:
        return "integer" in allowed
    if type(value) is not str or "string" not in allowed or not value:
        return False
    return "pattern" not in schema or re.search(schema["pattern"], value) is not None


def _translate(error: Violation, path: Path) -> tuple[str, str]:
    """The code and message of one violation by a value that is there."""
    keyword, value = error.validator, _short(error.instance)
    match list(path):
        case []:
            return "E201", f"{value} is not an object"
        case ["id"]:
            return "E203", f"id {value} is not {_wanted(error)}{_counted_as(error.instance, _wanted(error))}"
        case ["start_second" | "end_second"] | ["output", _, 1 | 2]:
            return ("E303", f"{value} is negative") if keyword == "minimum" else ("E301", f"{value} is not a number")
        case ["output"]:
            return ("E402", "empty") if keyword == "minItems" else ("E401", f"{value} is not an array")
        case ["output", _]:
            few = f"{value} has fewer than {error.validator_value} elements"
            return ("E406", few) if keyword == "minItems" else ("E405", f"{value} is not an array")
        case ["output", *_]:
            return "E410", f"{value} is not a video id"
    return _UNREAD[str(path[0])], f"{value} is not {_wanted(error)}"


def _wanted(error: Violation) -> str:
    """The type that the schema wants of a plain field, in words."""
    schema = error.schema
    if "enum" in schema:
        return " or ".join(schema["enum"])
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    text = "a non-empty text" if "minLength" in schema else "a text"
    text += f" of the form {schema['pattern']}" if "pattern" in schema else ""
    return " or ".join(text if name == "string" else f"an {name}" for name in types)


def _counted_as(identity: Any, wanted: str) -> str:
    """What the official program makes of a whole number or a truth value in the place of an integer (Q18)."""
    number = matched_id({"id": identity})
    if "an integer" not in wanted or not isinstance(number, int) or type(identity) is int:
        return ""
    return f"; the official program counts it as {short_repr(number)}"


def _missing(missing: Sequence[str], row: Mapping[str, Any], track: Track) -> Iterator[tuple[str, str]]:
    """What is said of the required fields that an item lacks."""
    if "id" in missing:
        yield "E202", "no 'id'"
    fields = " and ".join(repr(name) for name in missing if name != "id")
    if not fields:
        return
    if not other_track(row, track):
        yield "E211", f"no {fields}"
    elif track == 1:
        yield "E210", f"has 'output' but no {fields}: an answer for Tracks 2 and 3"
    else:
        yield "E210", f"has 'start_second' but no {fields}: an answer for Track 1"


def _cut(value: Any, depth: int = 6) -> Any:
    """``value`` without what lies deeper than any schema looks: messages quote it, and quoting recurses."""
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "..."
    if isinstance(value, list):
        return [_cut(item, depth - 1) for item in value]
    return {key: _cut(item, depth - 1) for key, item in value.items()}


def _short(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False, default=str))
