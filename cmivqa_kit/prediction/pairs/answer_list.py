"""The list of answers to a question, made of its ranked spans. Source: docs/spec/ccgs.md, sections 5.3 and 5.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.settings import ListOptions

Column = NDArray[Any]


def cut(ranked: Ranked, question: int, videos: Sequence[str], options: ListOptions) -> tuple[Candidate, ...]:
    """The list of question ``question`` of a chunk, best first.

    No submission may hold a span without length, so such a span (a last line of no duration) is left out.

    Args:
        ranked: the spans of the chunk.
        question: its number in the chunk.
        videos: (V,) the ids of the corpus.
        options: what the list is to be.

    Raises:
        UserError: more spans of a video are wanted than were kept.
    """
    most_kept = ranked.video_score.shape[2]
    if options.spans_per_video > most_kept:
        raise UserError(
            f"decode.spans_per_video = {options.spans_per_video}: the pass kept {most_kept} spans of each video",
            f"Give {most_kept} or less, or predict again with --set decode.kept_per_video={options.spans_per_video}.",
        )
    most = 1 if options.once else options.spans_per_video
    if most:
        best = _best_of_each(ranked, question, most)
    else:
        best = ranked.score[question], ranked.video[question], ranked.start[question], ranked.end[question]
    given = np.flatnonzero(best[0] > -np.inf)[: options.limit]
    columns = zip(*(values[given].tolist() for values in best), strict=True)
    made = (Candidate(videos[v], Span(begin, stop), round(value, 6)) for value, v, begin, stop in columns)
    return tuple(candidate for candidate in made if candidate.span.valid)


def _best_of_each(ranked: Ranked, question: int, most: int) -> tuple[Column, Column, Column, Column]:
    """The ``most`` best spans of every video in one list. Ties go by (-score, corpus index, rank in the video)."""
    score = ranked.video_score[question, :, :most]
    video = np.repeat(np.arange(len(score)), score.shape[1])
    rank = np.tile(np.arange(score.shape[1]), len(score))
    order = np.lexsort((rank, video, -score.ravel()))
    start, end = ranked.video_start[question, :, :most].ravel(), ranked.video_end[question, :, :most].ravel()
    return score.ravel()[order], video[order], start[order], end[order]
