"""NRCCR in batches beside the same network run sample by sample: encoding texts and videos, and a training step."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from baselines.nrccr.evaluation import embed_sorted, embed_videos
from baselines.nrccr.examples import Example, training_batch
from baselines.nrccr.losses import triplet
from baselines.nrccr.model import NRCCR
from baselines.nrccr.network import NRCCRNetwork

BATCH, TEXTS, VIDEOS, WIDTH = 64, 256, 128, 256
BERT = {"vocab_size": 2000, "hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4,
        "intermediate_size": 512, "max_position_embeddings": 64}  # fmt: skip
SIZES = {"bert": BERT, "visual_feat_dim": WIDTH, "visual_mapping_layers": [256, 256],
         "text_mapping_layers": [128, 256], "text_hidden_size": 128, "video_hidden_size": 256,
         "padding": "masked"}  # fmt: skip
REPEATS = 3


def seconds(job: Callable[[], object]) -> float:
    """The least processor seconds of a few runs, behind one that warms up."""
    job()
    spent = []
    for _ in range(REPEATS):
        begin = time.process_time()
        job()
        spent.append(time.process_time() - begin)
    return min(spent)


def step(model: NRCCR, batch: dict[str, Tensor], size: int) -> None:
    """A training step of one triplet loss, both encoders run on ``size`` samples at once."""
    encoder, count = model.text_encoder, len(batch["frames"])
    texts, videos = [], []
    for begin in range(0, count, size):
        cut = {name: tensor[begin : begin + size] for name, tensor in batch.items()}
        length, frames = int(cut["source_mask"].sum(dim=1).max()), int(cut["frame_mask"].sum(dim=1).max())
        ids, mask = cut["source_ids"][:, :length], cut["source_mask"][:, :length]
        texts.append(encoder.alone(encoder.rows(encoder.text_bert(ids, mask)), mask))
        videos.append(model.video_encoder(cut["frames"][:, :frames], cut["frame_mask"][:, :frames]))
    rows = model.text_mapping(torch.cat(texts)), model.visual_mapping(torch.cat(videos))
    triplet(*rows).backward()
    model.zero_grad()


def main() -> None:
    """Print a row per job."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = NRCCRNetwork.of(SIZES, "here").build().eval()
    draw = np.random.default_rng(0)
    texts = [tuple(draw.integers(5, 2000, draw.integers(6, 24)).tolist()) for _ in range(TEXTS)]
    videos = {str(at): draw.standard_normal((draw.integers(8, 65), WIDTH), np.float32) for at in range(VIDEOS)}
    examples = [Example(str(at), str(at), texts[at]) for at in range(BATCH)]
    _, batch = training_batch(examples, videos.__getitem__, 0)
    jobs: dict[str, Callable[[int], object]] = {
        f"{TEXTS} texts": lambda size: embed_sorted(model, texts, size, 0),
        f"{VIDEOS} videos of 8 to 64 rows": lambda size: embed_videos(model, list(videos), videos.__getitem__, size),
        f"a training step of {BATCH} captions": lambda size: step(model.train(), batch, size),
    }
    print(f"| job | in batches of {BATCH}, processor seconds | one by one | ratio |\n| --- | --- | --- | --- |")
    for name, job in jobs.items():
        together, apart = (seconds(partial(job, size)) for size in (BATCH, 1))
        print(f"| {name} | {together:.2f} | {apart:.2f} | {apart / together:.1f} |")


if __name__ == "__main__":
    main()
