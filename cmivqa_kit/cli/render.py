"""Rendering with rich: tables, notes, progress; plain on pipes and on consoles without UTF-8."""

from __future__ import annotations

import errno
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

T = TypeVar("T")
PIPED = 160  # columns where the output is no terminal
WORD = 11  # characters of a word that never breaks: an id of YouTube
CELL = 400  # characters shown of one cell; --format json and csv have the whole
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def safe(text: object, newlines: bool = False) -> str:
    """Text from a file made harmless for a terminal: control characters and lone surrogates as escapes."""

    def escape(match: re.Match[str]) -> str:
        return match[0] if newlines and match[0] == "\n" else match[0].encode("unicode_escape").decode("ascii")

    return _CONTROL.sub(escape, str(text)).encode("utf-8", "backslashreplace").decode("utf-8")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """As any other output: rich would leave with 1, which is a finding here."""
        raise BrokenPipeError(errno.EPIPE, "the reader left")


def console(stderr: bool = False) -> Console:
    """The console for standard output (or error); wide where it is no terminal, so that pipes do not wrap at 80."""
    made = _Console(highlight=False, markup=False, emoji=False, stderr=stderr)
    if made.is_terminal:
        return made
    return _Console(highlight=False, markup=False, emoji=False, width=PIPED, stderr=stderr)


def table(out: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; columns whose name starts with ``>`` are aligned right. No frames: they survive any encoding."""
    if title:
        line(out, title, "bold")
    made = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.startswith(">")
        made.add_column(name.lstrip(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(_cut(safe(cell))) for cell in row))
    for column in made.columns:  # numbers, intervals and words stay whole; only what is longer folds
        words = [re.split(r"\s+", cell.plain) for cell in column.cells if isinstance(cell, Text)]
        longest = max((len(word) for cell in words for word in cell), default=0)
        column.min_width = min(longest, WORD)
        if column.justify == "right":
            column.no_wrap = True
    # Names stay whole on a narrow terminal where they fit; the other columns fold.
    first = [cell.cell_len for column in made.columns[:1] for cell in column.cells if isinstance(cell, Text)]
    if first:
        made.columns[0].no_wrap = max(first) <= out.width // 3
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
