"""The network as the engine's `PairScorer`: logs of the confidence of every pair of lines of a video.

What stands behind a retriever. Source: docs/spec/mutualsl.md, section 5.2, step 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from baselines.mutualsl.decode import FEW
from baselines.mutualsl.model import MutualSL, Output
from baselines.mutualsl.settings import DecodeSettings
from baselines.mutualsl.text import EXTRA, batch, text_row
from baselines.mutualsl.video_rows import frame_inputs
from cmivqa_kit.data.types import Video
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.prediction.pairs.text_scorer import TextScorer
from cmivqa_kit.prediction.types import Row
from cmivqa_kit.runs.device import autocast

LEAST = 1e-30  # a probability below it counts as it, so that its log is a number
LINES, COUNTS, THERE = "lines", "counts", "there"  # of a batch, beside the network's inputs


class LineScorer(TextScorer):
    """A `PairScorer` around the textual predictor.

    Args:
        model: in evaluation mode, where it is to run.
        reader: of texts.
        settings: section ``decode``.
        reference: one span per window, of the best start and the best end token; else every pair of lines.
        frames: for a network whose textual predictor looks at features.
    """

    model: MutualSL
    special_tokens = EXTRA
    # `score` leaves out what ends in an earlier line itself. The engine would leave out spans without length too, and
    # those become a second long; a published span that ends before it starts ends with the video (`LineTimes.span`).
    ordered_spans = False

    def __init__(
        self, model: MutualSL, reader: TextReader, settings: DecodeSettings, reference: bool = False,
        frames: VideoRows | None = None,
    ) -> None:  # fmt: skip
        super().__init__(model, reader, settings)
        self.reference, self.frames = reference, frames

    def leaves_out(self, video: Video, lines: int) -> bool:
        """True where there are so few lines that nothing can be chosen."""
        return lines <= FEW

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        """The network's inputs, each (B, L); ``lines`` (B, L): the line of every token, N where it belongs to none;
        ``counts`` (B,): lines of each row; ``there`` (B, N): which those are."""
        made = [
            text_row(tuple(row.question.tolist()), [tuple(piece.tolist()) for piece in row.video.pieces(row.window)],
                     self.special)
            for row in rows
        ]  # fmt: skip
        inputs = batch(made, self.special.pad)
        counts = np.array([len(text.separators) - 1 for text in made], np.int64)
        most = int(counts.max())
        lines = np.full(inputs["input_ids"].shape, most, np.int64)
        for at, text in enumerate(made):
            begin, stop = text.separators[0] + 1, text.separators[-1] + 1
            lines[at, begin:stop] = np.repeat(np.arange(counts[at]), np.diff(text.separators))
        if self.frames is not None:
            inputs |= frame_inputs(self.frames, [row.video.id for row in rows], not self.model.frame_mask)
        more = {LINES: lines, COUNTS: counts, THERE: np.arange(most) < counts[:, None]}
        return {**inputs, **{name: torch.from_numpy(values) for name, values in more.items()}}

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Logs of confidences, (B, N, N) float32."""
        beside = (LINES, COUNTS, THERE)
        with autocast(self.device, self.precision):
            output: Output = self.model(**{name: value for name, value in batch.items() if name not in beside})
        there = batch[THERE]
        size = there.shape[1]
        sides = output.start_logits.float(), output.end_logits.float()
        if self.reference:
            return best_tokens(*sides, batch[LINES], batch[COUNTS], size)
        start, end = (line_logs(logits, batch[LINES], size) for logits in sides)
        given = (there[:, :, None] & there[:, None, :]).triu()
        return (start[:, :, None] + end[:, None, :]).masked_fill(~given, -torch.inf).float()


def line_logs(logits: Tensor, lines: Tensor, size: int) -> Tensor:
    """(B, ``size``) float64: log of the probability of every line, which is that of its tokens together.

    Args:
        logits: (B, L), about -1e30 on padding.
        lines: (B, L): the line of each token, ``size`` where it belongs to none.
        size: N.
    """
    probabilities = logits.double().softmax(dim=1)
    pooled = probabilities.new_zeros(len(logits), size + 1).scatter_add_(1, lines, probabilities)
    return pooled[:, :size].clamp_min(LEAST).log()


def best_tokens(start: Tensor, end: Tensor, lines: Tensor, counts: Tensor, size: int) -> Tensor:
    """(B, N, N): one cell per row, that of the best start and the best end token, each by itself; -inf elsewhere.

    A token of the question means the last line. The confidence is the product of both tokens' probabilities.
    """
    ends, sure = [], start.new_zeros(len(start), dtype=torch.float64)
    for logits in (start, end):
        token = logits.argmax(dim=1, keepdim=True)
        line = lines.gather(1, token)[:, 0]
        ends.append(torch.where(line < size, line, counts - 1))
        sure = sure + logits.double().log_softmax(dim=1).gather(1, token)[:, 0]
    cells = start.new_full((len(start), size, size), -torch.inf)
    cells[torch.arange(len(start), device=start.device), ends[0], ends[1]] = sure.float()
    return cells
