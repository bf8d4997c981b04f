"""``entry.toml``: the record of a filed entry, read with `tomllib` and written by the few rules that it needs.

Names come from strangers: whatever a text holds (quotes, line ends, control characters), what is written reads back the
same. Source: TOML 1.0.0, sections String, Offset Date-Time, Array of Tables.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cmivqa_kit.damage import reading
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, FiledFile, Standing, State
from cmivqa_kit.submission.guarded import bytes_within

MOST = 1 << 20  # bytes of a record
FIX = "Mend it by hand, or take it away: the run is then listed with what its folder holds."
_TEXTS = ("team", "title", "method", "link", "hardware", "external_data")
_CONTROL = re.compile(
    "[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)  # what JSON leaves as it is and eyes cannot see
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: no UTF-8 has one


def read_record(folder: Path) -> FiledEntry:
    """The entry whose record lies in ``folder``, which is ``SUBMISSIONS/EDITION/TEAM/RUN``.

    Raises:
        UserError: the record is damaged; with all that is wrong in it.
    """
    path = folder / RECORD
    data = bytes_within(path, MOST, "record of an entry")
    if len(data) > MOST:
        raise UserError(f"{path}: larger than {MOST >> 20} MiB, so no record of an entry", FIX)
    with reading(path, "record of an entry", FIX):
        table = tomllib.loads(data.decode("utf-8"))
    problems: list[Problem] = []
    record = _entry(folder, table, problems)
    if problems:
        raise problems_error(path, problems, FIX)
    return record


def record_text(entry: FiledEntry) -> str:
    """The text of ``entry.toml``; what an entry does not say is not in it."""
    lines = [_line(name, getattr(entry, name)) for name in _TEXTS if getattr(entry, name)]
    if entry.received is not None:
        lines.append(f"received = {_time(entry.received)}")
    lines += [_line("state", entry.state.value), _line("standing", entry.standing.value)]
    if entry.tracks:
        lines.append(f"tracks = [{', '.join(map(str, entry.tracks))}]")
    if entry.reasons:
        lines.append("reasons = [\n" + "".join(f"  {_quoted(reason)},\n" for reason in entry.reasons) + "]")
    for file in entry.files:
        lines += ["", "[[files]]", *(_line(field.name, getattr(file, field.name)) for field in fields(file))]
    return "\n".join(lines) + "\n"


def plain_text(text: str) -> str:
    """A text that UTF-8 can hold: a half character, as a file name in another encoding gives, is a question mark."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _line(name: str, text: str) -> str:
    return f"{name} = {_quoted(text)}"


def _quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for those that JSON does not need."""
    escaped = json.dumps(plain_text(text), ensure_ascii=False)
    return _CONTROL.sub(lambda hit: f"\\u{ord(hit[0]):04x}", escaped)


def _time(moment: datetime) -> str:
    """RFC 3339, whose offsets have whole minutes."""
    offset = moment.utcoffset()
    whole = offset is not None and not offset.total_seconds() % 60
    return (moment if whole else moment.astimezone(UTC)).isoformat("T")


def _entry(folder: Path, table: Mapping[str, Any], problems: list[Problem]) -> FiledEntry:
    given = dict(table)

    def take(name: str, convert: Callable[[Any], Any], otherwise: Any) -> Any:
        value = given.pop(name, None)
        if value is None:
            return otherwise
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            problems.append(Problem(name, str(error)))
            return otherwise

    texts = {name: take(name, _text, "") for name in _TEXTS}
    entry = FiledEntry(
        folder=folder,
        edition=folder.parent.parent.name,
        run=folder.name,
        files=take("files", _files, ()),
        received=take("received", _moment, None),
        state=take("state", _one_of(State), State.ACCEPTED),
        standing=take("standing", _one_of(Standing), Standing.COMPETING),
        tracks=take("tracks", _tracks, ()),
        reasons=take("reasons", lambda listed: tuple(map(_text, _list(listed))), ()),
        **{**texts, "team": texts["team"] or folder.parent.name},
    )
    problems += [Problem(name, "no record of an entry has such a key") for name in given]
    return entry


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no text in quotes")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.60} is no list")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r:.60} is no time; write it as 2023-05-01T18:30:00+08:00, without quotes")
    moment = value if value.tzinfo is not None else value.replace(tzinfo=BoardRules().zone)
    require_day(moment)
    return moment


def require_day(moment: datetime) -> None:
    """Refuse a moment that is no day in some time zone: on the first day of all years, and on the last.

    Raises:
        ValueError: with what is wrong.
    """
    if not 1 < moment.year < 9999:
        raise ValueError(f"{moment.isoformat()} is a day that not every time zone has")


def _one_of(kind: type[StrEnum]) -> Callable[[Any], StrEnum]:
    def convert(value: Any) -> StrEnum:
        names = [member.value for member in kind]
        if value not in names:
            raise ValueError(f"{value!r:.60} is none of {', '.join(names)}")
        return kind(value)

    return convert


def _tracks(value: Any) -> tuple[int, ...]:
    if not all(type(track) is int and track in TRACKS for track in _list(value)):
        raise ValueError(f"{value!r:.60} is no list of tracks, 1 to 3")
    return tuple(value)


def _files(value: Any) -> tuple[FiledFile, ...]:
    return tuple(_file(table) for table in _list(value))


def _file(table: Any) -> FiledFile:
    names = [field.name for field in fields(FiledFile)]
    if not isinstance(table, dict) or sorted(table) != sorted(names):
        raise ValueError(f"every [[files]] needs {', '.join(names)} and nothing else")
    file = FiledFile(**{name: _text(text) for name, text in table.items()})
    if not is_plain_name(file.name):
        raise ValueError(f"{file.name!r:.60} is no name of a file in this folder")
    if not re.fullmatch("[0-9a-f]{64}", file.sha256):
        raise ValueError(f"{file.sha256!r:.60} is no SHA-256 in hexadecimal digits")
    return file


def is_plain_name(name: str) -> bool:
    """True for the name of something in a folder, which leads nowhere else."""
    return name not in ("", ".", "..") and not set("/\\\0") & set(name)


def submission_names(names: Iterable[str]) -> list[str]:
    """The names that are taken for submissions where no record names them."""
    return sorted(name for name in names if name.lower().endswith(".json") and not name.startswith("."))
