"""The options that `score`, `compare` and `diagnose` share: questions, cut-offs, resamples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli.common import Command
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.errors import SHOWN, Problem, UserError, problems_error

if TYPE_CHECKING:
    from cmivqa_kit.scoring.options import ScoreOptions

_LISTS = (".json", ".jsonl", ".txt")
CHOSEN = ("only", "cutoffs")  # flags that the next command needs again

_ONLY = click.option(
    "--only",
    metavar="IDS",
    help="Score these questions only: ids with commas between, or a file of them (JSON array, or one id a line).",
)
_CUTOFFS = click.option(
    "--cutoffs", metavar="N,N,...", help="Cut-offs of the strict scores, e.g. 1,10,100; the official ones are fixed."
)


def choice_options(command: Command) -> Command:
    """Add ``--only`` and ``--cutoffs``."""
    return _ONLY(_CUTOFFS(command))


def resampling_options(resamples: str, seed: str) -> Callable[[Command], Command]:
    """Add ``--resamples`` and ``--seed``, with these help texts."""
    times = click.IntRange(1, 1_000_000)
    many = click.option("--resamples", type=times, default=10_000, show_default=True, metavar="N", help=resamples)
    begin = click.option("--seed", type=click.IntRange(0), default=2023, show_default=True, metavar="N", help=seed)

    def add(command: Command) -> Command:
        return many(begin(command))

    return add


def read_choice(only: str | None, cutoffs: str | None) -> ScoreOptions:
    """Read ``--only`` and ``--cutoffs``.

    Raises:
        UserError: a cut-off is no positive integer, there is no id, or the file of ids cannot be read.
    """
    from cmivqa_kit.scoring.options import ScoreOptions

    numbers = None if cutoffs is None else _numbers(cutoffs)
    if only is None:
        return ScoreOptions(numbers)
    path = _as_file(only)
    ids, typed = _read(path) if path else (_words(only.split(",")), True)
    if not ids:
        raise UserError(f"--only {path or only!r}: no id in it", "Give ids with commas between, or a file of them.")
    return ScoreOptions(numbers, ids, typed)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise UserError(f"--cutoffs {text!r}: not whole numbers with commas between", "E.g. 1,10,100.") from None


def _as_file(text: str) -> Path | None:
    """The file that ``--only`` names, or ``None`` where it gives ids: a number, or several, are never a file."""
    from cmivqa_kit.scoring.options import is_whole

    if "," in text or is_whole(text):
        return None
    path = Path(text)
    with suppress(OSError, ValueError):
        if path.is_file():
            return path
    return path if path.suffix in _LISTS else None


def _read(path: Path) -> tuple[tuple[QuestionId, ...], bool]:
    """The ids in a file, and whether they are words. Lines of JSON Lines (``score --per-question``) count by their id.

    Raises:
        UserError: it cannot be read, or an element has no id.
    """
    from cmivqa_kit.files import decode, parse_json, read_bytes

    text = decode(read_bytes(path, "file of ids"), path)
    if path.suffix == ".json" or text.lstrip()[:1] == "[":
        return _plain(parse_json(text, path), path), False
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith("{"):
        return _plain([parse_json(line, path) for line in lines], path), False
    return _words(lines), True


def _words(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for part in parts if (word := part.strip()))


def _plain(document: Any, path: Path) -> tuple[QuestionId, ...]:
    from cmivqa_kit.data.display import short_repr
    from cmivqa_kit.submission.read import plain_id

    if not isinstance(document, list):
        raise UserError(f"{path}: not an array of ids", "Write [id, id, ...], or one id a line in a .txt file.")
    # An element is an id, or an object that has one: a submission names the questions that it answers.
    ids = [plain_id(element if isinstance(element, dict) else {"id": element}) for element in document]
    faults = [
        Problem(f"/{at}", f"{short_repr(document[at])} is no id") for at, identity in enumerate(ids) if identity is None
    ]
    if faults:
        raise problems_error(path, faults[: SHOWN + 1], "An id is a text or an integer, or an object that has one.")
    return tuple(identity for identity in ids if identity is not None)
