"""MESM on planted moments in the layout of Charades-STA, beside chance and beside the same features shuffled.

A sentence names an act and a thing; in the rows of its moment their two directions are added to noise. Shuffled: every
video has the rows of another one of the same split, so that all is as before but what a sentence names.
Run: python benchmarks/planted_moments.py [--seeds 3] [--epochs 40]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.mesm import DECLARATION
from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark
from cmivqa_kit.bench.systems.answering import predict_on
from cmivqa_kit.bench.systems.training import train_on
from cmivqa_kit.data.span import Span
from cmivqa_kit.plugin.settings import settings

ACTS = ("opens", "lifts", "folds", "washes", "closes")
THINGS = ("door", "book", "towel", "window", "cup", "bag")
WIDTH, NOISE, STORE = 24, 0.5, "planted"
SPLITS = {"train": 48, "test": 24}
BENCHMARK = "charades-sta"


@dataclass(frozen=True, slots=True)
class Moment:
    """A sentence about a stretch of a video, in seconds."""

    sentence: str
    start: int
    end: int


def directions(seed: int) -> dict[str, np.ndarray]:
    """What each act and thing looks like, (`WIDTH`,)."""
    random = np.random.default_rng([seed, 1])
    return {word: random.standard_normal(WIDTH) for word in (*ACTS, *THINGS)}


def planted_video(random: np.random.Generator, looks: dict[str, np.ndarray]) -> tuple[list[Moment], np.ndarray]:
    """Three moments of different things one after the other, of any lengths with gaps between, and a row per second."""
    edges = np.cumsum(random.integers(3, 11, 7))  # gap, moment, gap, moment, gap, moment, gap
    rows = NOISE * random.standard_normal((int(edges[-1]), WIDTH))
    moments = []
    for number, thing in enumerate(random.permutation(THINGS)[:3]):
        act = str(random.choice(ACTS))
        start, end = edges[2 * number : 2 * number + 2].tolist()
        rows[start:end] += looks[act] + looks[thing]
        moments.append(Moment(f"a person {act} the {thing}.", start, end))
    return moments, rows.astype(np.float32)


def write_root(root: Path, seed: int, shuffled: bool = False) -> Path:
    """Annotations, durations and features of both splits; ``shuffled``: of each video those of another one.

    A video that is longer than the rows it was given has its own number of them: they begin anew.
    """
    looks, folder = directions(seed), root / "features" / STORE
    folder.mkdir(parents=True)
    for at, (split, count) in enumerate(SPLITS.items()):
        random = np.random.default_rng([seed, 2, at])
        videos = [planted_video(random, looks) for _ in range(count)]
        lines, table = [], ["id,length"]
        for number, (moments, rows) in enumerate(videos):
            name = f"{split.upper()}{number:02d}"
            lines += [f"{name} {moment.start} {moment.end}##{moment.sentence}" for moment in moments]
            table.append(f"{name},{len(rows)}")
            shown = videos[(number + 1) % count][1] if shuffled else rows
            np.save(folder / f"{name}.npy", np.resize(shown, rows.shape))
        (root / f"charades_sta_{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (root / f"Charades_v1_{split}.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return root


def spans(root: Path, split: str) -> list[tuple[Span, float]]:
    """The right spans of a split, and how long their videos are."""
    evaluator = create_evaluator(find_benchmark(BENCHMARK))
    queries = evaluator.read_truth(evaluator.truth_files(root, split)).queries  # type: ignore[attr-defined]
    return [(Span(*query.windows[0]), query.duration) for query in queries]


def chance(root: Path) -> dict[str, float]:
    """R@1 of a window at the relative place of some training moment, over all of them."""
    known = [(span.start / seconds, span.end / seconds) for span, seconds in spans(root, "train")]
    overlaps = np.array([[right.iou(Span(start * seconds, end * seconds)) for start, end in known]
                         for right, seconds in spans(root, "test")])  # fmt: skip
    return {f"R1@{mu}": float((overlaps >= mu).mean()) for mu in (0.5, 0.7)}


def trained(root: Path, folder: Path, seed: int, epochs: int) -> dict[str, float]:
    """R@1 of a short training of preset tiny on the test split, which has no part in it."""
    overrides = [f'data.features=["{STORE}"]', f"train.epochs={epochs}", "train.batch=4", "train.lr=4e-3",
                 "train.evaluate_every=100000"]  # fmt: skip
    config = settings(DECLARATION, "tiny", overrides)
    benchmark = find_benchmark(BENCHMARK)
    run = train_on(benchmark, DECLARATION, config, root, folder, seed=seed, preset="tiny", device="cpu").run
    answers = predict_on(benchmark, run, root, "test", out=folder / "answers", device="cpu")
    evaluator = create_evaluator(benchmark)
    truth = evaluator.read_truth(evaluator.truth_files(root, "test"))
    brief = evaluator.evaluate(truth, evaluator.read_predictions(answers, truth)).official["brief"]
    return {f"R1@{mu}": brief[f"MR-full-R1@{mu}"] / 100 for mu in (0.5, 0.7)}


def main(seeds: int, epochs: int) -> None:
    """Print a row per seed."""
    print("| seed | R@1, IoU=0.5 / 0.7 | features of another video | chance | processor seconds |\n|" + " --- |" * 5)
    for seed in range(seeds):
        begin = time.process_time()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            roots = [write_root(folder / kind, seed, kind == "shuffled") for kind in ("planted", "shuffled")]
            figures = [trained(root, folder / f"run-{root.name}", seed, epochs) for root in roots]
            cells = [" / ".join(f"{value:.3f}" for value in row.values()) for row in (*figures, chance(roots[0]))]
        print(f"| {seed} | {' | '.join(cells)} | {time.process_time() - begin:.0f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    main(given.seeds, given.epochs)
