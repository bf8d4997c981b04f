"""The prior behind a retriever: every video's usual span with the same confidence, so the retriever alone ranks.

It is what a localizer has to beat. As a `PairScorer` it sees a video as one line without words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Subtitle, Video
from cmivqa_kit.prediction.types import EncodedVideo, Row, TokenIds


class OneSpanScorer:
    """A `PairScorer` that knows one span per video.

    Args:
        span: of a video.
    """

    limit: int | None = None
    special_tokens, overlap, ordered_spans = 1, 0.0, True

    def __init__(self, span: Callable[[Video], Span]) -> None:
        self.span = span

    @property
    def device(self) -> torch.device:
        """The CPU: nothing is computed."""
        return torch.device("cpu")

    def encode_question(self, question: Question) -> TokenIds:
        """No tokens: the question is not read."""
        return np.zeros(0, np.int32)

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo:
        """One line without words, as long as the usual span."""
        usual = self.span(video)
        return EncodedVideo.of(video.id, [()], [Subtitle("", usual.start, usual.end - usual.start)])

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        """A zero for each row, (B, 1, 1)."""
        return {"rows": torch.zeros(len(rows), 1, 1)}

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The log of the same confidence, 1, for every row, (B, 1, 1)."""
        return batch["rows"]
