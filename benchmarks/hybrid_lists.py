"""What hybrid's first stage says of training questions, made by networks that did not see their videos.

Part of `hybrid_reranker.py`: a re-ranker learns from lists like those that it will be given, so the videos that it is
taught on are divided in two halves, and each half is answered by a network that was trained on the other one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hybrid_folds import trained, with_questions
from numpy.typing import NDArray

from baselines.hybrid.baseline import HybridBaseline
from baselines.hybrid.corpus import Corpus
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.spans.candidates import SpanBlock
from cmivqa_kit.runs.settings import Config

VIDEOS = 10  # likeliest videos of a question whose spans are kept
PER_VIDEO = 36  # questions about each video that a re-ranker learns from, at most
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """A question as the first stage leaves it.

    Attributes:
        text: of the question.
        answer: the right span.
        right: the number of the right video.
        corpus: whose videos.
        videos: (videos,) scores over the temperature of videos.
        likeliest: the numbers of the likeliest videos, best first.
        spans: video -> (spans,) scores over the temperature of spans; of the likeliest videos and the right one.
    """

    text: str
    answer: Span
    right: int
    corpus: Corpus
    videos: Floats
    likeliest: tuple[int, ...]
    spans: dict[int, NDArray[np.float32]]

    def block(self, video: int) -> SpanBlock:
        """The spans of a video, in the order of their scores here; lines are counted through the corpus."""
        return self.corpus.spans.block(video, video + 1)


def first_stage(system: HybridBaseline, split: Split, config: Config) -> list[FirstStage]:
    """What a trained system says of the questions of a split."""
    rows: list[FirstStage] = []
    for question, decoder, scored in system._answered(split, PredictOptions(config=config, device="cpu")):
        learnt, right = decoder.learnt, decoder.corpus.numbers[question.video_id or ""]
        if question.answer is None:
            continue
        likeliest = tuple(np.argsort(-scored.videos, kind="stable")[:VIDEOS].tolist())
        spans = {
            video: (scored.spans.of_video(video).score / learnt.temperature).astype(np.float32)
            for video in {*likeliest, right}
        }
        videos = scored.videos / learnt.video_temperature
        rows.append(FirstStage(question.text, question.answer, right, decoder.corpus, videos, likeliest, spans))
    return rows


def cross_fitted(learnt: Split, config: Config, folder: Path) -> list[FirstStage]:
    """What networks that were trained on half of the videos say of questions about the other half."""
    about: dict[str, list[Question]] = {}
    for question in learnt.questions:
        about.setdefault(question.video_id or "", []).append(question)
    videos, drawn = sorted(about), random.Random(5)
    random.Random(3).shuffle(videos)
    rows: list[FirstStage] = []
    for half in (0, 1):
        out = sorted(videos[half::2])
        asked = [some for video in out for some in drawn.sample(about[video], min(PER_VIDEO, len(about[video])))]
        rest = [question for question in learnt.questions if question.video_id not in out]
        split = with_questions(learnt, asked)
        system = trained(with_questions(learnt, rest), split, config, folder.with_name(f"{folder.name}-half-{half}"))
        rows += first_stage(system, split, config)
    return rows


def shuffled(rows: Sequence[FirstStage], size: int, steps: int) -> list[list[FirstStage]]:
    """Batches for so many steps: every row once before one comes again; what is too few for a batch is left out."""
    drawn, batches, free = random.Random(0), list[list[FirstStage]](), list[FirstStage]()
    for _ in range(steps):
        if len(free) < size:
            free = list(rows)
            drawn.shuffle(free)
        batches.append([free.pop() for _ in range(min(size, len(free)))])
    return batches
