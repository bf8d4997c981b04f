"""Lists by expected overlap from the spans of a pass: of a whole corpus, or of the videos that a retriever found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.plugin.types import Candidate, Target
from cmivqa_kit.prediction.decoding import Calibration, ScoredSpans, candidates
from cmivqa_kit.prediction.expected_overlap import softmax
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.pipeline import Spans
from cmivqa_kit.prediction.types import Ranking

Floats = NDArray[np.float64]
SPANS_KEPT = 50  # of every video, in a pass whose lists are made by expected overlap


def of_corpus(
    ranked: Ranked, question: int, videos: Sequence[str], calibration: Calibration, target: Target, limit: int
) -> tuple[Candidate, ...]:
    """The list of a question whose scores compare across videos: one softmax over all spans of all videos.

    Args:
        ranked: the spans of the chunk.
        question: its number in the chunk.
        videos: (V,) the ids of the corpus.
        calibration: its temperature of videos does not matter: a video is as likely as its spans together.
        target: what the list is for.
        limit: length of the list at most.
    """
    spans = {video: kept for video in range(len(videos)) if len((kept := spans_of(ranked, question, video)).score)}
    if not spans:
        return ()
    total = np.array([_log_sum(some.score / calibration.spans) for some in spans.values()])
    numbers = list(spans)
    lists = calibration.lists_of(softmax(total), lambda number: spans[numbers[number]])
    return candidates(lists, [videos[number] for number in numbers], target, limit)


def behind_retriever(
    ranking: Ranking, spans: Mapping[str, Spans], calibration: Calibration, target: Target, limit: int
) -> tuple[Candidate, ...]:
    """The list of a question whose videos a retriever found: their probabilities come of its scores alone.

    Args:
        ranking: the retriever's videos, best first, at least one.
        spans: of each of them with logs of confidences, at least one.
        calibration: of spans and videos.
        target: what the list is for.
        limit: length of the list at most.
    """
    ids = [video for video, _ in ranking]
    with np.errstate(over="ignore"):  # so far below the best that nothing is left of it
        below = np.array([score for _, score in ranking], float)
        probability = softmax((below - below.max()) / calibration.videos)

    def scored(number: int) -> ScoredSpans:
        rows = [(span.start, span.end, log) for log, span in spans[ids[number]]]
        return ScoredSpans(*np.array(rows, float).T)

    return candidates(calibration.lists_of(probability, scored), ids, target, limit)


def spans_of(ranked: Ranked, question: int, video: int) -> ScoredSpans:
    """The spans with a length that were kept of a video, best first."""
    score = ranked.video_score[question, video]
    start, end = ranked.video_start[question, video], ranked.video_end[question, video]
    given = (score > -np.inf) & (end > start)
    return ScoredSpans(start[given].astype(float), end[given].astype(float), score[given].astype(float))


def _log_sum(scores: Floats) -> float:
    return float(scores.max() + np.log(np.exp(scores - scores.max()).sum()))
