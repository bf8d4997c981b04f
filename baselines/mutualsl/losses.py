"""The five losses of one example, and which of them count. Source: docs/spec/mutualsl.md, section 3.2.

Both predictors learn from the answer, and each from the other through the look-up table: a prediction of the one,
looked up, is a label for the other, weighted by how well it agrees with the answer (the one-way dynamic loss). No
gradient passes through a prediction that is looked up.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.mutualsl.examples import Gold
from baselines.mutualsl.model import Output

LARGEST = 1000.0  # a term of this size or more does not count
TINY = 1e-12

Pair = tuple[Tensor, Tensor]  # cross-entropies of start and end
Times = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one example before they are weighted; ``None`` where the published rules skip one.

    Attributes:
        text: the textual predictor on the answer.
        visual: the visual predictor on the answer.
        to_text: the textual predictor on what the visual one says, looked up.
        to_visual: the visual predictor on what the textual one says, looked up.
        text_label: tokens of the answer.
        visual_said: frames that the visual predictor says.
        text_lookup: the tokens that stand for them.
        text_said: times in rows, cut to whole ones, that the textual predictor says.
        visual_iou: of what the visual predictor says with the answer.
        text_iou: of what the textual predictor says with the answer.
    """

    text: Pair
    text_label: tuple[int, int]
    visual: Pair | None = None
    to_text: Pair | None = None
    to_visual: Pair | None = None
    visual_said: Times | None = None
    text_lookup: tuple[int, int] | None = None
    text_said: Times | None = None
    visual_iou: float = 0.0
    text_iou: float = 0.0

    def total(self) -> Tensor:
        """The model's loss: visual terms are sums of start and end, textual ones means."""
        total = _supervised((self.text[0] + self.text[1]) / 2)
        if self.visual is not None:
            total = total + _supervised(self.visual[0] + self.visual[1])
        if self.to_text is not None:
            total = total + self.visual_iou * _transferred((self.to_text[0] + self.to_text[1]) / 2)
        if self.to_visual is not None:
            total = total + self.text_iou * _transferred(self.to_visual[0] + self.to_visual[1])
        return total


def batch_terms(output: Output, golds: list[Gold]) -> list[Terms]:
    """The terms of every example of a batch, each over its own tokens and frames.

    Args:
        output: with its visual part, B examples.
        golds: B of them.
    """
    if output.start_rows is None or output.end_rows is None:
        raise ValueError("the losses need the visual predictor: give features")
    logits = (output.start_logits, output.end_logits, output.start_rows, output.end_rows)
    said: list[list[int]] = torch.stack([scores.detach().argmax(dim=1) for scores in logits], dim=1).tolist()
    made = []
    for number, gold in enumerate(golds):
        text = output.start_logits[number, : gold.tokens], output.end_logits[number, : gold.tokens]
        frames = output.start_rows[number, : gold.frames], output.end_rows[number, : gold.frames]
        made.append(terms(text, frames, said[number], gold))
    return made


def terms(text: Pair, frames: Pair, said: list[int], gold: Gold) -> Terms:
    """The terms of one example.

    Args:
        text: start and end logits over its tokens, (L,) each.
        frames: start and end logits over its frames, (T,) each.
        said: the best token of start and end, the best frame of start and end.
        gold: labels and look-up table.
    """
    last = gold.tokens - 1
    label = min(gold.start_label, last), min(gold.end_label, last)
    answer = gold.start_row, gold.end_row
    visual = to_text = to_visual = None
    visual_said: Times | None = None
    text_lookup: tuple[int, int] | None = None
    text_said: Times | None = None
    visual_iou = text_iou = 0.0
    if max(answer) < gold.limit:
        visual = entropies(frames, answer)
        looked_up = gold.table.tokens(said[2], said[3])
        if max(looked_up) <= last:
            visual_said, text_lookup = (float(said[2]), float(said[3])), looked_up
            to_text, visual_iou = entropies(text, looked_up), iou(visual_said, answer)
    times = gold.table.times(said[0], said[1])
    if max(times) < gold.limit:
        whole = int(times[0]), int(times[1])
        text_said = float(whole[0]), float(whole[1])
        to_visual, text_iou = entropies(frames, whole), iou(text_said, answer)
    return Terms(
        entropies(text, label), (gold.start_label, gold.end_label), visual, to_text, to_visual,
        visual_said, text_lookup, text_said, visual_iou, text_iou,
    )  # fmt: skip


def entropies(logits: Pair, labels: tuple[int, int]) -> Pair:
    """Cross-entropy of a start and of an end label over the whole axis."""
    (start, end), (first, last) = logits, labels
    return start.logsumexp(0) - start[first], end.logsumexp(0) - end[last]


def iou(said: tuple[float, float], answer: tuple[float, float]) -> float:
    """Overlap over hull, never below 0; 0 where the hull is empty, where the published code divides by zero."""
    hull = max(said[1], answer[1]) - min(said[0], answer[0])
    shared = min(said[1], answer[1]) - max(said[0], answer[0])
    return max(0.0, shared / hull) if hull else 0.0


def highlight_loss(scores: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of every frame, twice as heavy where the label is 1, over the number of frames.

    Args:
        scores: (..., T) in (0, 1).
        labels: (..., T), 1 on what is highlighted.
        mask: (..., T), 1 on frames that count.

    Returns:
        A scalar over all that is given.
    """
    each = functional.binary_cross_entropy(scores, labels, reduction="none") * torch.where(labels > 0, 2.0, 1.0)
    return (each * mask).sum() / (mask.sum() + TINY)


def _supervised(term: Tensor) -> Tensor:
    return torch.where(term < LARGEST, term, torch.zeros_like(term))


def _transferred(term: Tensor) -> Tensor:
    return torch.where((term > 0) & (term < LARGEST), term, torch.zeros_like(term))
