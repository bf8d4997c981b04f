"""Auditing a file: every board in it, with what is wrong and what is odd."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import DEFAULT_EDITION, load_edition
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import decode
from cmivqa_kit.leaderboard.audit.board import Board, board_of
from cmivqa_kit.leaderboard.audit.checks import Context, Finding, Kind, findings
from cmivqa_kit.leaderboard.audit.questions import Questions, recover
from cmivqa_kit.leaderboard.audit.readers import read_tables
from cmivqa_kit.submission.guarded import bytes_within
from cmivqa_kit.submission.scan import MIB

SIZE_MOST = 10 * MIB  # bytes of a file with boards


@dataclass(frozen=True, slots=True)
class Audit:
    """A board with what was found in it, and the number of questions that its values tell."""

    board: Board
    questions: Questions
    findings: tuple[Finding, ...]

    @property
    def contradictions(self) -> tuple[Finding, ...]:
        """What no evaluation prints."""
        return tuple(finding for finding in self.findings if finding.kind == Kind.CONTRADICTION)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What is odd and possible."""
        return tuple(finding for finding in self.findings if finding.kind == Kind.REMARK)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``leaderboard audit --format json``)."""
        board = self.board
        return {
            "file": str(board.file),
            "line": board.line,
            "title": board.title,
            "track": board.track,
            "unit": board.unit,
            "metrics": list(board.metrics),
            "rows": len(board.rows),
            "questions": [
                {"number": group.number, "source": group.source, "rows": list(group.lines)}
                for group in self.questions.groups
            ],
            "other_rows": list(self.questions.others),
            "ok": not self.contradictions,
            "contradictions": [finding.to_dict() for finding in self.contradictions],
            "remarks": [finding.to_dict() for finding in self.remarks],
        }


def audit(
    path: Path | str, track: Track | None = None, edition: str | None = None, encoding: str | None = None
) -> tuple[Audit, ...]:
    """Check every board of a file from its printed numbers: CSV, Markdown or HTML, any number of tables.

    >>> from pathlib import Path
    >>> import cmivqa_kit as ck
    >>> _ = Path("board.csv").write_text("team,R@1,R@10,R@50,MRR,Overall\\nA,0.5018,0.4023,0.8011,0.5520,2.2572\\n")
    >>> [finding.check for audit in ck.audit_board("board.csv") for finding in audit.contradictions]
    ['recall-order', 'mrr-bounds']

    Args:
        path: the file.
        track: only boards of this track, whose columns are read so; by default each says its own.
        edition: whose cut-offs, combinations and sizes of splits hold; by default the first edition's rules, and no
            sizes.
        encoding: of a file that is not UTF-8.

    Raises:
        UserError: the file cannot be read, holds no board, or a cell of one is no number; all such cells are listed.
    """
    path = Path(path)
    data = bytes_within(path, SIZE_MOST, "board")
    if len(data) > SIZE_MOST:
        raise UserError(f"{path}: more than {SIZE_MOST // MIB} MiB", "Save the tables of the boards alone.")
    return audit_text(decode(data, path, encoding), path, track, edition)


def audit_text(
    text: str, path: Path | str, track: Track | None = None, edition: str | None = None
) -> tuple[Audit, ...]:
    """As `audit`, of a text that is at hand; ``path`` tells its format and stands in messages."""
    path = Path(path)
    rules = load_edition(edition or DEFAULT_EDITION)
    try:
        name, tables = read_tables(text, path)
    except ValueError as error:
        raise UserError(
            f"{path}: cannot be read as a table ({error})", "Save the tables of the boards alone."
        ) from None
    problems: list[Problem] = []
    boards = [board for table in tables if (board := board_of(table, path, track, problems)) is not None]
    if problems:
        raise problems_error(path, problems, "Mend these cells; what was not measured is written -.")
    boards = [board for board in boards if board.rows]
    if not boards:
        of_track = "" if track is None else f" of Track {track}"
        counted = f"{len(tables)} table{'s' * (len(tables) != 1)}"
        raise UserError(
            f"{path}: no board{of_track} in it ({counted} of {name} read)",
            f"A board is a table whose header names metrics, such as {', '.join(_examples(track))}.",
        )
    audits = []
    for board in boards:
        questions = recover(board, None if edition is None else rules)
        audits.append(Audit(board, questions, findings(Context(board, rules, questions))))
    return tuple(audits)


def _examples(track: Track | None) -> tuple[str, ...]:
    return {1: ("R@1,IoU=0.5", "mIoU"), 2: ("R@10", "MRR"), 3: ("R@10|mIoU", "Average")}.get(track or 2, ())
