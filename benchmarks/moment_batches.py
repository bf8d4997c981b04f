"""MESM in batches beside the same network query by query, and in bf16: answers, and a training step.

The sizes are those of Charades-STA on CLIP and SlowFast; queries, features and words are drawn. On a CPU processor time
of one thread counts, on a GPU wall time until it is done.
Run: python benchmarks/moment_batches.py [--device cpu|cuda] [--queries 24]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from baselines.mesm.losses import Targets, Weights, losses, total
from baselines.mesm.model import MESM, MaskedWords
from baselines.mesm.network import CORRECT, Network
from cmivqa_kit.runs.device import autocast

VIDEO, TEXT, WORDS, TOGETHER = 2818, 512, 16, 2  # widths, word positions, queries of a video
CLIPS = (20, 60)
REPEATS = 3
Batch = Mapping[str, Tensor]


def drawn(queries: int, device: torch.device) -> dict[str, Tensor]:
    """Queries, two about each video, sorted by the length of it, as a batch; the moment is the second quarter."""
    generator = torch.Generator().manual_seed(0)
    lengths = (
        torch.randint(*CLIPS, (queries // TOGETHER,), generator=generator).sort().values.repeat_interleave(TOGETHER)
    )
    words = torch.randint(5, WORDS + 1, (queries,), generator=generator)
    clips = torch.arange(int(lengths.max()))
    mask, word_mask = clips < lengths[:, None], torch.arange(WORDS) < words[:, None]
    moment = (clips >= lengths[:, None] // 4) & (clips < lengths[:, None] // 2)
    batch = {
        "video": torch.randn(queries, len(clips), VIDEO, generator=generator) * mask[..., None], "video_mask": mask,
        "words": torch.randn(queries, WORDS, TEXT, generator=generator) * word_mask[..., None], "word_mask": word_mask,
        "moment": moment, "windows": torch.tensor([[[0.25, 0.5]]]).repeat(queries, 1, 1),
        "labels": torch.randint(0, 1000, (queries, WORDS), generator=generator) * word_mask,
        "masked": (torch.arange(WORDS) == 1).repeat(queries, 1),
    }  # fmt: skip
    return {name: tensor.to(device) for name, tensor in batch.items()}


def cut(batch: Batch, size: int) -> list[dict[str, Tensor]]:
    """Batches of ``size`` queries, padded to their own longest video."""
    parts = []
    for begin in range(0, len(batch["video"]), size):
        own = {name: tensor[begin : begin + size] for name, tensor in batch.items()}
        longest = int(own["video_mask"].sum(1).max())
        parts.append({**own, **{name: own[name][:, :longest] for name in ("video", "video_mask", "moment")}})
    return parts


def forward(model: MESM, batch: Batch, training: bool, precision: str) -> Tensor:
    """Logits of the slots, or in training the loss, with its negative pass and the masked words."""
    size = len(batch["video"])
    device = batch["video"].device
    counts = torch.ones(size, dtype=torch.long, device=device) if size < TOGETHER else torch.full(
        (size // TOGETHER,), TOGETHER, device=device)  # fmt: skip
    negatives = torch.arange(size, device=device).flip(0) if training else None
    masked = MaskedWords(batch["moment"], batch["masked"], torch.zeros_like(batch["masked"])) if training else None
    with autocast(device, precision):
        output = model(
            *(batch[name] for name in ("video", "video_mask", "words", "word_mask")), counts, negatives, masked
        )
    if not training:
        logits: Tensor = output.layers[-1].logits
        return logits
    targets = Targets(
        list(batch["windows"]), batch["moment"], batch["moment"].float(), counts, word_labels=batch["labels"]
    )
    return total(losses(output, targets, batch["video_mask"], batch["word_mask"], Weights()), Weights())


def answer(model: MESM, parts: list[dict[str, Tensor]], precision: str) -> None:
    """Every part once."""
    with torch.inference_mode():
        for part in parts:
            forward(model, part, False, precision)


def step(model: MESM, parts: list[dict[str, Tensor]], precision: str) -> None:
    """The gradients of all parts together."""
    for part in parts:
        (forward(model, part, True, precision) / len(parts)).backward()
    model.zero_grad()


def seconds(job: Callable[[], object], device: torch.device) -> float:
    """The least seconds of a few runs, behind one that warms up."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    spent = []
    for _ in range(REPEATS + 1):
        begin = clock()
        job()
        if device.type == "cuda":
            torch.cuda.synchronize()
        spent.append(clock() - begin)
    return min(spent[1:])


def main(name: str, queries: int) -> None:
    """Print a row per job."""
    device = torch.device(name)
    if device.type == "cpu":
        torch.set_num_threads(1)
    torch.manual_seed(0)
    sizes = {"v_feat_dim": VIDEO, "t_feat_dim": TEXT, "max_words_l": WORDS, "cross_sample_mask": CORRECT}
    model = Network.of(sizes, "here").build().to(device).eval()
    batch = drawn(queries, device)
    together, apart = cut(batch, queries), cut(batch, 1)
    heads = ("in one batch, s", "query by query, s", "ratio", "one batch in bf16, s", "float32 / bf16")
    print(f"| job, {queries} queries | {' | '.join(heads)} |\n|" + " --- |" * 6)
    for job, work in (("answers", answer), ("a training step", step)):
        model.train(work is step)
        ways = ((together, "no"), (apart, "no"), (together, "bf16"))
        whole, single, half = (seconds(partial(work, model, *way), device) for way in ways)
        print(
            f"| {job} | {whole:.3f} | {single:.3f} | {single / whole:.1f} | {half:.3f} | {whole / half:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--queries", type=int, default=24)
    given = parser.parse_args()
    main(given.device, given.queries)
