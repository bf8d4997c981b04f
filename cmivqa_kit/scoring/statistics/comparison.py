"""Comparing score cards: who is better on what, as far as this split can tell.

Strict values are compared, never official ones: those leave questions out and do not exist where the official program
crashes, so they are no pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.scoring.card import OWN, ScoreCard
from cmivqa_kit.scoring.statistics.bootstrap import FEW
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Difference, Settings, corrected, differences

# Parts of a signature that may differ between cards: strict values do not depend on the interpreter, and on the version
# of the kit only where an error was mended.
# The split is only a name: the digest of the answers, which always stands beside it, says whether they are the same.
_KIT, _FREE = "cmivqa-kit", ("cmivqa-kit", "python")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of the compared systems, ``b`` against ``a``, by their position."""

    a: int
    b: int
    differences: tuple[Difference, ...]

    def on(self, metric: str) -> Difference | None:
        """The difference on a metric, where it was compared."""
        return next((one for one in self.differences if one.metric == metric), None)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems on one track of one split, compared on the same questions.

    Attributes:
        names: the systems, the baseline first.
        headline: the metric the board ranks by; the conclusions are about it.
        pairs: each against the baseline, or all of them.
        questions, videos: how many the numbers rest on.
        tests: p-values corrected together: metrics x pairs of this track.
        signature: what the cards have in common, and how they were compared.
        remarks: what to keep in mind.
    """

    track: Track
    split: str
    names: tuple[str, ...]
    headline: str
    pairs: tuple[Pair, ...]
    questions: int
    videos: int
    tests: int
    settings: Settings
    signature: str
    remarks: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[Pair, ...]:
        """The systems that are worse than the baseline on the headline, after the correction."""
        against = (pair for pair in self.pairs if pair.a == 0)
        return tuple(pair for pair in against if (one := pair.on(self.headline)) and one.verdict == "worse")

    def conclusion(self, pair: Pair) -> str:
        """One plain sentence about the headline; empty where it was not compared."""
        found = pair.on(self.headline)
        if found is None:
            return ""
        a, b = self.names[pair.a], self.names[pair.b]
        if found.verdict == "open":
            told = f"No difference between {b} and {a} can be told on {found.metric}"
            return f"{told} ({_evidence(found)}): {_limit(found)}."
        amount = found.scale.text(abs(found.difference))
        # The amount has no sign, so its interval is told the same way round.
        return (
            f"{b} is {found.verdict} than {a} on {found.metric} by {amount} ({_evidence(found, found.difference < 0)})."
        )

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``compare --format json``).

        Each of ``metrics`` has the fields of `Difference` and ``verdict``; ``scale`` says the metric's ``unit``,
        ``higher_is_better`` and ``bounds``, by which better and worse, wins and losses are told.
        """
        return {
            "track": self.track,
            "split": self.split,
            "systems": list(self.names),
            "headline": self.headline,
            "questions": self.questions,
            "videos": self.videos,
            "settings": {**asdict(self.settings), "correction": "holm", "tests": self.tests},
            "pairs": [
                {
                    "a": self.names[pair.a],
                    "b": self.names[pair.b],
                    "conclusion": self.conclusion(pair) or None,
                    "metrics": [found.to_dict() for found in pair.differences],
                }
                for pair in self.pairs
            ],
            "remarks": list(self.remarks),
            "signature": self.signature,
        }


def compare(
    cards: Sequence[ScoreCard],
    names: Sequence[str] = (),
    metrics: Sequence[str] = (),
    settings: Settings = DEFAULTS,
    all_pairs: bool = False,
) -> Comparison:
    """Compare two or more systems on the same questions.

    Holm's correction takes every test of the call as one family, metrics x pairs: whoever asks about one metric only
    pays for that one.

    Args:
        cards: one per system, the baseline first.
        names: what to call them; ``system 1``, ``system 2`` ... by default.
        metrics: canonical names; by default what the board shows, the headline and its parts.
        settings: how to test.
        all_pairs: compare all of them with each other, not only with the first.

    Raises:
        UserError: the cards are not comparable, or one has no such metric.
    """
    labels = tuple(names) or tuple(f"system {number}" for number in range(1, len(cards) + 1))
    if len(cards) < 2 or len(labels) != len(cards):
        raise UserError(
            f"{len(cards)} score cards, {len(labels)} names", "Give two or more cards, and a name for each."
        )
    for card, label in zip(cards, labels, strict=True):
        if card.strict.error:
            raise UserError(
                f"{label}: cannot be compared: {card.strict.message}", "Mend what is named, then try again."
            )
    common, remarks = common_signature(cards, labels)
    wanted = tuple(dict.fromkeys(metrics)) or cards[0].board_metrics
    values = [{name: _values(card, name) for name in wanted} for card in cards]
    first = cards[0]
    scales = {name: first.strict.scale(name) for name in wanted}
    clusters = first.clusters if settings.by == "video" else _own_names(first.question_ids)
    chosen = combinations(range(len(cards)), 2) if all_pairs else ((0, other) for other in range(1, len(cards)))
    pairs = list(chosen)
    found = corrected([differences(values[a], values[b], clusters, settings, scales) for a, b in pairs])
    tests = len(pairs) * len(wanted)
    how = f"by:{settings.by}|resamples:{settings.resamples}|seed:{settings.seed}|alpha:{settings.alpha:g}|holm:{tests}"
    units = len(set(clusters))
    if units < FEW:
        remarks = (*remarks, f"only {units} {settings.by}s: intervals are likely too narrow")
    return Comparison(
        track=first.track,
        split=first.split,
        names=labels,
        headline=first.headline,
        pairs=tuple(Pair(a, b, tested) for (a, b), tested in zip(pairs, found, strict=True)),
        questions=len(first.question_ids),
        videos=len(set(first.clusters)),
        tests=tests,
        settings=settings,
        signature=f"{common}|{how}",
        remarks=remarks,
    )


def common_signature(cards: Sequence[ScoreCard], labels: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What the signatures of cards have in common, and remarks; ``labels`` name their systems.

    Raises:
        UserError: they differ in what the numbers depend on; the message says in what.
    """
    parts = [dict(part.partition(":")[::2] for part in card.signature.split("|")) for card in cards]
    remarks: list[str] = []
    faults: list[str] = []
    for name in dict.fromkeys(name for signature in parts for name in signature):
        given = [signature.get(name, "not stated") for signature in parts]
        other = next((i for i, value in enumerate(given) if value != given[0]), None)
        if other is None:
            continue
        differ = f"{name} is {given[0]} for {labels[0]} and {given[other]} for {labels[other]}"
        if name == _KIT:
            remarks.append(f"scored by different versions of the kit: {differ}")
        elif name == "split" and len({signature.get("truth") for signature in parts}) == 1:
            remarks.append(f"the same answers under several names: {differ}")
        elif name not in _FREE:
            faults.append(differ)
    if faults:
        raise UserError(
            f"the scores cannot be compared: {'; '.join(faults)}",
            "Score all systems on the same answers in the same way.",
        )
    for card, label in zip(cards, labels, strict=True):
        if card.crash:
            remarks.append(
                f"{label}: the official program crashes on it ({card.crash}); its strict values are compared"
            )
    alone = sum(name.startswith(OWN) for name in cards[0].clusters)
    if alone:
        remarks.append(f"the answers name no video for {alone} questions: each of them counts as a video of its own")
    same = [name for name in parts[0] if name != "python" and len({signature.get(name) for signature in parts}) == 1]
    return "|".join(f"{name}:{'strict' if name == 'mode' else parts[0][name]}" for name in same), tuple(remarks)


def _values(card: ScoreCard, metric: str) -> NDArray[np.float64]:
    """(Q,) strict values of a metric."""
    found = card.strict.per_question.get(metric)
    if found is None:
        raise UserError(
            f"no metric {metric!r} on Track {card.track}.{closest(metric, card.strict.per_question)}",
            f"There are: {', '.join(card.strict.per_question)}.",
        )
    return found


def _own_names(ids: Sequence[Any]) -> list[str]:
    """A name for each question; hexadecimal, because Python refuses to write very long integers in decimals."""
    return [f"#{identity:x}" if isinstance(identity, int) else f"'{identity}" for identity in ids]


def _limit(difference: Difference) -> str:
    """Why no difference can be told, in a few words."""
    if not difference.wins + difference.losses:
        return "the two have the same value on every question"
    if difference.detectable is None:
        return "all questions are of one video"
    return f"the smallest this split could show is {difference.scale.text(difference.detectable)}"


def _evidence(difference: Difference, turned: bool = False) -> str:
    """Interval and corrected p-value in words: ``95% 0.0123 to 0.0456, p=0.0031 after Holm``; ``turned``: of a - b."""
    interval, scale = difference.interval, difference.scale
    if turned and interval.low is not None and interval.high is not None:
        interval = replace(interval, low=-interval.high, high=-interval.low)
    bounds = (
        "no interval"
        if interval.low is None or interval.high is None
        else f"{100 * interval.level:g}% {scale.digits(interval.low)} to {scale.text(interval.high)}"
    )
    return f"{bounds}, {p_text(difference.p_holm)} after Holm"


def p_text(p: float) -> str:
    """A p-value in words: ``p=0.0031``, ``p<0.0001``; never 0."""
    return "p<0.0001" if p < 0.0001 else f"p={p:.4f}"
