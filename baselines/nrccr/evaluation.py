"""Embedding texts and videos with a trained network, and what the embeddings say: validation figures, rankings.

Source: docs/spec/nrccr.md, section 4 and appendix A.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.nrccr.examples import Example, RowsOf, batches_of, by_length, frame_batch, text_batch
from baselines.nrccr.mlcmr import MLCMR
from baselines.nrccr.model import NRCCR
from cmivqa_kit.bench.tasks.retrieval import official_figures
from cmivqa_kit.metrics.benchmarks.retrieval import Errors, mixed, normalised, of_embeddings, retrieval_ranks
from cmivqa_kit.neural.tokens import Ids

Embeddings = NDArray[np.float64]  # (rows, C)
Network = NRCCR | MLCMR


@dataclass(frozen=True, eq=False)
class Embedded:
    """Embeddings of what asks, ``source`` and ``translation`` (n, C), and of what is asked for, ``videos`` (m, C)."""

    source: Embeddings
    translation: Embeddings
    videos: Embeddings

    def errors(self) -> tuple[Errors, Errors]:
        """Errors -cos of the source and of the translation against the videos."""
        return of_embeddings(self.source, self.videos), of_embeddings(self.translation, self.videos)


@torch.inference_mode()
def embed_videos(
    model: Network, videos: Sequence[str], rows_of: RowsOf, size: int, told: Callable[[int], object] = int
) -> Embeddings:  # fmt: skip
    """(m, C) of videos, ``size`` at once; ``told`` hears how many are done."""
    parts = []
    for cut in batches_of(len(videos), size):
        batch = _here(model, frame_batch([rows_of(videos[at]) for at in cut]))
        parts.append(model.videos(batch["frames"], batch["frame_mask"], batch["mean"]).double().cpu().numpy())
        told(cut.stop)
    return np.concatenate(parts)


@torch.inference_mode()
def embed_texts(model: Network, texts: Sequence[Ids], size: int, pad: int) -> Embeddings:
    """(n, C) of texts in the order given, ``size`` at once."""
    parts = []
    for cut in batches_of(len(texts), size):
        batch = _here(model, text_batch("text", [texts[at] for at in cut], pad))
        parts.append(model.texts(batch["text_ids"], batch["text_mask"]).double().cpu().numpy())
    return np.concatenate(parts)


def embed_sorted(model: Network, texts: Sequence[Ids], size: int, pad: int) -> Embeddings:
    """`embed_texts` with texts of one length together: less padding. Where padding counts the rows are others."""
    order = by_length(texts)
    rows = embed_texts(model, [texts[at] for at in order], size, pad)
    sorted_back = np.empty_like(rows)
    sorted_back[order] = rows
    return sorted_back


def embed(
    model: Network, examples: Sequence[Example], videos: Sequence[str], rows_of: RowsOf, size: int, pad: int
) -> Embedded:  # fmt: skip
    """Embed captions in both languages and their videos, in batches as published: each as it comes."""
    return Embedded(
        embed_texts(model, [example.source for example in examples], size, pad),
        embed_texts(model, [example.translation for example in examples], size, pad),
        embed_videos(model, videos, rows_of, size),
    )


def recall_figures(
    embedded: Embedded, examples: Sequence[Example], videos: Sequence[str], weight: float
) -> Mapping[str, float]:
    """NRCCR's validation: the recalls from text to video of both languages mixed, their sum first; mAP behind.

    Args:
        embedded: captions and videos.
        examples: the captions.
        videos: ids.
        weight: of the source language.
    """
    source, translation = (normalised(errors) for errors in embedded.errors())
    forth = official_figures(retrieval_ranks(mixed(source, translation, weight), video_of(examples, videos)))
    recalls = {name: value / 100 for name, value in forth["text_to_video"].items() if name.startswith("R@")}
    return {"t2v:SumR": sum(recalls.values()), **recalls, "mAP": forth["text_to_video"]["mAP"]}


def both_ways_figures(
    embedded: Embedded, examples: Sequence[Example], videos: Sequence[str]
) -> Mapping[str, float]:  # fmt: skip
    """MLCMR's validation: the sum of all recalls, both directions and both languages, unmixed."""
    right = video_of(examples, videos)
    sums = [official_figures(retrieval_ranks(errors, right))["SumR"] for errors in embedded.errors()]
    return {"SumR of both languages": sum(sums) / 100, "source SumR": sums[0] / 100, "translation SumR": sums[1] / 100}


def video_of(examples: Sequence[Example], videos: Sequence[str]) -> NDArray[np.intp]:
    """(n,) the column of each caption's video."""
    column = {video: at for at, video in enumerate(videos)}
    return np.array([column[example.video] for example in examples], np.intp)


def _here(model: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    device = next(model.parameters()).device
    return {name: tensor.to(device) for name, tensor in batch.items()}
