"""`score --published`: a system's published figures beside the ones obtained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli.common import Session
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.provenance import system_of

if TYPE_CHECKING:
    from cmivqa_kit.plugin.published_figures import Figure
    from cmivqa_kit.scoring.card import ScoreCard

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


@dataclass(frozen=True, slots=True)
class Beside:
    """What ``name`` is published with on the track and split of ``card``; ``figures`` may be empty.

    ``edition`` is that of the scored corpus, ``everything`` all figures of that name.
    """

    name: str
    card: ScoreCard
    edition: str
    figures: tuple[Figure, ...]
    everything: tuple[Figure, ...]

    @property
    def confirmed(self) -> dict[str, float]:
        """Confirmed values by metric."""
        return {figure.metric: figure.value for figure in self.figures if figure.confirmed}

    @property
    def unconfirmed(self) -> tuple[Figure, ...]:
        """Figures whose values are not shown as facts."""
        return tuple(figure for figure in self.figures if not figure.confirmed)

    @property
    def same_corpus(self) -> bool:
        """False where edition or number of questions say that another corpus was scored."""
        return all(f.corpus == self.edition and f.questions == self.card.counts["questions"] for f in self.figures)


def published_as(name: str | None) -> Sequence[Figure]:
    """The figures of a name given with ``--published``; none without it, and then nothing is imported for them.

    Raises:
        UserError: no baseline has that name, or nothing was published of it.
    """
    if name is None:
        return ()
    from cmivqa_kit.plugin.published_figures import named

    return named(name)


def beside(
    name: str | None, figures: Sequence[Figure], cards: Iterable[ScoreCard], edition: str
) -> list[Beside | None]:
    """What of ``name``'s ``figures`` stands beside each card; ``None`` without ``--published``."""
    if name is None:
        return [None for _ in cards]
    from cmivqa_kit.plugin.published_figures import fitting

    return [
        Beside(name, card, edition, fitting(figures, card.track, card.split, edition), tuple(figures)) for card in cards
    ]


def to_dict(published: Beside | None) -> dict[str, Any] | None:
    """Key ``published`` of a score in ``--format json``; ``None`` where nothing was asked for or nothing fits."""
    if published is None or not published.figures:
        return None
    first = published.figures[0]
    return {
        "preset": published.name,
        "sources": _sources([published]),
        "corpus": first.corpus,
        "split": first.split,
        "questions": first.questions,
        "same_corpus": published.same_corpus,
        "metrics": published.confirmed,
        "unconfirmed": {f.metric: {"value": f.value, "why": f.doubt} for f in published.unconfirmed},
    }


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
    sources = _sources([one for one in shown if one is not None])
    if sources:
        session.say(f"  published figures: {'; '.join(sources)}", "dim")


def _sources(shown: Iterable[Beside]) -> list[str]:
    return list(dict.fromkeys(figure.source for one in shown for figure in one.figures))
