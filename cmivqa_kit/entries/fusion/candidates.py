"""Entries of several lists that mean the same moment, and the span that they agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from cmivqa_kit.entries.fusion.parts import Lists
from cmivqa_kit.scoring.entries import overlap

SAME = 0.5  # IoU from which two spans of a video are one candidate: the middle threshold of the boards
_NOISE = 1e-12

Times = tuple[float, float]  # start and end, in seconds


@dataclass(slots=True)
class Candidate:
    """A moment: its video, the span that was named first, and per file the position and the span that it gives."""

    video: str
    first: Times
    ranks: dict[int, int] = field(default_factory=dict)
    spans: dict[int, Times] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a question, the one that stands highest in any list first.

    ``videos``: per video, by file, the position of its first entry.
    """

    moments: tuple[Candidate, ...]
    videos: dict[str, dict[int, int]]


def candidates(lists: Lists) -> Candidates:
    """Merge the lists of a question.

    From the top of all lists down, an entry joins the candidate of its video whose first span it overlaps most, from
    an IoU of `SAME`, if its own file is not in it yet: what one file lists as two moments stays two. Else it is a
    candidate of its own.
    """
    moments: list[Candidate] = []
    by_video: dict[str, list[Candidate]] = {}
    videos: dict[str, dict[int, int]] = {}
    entries = [(rank, part, video, (start, end)) for part, own in enumerate(lists) for rank, video, start, end in own]
    for rank, part, video, span in sorted(entries, key=lambda entry: entry[:2]):
        videos.setdefault(video, {}).setdefault(part, rank)
        known = [moment for moment in by_video.get(video, ()) if part not in moment.ranks]
        near = max(known, key=partial(_overlap_with, span), default=None)
        if near is None or _iou(near.first, span) < SAME:
            near = Candidate(video, span)
            moments.append(near)
            by_video.setdefault(video, []).append(near)
        near.ranks[part] = rank
        near.spans[part] = span
    return Candidates(tuple(moments), videos)


def agreed_span(spans: Sequence[Times], votes: Sequence[float]) -> Times:
    """The span that weighted spans agree on.

    The one with the greatest sum of votes times IoU with all of them wins, of equal ones the first. Its ends become the
    means, by votes, of the ends of all that overlap it by `SAME`: where systems agree, their errors cancel out.
    """
    if len(spans) == 1:
        return spans[0]
    support = [sum(vote * _iou(span, other) for vote, other in zip(votes, spans, strict=True)) for span in spans]
    chosen = spans[next(at for at, value in enumerate(support) if value >= max(support) - _NOISE)]
    agreeing = [(span, vote) for span, vote in zip(spans, votes, strict=True) if _iou(chosen, span) >= SAME]
    if len({span for span, _ in agreeing}) == 1:
        return chosen
    total = sum(vote for _, vote in agreeing)
    return (
        sum(vote * span[0] for span, vote in agreeing) / total,
        sum(vote * span[1] for span, vote in agreeing) / total,
    )


def _iou(span: Times, other: Times) -> float:
    return overlap(span[0], span[1], other[0], other[1])


def _overlap_with(span: Times, known: Candidate) -> float:
    return _iou(known.first, span)
