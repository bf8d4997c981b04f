"""Reciprocal rank fusion of the lists of a question.

Source: Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.entries.fusion.candidates import Candidate, Candidates, Times, agreed_span, candidates
from cmivqa_kit.entries.fusion.parts import Parts

# Of the paper, found once on pilot runs and near optimal ever since: large enough that a first place in one list does
# not outweigh two good places in both.
CONSTANT = 60.0

FusedEntry = tuple[str, float, float]  # video, start and end in seconds
FusedRow = tuple[QuestionId, list[FusedEntry]]


@dataclass(frozen=True, slots=True)
class Merged:
    """The parts with the candidates of every question, which no weight changes."""

    parts: Parts
    questions: tuple[Candidates, ...]


def merge(parts: Parts) -> Merged:
    """Find the candidates of every question; Track 1 has none but its one span per file."""
    lists = () if parts.tracks == (1,) else parts.lists
    return Merged(parts, tuple(map(candidates, lists)))


def fused_rows(merged: Merged, weights: Sequence[float], constant: float = CONSTANT) -> list[FusedRow]:
    """One list per question, best first, of at most as many entries as the edition reads.

    Tracks 2 and 3: a moment scores the sum of weight / (constant + its position) over the lists that have it, a video
    likewise by its first entries. A video's best moment stands where the video's score puts it, its other moments where
    their own do; for Track 2 alone a video stands once. With all weight on one file its list comes out as it went in.
    Track 1: the span that the weighted spans agree on.

    Args:
        weights: one per file, at least one above 0; a file of weight 0 says nothing, unless it alone has an answer.
    """
    parts = merged.parts
    if parts.tracks == (1,):
        spans = (_only_span(lists, weights) for lists in parts.lists)
    else:
        once = parts.tracks == (2,)
        limit = parts.edition.entries
        spans = (_ranked(question, weights, constant, once)[:limit] for question in merged.questions)
    return [(question.id, entries) for question, entries in zip(parts.questions, spans, strict=True)]


def _only_span(lists: Sequence[Sequence[tuple[int, str, float, float]]], weights: Sequence[float]) -> list[FusedEntry]:
    answers = [(own[0], weight) for own, weight in zip(lists, weights, strict=True) if own]
    heard = [answer for answer in answers if answer[1] > 0] or [(own, 1.0) for own, _ in answers]
    if not heard:
        return []
    # The heaviest first: of spans that agree equally much it is taken.
    heard.sort(key=lambda answer: -answer[1])
    times = agreed_span([(start, end) for (_, _, start, end), _ in heard], [weight for _, weight in heard])
    return [(heard[0][0][1], *times)]


def _ranked(question: Candidates, weights: Sequence[float], constant: float, once: bool) -> list[FusedEntry]:
    if not any(weights[part] for moment in question.moments for part in moment.ranks):
        weights = [1.0] * len(weights)

    def votes(ranks: Mapping[int, int]) -> dict[int, float]:
        return {part: weights[part] / (constant + rank) for part, rank in ranks.items() if weights[part] > 0}

    of_video = {video: sum(votes(ranks).values()) for video, ranks in question.videos.items()}
    scored: list[tuple[Candidate, dict[int, float], float]] = []
    for moment in question.moments:
        own = votes(moment.ranks)
        if own:
            scored.append((moment, own, sum(own.values())))
    scored.sort(key=lambda item: -item[2])  # stable: of equal ones that which stood higher in some list
    seen: set[str] = set()
    placed: list[tuple[float, bool, FusedEntry]] = []
    for moment, own, score in scored:
        first = moment.video not in seen
        if first or not once:
            placed.append((of_video[moment.video] if first else score, not first, _entry(moment, own)))
        seen.add(moment.video)
    placed.sort(key=lambda item: (-item[0], item[1]))
    return [entry for _, _, entry in placed]


def _entry(moment: Candidate, votes: Mapping[int, float]) -> FusedEntry:
    heaviest = sorted(votes, key=lambda part: -votes[part])
    spans: list[Times] = [moment.spans[part] for part in heaviest]
    return (moment.video, *agreed_span(spans, [votes[part] for part in heaviest]))
