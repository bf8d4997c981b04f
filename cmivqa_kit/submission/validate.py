"""Validating one submission file: structure, ids, texts, spans, videos."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Question, Track, Video
from cmivqa_kit.editions import Edition
from cmivqa_kit.submission.checks import checks_of, doubts
from cmivqa_kit.submission.checks.units import guess_unit
from cmivqa_kit.submission.codes import CODES
from cmivqa_kit.submission.context import CHECKS, TOLERANCE, Context, Item, as_corpus
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.form import submission_form
from cmivqa_kit.submission.locate import placed
from cmivqa_kit.submission.read import Document, Source, plain_id
from cmivqa_kit.submission.schema import structural_findings
from cmivqa_kit.submission.tally import Tally

_ON_EVERY_TRACK = ("E201", "E202", "E203")


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of a file: errors first, then by code and place. ``counts`` says how many there are of each code.

    ``unchecked`` says what could not be checked and why; ``source`` is the file's, for `located`. ``unit`` is what the
    times likely are in where they are no seconds (W310), as ``--unit`` takes it. ``print(report)`` shows it as
    `cmivqa validate` does.
    """

    path: Path
    split: str | None
    tracks: tuple[Track, ...]
    rows: int
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    source: Source | None = field(default=None, repr=False, compare=False)
    unit: str | None = None

    def __str__(self) -> str:
        """The report as a person reads it, in plain text."""
        from cmivqa_kit.submission.report_text import report_lines

        return "\n".join(line.text for line in report_lines(self))

    @property
    def errors(self) -> int:
        """Number of findings of severity E."""
        return sum(number for code, number in self.counts.items() if code.startswith("E"))

    @property
    def warnings(self) -> int:
        """Number of findings of severity W."""
        return sum(self.counts.values()) - self.errors

    @property
    def ok(self) -> bool:
        """True without a finding of severity E."""
        return self.errors == 0

    def located(self, findings: Iterable[Finding]) -> list[Finding]:
        """Some of the findings with line and column, which cost about one more parse of the file."""
        return placed(findings, self.source)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin; each finding with its place."""
        return {
            "file": str(self.path),
            "ok": self.ok,
            "split": self.split,
            "tracks": list(self.tracks),
            "rows": self.rows,
            "errors": self.errors,
            "warnings": self.warnings,
            "counts": dict(self.counts),
            "unit": self.unit,
            "findings": [finding.to_dict() for finding in self.located(self.findings)],
            "unchecked": list(self.unchecked),
        }


def validate(
    document: Document,
    tracks: tuple[Track, ...],
    edition: Edition,
    split: str | None = None,
    questions: Sequence[Question] = (),
    corpus: Mapping[str, Video] | Collection[str] = (),
    tolerance: float = TOLERANCE,
) -> Report:
    """Check a decoded submission against the form of its edition and, where given, its questions and corpus.

    A file for Tracks 2 and 3 is checked by the stricter form of Track 3. Findings that only Track 3 has (spans) are
    findings here too, because the same file is handed in for both.

    Args:
        document: what `read_guarded` (or `read_submission`, then without line and column) made of the file.
        tracks: the tracks it is for; empty where that cannot be told.
        edition: whose form and limits hold.
        split: the name shown.
        questions: the questions of the split.
        corpus: its videos, or their ids alone; spans are checked against the durations that are known.
        tolerance: seconds by which a span may outlast its video before that is an error.

    Raises:
        UserError: the edition names no submission form.
    """
    submission_form(edition)
    context = Context(edition, tracks, questions, as_corpus(corpus), tolerance)
    if not document.rows:
        return report(document, split, tracks, document.findings, ("nothing in it could be read",))
    for finding in document.findings:
        context.tally.add(finding)
    _check(document.rows, context)
    made = _report(document, split, tracks, context.tally, _unchecked(context))
    guess = guess_unit(document.rows, context) if "W310" in made.counts else None
    return made if guess is None or guess.unit is None else replace(made, unit=guess.unit.name)


def report(
    document: Document,
    split: str | None,
    tracks: tuple[Track, ...],
    findings: Iterable[Finding],
    unchecked: tuple[str, ...] = (),
) -> Report:
    """The report of a file with these findings, sorted and counted."""
    return _report(document, split, tracks, Tally(findings), unchecked)


def _report(
    document: Document, split: str | None, tracks: tuple[Track, ...], tally: Tally, unchecked: tuple[str, ...]
) -> Report:
    kept = sorted(tally.kept, key=lambda f: (_order(f.code), -1 if f.index is None else f.index))
    counted = {code: tally.counts[code] for code in sorted(tally.counts, key=_order)}
    return Report(document.path, split, tracks, len(document.rows), tuple(kept), unchecked, counted, document.source)


def _order(code: str) -> tuple[bool, bool, str]:
    return not CODES[code].leads, code.startswith("W"), code


def _check(rows: Sequence[Any], context: Context) -> None:
    """Add everything that is wrong with the items to the tally of the context."""
    tally = context.tally
    # What stands beyond the entries that are read is W403's: nothing else is said of it, however much it is.
    read = [_cut(row, context.edition.entries) for row in rows]
    doubtful = {
        index: doubt
        for index, row in enumerate(read)
        if (doubt := doubts(row, context, len_of(rows[index]))) is None or doubt
    }
    suspects = [index for index, doubt in doubtful.items() if doubt is None]
    infinite = set()
    for item in _items(rows, read, doubtful if context.tracks else (), context):
        for check in checks_of(doubtful[item.index]):
            for finding in check(item, context):
                tally.add(finding)
                if finding.code == "E302":
                    infinite.add(finding.path)
    for item in _items(rows, read, range(len(rows)), context):
        for check in CHECKS["item"]:
            for finding in check(item, context):
                tally.add(finding)
    for finding in structural_findings(read, context.edition, context.form, suspects):
        if finding.path not in infinite and not _said_better(finding, context):  # minus infinity is negative too
            tally.add(finding)
    for check in CHECKS["file"]:
        for finding in check(rows, context):
            tally.add(finding)
    if "W310" in tally.counts:  # says it once, of all of them
        tally.drop(("W308", "W309"))


def _items(rows: Sequence[Any], read: Sequence[Any], indices: Iterable[int], context: Context) -> Iterator[Item]:
    for index in indices:
        row = read[index]
        if isinstance(row, dict):
            yield Item(index, row, context.question(plain_id(row)), len_of(rows[index]))


def len_of(row: Any) -> int:
    """The number of entries that an item has, read or not."""
    output = row.get("output") if isinstance(row, dict) else None
    return len(output) if isinstance(output, list) else 0


def _cut(row: Any, most: int) -> Any:
    return {**row, "output": row["output"][:most]} if len_of(row) > most else row


def _said_better(finding: Finding, context: Context) -> bool:
    """True for a structural finding in whose place another check has one, or that needs a track to be known."""
    if not context.tracks and finding.code not in _ON_EVERY_TRACK:
        return True
    if finding.code != "E203" or plain_id({"id": finding.id}) is None:
        return False
    # An id of another form than the edition's is judged by the questions where they are known (E205 to E209).
    return bool(context.questions) or context.edition.track_of_id(finding.id) not in (None, *context.tracks)


def _unchecked(context: Context) -> tuple[str, ...]:
    reasons = []
    if not context.tracks:
        reasons.append("answers: no item has 'output' or 'start_second', so the track is unknown (give --track)")
    if not context.questions:
        reasons.append("ids and question texts: no questions file")
    if not context.corpus and context.form != 1:
        reasons.append("video ids: no corpus")
    if context.form != 2 and context.tracks:
        exact = sum(video.duration_is_exact for video in context.corpus.values())
        if exact < len(context.corpus) or not context.corpus:
            what = f"stated for {exact} of {len(context.corpus)} videos" if context.corpus else "no corpus"
            reasons.append(f"ends of spans against exact durations: {what}")
    return tuple(reasons)
