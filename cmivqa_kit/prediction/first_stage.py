"""A cheap first stage in front of the cross-encoder: only its best videos are scored.

The result is not the published system, which scores every video; what is lost is measured on questions whose answers
are known, never assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cmivqa_kit.prediction.pairs.batching import Ints
from cmivqa_kit.prediction.types import EncodedVideo

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
