"""`score --published`: a system's published figures beside the ones obtained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli.common import Session
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.provenance import system_of

if TYPE_CHECKING:
    from cmivqa_kit.entries.published import Beside

Command = TypeVar("Command", bound=Callable[..., Any])
RENAMED = "--preset of `score` is called --published now; the old spelling still works."


def published_options(command: Command) -> Command:
    """Add ``--published NAME``, and its old spelling (parameters ``published``, ``preset``)."""
    named = click.option(
        "--published", metavar="NAME", help="Show published figures beside: those of a baseline, or of BASELINE/PRESET."
    )
    old = click.option("--preset", metavar="NAME", hidden=True, help="The old spelling of --published.")
    return named(old(command))


def published_name(published: str | None, preset: str | None) -> str | None:
    """The name that was given in either spelling; says on stderr that the old one is old.

    Raises:
        UserError: both are given, with different names.
    """
    if preset is None:
        return published
    if published not in (None, preset):
        raise UserError(
            f"--published {published} and --preset {preset} are two spellings of one option", "Give --published alone."
        )
    click.echo(RENAMED, err=True)
    return preset


def show(session: Session, published: Beside | None, made_by: Mapping[str, Any] | None) -> None:
    """A small table below a card: the obtained figures and the published ones, and what must be known to compare."""
    if published is None:
        return
    card = published.card
    if not published.figures:
        have = ", ".join(dict.fromkeys(f"Track {f.track} {f.split}" for f in published.everything))
        session.say(
            f"  nothing published of {published.name} for Track {card.track}, {card.split} (there is: {have})", "dim"
        )
        return
    values = published.confirmed
    names = sorted(values, key=lambda name: name != card.headline)  # as in the card: what the board ranks by goes first
    if names:
        rows = [[f"{published.name}, published", *(f"{values[name]:.4f}" for name in names)]]
        if card.metrics:
            from cmivqa_kit.plugin.settings import name_recipe

            system = "this file" if made_by is None else system_of(made_by, name_recipe)
            rows.insert(0, [f"{system}, obtained", *(f"{card.metrics[name]:.4f}" for name in names)])
        session.table(
            f"Beside published figures: Track {card.track}, {card.split}", ["", *(f">{name}" for name in names)], rows
        )
    if not published.same_corpus:
        first, questions = published.figures[0], card.counts["questions"]
        session.say(
            f"  another corpus: for orientation only (published: {first.corpus}, {first.questions} questions; "
            f"scored: {published.edition}, {questions} questions)",
            "yellow",
        )
    if published.unconfirmed:
        doubts = ", ".join(f"{figure.metric} ({figure.doubt})" for figure in published.unconfirmed)
        session.say(f"  left out, published but not confirmed: {doubts}", "dim")


def show_sources(session: Session, shown: Sequence[Beside | None]) -> None:
    """One line that says where the published figures of all cards come from."""
    from cmivqa_kit.entries.published import sources

    named = sources([one for one in shown if one is not None])
    if named:
        session.say(f"  published figures: {'; '.join(named)}", "dim")
