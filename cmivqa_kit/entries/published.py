"""A system's published figures beside a score card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmivqa_kit.scoring.card import ScoreCard

if TYPE_CHECKING:
    from cmivqa_kit.entries.ground import OpenGround
    from cmivqa_kit.plugin.published_figures import Figure


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

    def to_dict(self) -> dict[str, Any] | None:
        """Key ``published`` of a score in ``--format json``; ``None`` where nothing fits."""
        if not self.figures:
            return None
        first = self.figures[0]
        return {
            "preset": self.name,
            "sources": sources([self]),
            "corpus": first.corpus,
            "split": first.split,
            "questions": first.questions,
            "same_corpus": self.same_corpus,
            "metrics": self.confirmed,
            "unconfirmed": {f.metric: {"value": f.value, "why": f.doubt} for f in self.unconfirmed},
        }


def beside(card: ScoreCard, ground: OpenGround) -> Beside | None:
    """What of the ground's published figures stands beside a card; ``None`` where no name was given.

    Raises:
        UserError: no baseline has that name, or nothing was published of it.
    """
    name = ground.ground.published
    if name is None:
        return None
    from cmivqa_kit.plugin.published_figures import fitting

    edition, figures = ground.scored_by.name, tuple(ground.figures)
    return Beside(name, card, edition, fitting(figures, card.track, card.split, edition), figures)


def sources(shown: Iterable[Beside]) -> list[str]:
    """Where the figures come from, each source once."""
    return list(dict.fromkeys(figure.source for one in shown for figure in one.figures))
