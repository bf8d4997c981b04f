"""A board as texts that the terminal's table and markdown share. Nothing in it is escaped: teams name themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cmivqa_kit.data.display import count, cut
from cmivqa_kit.leaderboard.board import Board, Row, Section
from cmivqa_kit.scoring.card_text import NONE, bounds, metric_name, number

NAME = 24  # characters of a team's name; --format json has the whole
LANGUAGES = 3  # columns of languages; --format json has all
IDENTITY = ("rank", "team", "run")  # the columns that say which entry a row is

Column = tuple[str, Callable[[Row], str]]  # its name, and the cell of a row


def title(board: Board) -> str:
    """What a board is of, in a line."""
    size = f" ({count(board.questions, 'question')}, {count(board.videos, 'video')})" if board.questions else ""
    return f"Track {board.track}, {board.split}, ranked by {_headline(board)}{size}"


def columns(board: Board) -> list[str]:
    """The names of the columns; ``>`` begins one of numbers."""
    return [name for name, _ in _columns(board)]


def other_columns(board: Board) -> list[str]:
    """Those of them that are beside what ranks: the other official metrics, the strict score in each language."""
    return [name for name, _ in _others(board)]


def table_rows(board: Board) -> Iterator[list[str]]:
    """One row per entry that is ranked or stands beside the ranked ones."""
    cells = [cell for _, cell in _columns(board)]
    for row in board.at(Section.RANKED, Section.UNRANKED):
        yield [cell(row) for cell in cells]


def _columns(board: Board) -> list[Column]:
    metric, scale = board.metric, board.scale(board.metric)
    made: list[Column] = [
        (f">{IDENTITY[0]}", lambda row: NONE if row.rank is None else str(row.rank)),
        (IDENTITY[1], lambda row: cut(row.team, NAME)),
        (IDENTITY[2], lambda row: row.run),
        (f">{metric_name(metric, scale)}", lambda row: number(row.official.get(metric), board.decimals, scale)),
        (">strict", lambda row: number(row.strict.get(metric), board.decimals, scale)),
    ]
    if any(row.intervals for row in board.rows):
        made.append((f">{board.level} interval", lambda row: bounds(row.intervals.get(metric), board.decimals, scale)))
    if board.comparisons:
        made.append((">group", lambda row: NONE if row.tie_group is None else str(row.tie_group)))
    return [*made, *_others(board), ("remarks", lambda row: "; ".join(_remarks(row, board)))]


def _others(board: Board) -> list[Column]:
    def official(name: str) -> Column:
        return f">{name}", lambda row: number(row.official.get(name), board.decimals)

    def strict(language: str) -> Column:
        scale = board.scale(board.metric)
        return (
            f">strict, {language}",
            lambda row: number(row.by_language.get(language, {}).get(board.metric), board.decimals, scale),
        )

    languages = sorted({language for row in board.rows for language in row.by_language})
    return [
        *(official(name) for name in board.metrics if name != board.metric),
        *(strict(language) for language in languages[:LANGUAGES]),
    ]


def how_to_read(board: Board) -> Iterator[str]:
    """What the columns mean, as far as they say something."""
    if board.comparisons:
        tests = f"by video, alpha {board.alpha:g}, Holm, {count(board.comparisons, 'comparison')}"
        yield f"group: cannot be told from the first of it (paired test on strict {board.metric}, {tests})"
    if board.detectable is not None:
        shown = board.scale(board.metric).text(board.detectable, board.decimals)
        yield f"smallest difference in {board.metric} that this split would likely show: {shown}"
    if any(row.intervals for row in board.rows):
        drawn = f"{board.resamples:,} resamples of videos, seed {board.seed}"
        yield f"{board.level} intervals of the strict {board.metric}: {drawn}"
    hidden = len(board.at(Section.SUPERSEDED))
    if hidden:
        yield f"{count(hidden, 'other run')} of teams not shown ({board.per_team} of each team; --per-team all)"


def details(board: Board) -> Iterator[tuple[Row, str]]:
    """The rows of which more has to be said than the table does: why they are not ranked."""
    for row in board.at(Section.UNRANKED):
        told = [reason for reason in row.reasons if ": " in reason]
        if told:
            yield row, "; ".join(told)
    for row in board.at(Section.INVALID, Section.ELSEWHERE):
        yield row, _why(row)


def on_no_board(boards: Sequence[Board]) -> Iterator[str]:
    """A line for each entry that none of the boards has, and for what lies in the folder and is no entry."""
    for board in boards[:1]:
        yield from (f"{entry_name(row)}: {_why(row)}" for row in board.unplaced)
        yield from (f"{problem.location}: {problem.message}" for problem in board.problems)


def entry_name(row: Row) -> str:
    """What an entry is called in a line: team and run, the file where the entry has several."""
    file = f", {row.file.name}" if len(row.entry.files) > 1 else ""
    return f"{cut(row.team, NAME)} {row.run}{file}"


def _why(row: Row) -> str:
    return "; ".join(row.reasons) or "no reason was noted"


def _headline(board: Board) -> str:
    return metric_name(board.metric, board.scale(board.metric))


def _remarks(row: Row, board: Board) -> Iterator[str]:
    """What must be known of a row, in a few words; `details` has the rest."""
    yield from (reason.partition(": ")[0] for reason in row.reasons)
    if board.metric in row.repaired:
        yield f"repaired {number(row.repaired[board.metric], board.decimals, board.scale(board.metric))}"
    if row.differences:
        yield "differs: " + ", ".join(f"{code} on {questions}" for code, questions in row.differences.items())
