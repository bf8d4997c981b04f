"""A pass over a corpus on a CPU: one thread, threads set for each batch, and threads set once around the pass.

`run_pass` with CCGS around an encoder of random weights (ModernBERT, 2 layers x 128), by the clock and in processor
time: threads that wait for each other count there. The kept cells of all three ways are compared byte by byte.
Run: python benchmarks/pass_threads.py [--threads N]
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pairs import PUBLISHED, System, make_model, make_split, make_tokenizer, modernbert, run_in

from baselines.ccgs.scorer import SpanScorer
from cmivqa_kit.data.types import Split
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pairs.run_pass import run_pass
from cmivqa_kit.runs.device import physical_cores, threads


class PerBatch(SpanScorer):
    """The way before: threads are set for each batch and put back after it."""

    count = 1

    def score(self, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """As in the kit, on `count` threads."""
        with threads(self.count):
            return super().score(batch)


@dataclass(frozen=True)
class Before(System):
    """A system whose scorer sets threads by itself."""

    count: int = 1

    def scorer(self, split: Split, options: PredictOptions) -> SpanScorer:
        """That of the kit, as a `PerBatch`."""
        scorer = super().scorer(split, options)
        scorer.__class__, scorer.count = PerBatch, self.count
        return scorer


def main(count: int, rounds: int = 3) -> None:
    """Measure and print a table."""
    tokenizer = make_tokenizer()
    model, split = make_model(modernbert(tokenizer, 2, 128, 2), "cpu"), make_split(4, 30)
    ways: dict[str, tuple[System, int, int]] = {
        "1, set for each batch (before)": (Before(model, tokenizer, 1), count, count),
        f"{count}, set for each batch": (Before(model, tokenizer, count), 1, 1),
        f"{count}, set once (now)": (System(model, tokenizer), count, count),
    }
    print("| threads | wall, s | processor, s | digest of what is kept |\n| --- | --- | --- | --- |")
    for name, (system, around, outside) in ways.items():
        torch.set_num_threads(outside)
        wall, processor, digest = min(_one_pass(system, split, around) for _ in range(rounds))
        print(f"| {name} | {wall:.2f} | {processor:.2f} | {digest} |", flush=True)


def _one_pass(system: System, split: Split, count: int) -> tuple[float, float, str]:
    config: dict[str, Any] = {"decode": {**PUBLISHED["decode"], "tokens": 4096, "threads": count}}
    begun: list[tuple[float, float]] = []

    def announce(cost: object, first: object) -> None:
        begun.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        run_pass(system, run_in(Path(folder), config), [split], PredictOptions(config, device="cpu"),
                 PassOptions(announce=announce))  # fmt: skip
        wall, processor = time.perf_counter() - begun[0][0], time.process_time() - begun[0][1]
        kept = sorted(path for path in Path(folder).rglob("*.np?") if path.is_file())
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in kept)).hexdigest()[:12]
    return wall, processor, digest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=physical_cores())
    main(parser.parse_args().threads)
