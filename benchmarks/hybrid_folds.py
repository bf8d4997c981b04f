"""What the benchmarks of hybrid's training share: its settings, folds by video, a training on some of the questions."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from baselines.hybrid import DECLARATION
from baselines.hybrid.baseline import HybridBaseline
from cmivqa_kit.data.types import TRACKS, Question, Split
from cmivqa_kit.neural.encoders import TINY
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.dev_evaluation import evaluate
from cmivqa_kit.runs.directory import make_run, open_run
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.scoring.official import HEADLINE

LAST_STEP = ("train.evaluate_every=1000000", "train.dev_questions=1")  # answers: held-out questions choose none
HELD_OUT = 250  # questions about the videos held out that are asked


def trial_parser(description: str | None) -> argparse.ArgumentParser:
    """The command line of a trial on one fold."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("root", type=Path)
    parser.add_argument("encoder")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--runs", type=Path, help="folder of the trainings; those that lie there are not repeated")
    return parser


def config_of(encoder: str, overrides: Iterable[str]) -> Config:
    """Hybrid's settings with an encoder: a folder, a hub name, or ``tiny``.

    Raises:
        UserError: no such setting.
    """
    if encoder == TINY:
        return settings(DECLARATION, TINY, overrides)
    return settings(DECLARATION, "minilm", [f"encoder={encoder}", *overrides])


def fold_of(train: Split, number: int, folds: int) -> tuple[Split, Split]:
    """Training questions without those about every ``folds``-th video, and at most `HELD_OUT` of the latter."""
    asked = [question for question in train.questions if question.answer is not None and question.video_id]
    videos = sorted({question.video_id for question in asked if question.video_id})
    random.Random(7).shuffle(videos)
    out = set(videos[number::folds])
    learnt = [question for question in asked if question.video_id not in out and question.text.strip()]
    held_out = [question for question in asked if question.video_id in out]
    drawn = random.Random(number).sample(range(len(held_out)), min(HELD_OUT, len(held_out)))
    return with_questions(train, learnt), with_questions(train, [held_out[number] for number in sorted(drawn)])


def with_questions(split: Split, questions: Sequence[Question]) -> Split:
    """A split of the same corpus with other questions."""
    return replace(split, questions=tuple(questions))


def trained(learnt: Split, held_out: Split, config: Config, folder: Path) -> HybridBaseline:
    """Hybrid trained on questions, its two temperatures fitted on held-out ones; or the run that a folder holds."""
    system = HybridBaseline()
    if folder.is_dir():
        system.load(open_run(folder))
        return system
    run = replace(make_run(folder, DECLARATION.name, config, 0), device="cpu")
    system.prepare(config)
    system.fit(learnt, held_out, run)
    run.finish()
    return system


def overall(scores: NDArray[np.float64], right: NDArray[np.int64]) -> float:
    """R@1 + R@10 + R@50 + MRR of the right videos, of scores (questions, videos)."""
    rank = (scores > scores[np.arange(len(right)), right][:, None]).sum(axis=1) + 1
    return float(sum((rank <= count).mean() for count in (1, 10, 50)) + (1 / rank).mean())


def figures(system: HybridBaseline, held_out: Split, config: Config) -> list[float]:
    """What each track ranks by: mIoU (0 to 1), Overall, Average, each with the list made for it."""
    options = PredictOptions(config=config, device="cpu")
    every = []
    for track in TRACKS:
        asked = held_out.for_prediction(track)
        metrics = evaluate(system.predict(asked, track, options), held_out.questions, (track,))
        every.append(metrics[HEADLINE[track]] / (100 if track == 1 else 1))
    return every
