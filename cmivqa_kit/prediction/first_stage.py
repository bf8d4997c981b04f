"""A cheap first stage in front of the cross-encoder: only its best videos are scored.

The result is not the published system, which scores every video; what is lost is measured on questions whose answers
are known, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import create, declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.jobs import Ints
from cmivqa_kit.prediction.types import EncodedVideo, Retriever

FIRST_STAGE = "bm25"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The videos that a first stage passes on: per question of the pass ``count`` ids at most, best first.

    ``only``: no others are scored, not even where none of these can be.
    """

    count: int
    videos: tuple[tuple[str, ...], ...]
    only: bool = False

    def indices(self, question: int, corpus: Sequence[EncodedVideo]) -> Ints:
        """Their places in a corpus; unless ``only``, all of it where none of them can be scored."""
        wanted = set(self.videos[question])
        found = np.array([number for number, video in enumerate(corpus) if video.id in wanted], np.int32)
        return found if len(found) or self.only else np.arange(len(corpus), dtype=np.int32)


def choose(split: Split, questions: Sequence[Question], count: int, name: str = FIRST_STAGE) -> Chosen:
    """The ``count`` best videos of each question by the baseline ``name``, which needs no training.

    Raises:
        UserError: that baseline ranks no videos.
    """
    found = declaration(name)
    system = create(found)
    if not isinstance(system, Retriever):
        raise UserError(f"baseline {name} ranks no videos", f"Use {FIRST_STAGE} as the first stage.")
    asked = replace(split, questions=tuple(questions)).for_prediction(2)
    ranked = system.rank_videos(asked, count, PredictOptions(config=merge({}, found, ())))
    return Chosen(count, tuple(tuple(video for video, _ in videos) for videos in ranked))


def recall(split: Split, counts: Sequence[int], name: str = FIRST_STAGE) -> Mapping[int, float]:
    """How often the right video is among the first ``counts`` of the first stage, on a split with answers."""
    asked = [question for question in split.questions if question.video_id is not None]
    if not asked:
        return {}
    chosen = choose(split, asked, max(counts), name)
    places = [
        videos.index(question.video_id) if question.video_id in videos else max(counts)
        for question, videos in zip(asked, chosen.videos, strict=True)
    ]
    return {count: sum(place < count for place in places) / len(asked) for count in counts}
