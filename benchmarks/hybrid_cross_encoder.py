"""Hybrid's encoder reading a question and subtitles in one row, and its training: part of `hybrid_reranker.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from baselines.hybrid.corpus import Corpus
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.line_reading import line_blocks, line_parts, mean_weights
from cmivqa_kit.neural.tokens import Ids, TextReader, pad_rows

QUESTION, PASSAGE = 48, 256  # tokens of a question, and of subtitles in a row
RATE_HEAD, DECAY, WARMUP, CLIP = 1e-3, 0.01, 0.15, 1.0


class Texts:
    """Questions and subtitle lines as tokens, each read once."""

    def __init__(self, reader: TextReader) -> None:
        self.reader = reader
        self._lines: dict[tuple[int, int], list[Ids]] = {}

    def question(self, text: str) -> Ids:
        """A question, cut where it is too long."""
        return self.reader.tokens(text)[:QUESTION]

    def lines(self, corpus: Corpus, video: int) -> list[Ids]:
        """The lines of a video."""
        key = id(corpus.ids), video
        if key not in self._lines:
            self._lines[key] = [self.reader.tokens(line.text) for line in corpus.spans.lines[video]]
        return self._lines[key]


class Pair(NamedTuple):
    """A question and lines of subtitles."""

    question: Ids
    lines: Sequence[Ids]


class CrossEncoder(nn.Module):
    """An encoder whose embeddings stay as they are.

    Args:
        encoder: that is trained on.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.model, self.reader, self.size = encoder.model, encoder.reader, int(encoder.config.hidden_size)
        self._has_types = getattr(encoder.config, "type_vocab_size", 0) > 1
        for name, parameter in self.model.named_parameters():
            if name.startswith(("embeddings", "pooler")):
                parameter.requires_grad_(False)

    def forward(self, rows: Sequence[Ids], begins: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The states (rows, tokens, size) of rows whose subtitles begin at some token, and the mask (rows, tokens)."""
        marks = [tuple(int(at >= begin) for at in range(len(row))) for row, begin in zip(rows, begins, strict=True)]
        ids, mask, types = pad_rows(rows, marks, self.reader.special.pad)
        more: dict[str, Any] = {"token_type_ids": types} if self._has_types else {}
        with torch.autocast("cpu", torch.bfloat16):
            states = self.model(input_ids=ids, attention_mask=mask, **more).last_hidden_state
        return states.float(), mask

    def passages(self, pairs: Sequence[Pair]) -> Tensor:
        """The first state of each pair, and the mean of all, (pairs, 2 size)."""
        special = self.reader.special
        rows = [
            (special.cls, *q, special.sep, *(id_ for line in lines for id_ in line), special.sep) for q, lines in pairs
        ]
        states, mask = self(rows, [len(question) + 2 for question, _ in pairs])
        weights = mask[:, :, None].float()
        return torch.cat([states[:, 0], (states * weights).sum(1) / weights.sum(1)], dim=1)

    def lines(self, pairs: Sequence[Pair], shifts: Sequence[int]) -> list[Tensor]:
        """The mean state of each line beside its question, (lines, size) for each pair.

        Args:
            pairs: with all lines of a video, read in rows.
            shifts: tokens by which the first row of each is shorter.
        """
        rows: list[Ids] = []
        begins: list[int] = []
        parts, counts = [], []
        for (question, lines), shift in zip(pairs, shifts, strict=True):
            prefix = (*question, self.reader.special.sep)
            blocks = line_blocks(lines, self.reader, PASSAGE + len(prefix) + 2, prefix, shift)
            parts += [part._replace(row=part.row + len(rows)) for part in line_parts(blocks)]
            rows += [block.ids for block in blocks]
            begins += [len(question) + 2] * len(blocks)
            counts.append(len(lines))
        states, _ = self(rows, begins)
        means = mean_weights(parts, states.shape[1], len(rows)) @ states.reshape(-1, self.size)
        return list(means.split(counts))


class Descent:
    """AdamW with one cycle of the learning rate: a head's own rate, and that of the encoder inside.

    Args:
        model: holds a `CrossEncoder` as ``encoder``.
        rate: of the encoder.
        steps: in all.
    """

    def __init__(self, model: nn.Module, rate: float, steps: int) -> None:
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        head = [parameter for name, parameter in named if not name.startswith("encoder.")]
        inside = [parameter for name, parameter in named if name.startswith("encoder.")]
        self._parameters = [*head, *inside]
        groups = [{"params": head, "lr": RATE_HEAD}, {"params": inside, "lr": rate}]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
        self._cycle = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, [RATE_HEAD, rate], total_steps=steps, pct_start=WARMUP
        )

    def step(self, loss: Tensor) -> None:
        """One step down a loss."""
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, CLIP)
        self._optimizer.step()
        self._cycle.step()
