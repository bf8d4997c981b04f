"""Rows of question and subtitles for the kit's engine (`cmivqa_kit.prediction`).

Source: docs/spec/ccgs.md, 2.1, 5.1, 5.2.

Every video is tokenized once; of a row only the question's part is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.ccgs.examples import EXTRA
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.projected import ProjectedVideos
from baselines.ccgs.settings import DecodeSettings
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.prediction.pairs.text_scorer import TextScorer
from cmivqa_kit.prediction.types import Row, Times
from cmivqa_kit.prediction.types import TokenIds as Ids
from cmivqa_kit.runs.device import autocast

Positions = NDArray[np.int64]
FEW = 2  # the reference leaves out videos with at most so many lines
MULTIPLE = 8  # lengths that a GPU's kernels take without a copy


class SpanScorer(TextScorer):
    """A `PairScorer` around the network.

    Args:
        model: in evaluation mode, where it is to run.
        split: whose videos are scored; the reference's rule for the corpus asks which of them have features.
        reader: of texts.
        settings: section ``decode``.
        rows: the features of the split, for the visual variant.
    """

    special_tokens = EXTRA

    def __init__(
        self, model: nn.Module, split: Split, reader: TextReader, settings: DecodeSettings,
        rows: VideoRows | None = None,
    ) -> None:  # fmt: skip
        super().__init__(model, reader, settings)
        self.split, self.settings, self.rows = split, settings, rows
        self.ordered_spans = not settings.repeats
        self.renew()

    def renew(self) -> None:
        """Forget what was computed with the weights: they have changed."""
        model = cast(GlobalSpanModel, self.model)
        self.videos = ProjectedVideos(self.rows, model) if self.rows is not None else None

    def leaves_out(self, video: Video, lines: int) -> bool:
        """True where the reference's rule for the corpus leaves a video out, and that rule is wanted."""
        features = self.split.features
        unseen = len(features) > 0 and video.id not in features
        return self.settings.corpus == "reference" and (lines <= FEW or unseen)

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        """A batch of rows: ``input_ids``, ``attention_mask``, ``token_types``, (B, L) int64 each, and what is seen."""
        made = [self._sequence(row) for row in rows]
        longest = max(len(ids) for ids, _ in made)
        if self.device.type == "cuda":
            longest = -(-longest // MULTIPLE) * MULTIPLE
        shape = len(rows), longest
        input_ids = np.full(shape, self.special.pad, np.int64)
        mask, types = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for at, (ids, marks) in enumerate(made):
            input_ids[at, : len(ids)] = ids
            mask[at, : len(ids)] = 1
            types[at, marks] = 1
        batch = {
            "input_ids": torch.from_numpy(input_ids),
            "attention_mask": torch.from_numpy(mask),
            "token_types": torch.from_numpy(types),
        }
        if self.videos is not None:
            batch |= self.videos.collate([row.video.id for row in rows], [_times(row) for row in rows])
        return batch

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Span logits (B, N, N) in float32."""
        with autocast(self.device, self.precision):
            logits: Tensor = self.model(**(batch if self.videos is None else self.videos.inputs(batch)))
        return logits

    def _sequence(self, row: Row) -> tuple[Ids, Positions]:
        """The ids of a row, and the positions of its marks: [CLS] [CLS] question [SEP] line [SEP] line [SEP] ..."""
        text, ends = row.video.text(row.window)
        begin = len(row.question) + EXTRA  # where the lines begin
        separators = ends + np.arange(len(ends))  # of the lines, from there
        ids = np.full(begin + len(text) + len(ends), self.special.sep, np.int32)
        ids[: EXTRA - 1] = self.special.cls
        ids[EXTRA - 1 : begin - 1] = row.question
        spoken = np.ones(len(ids) - begin, bool)
        spoken[separators] = False
        ids[begin:][spoken] = text
        return ids, np.concatenate(([begin - 1], begin + separators))


def _times(row: Row) -> Times:
    """The times of the lines of a row."""
    lines = slice(row.window.first, row.window.stop)
    return Times(row.video.times.start[lines], row.video.times.end[lines])
