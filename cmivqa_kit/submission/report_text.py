"""A report in words: the verdict, errors in full, warnings in one line per code, and what was not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from cmivqa_kit.data.display import count
from cmivqa_kit.data.text_blocks import Line
from cmivqa_kit.errors import SHOWN
from cmivqa_kit.submission.codes import CODES, Code
from cmivqa_kit.submission.findings import Finding, brief

if TYPE_CHECKING:
    from cmivqa_kit.submission.validate import Report


def report_lines(report: Report, verbose: bool = False, subject: str = "") -> Iterator[Line]:
    """The lines of a report.

    Args:
        report: the findings of a file.
        verbose: list warnings as errors are listed.
        subject: what kind of file it is, where it is no submission, and a blank behind.
    """
    yield _verdict(report, subject)
    groups = [
        (code, list(findings)[: SHOWN if verbose or code.startswith("E") else 1])
        for code, findings in groupby(report.findings, key=lambda finding: finding.code)
    ]
    # All that is shown is looked up at once: each time costs about one more parse of the file.
    located = iter(report.located([finding for _, findings in groups for finding in findings]))
    for code, findings in groups:
        shown = [next(located) for _ in findings]
        yield from map(Line, _of_code(report, code, shown, verbose or code.startswith("E")))
    for reason in report.unchecked:
        yield Line(f"  Not checked: {reason}", "yellow")


def brief_line(report: Report, subject: str = "") -> Line:
    """A report in one line: the verdict, and how many findings of each code, errors first."""
    counts = sorted(report.counts.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    verdict = _verdict(report, subject)
    codes = ", ".join(f"{code} x {number}" for code, number in counts)
    return Line(f"{verdict.text}: {codes}" if codes else verdict.text, verdict.style)


def _verdict(report: Report, subject: str) -> Line:
    where = f" for {report.split}" if report.split else ""
    tracks = f", Track{'s' * (len(report.tracks) > 1)} {' and '.join(map(str, report.tracks))}" if report.tracks else ""
    return Line(
        f"{report.path}: {subject}{'not valid' if report.errors else 'valid'}{where}{tracks}; "
        f"{count(report.rows, 'item')}, {count(report.errors, 'error')}, {count(report.warnings, 'warning')}",
        "red" if report.errors else "green",
    )


def explanation(code: Code) -> Iterator[Line]:
    """The entry of a code in ``CODES.md``, as text."""
    severity = "error" if code.severity == "E" else "warning"
    yield Line(f"{code.code}: {code.title} ({severity})", "bold")
    yield Line(f"  About: {code.family}")
    yield Line(f"  Official program: {code.official}")
    yield Line(f"  Fix: {code.fix}")
    if code.stops:
        yield Line("  Nothing further in the file is checked.")


def _of_code(report: Report, code: str, shown: Sequence[Finding], whole: bool) -> Iterator[str]:
    facts, number = CODES[code], report.counts[code]
    if not whole:
        example = "e.g. " if number > 1 else ""
        yield (
            f"  {code} {facts.title} ({number}): {example}{_line(report, shown[0])}. "
            f"Official program: {facts.official}."
        )
        return
    fix = facts.fix if facts.fix.endswith("?") else f"{facts.fix}."
    yield f"  {code} {facts.title} ({number}). Official program: {facts.official}. Fix: {fix}"
    for finding in shown:
        yield f"    {_line(report, finding)}"
    if number > len(shown):
        yield f"    ... and {number - len(shown)} more"


def _line(report: Report, finding: Finding) -> str:
    parts = [f"{report.path.name}:{finding.line}:{finding.column}"] if finding.line else []
    parts += [brief(finding.path)] if finding.path else []
    parts += [f"(id {brief(repr(finding.id))})"] if finding.id is not None else []
    return f"{' '.join(parts) or 'file'}: {finding.message}"
