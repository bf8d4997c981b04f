"""What predicting takes as questions and videos grow: peak memory, and pairs a second.

Each row is a process of its own that makes videos as those of the embedded corpus, then does what `cmivqa predict` does
for a baseline that scores pairs (`run_pass`: calibration, scoring, keeping on disk), with an encoder of random weights
that is as small as can be (ModernBERT, 1 layer x 16), so that the engine is what is measured. On a CPU one thread,
processor time; on a GPU wall time.
Run: python benchmarks/predict_growth.py [--device cpu|cuda] [--full]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import run

MIB = 2**20
BATCH = 4096  # tokens of a batch on a CPU
BY_QUESTIONS = ((16, 100), (160, 100))  # questions, videos
BY_QUESTIONS_FULL = ((50, 100), (500, 100))
BY_VIDEOS = ((2, 100), (2, 1000))
BY_VIDEOS_FULL = ((4, 100), (4, 1000), (4, 10_000))
SHORT = 8  # lines of a video where pairs a second are measured: 10^5 pairs are to be done in a minute
BY_PAIRS = {"cpu": ((10, 100), (100, 100)), "cuda": ((100, 100), (1000, 100))}
BY_PAIRS_FULL = {"cpu": (1000, 100), "cuda": (10_000, 100)}
LIMIT = 3600.0


def main(device: str, full: bool) -> None:
    """Measure and print three tables. Nothing heavy is imported here: a child's peak would begin with it."""
    head = "| questions | videos | pairs | before the pass, MiB | peak, MiB | "
    print(f"{head}peak - before |\n|{' --- |' * 6}")
    for questions, videos in BY_QUESTIONS_FULL if full else BY_QUESTIONS:
        found = child(device, questions, videos, SHORT)
        print(f"{_memory(found)}{found['peak'] - found['before']:.1f} |", flush=True)
    print(f"\n{head}token ids and seconds kept, MiB | peak - before |\n|{' --- |' * 7}")
    for questions, videos in BY_VIDEOS_FULL if full else BY_VIDEOS:
        found = child(device, questions, videos, 0)
        print(f"{_memory(found)}{found['kept']:.1f} | {found['peak'] - found['before']:.1f} |", flush=True)
    print(f"\n| pairs | tokens a pair | pairs/s | tokens/s |\n|{' --- |' * 4}")
    for questions, videos in (*BY_PAIRS[device], *((BY_PAIRS_FULL[device],) if full else ())):
        found = child(device, questions, videos, SHORT)
        rate = found["pairs"] / found["seconds"]
        each = found["tokens"] / found["pairs"]
        print(f"| {found['pairs']:,} | {each:.0f} | {rate:,.0f} | {rate * each:,.0f} |", flush=True)


def _memory(measured: dict[str, Any]) -> str:
    sizes = f"| {measured['questions']:,} | {measured['videos']:,} | {measured['pairs']:,} | "
    return f"{sizes}{measured['before']:.0f} | {measured['peak']:.0f} | "


def child(device: str, questions: int, videos: int, lines: int) -> dict[str, Any]:
    """`measure` in a process of its own, with its peak memory by the system."""
    sizes = map(str, (questions, videos, lines))
    done = run([sys.executable, __file__, "--device", device, "--measure", *sizes], limit=LIMIT)
    if done.stopped:
        raise SystemExit(f"{questions} x {videos}: not done after {LIMIT:.0f} s")
    return {**json.loads(done.output), "questions": questions, "videos": videos, "peak": done.memory}


def measure(device: str, questions: int, videos: int, lines: int) -> dict[str, Any]:
    """One pass: its pairs, tokens and seconds without the calibration; MiB before it, and of what is kept of videos."""
    import torch
    from pairs import PUBLISHED, System, make_model, make_split, make_tokenizer, modernbert, run_in

    from cmivqa_kit.plugin.types import PredictOptions
    from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, PassOptions
    from cmivqa_kit.prediction.pairs.run_pass import run_pass

    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    system = System(make_model(modernbert(tokenizer, 1, 16, 1), device), tokenizer)
    split = make_split(questions, videos, lines=lines)
    tokens = {"tokens": BATCH if device == "cpu" else 0}
    options = PredictOptions({"decode": {**PUBLISHED["decode"], **tokens}}, device=device)
    clock = time.process_time if device == "cpu" else time.perf_counter
    begun: list[tuple[float, CostEstimate]] = []
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / MIB
    with tempfile.TemporaryDirectory() as folder:
        pass_options = PassOptions(announce=lambda cost, first: begun.append((clock(), cost)))
        run_pass(system, run_in(Path(folder), dict(options.config)), [split], options, pass_options)
        seconds = clock() - begun[0][0]
    cost = begun[0][1]
    scorer = system.scorer(split, options)
    kept = [scorer.encode_video(video, None) for video in split.videos.values()]
    arrays = [(one.tokens, one.bounds, one.times.start, one.times.end) for one in kept if one is not None]
    size = sum(array.nbytes for one in arrays for array in one) / MIB
    return {"pairs": cost.pairs, "tokens": cost.tokens, "seconds": seconds, "before": resident, "kept": size}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--full", action="store_true", help="500 questions, 10,000 videos, and ten times as many pairs")
    parser.add_argument("--measure", nargs=3, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.device, *given.measure)))
    else:
        main(given.device, given.full)
