"""Rendering with rich: tables, notes, progress; plain on pipes and on consoles without UTF-8."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cmivqa_kit.data.display import escaped

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

T = TypeVar("T")
PIPED = 160  # columns where the output is no terminal
WORD = 11  # characters of a word that never breaks: an id of YouTube
GAP = 2  # blanks between two columns
CELL = 400  # characters shown of one cell; --format json and csv have the whole
READER = SimpleNamespace(left=False)  # whether standard output has lost its reader


def safe(text: object, newlines: bool = False) -> str:
    """Text from a file made harmless for a terminal: control characters and lone surrogates as escapes."""
    return escaped(text, newlines)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Print no more and go on: what the command was asked to write is not lost with its reader (``... | head``)."""
        let_go()


def let_go() -> None:
    """Point standard output at nothing: its reader left, or it cannot take what is still to be written."""
    READER.left = True
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console(stderr: bool = False) -> Console:
    """The console for standard output (or error); wide where it is no terminal, so that pipes do not wrap at 80."""
    made = _Console(highlight=False, markup=False, emoji=False, stderr=stderr)
    if made.is_terminal:
        return made
    return _Console(highlight=False, markup=False, emoji=False, width=PIPED, stderr=stderr)


def table(
    out: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], repeated: int = 1
) -> None:
    """Print a table; columns whose name starts with ``>`` are aligned right. No frames: they survive any encoding.

    On a terminal too narrow for its numbers the last columns stand in a table below, beside the first ones again, of
    which ``repeated`` are.
    """
    if title:
        line(out, title, "bold")
    cells = [[cell if isinstance(cell, Text) else Text(_cut(safe(cell))) for cell in row] for row in rows]
    least = [_least_width(name, [row[at] for row in cells]) for at, name in enumerate(columns)]
    first = list(range(min(repeated, len(columns))))
    shown = first[:]
    for at in range(len(first), len(columns)):
        if len(shown) > len(first) and sum(least[i] + GAP for i in [*shown, at]) > out.width:
            _print(out, [columns[i] for i in shown], [[row[i] for i in shown] for row in cells])
            shown = first[:]
        shown.append(at)
    _print(out, [columns[i] for i in shown], [[row[i] for i in shown] for row in cells])


def _least_width(name: str, cells: Sequence[Text]) -> int:
    """The characters that a column needs so that no number, interval or short word of it breaks."""
    texts = [name.lstrip(">"), *(cell.plain for cell in cells)]
    if name.startswith(">"):
        return max(map(cell_len, texts))
    return min(max((cell_len(word) for text in texts for word in text.split()), default=0), WORD)


def _widths(room: int, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> list[int]:
    """Widths that fit into ``room``: what each column needs, and what is over shared among those that fold."""
    cells = [[row[at] for row in rows] for at in range(len(columns))]
    whole = [
        max([cell_len(name.lstrip(">")), *(cell.cell_len for cell in column)])
        for name, column in zip(columns, cells, strict=True)
    ]
    widths = [min(_least_width(name, column), most) for name, column, most in zip(columns, cells, whole, strict=True)]
    free = room - sum(widths) - GAP * len(widths)
    if whole and 0 < whole[0] - widths[0] <= free and whole[0] <= room // 3:  # names stay whole where they fit
        free -= whole[0] - widths[0]
        widths[0] = whole[0]
    while free > 0 and (folding := [at for at, most in enumerate(whole) if widths[at] < most]):
        for at in folding[:free]:
            widths[at] += 1
            free -= 1
    return widths


def _print(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    made = Table(box=None, pad_edge=False)
    for name, width in zip(columns, _widths(out.width, columns, rows), strict=True):
        right = name.startswith(">")
        made.add_column(
            name.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right, width=width
        )
    for row in rows:
        made.add_row(*row)
    out.print(made)


def _cut(text: str) -> str:
    """A cell that a person can read: an id of megabytes would take minutes to fold."""
    return text if len(text) <= CELL else text[: CELL - 3] + "..."


def line(out: Console, text: str, style: str = "") -> None:
    """One line of text, never wrapped in the middle of a path or a command."""
    out.print(Text(safe(text), style=style), soft_wrap=True)


def next_step(out: Console, command: str) -> None:
    """The next command to type; every command ends with one."""
    line(out, f"Next: {command}", "green")


def as_json(document: Any) -> None:
    """The machine-readable twin, on standard output; ASCII escapes where the console is not UTF-8."""
    ascii_only = not (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    click.echo(json.dumps(document, ensure_ascii=ascii_only, indent=1, default=str))


@contextmanager
def bar(out: Console) -> Iterator[tuple[Progress, TaskID]]:
    """A bar of the caller's own on a terminal: it gives the description, what is done and the total."""
    with _progress(out) as shown:
        yield shown, shown.add_task("", total=None)


def _progress(out: Console) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn

    class Speed(ProgressColumn):
        """Items per second."""

        def render(self, task: Task) -> Text:
            """The speed of the last seconds."""
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Speed(),
        TimeRemainingColumn(),
        console=out,
        transient=True,
    )
