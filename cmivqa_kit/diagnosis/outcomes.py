"""What became of every question: its list as strict scoring reads it, and the overlap of every entry that could earn.

The answer is found by `cmivqa_kit.scoring.strict.match` and read by `cmivqa_kit.scoring.entries`, so that the values
here are those of the strict score. Track 1 is a list of one entry of the given video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.types import Track
from cmivqa_kit.scoring.entries import Listed, Moment, overlap, read_entries
from cmivqa_kit.scoring.strict import Answered, match

GIVEN = "(the given video)"  # stands for the video of a Track 1 answer file that names none


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One question.

    Attributes:
        id: as in the ground truth.
        answer: given, missing or duplicated (then it counts as missing).
        video: the right video. ``start`` and ``end`` are its right span, seconds as they stand in the truth.
        read: how many entries of the list were read, those that cannot match included.
        entries: the valid ones, in the order of the list.
        overlaps: position from 1 and IoU of every valid entry of the right video, in the order of the list.
        best: (K,) the best IoU among the first k entries, for each of K cut-offs: m_k. Ascending.
    """

    id: Any
    answer: Answered
    video: str
    start: float
    end: float
    read: int
    entries: tuple[Listed, ...]
    overlaps: tuple[Moment, ...]
    best: tuple[float, ...]

    @property
    def position(self) -> int | None:
        """Where the right video first stands in the list with a valid span, from 1: p. ``None`` where it does not."""
        return self.overlaps[0][0] if self.overlaps else None

    @property
    def score(self) -> float:
        """The question's part of the Average: the mean of m_k."""
        return sum(self.best) / len(self.best)

    def within(self, cutoff: int) -> bool:
        """Whether the right video is among the first ``cutoff`` entries."""
        return self.position is not None and self.position <= cutoff


def read_outcomes(
    track: Track, predictions: Any, targets: Sequence[Any], cutoffs: Sequence[int], entries: int
) -> tuple[Outcome, ...]:
    """The outcome of every question, in the order of the answers.

    Args:
        track: 1 or 3.
        predictions: the decoded submission.
        targets: the answers, such as strict scoring accepts (`cmivqa_kit.scoring.truth.check_truth`).
        cutoffs: ascending cut-offs; of Track 1, ``(1,)``.
        entries: how many entries of a list count.
    """
    matching = match(predictions, list(targets))
    return tuple(
        _outcome(target, answer, _one(target, item) if track == 1 else _list(item, entries), cutoffs)
        for target, answer, item in zip(targets, matching.answers, matching.items, strict=True)
    )


def best_within(overlaps: Sequence[Moment], cutoff: int) -> float:
    """The best IoU at a position of at most ``cutoff``; 0 where there is none."""
    return max((value for position, value in overlaps if position <= cutoff), default=0.0)


def video_of(target: Any) -> str:
    """The right video of an answer; `GIVEN` where it names none."""
    video = target.get("video_id")
    return video if isinstance(video, str) and video else GIVEN


def _one(target: Any, item: Any) -> tuple[int, list[Listed]]:
    """The one answer of Track 1, as a list."""
    if item is None:
        return 0, []
    start, end = item.get("start_second"), item.get("end_second")
    return 1, [(1, video_of(target), start, end)] if is_span(start, end) else []


def _list(item: Any, limit: int) -> tuple[int, list[Listed]]:
    return (0, []) if item is None else read_entries(item.get("output"), limit)


def _outcome(target: Any, answer: Answered, listed: tuple[int, list[Listed]], cutoffs: Sequence[int]) -> Outcome:
    video, start, end = video_of(target), target["start_second"], target["end_second"]
    read, valid = listed
    # Above 1 only by the rounding of integers beyond 2^53; strict scoring cuts it off too.
    overlaps = tuple((at, min(1.0, overlap(start, end, a, b))) for at, name, a, b in valid if name == video)
    best = tuple(best_within(overlaps, cutoff) for cutoff in cutoffs)
    return Outcome(target["id"], answer, video, start, end, read, tuple(valid), overlaps, best)
