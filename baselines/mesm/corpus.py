"""A corpus of the challenge as MESM sees it: answers as moments, rows of features as clips.

Source: docs/spec/mesm.md, section 6.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping

import numpy as np

from baselines.mesm.examples import ClipRules, Rows, clips
from cmivqa_kit.bench.tasks.moments.types import MomentQuery
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.joined_rows import JoinedRows
from cmivqa_kit.neural.video_rows import VideoRows

LEAST = 1e-12  # length of a row below which it is left as it is


class CorpusClips:
    """The clips of a split's videos.

    The rows of a file stretch over the duration where that is known, for their number only roughly follows it: I3D rows
    of a block overlap. Those that are made of subtitles stand on their seconds.

    Args:
        features: of the split.
        videos: of the split.
        width: of a row.
        rules: how rows become clips.
        made: the rows are made of subtitles, all or a part of each.
    """

    def __init__(
        self, features: SplitFeatures, videos: Mapping[str, Video], width: int, rules: ClipRules, made: bool
    ) -> None:
        self.rows, self.videos, self.rules, self.made = VideoRows(features, sys.maxsize, width, ""), videos, rules, made
        self.parts = [features.widths.stored] if isinstance(features, JoinedRows) else []

    def __contains__(self, video: str) -> bool:
        return video in self.rows

    def count(self, video: str) -> int:
        """L of a video, 0 without features; no more than a header is read.

        Raises:
            UserError: the features are damaged.
        """
        return min(self.rows.count(video) or 0, self.rules.longest)

    def seconds(self, video: str) -> float:
        """How long the rows of a video are together; 0 without any.

        Raises:
            UserError: the features are damaged.
        """
        known = self.videos.get(video)
        if known is not None and known.duration and not self.made and video in self:
            return known.duration
        return (self.rows.count(video) or 0) * self.rows.seconds_per_row

    def end(self, video: str) -> float:
        """Where answers in a video end at the latest: an exact duration may be shorter than its rows."""
        known, seconds = self.videos.get(video), self.seconds(video)
        if known is not None and known.duration and known.duration_is_exact:
            return min(seconds, known.duration)
        return seconds

    def of(self, video: str) -> Rows:
        """(L, width + 2) of a video with features; every extractor's part of a row has length 1.

        Raises:
            UserError: they are damaged.
        """
        rows = self.rows.get(video)
        if rows is None:
            raise KeyError(video)
        parts = [part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), LEAST) for part in
                 np.split(rows, self.parts, axis=1)]  # fmt: skip
        return clips(np.concatenate(parts, axis=1, dtype=np.float32), self.rules)


def moments_of(split: Split, corpus: CorpusClips) -> tuple[list[MomentQuery], Counter[str]]:
    """The questions that can be trained on as queries about moments, and how many each reason leaves out."""
    dropped = Counter[str]()
    queries = []
    for question in split.questions:
        answer, video = question.answer, question.video_id
        if answer is None or not answer.valid:
            dropped["no-answer"] += 1
        elif video is None or video not in corpus:
            dropped["no-features"] += 1
        elif answer.start >= corpus.seconds(video):
            dropped["past-end"] += 1
        else:
            seconds = corpus.seconds(video)
            window = answer.start, min(answer.end, seconds)
            queries.append(MomentQuery(question.id, question.text, video, seconds, (window,)))
    return queries, dropped
