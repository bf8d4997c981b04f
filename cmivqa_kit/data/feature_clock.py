"""How many seconds a feature row is, measured on the videos themselves: their rows against the end of their subtitles.

Extractors of other tasks write a row every 2 s, or four a second, or (dimensions, time). Speech ends at or before the
end of a video, so that the end divided by the rows is the length of a row or a little less; where a subtitle is absurd
(`cmivqa_kit.data.line_times`) it is left out before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ONE_SECOND = 1.0  # of a row, as published: 16 frames at 16 fps (docs/spec/ccgs.md, section 1.4)
FEW_ROWS = 5  # rows or seconds below which a video tells nothing about the length of a row
UPPER = 0.9  # the quantile that stands for the length of a row: in most videos somebody speaks until near the end
SHORTEST, LONGEST = 0.7, 1.2  # times what is assumed: within it, rows and seconds agree
ENOUGH = 3  # videos: fewer may end in silence, which looks like several rows a second, unless they are all alike
MOST = 0.8  # share of the videos that has to be alike
NEAR = 0.15  # share by which a video may differ from the measured length and still have it
# Lengths that extractors use, 16 frames at 30 or 25 a second among them; what is measured a little below one is it.
USUAL = (1 / 30, 1 / 25, 1 / 16, 0.1, 0.125, 0.2, 0.25, 1 / 3, 0.5, 16 / 30, 0.64, 2 / 3, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0,
         8.0, 10.0)  # fmt: skip
SLACK = 2.0  # seconds
PAST_ROWS = 1.25  # times the length by rows that subtitles may reach
USUAL_WIDTHS = frozenset({64, 128, 256, 500, 512, 768, 1024, 1280, 1408, 1536, 2048, 2304, 2816, 4096})

Shape = tuple[int, int]  # (rows, numbers in a row)


@dataclass(frozen=True, slots=True)
class MeasuredClock:
    """What the rows of a split say about their length.

    Attributes:
        seconds: the length of a row in seconds: a usual one, or what was measured in three digits.
        raw: what was measured, in seconds.
        videos: how many have rows and subtitles.
        alike: how many of these have rows of that length.
    """

    seconds: float
    raw: float
    videos: int
    alike: int

    def agrees(self, seconds: float) -> bool:
        """True where rows of this length are what was measured, or the videos are too few to say otherwise."""
        ratio = self.raw / seconds
        enough = self.videos >= ENOUGH or self.alike == self.videos > 1
        return ratio <= LONGEST and (ratio >= SHORTEST or not enough)

    @property
    def words(self) -> str:
        """``8 of 8 videos have half as many rows as seconds of subtitles: one row per 2 s?``"""
        subject = f"{self.alike} of {self.videos} videos {'has' if self.videos == 1 else 'have'}"
        others = "" if self.alike >= MOST * self.videos else " The others differ: do they come from several extractors?"
        return f"{subject} {_times(1 / self.seconds)} rows as seconds of subtitles: {rate_words(self.seconds)}?{others}"


def measure(shapes: Mapping[str, Shape], ends: Mapping[str, float]) -> MeasuredClock | None:
    """The length of a row, or ``None`` where no video has both rows and subtitles.

    Args:
        shapes: of the feature files, by video id; transposed ones left out.
        ends: the end of the last subtitle, in seconds.
    """
    ratios = [
        ends[video] / rows
        for video, (rows, _) in shapes.items()
        if video in ends and rows >= FEW_ROWS and ends[video] >= FEW_ROWS
    ]
    if not ratios:
        return None
    raw = float(np.quantile(ratios, UPPER, method="lower"))  # that of a video: one odd file is not mixed into it
    seconds = next((usual for usual in USUAL if 0.9 * usual <= raw <= 1.02 * usual), float(f"{raw:.3g}"))
    alike = sum(abs(ratio / seconds - 1) <= NEAR for ratio in ratios)
    return MeasuredClock(seconds, raw, len(ratios), alike)


def transposed(shapes: Mapping[str, Shape], ends: Mapping[str, float]) -> frozenset[str]:
    """The videos whose features are (dimensions, time): all of them, or some beside others that are as they should be.

    All are where the first axis is the same for all videos while it is the length of few of them, and the second one
    differs (of one length, or of a single video: where the second is the length and the first a usual width). One is
    where its first axis is the width that the others have, its second is not, and its rows are not its length.
    """
    firsts, seconds = ({shape[axis] for shape in shapes.values()} for axis in (0, 1))
    if len(firsts) == 1:
        known = [(shapes[video], end) for video, end in ends.items() if video in shapes and end >= FEW_ROWS]
        by_first = sum(_is_length(shape[0], end) for shape, end in known)
        by_second = sum(_is_length(shape[1], end) for shape, end in known)
        if len(seconds) == 1:
            plain = by_first or not by_second or not firsts <= USUAL_WIDTHS
        else:
            plain = 2 * by_first > len(known) or (len(shapes) < ENOUGH and by_second <= by_first)
        return frozenset() if plain else frozenset(shapes)
    width = common_width(shapes)
    return frozenset(
        video
        for video, shape in shapes.items()
        if shape[0] == width != shape[1] and not (video in ends and _is_length(shape[0], ends[video]))
    )


def outlasts(end: float, seconds: float) -> bool:
    """True where subtitles go on so long after the rows that these do not tell how long the video is."""
    return end > PAST_ROWS * seconds + SLACK


def common_width(shapes: Mapping[str, Shape]) -> int | None:
    """The width that more files have than any other; ``None`` where two are equally common, or there is no file."""
    counts = width_counts(shapes)
    ranked = sorted(counts.values(), reverse=True)
    if not ranked or (len(ranked) > 1 and ranked[0] == ranked[1]):
        return None
    return max(counts, key=lambda width: counts[width])


def width_counts(shapes: Mapping[str, Shape]) -> dict[int, int]:
    """How many files have rows of each width, the smallest width first."""
    widths = [shape[1] for shape in shapes.values()]
    return {width: widths.count(width) for width in sorted(set(widths))}


def rate_words(seconds: float) -> str:
    """``one row per second``, ``one row per 2 s``, ``4 rows a second``."""
    if seconds == 1:
        return "one row per second"
    whole = round(1 / seconds, 2)
    return (
        f"{whole:g} rows a second" if seconds < 1 and abs(whole * seconds - 1) < 0.01 else f"one row per {seconds:g} s"
    )


def _times(rows_per_second: float) -> str:
    """``half as many``, ``4 times as many``, ``0.4 times as many``, ``as many``."""
    if rows_per_second == 0.5:
        return "half as many"
    return "as many" if rows_per_second == 1 else f"{rows_per_second:.3g} times as many"


def _is_length(number: int, end: float) -> bool:
    """True where a number of rows may be the seconds of a video whose last subtitle ends then."""
    return SHORTEST <= end / number <= LONGEST
