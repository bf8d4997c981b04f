"""The number of videos that a first stage passes on so that a pass takes the time that was asked for.

The time of the first stage itself is measured and counts; that of the network follows the tokens of the very videos
that it would score, which are longer than the average: what says much is found more often.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from cmivqa_kit.data.types import Split
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage, PassOptions
from cmivqa_kit.prediction.types import Ranking, VideoRetriever


def within_budget(
    cost: CostEstimate, first_stage: VideoRetriever, corpus_pass: CorpusPass, pass_options: PassOptions, path: Path
) -> tuple[FirstStage | None, list[Ranking]]:
    """The first stage with as many videos as the budget allows, its recall, and its rankings of these videos.

    ``None`` where all videos can be scored. A pass that goes on has its number of videos already, whatever the time of
    a pair is now. One video a question is the least, whatever the budget.

    Args:
        cost: of the pass over all videos on one device.
        first_stage: ranks the videos.
        corpus_pass: the questions and the corpus.
        pass_options: with the budget in seconds.
        path: of the pass.
    """
    split = replace(corpus_pass.split, questions=corpus_pass.questions)
    run = str(first_stage.facts.get("run") or "")
    if pass_options.resume:
        before = store.first_stage(path)
        if before is None:
            return None, []
        return replace(before, name=first_stage.name, run=run), first_stage.rank(split, before.videos)
    network = pass_options.budget * pass_options.group.count
    if cost.seconds <= network:
        return None, []
    average = max(1, int(network / max(1e-9, cost.seconds) * cost.videos))
    begin = time.perf_counter()
    ranked = first_stage.rank(split, min(cost.videos, 2 * average))  # few chosen videos are shorter than the average
    ranking = time.perf_counter() - begin
    dev = pass_options.dev()
    asking_dev = ranking * (len(dev.questions) if dev is not None else 0) / max(1, cost.questions)
    left = (pass_options.budget - ranking - asking_dev) * pass_options.group.count
    videos = most_videos(corpus_pass, ranked, max(0.0, left) / cost.seconds)
    recall = first_stage.recall(dev, videos)
    measured = dev_videos(dev, recall)
    return FirstStage(first_stage.name, videos, cost.videos, recall, run, dev_videos=measured), [
        row[:videos] for row in ranked
    ]


def dev_videos(dev: Split | None, recall: float | None) -> int:
    """Among how many videos a recall on dev was measured; 0 where none was."""
    return 0 if dev is None or recall is None else len(dev.videos)


def most_videos(corpus_pass: CorpusPass, ranked: Sequence[Ranking], share: float) -> int:
    """The most videos of each ranking, at least 1, whose tokens are at most a ``share`` of those of all videos."""
    shares = np.cumsum(_shares(corpus_pass, ranked))
    return max(1, int(np.searchsorted(shares, share + 1e-9, side="right")))


def token_share(corpus_pass: CorpusPass, ranked: Sequence[Ranking], videos: int) -> float:
    """The share of the tokens of a pass over all videos that are those of the first ``videos`` of each ranking."""
    return float(_shares(corpus_pass, ranked)[:videos].sum())


def _shares(corpus_pass: CorpusPass, ranked: Sequence[Ranking]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """(ranks,): the share of all tokens that are those of the videos at each rank."""
    total = 0.0
    at_rank = np.zeros(max(map(len, ranked), default=0))
    for chunk in corpus_pass.chunks():
        corpus = corpus_pass.engine(chunk.language).corpus
        for number, question in zip(chunk.questions, corpus_pass.tokens_of(chunk), strict=True):
            table = corpus.table(len(corpus.fitting(question)))
            rest = corpus.special_tokens + len(corpus.fitting(question))
            tokens = np.bincount(table.video, weights=table.size + rest, minlength=len(corpus.videos))
            of_video = dict(zip((video.id for video in corpus.videos), tokens.tolist(), strict=True))
            total += float(tokens.sum())
            row = [of_video.get(video, 0.0) for video, _ in ranked[number]]
            at_rank[: len(row)] += row
    return at_rank / max(1.0, total)
