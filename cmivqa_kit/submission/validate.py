"""Validating one submission file: structure, ids, texts, spans, videos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.submission import checks
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.schema import structural_findings

_ON_EVERY_TRACK = ("E201", "E202", "E203")


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a file. ``unchecked`` says what could not be checked and why."""

    path: Path
    split: str | None
    tracks: tuple[Track, ...]
    rows: int
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        """Number of findings of severity E."""
        return sum(finding.severity == "E" for finding in self.findings)

    @property
    def ok(self) -> bool:
        """True without a finding of severity E."""
        return self.errors == 0

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            "file": str(self.path),
            "ok": self.ok,
            "split": self.split,
            "tracks": list(self.tracks),
            "rows": self.rows,
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "findings": [finding.to_dict() for finding in self.findings],
            "unchecked": list(self.unchecked),
        }


def validate(
    document: Document,
    tracks: tuple[Track, ...],
    edition: Edition,
    split: str | None = None,
    questions: Sequence[Question] = (),
    corpus: Collection[str] = (),
) -> Report:
    """Check a decoded submission against the form of its edition and, where given, its questions and corpus.

    A file for Tracks 2 and 3 is checked by the stricter form of Track 3. Findings that only Track 3 has (spans) are
    findings here too, because the same file is handed in for both.
    """
    findings = list(document.findings)
    unchecked = []
    if not document.readable or not document.rows:
        return Report(document.path, split, tracks, 0, tuple(findings), ("nothing in it could be read",))
    rows = document.rows
    if tracks:
        track = max(tracks)
        findings += structural_findings(rows, edition.name, track)
        findings += checks.span_findings(rows, track)
    else:
        track = 3
        findings += (f for f in structural_findings(rows, edition.name, track) if f.code in _ON_EVERY_TRACK)
        unchecked.append("answers: no item has 'output' or 'start_second', so the track is unknown (give --track)")
    findings += checks.id_findings(rows, questions)
    if questions:
        findings += checks.text_findings(rows, questions, track)
    else:
        unchecked.append("ids and question texts: no questions file")
    findings += checks.list_findings(rows, corpus, edition.entries)
    if not corpus and track != 1:
        unchecked.append("video ids: no corpus")
    order = {"E": 0, "W": 1}
    findings.sort(key=lambda f: (order[f.severity], f.code, f.index if f.index is not None else -1))
    return Report(document.path, split, tracks, len(rows), tuple(findings), tuple(unchecked))
