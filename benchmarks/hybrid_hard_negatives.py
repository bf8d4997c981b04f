"""Hybrid trained with the usual batches of videos and with batches of videos that the untrained tier confuses.

The joint softmax of a batch holds the right spans against those of the other videos in it. Usual batches are drawn at
random; confusable ones are a video and others drawn among those that score highest for its questions, and it for
theirs. Both are trained on the questions about most training videos and asked those about the others (a third of the
videos, or 1 / FOLDS); the two temperatures are fitted on these in both arms alike.
Run: python benchmarks/hybrid_hard_negatives.py ROOT ENCODER [--fold 0] [--folds 3] [--set train.max_steps=8 ...]
(ENCODER: a folder, a hub name, or tiny)
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from hybrid_folds import AT_LAST, config_of, figures, fold_of, trained
from numpy.typing import NDArray

from baselines.hybrid.baseline import HybridBaseline
from baselines.hybrid.corpus import Corpus, languages
from baselines.hybrid.settings import Settings
from baselines.hybrid.task import Batches
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.types import Split
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.settings import Config

AMONG = 2  # times the videos that a batch still lacks: how many of the most confusable ones these are drawn among
TOGETHER = 4  # questions whose span scores are in memory at once
Floats = NDArray[np.float64]
Groups = Callable[[Batches, int], list[list[int]]]  # in place of `Batches.groups`


def confusion(learnt: Split, system: HybridBaseline, config: Config) -> Floats:
    """How well each video scores for the questions of each other one, in both directions together, (videos, videos).

    A video that nothing is asked about has zeros for its own part.
    """
    scores: dict[int, list[Floats]] = {}
    (videos,) = {len(learnt.videos)}
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
