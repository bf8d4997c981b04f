"""Examples and their batches: frames and token ids, padded as published.

Source: docs/spec/nrccr.md, section 1.5 and appendix A (masked views).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.neural.tokens import Ids

MOST_FRAMES = 64  # of a video; what comes behind is not shown
KEPT_OUT = 0.8  # of the frames of a video, in its masked view
HIDDEN = 0.15  # of the tokens of a text, in its masked view
Rows = NDArray[np.floating]
RowsOf = Callable[[str], Rows]  # id of a video -> (T, D), at least one row


@dataclass(frozen=True, slots=True)
class Example:
    """A text about a video, as token ids; ``translation`` and ``back`` may be empty.

    ``id`` is that of the caption or question, ``video`` the id of the video.
    """

    id: str
    video: str
    source: Ids
    translation: Ids = ()
    back: Ids = ()


def frame_batch(rows: Sequence[Rows]) -> dict[str, Tensor]:
    """Videos as a batch.

    Args:
        rows: (T, D) of each video.

    Returns:
        ``frames`` (N, L, D), the first `MOST_FRAMES` of each, and their mask ``frame_mask`` (N, L); ``mean`` (N, D) of
        all frames.
    """
    shown = [np.asarray(video[:MOST_FRAMES], np.float32) for video in rows]
    frames = torch.zeros(len(rows), max(map(len, shown)), shown[0].shape[1])
    mask = torch.zeros(frames.shape[:2])
    for number, video in enumerate(shown):
        frames[number, : len(video)] = torch.tensor(video)
        mask[number, : len(video)] = 1
    mean = torch.from_numpy(np.stack([np.asarray(video, np.float32).mean(axis=0) for video in rows]))
    return {"frames": frames, "frame_mask": mask, "mean": mean}


def text_batch(name: str, texts: Sequence[Ids], pad: int) -> dict[str, Tensor]:
    """Texts as a batch: ``NAME_ids`` (N, L) and their mask ``NAME_mask`` (N, L)."""
    ids = torch.full((len(texts), max(map(len, texts))), pad, dtype=torch.long)
    mask = torch.zeros(ids.shape)
    for number, text in enumerate(texts):
        ids[number, : len(text)] = torch.tensor(text)
        mask[number, : len(text)] = 1
    return {f"{name}_ids": ids, f"{name}_mask": mask}


def by_length(texts: Sequence[Ids]) -> list[int]:
    """The numbers of texts, the longest first; equal ones as they stand."""
    return sorted(range(len(texts)), key=lambda number: -len(texts[number]))


def training_batch(examples: Sequence[Example], rows_of: RowsOf, pad: int) -> tuple[list[int], dict[str, Tensor]]:
    """Examples as a batch, the longest source first.

    A translation (or back-translation) goes in where all of them have one.

    Returns:
        The numbers of the examples in their order, and `frame_batch` with a `text_batch` for each of the texts.
    """
    order = by_length([example.source for example in examples])
    sorted_examples = [examples[number] for number in order]
    batch = frame_batch([rows_of(example.video) for example in sorted_examples])
    for name in ("source", "translation", "back"):
        texts: list[Ids] = [getattr(example, name) for example in sorted_examples]
        if all(texts):
            batch |= text_batch(name, texts, pad)
    return order, batch


def masked_views(
    examples: Sequence[Example], rows_of: RowsOf, pad: int, mask_token: int, draw: random.Random
) -> dict[str, Tensor]:  # fmt: skip
    """The masked views of a batch for MLCMR.

    Args:
        examples: in the order of the batch.
        rows_of: frames of a video.
        pad: the id of padding.
        mask_token: the id that stands for hidden tokens.
        draw: which frames and tokens.

    Returns:
        ``kept_frames``, ``kept_frame_mask``, ``kept_mean``; ``source_masked_ids``, ``source_masked_mask`` and the same
        of the translation.
    """
    kept = [_some_frames(rows_of(example.video), draw) for example in examples]
    batch = {f"kept_{name}": tensor for name, tensor in frame_batch(kept).items()}
    for name in ("source", "translation"):
        texts: list[Ids] = [getattr(example, name) for example in examples]
        if all(texts):
            batch |= text_batch(f"{name}_masked", [_hidden(text, mask_token, draw) for text in texts], pad)
    return batch


def _some_frames(rows: Rows, draw: random.Random) -> Rows:
    """A video without a share of its frames, in their order."""
    out = set(draw.sample(range(len(rows)), int(KEPT_OUT * len(rows))))
    return rows[[number for number in range(len(rows)) if number not in out]]


def _hidden(text: Ids, mask_token: int, draw: random.Random) -> Ids:
    """A text with a share of its tokens hidden, never the first or the last."""
    inner = range(1, len(text) - 1)
    hidden = set(draw.sample(inner, min(len(inner), int(HIDDEN * len(text)))))
    return tuple(mask_token if number in hidden else token for number, token in enumerate(text))


def batches_of(count: int, size: int) -> list[range]:
    """The numbers 0 to ``count`` in batches, the last one shorter."""
    return [range(begin, min(begin + size, count)) for begin in range(0, count, size)]
