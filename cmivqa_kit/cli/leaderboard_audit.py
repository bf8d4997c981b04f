"""`cmivqa leaderboard audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, error_of_each, finish, options, track_number
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import ExitCode

if TYPE_CHECKING:
    from cmivqa_kit.leaderboard.audit import Audit

_COLORS = {"contradiction": "red", "remark": "yellow"}


@click.command(
    "audit",
    short_help="Check a published board from its printed numbers, without labels.",
    epilog="Example: cmivqa leaderboard audit board.csv; cmivqa leaderboard audit page.html --edition mmivqa-2024",
)
@click.argument("boards", type=PATH, nargs=-1, required=True, metavar="BOARD...")
@options("track", "edition", "encoding", "format")
def command(boards: tuple[Path, ...], track: str | None, form: str, **flags: Any) -> None:
    """Check boards, as CSV, Markdown or a web page, from their printed numbers alone.

    Contradictions, which no evaluation prints, whether it rounds or cuts off: recall that falls with k; an MRR outside
    its bounds (the upper one assumes that every question is answered); an Overall or Average that is not the sum or
    mean of its parts; a mean IoU that the shares above thresholds do not allow; a rank with unequal values. Remarks,
    odd and possible: rows out of order; recalls that are no multiple of one by the number of questions, which is told
    from the values where they suffice; numbers cut off where rounding was due. Every table of a file is looked at
    whose header names metrics, in fractions or percent. With --edition its cut-offs and sizes of splits hold. Exit
    code 1 on a contradiction.
    """
    from cmivqa_kit.leaderboard.audit import audit

    session = Session(form, track=track, **flags)
    codes: list[int] = [ExitCode.OK]
    audits: list[Audit] = []
    for path in boards:
        with error_of_each(len(boards), codes):
            audits += audit(path, track_number(track), flags.get("edition"), flags.get("encoding"))
    if session.json:
        render.as_json([one.to_dict() for one in audits])
    else:
        for one in audits:
            _show(session, one)
        if audits:
            _conclude(session, audits)
    if any(one.contradictions for one in audits):
        codes.append(ExitCode.FINDINGS)
    finish(max(codes))


def _show(session: Session, audited: Audit) -> None:
    """One board: what it is, and a line for each finding."""
    from rich.text import Text

    board = audited.board
    unit = "percent" if board.unit == "percent" else "fractions"
    title = f" {board.title!r}," if board.title else ""
    session.say(
        f"{board.file}:{board.line}:{title} Track {board.track}, {count(len(board.rows), 'row')}, {unit}", "bold"
    )
    session.say(f"  {_questions(audited)}")
    rows = [
        [str(f.line), f.team or "-", Text(f.kind.value, style=_COLORS[f.kind.value]), f.message]
        for f in audited.findings
    ]
    if rows:
        session.table("", ["line", "team", "", "what"], rows)
    else:
        session.say("  nothing to remark", "green")


def _questions(audited: Audit) -> str:
    """What the values say of the number of questions."""
    parts = []
    for group in audited.questions.groups:
        source = "told by the recalls of" if group.source == "values" else "as the edition says; fits"
        parts.append(f"{group.number} questions ({source} {count(len(group.lines), 'row')})")
    if not parts:
        return "the number of questions cannot be told from the values"
    return ", ".join(parts)


def _conclude(session: Session, audits: list[Audit]) -> None:
    """The sum of it, and what the bounds of the MRR assume where they were used."""
    contradictions = [(one.board.file, f.line) for one in audits for f in one.contradictions]
    remarks = sum(len(one.remarks) for one in audits)
    rows = len(set(contradictions))
    found = f"{count(len(contradictions), 'contradiction')} in {count(rows, 'row')}, {count(remarks, 'remark')}"
    session.say(f"{count(len(audits), 'board')}: {found}", "red" if contradictions else "green")
    if any("MRR" in one.board.metrics for one in audits):
        said = "The MRR's upper bound assumes that every question is answered: the official program leaves the others"
        session.say(f"{said} out of its mean (Q12).")
