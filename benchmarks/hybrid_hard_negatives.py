"""Hybrid trained with the usual batches of videos and with batches of videos that the untrained tier confuses.

The joint softmax of a batch holds the right spans against those of the other videos in it. Usual batches are drawn at
random; confusable ones are a video and others drawn among those that score highest for its questions, and it for
theirs. Both are trained on the questions about most training videos and asked those about the others (a third of the
videos, or 1 / FOLDS); the two temperatures are fitted on these in both arms alike.
Run: python benchmarks/hybrid_hard_negatives.py ROOT ENCODER [--fold 0] [--folds 3] [--set train.max_steps=8 ...]
(ENCODER: a folder, a hub name, or tiny)
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from hybrid_folds import LAST_STEP, config_of, figures, fold_of, trained, trial_parser
from numpy.typing import NDArray

from baselines.hybrid.baseline import HybridBaseline
from baselines.hybrid.corpus import languages
from baselines.hybrid.task import Batches
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.types import Split
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.settings import Config

AMONG = 2  # times the videos that a batch still lacks: how many of the most confusable ones these are drawn among
Floats = NDArray[np.float64]
Groups = Callable[[Batches, int], list[list[int]]]  # in place of `Batches.groups`


def confusion(learnt: Split, system: HybridBaseline, config: Config) -> Floats:
    """How well two videos score for each other's questions, (videos, videos); zeros where none are asked."""
    scores: dict[int, list[Floats]] = {}
    videos = len(learnt.videos)
    numbers = {name: number for number, name in enumerate(learnt.videos)}
    ranking = system.retriever(PredictOptions(config=config, device="cpu"))
    for question, ranked in zip(learnt.questions, ranking.rank(learnt, videos), strict=True):
        row = np.zeros(videos)
        for name, score in ranked:
            row[numbers[name]] = score
        scores.setdefault(numbers[question.video_id or ""], []).append((row - row.mean()) / (row.std() or 1.0))
    mean = np.zeros((videos, videos))
    for video, rows in scores.items():
        mean[video] = np.mean(rows, axis=0)
    both: Floats = mean + mean.T
    return both


def confusable(confused: Floats) -> Groups:
    """Batches of a video and others that are confused with it; each video once in an epoch, as in the usual ones."""

    def groups(batches: Batches, epoch: int) -> list[list[int]]:
        drawn = random.Random(f"videos {batches.seed} {epoch}")
        free = list(range(len(batches.videos)))
        drawn.shuffle(free)
        more, made = batches.settings.videos - 1, []
        while free:
            first = free.pop()
            row = confused[batches.videos[first].number, [batches.videos[number].number for number in free]]
            near = [free[at] for at in np.argsort(-row, kind="stable")[: AMONG * more]]
            made.append([first, *drawn.sample(near, min(more, len(near)))])
            free = [number for number in free if number not in made[-1]]
        drawn.shuffle(made)
        return made

    return groups


def main(root: Path, encoder: str, fold: int, folds: int, overrides: Sequence[str], runs: Path) -> None:
    """Print a row for each kind of batch."""
    torch.set_num_threads(1)
    config = config_of(encoder, [*LAST_STEP, *overrides])
    learnt, held_out = fold_of(open_split(root, "train"), fold, folds)
    if len(languages(learnt)) > 1:
        raise SystemExit("confusable batches are made in one corpus; this root has subtitles in several languages")
    untrained = config_of(encoder, [*overrides, "model.tier=untrained"])
    tier = trained(learnt, held_out, untrained, runs / f"fold-{fold}-untrained")
    arms: dict[str, Groups] = {
        "usual": Batches.groups,
        "confusable": confusable(confusion(learnt, tier, untrained)),
    }
    print(f"fold {fold} of {folds}: {len(learnt.questions)} questions learnt from, {len(held_out.questions)} asked\n")
    print(f"| batches | Track 1 mIoU | Track 2 Overall | Track 3 Average | processor seconds |\n|{' --- |' * 5}")
    for name, groups in arms.items():
        begin = time.process_time()
        with patch.object(Batches, "groups", groups):
            system = trained(learnt, held_out, config, runs / f"fold-{fold}-{name}")
        miou, overall, average = figures(system, held_out, config)
        seconds = time.process_time() - begin
        print(f"| {name} | {miou:.4f} | {overall:.3f} | {average:.4f} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    given = trial_parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = given.runs or Path(folder)
        main(given.root, given.encoder, given.fold, given.folds, given.overrides, runs)
