"""Boards on the terminal: a table per track, how to read it, and who is not ranked and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from cmivqa_kit.cli.common import REPEATED, Session, words
from cmivqa_kit.cli.render import GAP, safe
from cmivqa_kit.leaderboard.board import Board, Row, Section
from cmivqa_kit.leaderboard.board_text import (
    IDENTITY,
    columns,
    details,
    entry_name,
    how_to_read,
    on_no_board,
    other_columns,
    table_rows,
    title,
)
from cmivqa_kit.leaderboard.records import State

REMARKS = 24  # characters that remarks are folded to before the table is divided


def show_boards(session: Session, boards: Sequence[Board]) -> None:
    """Print the boards, then the entries that are on none of them."""
    for board in boards:
        session.say(title(board), "bold")
        _show_table(session, board)
        for text in how_to_read(board):
            session.say(f"  {text}", "dim")
        for row, reason in details(board):
            session.say(f"  {entry_name(row)}: {reason}", "yellow")
        if board.signature:
            session.say(f"  {board.signature}", "dim")
        session.say("")
    lines = list(on_no_board(boards))
    if lines:
        session.say("On no board", "bold")
        for text in lines:
            session.say(f"  {text}", "yellow")


def _show_table(session: Session, board: Board) -> None:
    """One table where it fits; else the metrics that do not rank in a second one."""
    names, rows = columns(board), list(table_rows(board))
    if not rows:
        session.say("  no entry to rank")
        return
    others = [at for at, name in enumerate(names) if name in other_columns(board)]
    widths = [max(cell_len(safe(row[at])) for row in [names, *rows]) for at in range(len(names))]
    wide = sum(widths[:-1]) + min(widths[-1], REMARKS) + GAP * len(names) <= session.console.width
    ranking = [at for at in range(len(names)) if at not in others]
    whole = wide or not others
    parts = [list(range(len(names)))] if whole else [ranking, [*range(len(IDENTITY)), *others]]
    for part in parts:
        session.table("", [names[at] for at in part], [[row[at] for at in part] for row in rows], len(IDENTITY))


def next_step(session: Session, boards: Sequence[Board], truths: Sequence[Path]) -> None:
    """Look at what is not valid; else compare the first two of a board; else see where the first lost its points."""
    keep = (*REPEATED, "split", "encoding")
    for board in boards:
        unplaced = [
            row for row in board.unplaced if row.section == Section.INVALID and row.entry.state == State.ACCEPTED
        ]
        invalid = [*(row for row in board.at(Section.INVALID) if _has_errors(row)), *unplaced]
        if invalid:
            session.next(words("cmivqa", "validate", _path(invalid[0]), *_truth(board, truths)), keep)
            return
    for board in boards:
        ranked = board.at(Section.RANKED)[:2]
        if ranked:
            verb = "compare" if len(ranked) == 2 else "diagnose"
            session.next(
                words("cmivqa", verb, *map(_path, ranked), *_truth(board, truths), "--track", board.track),
                tuple(name for name in keep if name != "encoding"),
            )
            return
    session.next("cmivqa leaderboard add --help", ())


def _has_errors(row: Row) -> bool:
    """Whether the validator has something to say of it: not of a file that is valid, but not the one that was filed."""
    return any(code.startswith("E") for code in row.findings)


def _path(row: Row) -> Path:
    return row.entry.folder / row.file.name


def _truth(board: Board, truths: Sequence[Path]) -> list[str]:
    return next((["--truth", str(path)] for path in truths if path.name == board.truth), [])
