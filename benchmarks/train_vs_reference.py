"""Training CCGS: pairs per second beside training as published, in one run, and both loss curves on the demo corpus.

The published way is re-created from its description (docs/spec/ccgs.md): one pair per step (2.2), a head that makes m
copies of each m x m matrix (3.4), a ranking loss over n^2 x n^2 pairs of cells that is computed and thrown away (4.3),
AdamW of transformers 4.15. Its collating is ours, which spares it the tokenizing of every pair anew. Same pairs, same
network; on a GPU also in fp16, which the published code trains in.

Run: python benchmarks/train_vs_reference.py --device cpu   (processor time, one thread)
     python benchmarks/train_vs_reference.py --device cuda  (24 x 1024 DeBERTa-v2, random weights, bf16 in the kit)
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import DebertaV2Config

from baselines.ccgs import DECLARATION
from baselines.ccgs.collecting import build_examples
from baselines.ccgs.losses import SCALE, contrastive_loss
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.settings import Settings
from baselines.ccgs.task import CCGSTask
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.optimizers import BETAS, EPSILON, OldAdamW
from cmivqa_kit.neural.tiny_encoder import tiny_config, tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.device import accelerator_on, on_device

# name -> layers, hidden size, heads; feed-forward 4 x hidden, otherwise as the published encoder
SHAPES = {"2 x 128": (2, 128, 4), "24 x 1024": (24, 1024, 16)}
RATE = 1e-3
POINTS = 8


def deberta(shape: str, vocabulary: int) -> Any:
    """The configuration of the published encoder in another size, without dropout."""
    layers, hidden, heads = SHAPES[shape]
    return DebertaV2Config(
        vocab_size=vocabulary,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        conv_kernel_size=3,
        conv_act="gelu",
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=256,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pad_token_id=0,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )


def lecture(videos: int, lines: int, words: int) -> Split:
    """Videos of so many lines of about so many words (a tenth more or fewer), a question each."""
    draw = random.Random(0)
    known = [f"word{n}" for n in range(200)]
    corpus, asked = {}, []
    for n in range(videos):
        count = round(lines * draw.uniform(0.9, 1.1))
        said = tuple(Subtitle(" ".join(draw.choices(known, k=words)), 4.0 * i, 4.0) for i in range(count))
        corpus[f"v{n}"] = Video(f"v{n}", said, 4.0 * count, "subtitles")
        first = draw.randrange(count - 4)
        text = " ".join(draw.choices(known, k=12))
        asked.append(Question(n, text, "English", f"v{n}", Span(4.0 * first, 4.0 * first + 16)))
    return Split("train", tuple(asked), corpus, SplitFeatures())


def task_of(split: Split, config: Callable[[int], Any], changes: tuple[str, ...], recipe: Any, seed: int) -> CCGSTask:
    """The kit's training on a split, with a network of random weights that the seed alone decides."""
    texts = [line.text for video in split.videos.values() for line in video.subtitles]
    tokenizer = tiny_tokenizer([*texts, *(question.text for question in split.questions)])
    chosen = Settings.of(settings(DECLARATION, None, ("train.max_dropped=1.0", *changes), recipe)).train
    found = build_examples(split, tokenize_with(tokenizer), chosen, None)
    torch.manual_seed(0)
    encoder = config(len(tokenizer))
    model = GlobalSpanModel(encoder, encoder.hidden_size, encoder.hidden_size, 16, chosen.mask_lower)
    return CCGSTask(model, found.usable, found.videos, Special.of(tokenizer), chosen, seed, lambda model: {})


def published_logits(model: Any, hidden: Tensor, marks: Tensor) -> Tensor:
    """The head as published: the product of all boundaries, made as often as there are boundaries."""
    boundaries = hidden[marks == 1]
    m = len(boundaries)
    queries, keys = model.dense(boundaries)[:, None].chunk(2, dim=-1)  # (m, 1, D)
    copies = queries.transpose(0, 1).repeat(m, 1, 1) @ keys.transpose(0, 1).repeat(m, 1, 1).transpose(1, 2)
    return copies[:, None][0, 0, :-1, 1:]


def published_ranking(logits: Tensor, ious: Tensor) -> Tensor:
    """The ranking loss as published, over the matrix of all pairs of cells."""
    p, y = SCALE * logits.flatten(), ious.flatten()
    differences = torch.where(y[:, None] < y[None, :], p[:, None] - p[None, :], -1e12)
    return torch.logsumexp(torch.cat((differences.flatten(), p.new_zeros(1))), dim=0)


def published_steps(task: CCGSTask, device: torch.device, precision: str, epochs: int) -> Iterator[tuple[int, float]]:
    """Train as published; yields (pairs, loss) after each step."""
    model: Any = task.model.to(device).train()
    half = precision == "fp16"
    scaler = torch.amp.GradScaler(device.type, enabled=half)
    optimizer = OldAdamW(model.parameters(), RATE, 0.0)
    for epoch in range(epochs):
        for index in range(task.batches(epoch)):
            batch = on_device(task.batch(epoch, index), device)
            (pair,) = batch["pairs"]
            with torch.autocast(device.type, torch.float16, enabled=half):
                hidden = model.encode(batch["input_ids"], batch["attention_mask"])
                rows = [
                    published_logits(model, one, marks) for one, marks in zip(hidden, batch["token_types"], strict=True)
                ]
                logits = torch.stack(rows)
                loss = contrastive_loss(logits, pair.row, pair.column)
                published_ranking(logits[0].float(), pair.ious.to(device))  # computed, and thrown away
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            yield 1, float(loss.detach())


def kit_steps(
    task: CCGSTask, device: torch.device, precision: str, epochs: int, rate: float = RATE
) -> Iterator[tuple[int, float]]:
    """Train with the kit's batches, loss and head; yields (pairs, loss) after each step."""
    accelerator = accelerator_on(device.type, precision, "", Path())
    model = accelerator.prepare_model(task.model).train()
    optimizer: torch.optim.Optimizer = torch.optim.AdamW(model.parameters(), rate, BETAS, EPSILON, 0.0)
    if task.settings.old_optimizer:  # for the curves: nothing but the way of computing differs
        optimizer = OldAdamW(model.parameters(), rate, 0.0)
    for epoch in range(epochs):
        for index in range(task.batches(epoch)):
            batch = on_device(task.batch(epoch, index), accelerator.device)
            with accelerator.autocast():
                loss = task.loss(model, batch)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            yield len(batch["pairs"]), float(loss.detach())


def pairs_per_second(steps: Iterator[tuple[int, float]], device: torch.device, most: int) -> float:
    """Of the steps after the first two, which warm up, until so many pairs are done."""

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    next(steps)
    next(steps)
    begin, done = now(), 0
    for pairs, _ in steps:
        done += pairs
        if done >= most:
            break
    return done / (now() - begin)


def speed(device: torch.device, shape: str, pairs: int, tokens: int) -> None:
    """Print the table of speeds."""
    half = "bf16" if device.type == "cuda" else "no"
    shapes = [("60 lines, 1,000 tokens", lecture(pairs + 40, 60, 15))]
    if device.type == "cpu":
        shapes = [
            ("demo corpus", load_split(catalogue(demo_corpus()), "train")),
            ("40 lines, 340 tokens", lecture(pairs + 8, 40, 7)),
        ]
    print(f"DeBERTa-v2 {shape}, random weights, {device.type}\n")
    print("| pairs | training | precision | tokens a batch | pairs/s | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for name, split in shapes:
        weighted = ("train.ranking_weight=1.0", "train.maxlen=4000", "train.joined_length=false")
        published = task_of(split, lambda size: deberta(shape, size), weighted, "published", 0)
        fresh = copy.deepcopy(published.model.state_dict())
        base = 0.0
        for precision in ("fp16", "no") if device.type == "cuda" else ("no",):
            published.model.load_state_dict(fresh)
            value = pairs_per_second(published_steps(published, device, precision, 99), device, pairs)
            base = base or value
            print(
                f"| {name} | as published | {_named(precision)} | one pair | {value:.2f} | {value / base:.2f} |",
                flush=True,
            )
        for budget in (0, tokens):
            changes = (f"train.batch_tokens={budget}", "train.maxlen=4000")
            one = task_of(split, lambda size: deberta(shape, size), changes, "kit", 0)
            value = pairs_per_second(kit_steps(one, device, half, 99), device, pairs)
            print(
                f"| {name} | kit | {_named(half)} | {budget or 'one pair'} | {value:.2f} | {value / base:.2f} |",
                flush=True,
            )


def _named(precision: str) -> str:
    return "float32" if precision == "no" else precision


def curves(device: torch.device, epochs: int, tokens: int) -> None:
    """Print the mean loss of each stretch of the demo corpus's training pairs."""
    split = load_split(catalogue(demo_corpus()), "train")

    def config(size: int) -> Any:
        return tiny_config(size, 0)

    def task(budget: int, seed: int, ranking: float = 0.0) -> CCGSTask:
        changes = (f"train.batch_tokens={budget}", f"train.ranking_weight={ranking}", "train.joined_length=false")
        return task_of(split, config, (*changes, "train.maxlen=1300"), "published", seed)

    batched = task(tokens, 0)
    mean = len(batched.examples) / batched.batches(0)
    rate = RATE * mean**0.5
    columns = {
        "as published": published_steps(task(0, 0, 1.0), device, "no", epochs),
        "the same, other seed": published_steps(task(0, 1, 1.0), device, "no", epochs),
        "kit, one pair": kit_steps(task(0, 0), device, "no", epochs),
        f"kit, {tokens} tokens (rate x {rate / RATE:.1f})": kit_steps(batched, device, "no", epochs, rate),
    }
    total = epochs * len(batched.examples)
    points = [total * (n + 1) // POINTS for n in range(POINTS)]
    found = [stretches(steps, points) for steps in columns.values()]
    print(f"\nDemo corpus, preset tiny's encoder, {device.type}: mean loss of the pairs up to each point\n")
    print(f"| pairs | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for n, point in enumerate(points):
        print(f"| {point} | {' | '.join(f'{values[n]:.3f}' for values in found)} |")


def stretches(steps: Iterator[tuple[int, float]], points: list[int]) -> list[float]:
    """Mean loss of the pairs between each point and the one before."""
    means, done, total, count = [], 0, 0.0, 0
    for pairs, loss in steps:
        done, total, count = done + pairs, total + pairs * loss, count + pairs
        if done >= points[len(means)]:
            means.append(total / count)
            total, count = 0.0, 0
            if len(means) == len(points):
                break
    return means


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--shape", choices=SHAPES, help="of the encoder; default: small on the CPU, published on a GPU")
    parser.add_argument("--pairs", type=int, help="measured pairs; default: 24 on the CPU, 128 on a GPU")
    parser.add_argument("--tokens", type=int, help="train.batch_tokens; default: 4096 on the CPU, 16384 on a GPU")
    parser.add_argument("--epochs", type=int, default=3, help="of the loss curves; 0: none")
    given = parser.parse_args()
    device = torch.device(given.device)
    gpu = device.type == "cuda"
    torch.set_num_threads(torch.get_num_threads() if gpu else 1)
    torch.set_flush_denormal(True)
    shape = given.shape or ("24 x 1024" if gpu else "2 x 128")
    speed(device, shape, given.pairs or (128 if gpu else 24), given.tokens or (16384 if gpu else 4096))
    if given.epochs:
        curves(device, given.epochs, 4096)


if __name__ == "__main__":
    main()
