"""Comparing submissions that may be for several tracks at once: one comparison per track that all of them are for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.statistics.comparison import Comparison, compare
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Settings


def compare_tracks(
    cards: Sequence[Sequence[ScoreCard]],
    names: Sequence[str],
    metrics: Sequence[str] = (),
    settings: Settings = DEFAULTS,
    all_pairs: bool = False,
) -> list[Comparison]:
    """Compare submissions track by track; each track is a family of tests of its own.

    Args:
        cards: per submission, its cards, one per track; the baseline's first.
        names: what to call the submissions.
        metrics: canonical names, each compared on the tracks that have it; by default what boards show.
        settings: how to test.
        all_pairs: compare all of them with each other, not only with the first.

    Raises:
        UserError: the submissions have no track in common or are not comparable, or no track has such a metric.
    """
    by_track = [{card.track: card for card in own} for own in cards]
    shared = shared_tracks(by_track, names)
    _check(metrics, [by_track[0][track] for track in shared])
    found = []
    for track in shared:
        own = [tracks[track] for tracks in by_track]
        known = own[0].strict.per_question
        wanted = [metric for metric in metrics if metric in known]
        if wanted or not metrics or not known:  # without values, comparing says why
            found.append(compare(own, names, wanted, settings, all_pairs))
    remark = [
        f"{name} is for {_tracks(left)} too, which not all of them are for"
        for name, own in zip(names, by_track, strict=True)
        if (left := [track for track in own if track not in shared])
    ]
    found[0] = replace(found[0], remarks=(*remark, *found[0].remarks))
    return found


def shared_tracks(systems: Sequence[Collection[Track]], names: Sequence[str]) -> list[Track]:
    """The tracks that all systems are for, in the order of the first; ``systems`` holds the tracks of each.

    Raises:
        UserError: there is none; the message says what each is for.
    """
    shared = [track for track in systems[0] if all(track in own for own in systems)]
    if not shared:
        said = "; ".join(f"{name} is for {_tracks(list(own))}" for name, own in zip(names, systems, strict=True))
        raise UserError(f"no track in common: {said}", "Compare submissions for the same track.")
    return shared


def _check(metrics: Sequence[str], cards: Sequence[ScoreCard]) -> None:
    known = dict.fromkeys(name for card in cards for name in card.strict.per_question)
    unknown = next((metric for metric in metrics if metric not in known), None)
    if known and unknown is not None:
        raise UserError(
            f"no metric {unknown!r} on {_tracks([card.track for card in cards])}.{closest(unknown, known)}",
            f"There are: {', '.join(known)}.",
        )


def _tracks(tracks: Sequence[Track]) -> str:
    return f"Track{'s' * (len(tracks) != 1)} {' and '.join(map(str, tracks))}"
