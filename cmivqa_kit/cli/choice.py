"""The options that `score`, `compare` and `diagnose` share: questions, cut-offs, resamples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from cmivqa_kit.cli.common import Command
from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from cmivqa_kit.scoring.options import ScoreOptions

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


def comparison_options(noun: str, unit: str) -> Callable[[Command], Command]:
    """Add ``--metric``, ``--all-pairs`` and ``--by``; ``noun`` is what is compared, ``unit`` what is drawn as one."""
    metric = click.option("--metric", "metrics", multiple=True, metavar="NAME",
                          help="Compare this one only; may be repeated.")  # fmt: skip
    pairs = click.option(
        "--all-pairs", is_flag=True, help=f"Compare every {noun} with every other, not only with the first."
    )
    by = click.option("--by", type=click.Choice(["video", "question"]), default="video", show_default=True,
                      help=f"What is drawn as one: {unit}.")  # fmt: skip

    def add(command: Command) -> Command:
        return metric(pairs(by(command)))

    return add


def read_choice(only: str | None, cutoffs: str | None) -> ScoreOptions:
    """Read ``--only`` and ``--cutoffs``.

    Raises:
        UserError: a cut-off is no positive integer, there is no id, or the file of ids cannot be read.
    """
    from cmivqa_kit.scoring.named_questions import named_questions
    from cmivqa_kit.scoring.options import ScoreOptions

    numbers = None if cutoffs is None else _numbers(cutoffs)
    if only is None:
        return ScoreOptions(numbers)
    ids, typed = named_questions(only, "--only ")
    return ScoreOptions(numbers, ids, typed)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text.split(",")))
    except ValueError:
        raise UserError(f"--cutoffs {text!r}: not whole numbers with commas between", "E.g. 1,10,100.") from None
