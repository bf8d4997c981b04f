"""Validation findings and their codes. Source: specs/scoring.md, section 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["E", "W"]


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: what it means, what the official program does, and how to mend it."""

    code: str
    title: str
    official: str
    fix: str

    @property
    def severity(self) -> Severity:
        """E: crashes the official program, loses points for sure or exploits a defect. W: harmless."""
        return "E" if self.code.startswith("E") else "W"


CODES: dict[str, Code] = {
    code: Code(code, title, official, fix)
    for code, title, official, fix in (
        ("E101", "cannot be read", "crashes", "check the path and its permissions"),
        ("E103", "not UTF-8", "crashes", "save it as UTF-8 without a byte-order mark"),
        ("E104", "starts with a byte-order mark", "crashes", "save it as UTF-8 without a byte-order mark"),
        ("E105", "not JSON", "crashes", "mend the file at that place"),
        ("E110", "top level is not an array", "crashes", "put the objects into [ ]"),
        ("E111", "empty array", "crashes on Track 2, else scores 0", "write one object per question"),
        ("E201", "not an object", "crashes", "one object per question"),
        ("E202", "no id", "crashes", "copy the id from the questions file"),
        ("E203", "id of the wrong form", "seldom matches", "copy the id as it stands in the questions file"),
        ("E204", "id more than once", "the last one counts", "keep one answer per question"),
        ("E205", "id not in the questions file", "ignored", "copy ids from the questions file"),
        ("E206", "questions without an answer", "count 0, and inflate the MRR", "answer every question"),
        ("E207", "not a single id matches", "crashes on Track 2, else scores 0", "was this made for another split?"),
        ("E210", "fields of another track", "crashes", "was this made for another track?"),
        ("E211", "required field missing", "crashes", "add the field"),
        ("E213", "question text differs", "never read", "rows may be shifted: check ids against texts"),
        ("W214", "no question text", "never read", "copy it, so that others can check the ids"),
        ("W215", "question text differs in blanks or width", "never read", "nothing to do"),
        ("W217", "language_type is no known language", "never read", "copy it from the questions file"),
        ("E218", "video_id is not the question's", "never read", "answer within the given video"),
        ("E301", "time is not a number", "crashes", "write seconds as a number"),
        ("E302", "time is not finite", "may count as right", "write seconds as a finite number"),
        ("E303", "negative time", "scored as it stands", "times start at 0"),
        ("E304", "end before start", "counts 0", "swap or correct the times"),
        ("E305", "end equals start", "counts 0", "a span needs a length"),
        ("E401", "output is not an array", "crashes or counts 0", "an array of [video id, start, end]"),
        ("E402", "output is empty", "crashes on Track 3", "give at least one entry"),
        ("W403", "more entries than are read", "the rest is never read", "cut the list"),
        ("E405", "entry is not an array", "crashes or counts 0", "write [video id, start, end]"),
        ("E406", "entry too short", "crashes", "write [video id, start, end]"),
        ("E410", "video id is not a text", "counts 0", "write the video's id"),
        ("E411", "video not in the corpus", "counts 0", "use the ids of the split's videos"),
    )
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``path`` is a JSON pointer (empty for the file), ``index`` the item, ``id`` the question."""

    code: str
    message: str
    path: str = ""
    index: int | None = None
    id: Any = None
    line: int | None = None
    column: int | None = None

    @property
    def severity(self) -> Severity:
        """E or W, from the code."""
        return CODES[self.code].severity

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "index": self.index,
            "id": self.id if isinstance(self.id, str | int) else None,
            "line": self.line,
            "column": self.column,
            "hint": CODES[self.code].fix,
        }
