"""Lists of answers by the overlap that is expected of them, from the scores of many spans: pure functions.

A softmax turns the scores of a video's spans into probabilities of being the answer, another one those of videos. What
a list is worth to a track is then an expectation, and the list is chosen so that it is as high as it gets: Track 1
wants the overlap of one span, Track 3 the best overlap of the entries so far, Track 2 the right video. A calibrated
temperature is the one under which answers that are known are likeliest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.plugin.settings import require

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ENTRIES = 50  # what Tracks 2 and 3 read of a list
TEMPERATURES = (1e-2, 1e2)  # between which the likeliest is looked for
LEAST = 1e-6  # probability that even an answer which nothing speaks for has


@dataclass(frozen=True, slots=True)
class OverlapSettings:
    """How lists are made of probabilities.

    Attributes:
        reference: spans of a video that answers are expected among, the likeliest.
        candidates: of these, the spans that may be given as answers.
        videos: likeliest videos whose spans a list for Track 3 is made of.
        spans_per_video: that it has of each at most.
        head_videos: the first places of a list for both tracks, a video each.
        further_spans: that follow there, before the other videos.
    """

    reference: int = 200
    candidates: int = 150
    videos: int = 10
    spans_per_video: int = 25
    head_videos: int = 10
    further_spans: int = 20

    def __post_init__(self) -> None:
        for name in self.__slots__:
            least = 0 if name == "further_spans" else 1
            require(getattr(self, name) >= least, f"decode.{name}", getattr(self, name), f"{least} or more")


DEFAULTS = OverlapSettings()


class Entry(NamedTuple):
    """An entry of a list.

    Attributes:
        video: its number.
        span: seconds.
        worth: what the entry adds to the list: expected overlap, or an expected hit.
        expected: the IoU with the right answer that is expected of it by itself; in a given video, given that.
    """

    video: int
    span: Span
    worth: float
    expected: float


@dataclass(frozen=True, slots=True, eq=False)
class LikelySpans:
    """The likeliest spans of one video, likeliest first; three arrays of one length, at least 1.

    Attributes:
        start: seconds.
        end: seconds.
        probability: of being the answer, given the video; the rest to 1 is that of spans left out.
    """

    start: Floats
    end: Floats
    probability: Floats

    @classmethod
    def of(cls, start: Floats, end: Floats, scores: Floats, temperature: float, most: int) -> LikelySpans:
        """The likeliest of a video's spans; equally likely ones in their order.

        Args:
            start: of all of its spans, seconds.
            end: likewise.
            scores: higher is better.
            temperature: of the softmax.
            most: spans that are kept.
        """
        probability = softmax(scores / temperature)
        best = np.argsort(-probability, kind="stable")[:most]
        return cls(start[best], end[best], probability[best])

    def span(self, number: int) -> Span:
        """A span as an answer."""
        return Span(float(self.start[number]), float(self.end[number]))

    def overlaps(self, candidates: int) -> Floats:
        """The IoU of the first ``candidates`` spans with all, shape (candidates, spans)."""
        return overlaps(self.start[:candidates], self.end[:candidates], self.start, self.end)


def softmax(scores: Floats) -> Floats:
    """The probabilities of scores; equal ones where no score is above minus infinity."""
    best = scores.max()
    spread = np.exp(scores - best) if math.isfinite(best) else np.ones(len(scores))
    probabilities: Floats = spread / spread.sum()
    return probabilities


def overlaps(start: Floats, end: Floats, other_start: Floats, other_end: Floats) -> Floats:
    """The IoU of valid spans with others, shape (spans, others)."""
    common = np.minimum(end[:, None], other_end) - np.maximum(start[:, None], other_start)
    hull = np.maximum(end[:, None], other_end) - np.minimum(start[:, None], other_start)
    ious: Floats = np.maximum(common, 0.0) / hull
    return ious


def expected_overlaps(likely: LikelySpans, candidates: int) -> Floats:
    """The IoU expected of each of the first ``candidates`` spans."""
    expected: Floats = likely.overlaps(candidates) @ likely.probability
    return expected


def best_span(likely: LikelySpans, candidates: int) -> tuple[int, float]:
    """The span of the highest expected IoU, and that; the likelier one of equals."""
    expected = expected_overlaps(likely, candidates)
    number = int(np.argmax(expected))
    return number, float(expected[number])


def greedy_spans(likely: LikelySpans, candidates: int, count: int, first: int | None = None) -> list[tuple[int, float]]:
    """Spans one after the other, each adding most to the best IoU expected of all so far, and how much it adds.

    What a span adds falls as the list grows, so the values fall too. No span comes twice.

    Args:
        likely: the spans of a video.
        candidates: how many of them may be chosen.
        count: of spans at most.
        first: a span that the list begins with whatever it adds.
    """
    ious = likely.overlaps(candidates)
    covered = np.zeros(len(likely.probability))
    free = np.ones(len(ious), np.bool_)
    chosen: list[tuple[int, float]] = []
    while len(chosen) < min(count, len(ious)):
        added = np.maximum(ious - covered, 0.0) @ likely.probability
        number = first if first is not None and not chosen else int(np.argmax(np.where(free, added, -1.0)))
        chosen.append((number, float(added[number])))
        free[number] = False
        covered = np.maximum(covered, ious[number])
    return chosen


class VideoLists:
    """The lists of one question.

    Args:
        videos: (V,) the probability of each video to be the right one.
        likely: gives the likely spans of a video by its number.
        settings: how lists are made.
    """

    def __init__(
        self, videos: Floats, likely: Callable[[int], LikelySpans], settings: OverlapSettings = DEFAULTS
    ) -> None:
        self.videos, self.settings = videos, settings
        self.order: list[int] = np.argsort(-videos, kind="stable").tolist()
        self._make, self._likely = likely, dict[int, LikelySpans]()

    def track1(self, video: int, limit: int) -> list[Entry]:
        """The span of the highest expected IoU in a video, and others that add most beside it."""
        likely = self._of(video)
        expected = expected_overlaps(likely, self.settings.candidates)
        chosen = greedy_spans(likely, self.settings.candidates, limit, int(np.argmax(expected)))
        return [Entry(video, likely.span(n), worth, float(expected[n])) for n, worth in chosen][:limit]

    def track2(self, limit: int) -> list[Entry]:
        """The likeliest videos, once each, with their span of Track 1."""
        return [self._head(video, float(self.videos[video])) for video in self.order[: min(limit, ENTRIES)]]

    def track3(self, limit: int) -> list[Entry]:
        """Spans of the likeliest videos, each adding most to the best IoU expected; then the other videos."""
        return self._filled(self._greedy(self.order[: self.settings.videos]), limit)

    def both(self, limit: int) -> list[Entry]:
        """One list: distinct videos, then spans that add most beside these, then the other videos, then the rest."""
        settings = self.settings
        head = self.order[: settings.head_videos]
        once = [self._head(video, float(self.videos[video])) for video in head]
        further = self._greedy(head, beside_first=True)
        others = self.track2(ENTRIES)[len(head) :]
        count = settings.further_spans
        return [*once, *further[:count], *others, *further[count:]][: min(limit, ENTRIES)]

    def _of(self, video: int) -> LikelySpans:
        if video not in self._likely:
            self._likely[video] = self._make(video)
        return self._likely[video]

    def _head(self, video: int, worth: float) -> Entry:
        likely = self._of(video)
        number, expected = best_span(likely, self.settings.candidates)
        return Entry(video, likely.span(number), worth, float(self.videos[video]) * expected)

    def _greedy(self, videos: Sequence[int], beside_first: bool = False) -> list[Entry]:
        """Spans of ``videos`` by what they add: gains in one video do not depend on the others."""
        settings = self.settings
        entries: list[tuple[float, int, Entry]] = []
        for rank, video in enumerate(videos):
            likely = self._of(video)
            expected = float(self.videos[video]) * expected_overlaps(likely, settings.candidates)
            first = int(np.argmax(expected)) if beside_first else None
            chosen = greedy_spans(likely, settings.candidates, settings.spans_per_video, first)
            for number, added in chosen[1:] if beside_first else chosen:
                worth = float(self.videos[video]) * added
                entries.append((-worth, rank, Entry(video, likely.span(number), worth, float(expected[number]))))
        entries.sort(key=lambda entry: entry[:2])  # stable: those of a video keep their order
        return [entry for _, _, entry in entries]

    def _filled(self, entries: list[Entry], limit: int) -> list[Entry]:
        """A list with the videos that it lacks behind it, where it is short."""
        entries = entries[: min(limit, ENTRIES)]
        named = {entry.video for entry in entries}
        others = [video for video in self.order if video not in named][: min(limit, ENTRIES) - len(entries)]
        return [*entries, *(self._head(video, 0.0) for video in others)]


def soft_target(ious: Floats, sharpness: float = 0.1, least: float = 0.4) -> Floats:
    """The probabilities that spans are held against in learning: near the best IoU, none far below it.

    Args:
        ious: of every span with the answer.
        sharpness: IoU below the best at which a weight has fallen to 1 / e.
        least: IoU from which a span has a part at all, if the best is not below it.
    """
    best = float(ious.max(initial=0.0))
    weights = np.where(ious >= min(least, best), np.exp((ious - best) / sharpness), 0.0)
    target: Floats = weights / weights.sum()
    return target


class KnownAnswer(NamedTuple):
    """What a system says of a question whose answer is known, three arrays of one length, or ``before`` one number.

    Attributes:
        scores: of what could be said.
        hits: how much each hits, 0 to 1.
        before: the log of how likely each is whatever is asked, which no temperature touches.
    """

    scores: Floats
    hits: Floats
    before: Floats | float = 0.0


def likeliest_temperature(examples: Sequence[KnownAnswer]) -> float | None:
    """The temperature under which known answers are likeliest; ``None`` without any that is likely at all.

    An answer is as likely as the probabilities of what could be said, each by how much it hits: of spans their IoU with
    the answer, so that a near miss counts, of videos 1 for the right one.

    Args:
        examples: of every question.
    """
    hit = [known for known in examples if known.hits.max(initial=0.0) > 0]
    if not hit:
        return None

    def loss(temperature: float) -> float:
        said = [softmax(known.scores / temperature + known.before) @ known.hits for known in hit]
        return -sum(math.log(float(likely) + LEAST) for likely in said)

    temperatures = np.geomspace(*TEMPERATURES, 33).tolist()  # there may be several valleys
    for _ in range(3):
        best = min(range(len(temperatures)), key=lambda number: loss(temperatures[number]))
        low, high = temperatures[max(0, best - 1)], temperatures[min(len(temperatures) - 1, best + 1)]
        temperatures = np.geomspace(low, high, 9).tolist()
    return float(temperatures[4])
