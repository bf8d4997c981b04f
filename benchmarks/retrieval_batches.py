"""NRCCR and MLCMR in batches beside the same networks run sample by sample: texts, videos, and a training step.

Random weights, best of some rounds. On a CPU by processor time, a small BERT, one thread; on a GPU by the clock, the
published sizes. Run: python benchmarks/retrieval_batches.py [--device cpu|cuda] [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.nrccr.evaluation import embed_sorted, embed_videos
from baselines.nrccr.examples import Example, training_batch
from baselines.nrccr.losses import triplet
from baselines.nrccr.mlcmr import MLCMR
from baselines.nrccr.model import NRCCR
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork

BATCH, TEXTS, VIDEOS, VOCABULARY = 64, 256, 128, 2000
Network = NRCCR | MLCMR
# Width of a feature row, of the common space, of the videos' encoder, and the BERT: layers, hidden size.
SHAPES = {"cpu": (256, 256, 256, 4, 128), "cuda": (1024, 1536, 1024, 12, 768)}


def networks(device: str) -> dict[str, Network]:
    """Both networks with random weights."""
    width, space, hidden, layers, own = SHAPES[device]
    bert = {"vocab_size": VOCABULARY, "hidden_size": own, "num_hidden_layers": layers, "num_attention_heads": own // 32,
            "intermediate_size": 4 * own, "max_position_embeddings": 64}  # fmt: skip
    shared: dict[str, Any] = {"bert": bert, "visual_feat_dim": width, "text_mapping_layers": [own, space],
                              "padding": "masked"}  # fmt: skip
    nrccr = {"visual_mapping_layers": [hidden, space], "text_hidden_size": own, "video_hidden_size": hidden}
    levels = 2 * (hidden // 2) + 4 * (hidden // 2) + width
    mlcmr = {"visual_mapping_layers": [levels, space], "visual_rnn_size": hidden // 2, "visual_kernel_num": hidden // 2}
    torch.manual_seed(0)
    return {
        "nrccr": NRCCRNetwork.of({**shared, **nrccr}, "here").build().eval().to(device),
        "mlcmr": MLCMRNetwork.of({**shared, **mlcmr}, "here").build().eval().to(device),
    }


def seconds(job: Callable[[], object], device: str, rounds: int) -> float:
    """The least seconds of a few runs, behind one that warms up."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    job()
    spent = []
    for _ in range(rounds):
        begin = clock()
        job()
        if device == "cuda":
            torch.cuda.synchronize()
        spent.append(clock() - begin)
    return min(spent)


def step(model: Network, batch: dict[str, Tensor], size: int) -> None:
    """A training step of one triplet loss, both encoders run on ``size`` samples at once."""
    texts, videos = [], []
    for begin in range(0, len(batch["frames"]), size):
        cut = {name: tensor[begin : begin + size] for name, tensor in batch.items()}
        length, frames = int(cut["source_mask"].sum(dim=1).max()), int(cut["frame_mask"].sum(dim=1).max())
        ids, mask = cut["source_ids"][:, :length], cut["source_mask"][:, :length]
        video = cut["frames"][:, :frames], cut["frame_mask"][:, :frames]
        if isinstance(model, NRCCR):
            encoder = model.text_encoder
            texts.append(encoder.alone(encoder.rows(encoder.text_bert(ids, mask)), mask))
            videos.append(model.video_encoder(*video))
        else:
            texts.append(model.text_encoder(ids, mask))
            videos.append(model.video_encoder(*video, cut["mean"]))
    rows = model.text_mapping(torch.cat(texts)), model.visual_mapping(torch.cat(videos))
    triplet(*rows).backward()
    model.zero_grad()


def main(device: str, rounds: int) -> None:
    """Print a row per network and job."""
    torch.set_num_threads(1)
    draw, width = np.random.default_rng(0), SHAPES[device][0]
    texts = [tuple(draw.integers(5, VOCABULARY, draw.integers(6, 24)).tolist()) for _ in range(TEXTS)]
    videos = {str(at): draw.standard_normal((draw.integers(8, 65), width), np.float32) for at in range(VIDEOS)}
    examples = [Example(str(at), str(at), texts[at]) for at in range(BATCH)]
    batch = {name: tensor.to(device) for name, tensor in training_batch(examples, videos.__getitem__, 0)[1].items()}
    print(f"{device}, torch {torch.__version__}\n")
    print(f"| network | job | in batches of {BATCH}, s | one by one, s | ratio |\n| --- | --- | --- | --- | --- |")
    for name, model in networks(device).items():
        jobs: dict[str, Callable[..., object]] = {
            f"{TEXTS} texts": partial(embed_sorted, model, texts, pad=0),
            f"{VIDEOS} videos of 8 to 64 rows": partial(embed_videos, model, list(videos), videos.__getitem__),
            f"a training step of {BATCH} captions": partial(step, model, batch),
        }
        for title, job in jobs.items():
            model.train(title.startswith("a training"))
            together, apart = (seconds(partial(job, size=size), device, rounds) for size in (BATCH, 1))
            print(f"| {name} | {title} | {together:.3f} | {apart:.3f} | {apart / together:.1f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    main(given.device, given.rounds)
