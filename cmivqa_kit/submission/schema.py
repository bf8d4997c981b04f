"""Structure of a submission by its JSON Schema (2020-12), one per edition and track.

The schema is the contract: every structural finding comes from `jsonschema`. A plain check in front of it (`fits`)
decides which items need that, because most files are right and `jsonschema` takes minutes on a full one; tests prove
that both agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.submission.findings import Finding

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_TIME_CODES = {"type": "E301", "minimum": "E303"}


@lru_cache(maxsize=16)
def load_schema(edition: str, track: Track) -> dict[str, Any]:
    """The JSON Schema of a whole submission file; editions outside the kit use the 2025 form (any id)."""
    folder = resources.files("cmivqa_kit.submission") / "schemas"
    file = folder / f"{edition}.track{track}.json"
    if not file.is_file():
        file = folder / f"m4ivqa-2025.track{track}.json"
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def structural_findings(rows: Sequence[Any], edition: str, track: Track) -> Iterator[Finding]:
    """Every structural finding of every item, in file order, with its JSON pointer."""
    validator: Draft202012Validator | None = None
    items = load_schema(edition, track)["items"]
    id_schema = items["properties"]["id"]
    for index, row in enumerate(rows):
        if fits(row, id_schema, track):
            continue
        if validator is None:  # imported only when something is wrong: it is a third of the start-up time
            from jsonschema import Draft202012Validator

            validator = Draft202012Validator(items)
        identity = row.get("id") if isinstance(row, Mapping) else None
        errors = sorted(validator.iter_errors(row), key=lambda e: [str(part) for part in e.absolute_path])
        seen: set[tuple[str, str]] = set()
        for error in errors:
            code, message = _translate(error, row, track)
            path = pointer([index, *error.absolute_path])
            if (code, path) not in seen:
                seen.add((code, path))
                yield Finding(code, message, path, index, identity)


def fits(row: Any, id_schema: Mapping[str, Any], track: Track) -> bool:
    """True only if the item is certainly right by its schema. False means: let `jsonschema` say."""
    if type(row) is not dict or not _fits_id(row.get("id"), id_schema):
        return False
    if type(row.get("question", "")) is not str or row.get("language_type", "Chinese") not in ("Chinese", "English"):
        return False
    if track == 1:
        video = row.get("video_id", "-")
        return type(video) is str and video != "" and _time(row.get("start_second")) and _time(row.get("end_second"))
    output = row.get("output")
    if type(output) is not list or not output:
        return False
    if track == 2:
        return all(type(e) is list and e and type(e[0]) is str and e[0] for e in output)
    return all(
        type(e) is list and len(e) >= 3 and type(e[0]) is str and e[0] and _time(e[1]) and _time(e[2]) for e in output
    )


def pointer(parts: Sequence[Any]) -> str:
    """RFC 6901 pointer of a path into a document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _time(value: Any) -> bool:
    return (type(value) is float or type(value) is int) and value >= 0


def _fits_id(value: Any, schema: Mapping[str, Any]) -> bool:
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if type(value) is int:
        return "integer" in allowed
    if type(value) is not str or "string" not in allowed or not value:
        return False
    return "pattern" not in schema or _matches(schema["pattern"], value)


def _matches(pattern: str, value: str) -> bool:
    import re

    return re.search(pattern, value) is not None


def _translate(error: ValidationError, row: Any, track: Track) -> tuple[str, str]:
    """The code and message of one `jsonschema` error."""
    path, keyword = list(error.absolute_path), str(error.validator)
    value = _short(error.instance)
    if not path:
        if keyword == "type":
            return "E201", f"{value} is not an object"
        required: list[str] = ["id", "start_second", "end_second"] if track == 1 else ["id", "output"]
        missing = next(name for name in required if error.message.startswith(repr(name)))
        if missing == "id":
            return "E202", "no 'id'"
        other = ("output", "start_second") if track == 1 else ("start_second", "output")
        if other[0] in row and other[1] not in row:
            return (
                "E210",
                f"has {other[0]!r} but no {missing!r}: an answer for {'Tracks 2, 3' if track == 1 else 'Track 1'}",
            )
        return "E211", f"no {missing!r}"
    if path[0] == "id":
        return "E203", f"id {value}: {'wrong form' if keyword == 'pattern' else 'not ' + _types(error)}"
    if path[0] in ("start_second", "end_second") or (path[0] == "output" and len(path) == 3 and path[2] in (1, 2)):
        return _TIME_CODES[keyword], f"{value} is {'negative' if keyword == 'minimum' else 'not a number'}"
    if path[0] == "output" and len(path) == 1:
        return ("E402", "empty") if keyword == "minItems" else ("E401", f"{value} is not an array")
    if path[0] == "output" and len(path) == 2:
        if keyword == "minItems":
            return "E406", f"{value} has fewer than {error.validator_value} elements"
        return "E405", f"{value} is not an array"
    if path[0] == "output":
        return "E410", f"{value} is not a video id"
    return "E211", f"{path[0]!r} is {value}"


def _types(error: ValidationError) -> str:
    wanted = error.validator_value
    names = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(f"a{'n' if name == 'integer' else ''} {name}" for name in names if isinstance(name, str))


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
