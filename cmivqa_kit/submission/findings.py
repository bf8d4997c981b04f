"""Validation findings. Their codes stand in `cmivqa_kit.submission.codes`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.display import cut, cut_at_difference
from cmivqa_kit.submission.codes import CODES, Code, Severity

__all__ = ["CODES", "Code", "Finding", "Severity", "brief", "brief_pair"]

BRIEF = 40  # characters of a quoted text


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``path`` is a JSON pointer (empty for the file), ``index`` the item, ``id`` the question.

    ``line`` and ``column`` are 1-based and count characters; ``None`` where the finding has no place in the file, or
    the place was not looked up (`cmivqa_kit.submission.locate.placed`).
    """

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
        facts = CODES[self.code]
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "index": self.index,
            "id": self.id if isinstance(self.id, str | int) else None,
            "line": self.line,
            "column": self.column,
            "official": facts.official,
            "hint": facts.fix,
        }


def brief(text: str) -> str:
    """A text of the file as a finding quotes it: at most 40 characters."""
    return cut(text, BRIEF)


def brief_pair(first: str, second: str, fold: Callable[[str], str] = str) -> tuple[str, str]:
    """Two texts that a finding quotes side by side, as `brief`, cut to where they first differ once they are folded."""
    return cut_at_difference(first, second, BRIEF, fold)
