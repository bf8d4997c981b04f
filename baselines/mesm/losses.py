"""Every loss of MESM and its weight. Source: docs/spec/mesm.md, section 3.2.

Letters: B queries, L clips, W word positions, S slots, P matched pairs. All is computed in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from baselines.mesm.matching import Costs, Matching, centres, edges, generalized_iou, match
from baselines.mesm.model import FOREGROUND, Heads, Output

TEMPERATURE = 0.5  # of the ranking of clips
RANKS = 11  # levels that are ranked: sums of three scores reach 12
ABSENT = -1000.0  # the score of padding in the ranking
TINY = 1e-6
SMOOTHING = 0.1  # of the labels of masked words
NOTED = ("class_error", "rec_fw_acc")  # figures that are only logged


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the losses and their constants; the defaults are the published ones of Charades-STA.

    ``rank`` divides the ranking of clips; ``triplet`` adds its term; ``background`` weighs slots without a window;
    ``same_moment`` is the overlap from which two queries of a video count as about the same moment.
    """

    costs: Costs = field(default_factory=Costs)
    span: float = 10.0
    giou: float = 1.0
    label: float = 4.0
    saliency: float = 4.0
    rec_fw: float = 0.1
    rec_ss: float = 0.1
    background: float = 0.1
    rank: float = 12.0
    margin: float = 0.2
    same_moment: float = 0.9
    temperature: float = 0.5
    triplet: bool = False
    every_layer: bool = True

    def of(self, name: str) -> float:
        """The weight of a term of `losses`; 0 for what is only logged."""
        kind = name.rstrip("0123456789").rstrip("_").removeprefix("loss_")
        return 0.0 if kind in NOTED else float(getattr(self, kind))


@dataclass(frozen=True, slots=True)
class Targets:
    """What a batch is to learn.

    Attributes:
        windows: for each query (N, 2), start and end in shares of its video.
        clips: (B, L), True on the clips of the moment.
        relevance: (B, L), how relevant a clip is, 0 to 12; where nobody annotated it, 1 on the clips of the moment.
        counts: (G,), queries of each video.
        positives: (B, 2), numbers of relevant clips; ``None`` without the triplet term.
        negatives: (B, 2), numbers of clips that are less so.
        word_labels: (B, W), of masked words.
    """

    windows: Sequence[Tensor]
    clips: Tensor
    relevance: Tensor
    counts: Tensor
    positives: Tensor | None = None
    negatives: Tensor | None = None
    word_labels: Tensor | None = None


def losses(
    output: Output, targets: Targets, video_mask: Tensor, word_mask: Tensor, weights: Weights
) -> dict[str, Tensor]:
    """Every term before it is weighted, by its official name, and the figures that are only logged (`NOTED`).

    Args:
        output: of the network.
        targets: of the same queries.
        video_mask: (B, L), True on valid clips.
        word_mask: (B, W), True on words.
        weights: of the losses.
    """
    terms: dict[str, Tensor] = {}
    for number, heads in reversed(list(enumerate(output.layers))):
        last = number == len(output.layers) - 1
        if last or weights.every_layer:
            matching = match(heads, targets.windows, weights.costs)
            own = window_losses(heads, targets.windows, matching, weights)
            terms |= {name if last else f"{name}_{number}": value for name, value in own.items()}
    negative = None if output.negative is None else output.negative.saliency
    terms["loss_saliency"] = saliency_loss(output.positive.saliency, negative, targets, video_mask, weights)
    if output.sentence is not None:
        terms["loss_rec_ss"] = reconstruction_loss(output, targets, weights)
    if output.word_logits is not None and targets.word_labels is not None:
        terms["loss_rec_fw"], terms["rec_fw_acc"] = word_loss(output.word_logits, targets.word_labels, word_mask)
    return terms


def total(terms: Mapping[str, Tensor], weights: Weights) -> Tensor:
    """The weighted sum of `losses`."""
    weighted = [weights.of(name) * value for name, value in terms.items() if weights.of(name)]
    return torch.stack(weighted).sum()


def window_losses(heads: Heads, truth: Sequence[Tensor], matching: Matching, weights: Weights) -> dict[str, Tensor]:
    """Distance and overlap of matched windows, and which slots are in the foreground."""
    queries, slots, numbers = matching
    mine = heads.windows.float()[queries, slots]
    pairs = zip(queries.tolist(), numbers.tolist(), strict=True)
    wanted = torch.stack([truth[query][window] for query, window in pairs]).to(mine)
    logits = heads.logits.float()
    classes = torch.full(logits.shape[:2], 1 - FOREGROUND, device=logits.device)
    classes[queries, slots] = FOREGROUND
    importance = torch.where(classes == FOREGROUND, 1.0, weights.background)
    entropies = functional.cross_entropy(logits.transpose(1, 2), classes, reduction="none")
    right = logits[queries, slots].argmax(-1) == FOREGROUND
    return {
        "loss_span": (mine - centres(wanted)).abs().mean(),
        "loss_giou": (1 - generalized_iou(edges(mine), wanted)).mean(),
        "loss_label": (entropies * importance).mean(),  # over all slots, not over the sum of their weights
        "class_error": 100 - 100 * right.float().mean(),
    }


def saliency_loss(scores: Tensor, negative: Tensor | None, targets: Targets, mask: Tensor, weights: Weights) -> Tensor:
    """Clips of the moment above others, clips beside a foreign query low, and where asked the triplet term.

    Args:
        scores: (B, L), beside the query itself.
        negative: (B, L), beside a query of another video; ``None`` where there was none.
        targets: of the same queries.
        mask: (B, L), True on valid clips.
        weights: of the losses.
    """
    scores = scores.float()
    relevance = targets.relevance.to(scores)
    loss = scores.new_zeros(())
    if negative is not None:
        negative = negative.float()
        # softplus(x) is -log(1 - sigmoid(x)), and finite (Q19)
        loss = (functional.softplus(negative) * mask).sum(1).mean()
        scores, mask = torch.cat((scores, negative), dim=1), mask.repeat(1, 2)
        relevance = torch.cat((relevance, torch.zeros_like(relevance)), dim=1)
    loss = loss + ranking_loss(scores.masked_fill(~mask, ABSENT), relevance) / weights.rank
    if weights.triplet and targets.positives is not None and targets.negatives is not None:
        high, low = (scores.gather(1, numbers) for numbers in (targets.positives, targets.negatives))
        terms = (weights.margin + low - high).clamp(min=0)
        loss = loss + 2 * terms.sum() / terms.numel()
    return loss


def ranking_loss(scores: Tensor, relevance: Tensor) -> Tensor:
    """For each level of relevance, how likely are clips that reach it among all clips: (B, K) each."""
    logs = _log_shares(scores / TEMPERATURE)
    loss = scores.new_zeros(())
    for level in range(1, RANKS + 1):
        reached = (relevance >= level).to(scores)
        if bool(reached.any()):
            loss = loss - ((logs * reached).sum(1) / (reached.sum(1) + TINY)).mean()
    return loss


def reconstruction_loss(output: Output, targets: Targets, weights: Weights) -> Tensor:
    """The clips of a moment beside its own words and reconstructed sentence, not beside those of other moments."""
    clips = _mean(output.clips.float(), targets.clips)
    texts = _mean(output.expanded.float(), output.expanded_mask)
    logs = _log_shares(clips @ texts.T / weights.temperature)
    moments = torch.stack([torch.stack((own[:, 0].min(), own[:, 1].max())) for own in targets.windows]).to(logs)
    video = torch.arange(len(targets.counts), device=logs.device).repeat_interleave(targets.counts)
    alike = generalized_iou(moments[:, None], moments[None]) >= weights.same_moment
    right = (alike & (video[:, None] == video[None])).to(logs)
    return -((logs * right).sum(1) / (right.sum(1) + TINY)).mean()


def word_loss(logits: Tensor, labels: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Loss with smoothed labels over all valid words, a mean of means over queries; and the share that is right."""
    logs = logits.float().log_softmax(-1)
    right = -logs.gather(-1, labels[..., None])[..., 0]
    terms = (1 - SMOOTHING) * right - SMOOTHING * logs.mean(-1)
    loss = ((terms * mask).sum(1) / mask.sum(1).clamp(min=1)).mean()
    hits = (logits.argmax(-1) == labels) & mask
    return loss, hits.sum() / mask.sum().clamp(min=1)


def _mean(rows: Tensor, mask: Tensor) -> Tensor:
    """(B, K, D) rows under a mask -> (B, D) of length 1."""
    mean = (rows * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    return functional.normalize(mean, dim=-1)


def _log_shares(scores: Tensor) -> Tensor:
    scores = scores - scores.max(1, keepdim=True).values.detach()
    return scores - (scores.exp().sum(1, keepdim=True) + TINY).log()
