"""One pass in the shape of Test A: 492 questions x 196 videos, about 1,000 tokens a pair, DeBERTa-v2 of 24 x 1024.

Random weights, bf16, through `run_pass` as `cmivqa predict` does it: calibration, scoring, keeping on disk. Printed are
wall time, tokens a second, and the share of the card's own rate for matrices: a large product is timed in the same run.
FLOPs counted per token, with H the hidden size, L the tokens of its row, R the rows of the table of positions in use
(512 at most): in each layer 24 H^2 (four projections, twice H x 4H), 4 L H (queries by keys, weights by values) and
4 R H (the two disentangled terms); once 6 H^2 for the convolution. The projected table is kept; the head is nothing.
On a CPU a small encoder (2 x 128) on a small part in float32, so that the script itself is tried.
Run: python benchmarks/testa_shape.py [--device cpu|cuda] [--part 0.1]
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from encoder_modes import config
from pairs import PUBLISHED, System, corpus_of, make_model, make_split, make_tokenizer, run_in

from cmivqa_kit.data.types import Split
from cmivqa_kit.memory import peak_memory
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, PassOptions
from cmivqa_kit.prediction.pairs.run_pass import run_pass

QUESTIONS, VIDEOS = 492, 196
SCRIPTS = (3, 3, 2, 3)  # of the demo generator in one video: 990 tokens on average, 83 lines
SHAPES = {"cpu": (2, 128, 2), "cuda": (24, 1024, 16)}  # layers, hidden size, heads
PART = {"cpu": (2, 10), "cuda": (QUESTIONS, VIDEOS)}  # questions and videos by default
SIDE = {"cpu": 1024, "cuda": 8192}  # of the matrices that are multiplied
BUCKETS, CONVOLUTION = 512, 3


def main(device: str, part: float | None) -> None:
    """Measure and print a table."""
    layers, hidden, heads = SHAPES[device]
    questions, videos = PART[device] if part is None else (max(1, math.ceil(part * QUESTIONS)), VIDEOS)
    system = System(make_model(config(layers, hidden, heads), device), make_tokenizer())
    split = make_split(questions, videos, SCRIPTS)
    rate = matrix_rate(device)
    with accelerate_encoder(system.model.P_Encoder, "auto") as mode:
        cost, start, seconds = one_pass(system, split, device)
    flops = layers_flops(system, split, layers, hidden)
    share = flops / seconds / rate
    where = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    memory = torch.cuda.max_memory_allocated() if device == "cuda" else peak_memory()
    precision = "bf16" if device == "cuda" else "float32"
    rows = {
        "device": where,
        "encoder": f"DeBERTa-v2 {layers} x {hidden}, {precision}, attention {mode}, torch {torch.__version__}",
        "pairs": f"{questions} x {videos} = {cost.pairs:,}, {cost.tokens / cost.rows:,.0f} tokens each",
        "tokens of a batch": f"{cost.batch:,}",
        "before it starts (token ids, calibration), s": f"{start:.1f}",
        "the pass, s": f"{seconds:.1f} (estimated: {cost.seconds:.1f})",
        "pairs/s": f"{cost.pairs / seconds:,.1f}",
        "tokens/s": f"{cost.tokens / seconds:,.0f}",
        "FLOPs a token": f"{flops / cost.tokens / 1e6:,.1f} million",
        "TFLOP/s": f"{flops / seconds / 1e12:,.2f}",
        f"matrix product {SIDE[device]:,} cubed in {precision}, TFLOP/s": f"{rate / 1e12:,.2f}",
        "share of that rate": f"{share:.0%}",
        "peak memory, GiB": f"{memory / 2**30:.1f}",
    }
    print("| measure | value |\n| --- | --- |")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    if questions < QUESTIONS:
        whole = seconds * QUESTIONS * VIDEOS / cost.pairs
        print(f"\nA part only; all {QUESTIONS} x {VIDEOS} pairs would take {whole:,.0f} s.")


def one_pass(system: System, split: Split, device: str) -> tuple[CostEstimate, float, float]:
    """What was announced, the seconds until then, and those from then to the finished pass."""
    begun: list[tuple[float, CostEstimate]] = []
    options = PredictOptions(PUBLISHED, device=device)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pass_options = PassOptions(announce=lambda cost, first: begun.append((time.perf_counter(), cost)))
        run_pass(system, run_in(Path(folder), PUBLISHED), [split], options, pass_options)
        end = time.perf_counter()
    at, cost = begun[0]
    return cost, at - begin, end - at


def layers_flops(system: System, split: Split, layers: int, hidden: int) -> float:
    """Of all pairs, by the formula above; padding is not counted."""
    scorer = system.scorer(split, PredictOptions(PUBLISHED))
    corpus = corpus_of(scorer, replace(split, questions=()))
    asked = np.array([len(scorer.encode_question(question)) for question in split.questions], float)
    length = asked[:, None] + corpus.table(0).size + scorer.special_tokens
    positions = np.minimum(2 * length - 1, BUCKETS)
    attention = 4 * length * hidden + 4 * positions * hidden
    return float((length * (layers * (24 * hidden**2 + attention) + 2 * CONVOLUTION * hidden**2)).sum())


def matrix_rate(device: str, rounds: int = 20) -> float:
    """FLOP/s of a large square product, the best of some rounds; bf16 on a GPU, float32 on a CPU."""
    side = SIDE[device]
    kind = torch.bfloat16 if device == "cuda" else torch.float32
    one, other = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
    best = math.inf
    for _ in range(rounds):
        begin = time.perf_counter()
        product = one @ other
        product[0, 0].item()  # waits
        best = min(best, time.perf_counter() - begin)
    return 2 * side**3 / best


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=sorted(SHAPES), default="cpu")
    parser.add_argument("--part", type=float, help="of the questions, e.g. 0.1; by default all on a GPU")
    given = parser.parse_args()
    main(given.device, given.part)
