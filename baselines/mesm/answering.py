"""A trained network answers queries: windows with scores, and the saliency of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.mesm.decode import NmsRules, WindowRules, Windows, decode, finish, suppress
from baselines.mesm.examples import VideoQueries, by_video
from baselines.mesm.inputs import Clips, Sentences, network_inputs
from baselines.mesm.model import MESM
from cmivqa_kit.bench.tasks.moments.types import MomentQuery


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The windows of a query, best first, and the saliency of its clips."""

    query: MomentQuery
    windows: Windows
    saliency: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AnswerRules:
    """How queries are answered: videos of a batch, how windows are finished, and temporal NMS where it is asked for."""

    batch: int
    windows: WindowRules
    nms: NmsRules | None = None


def answers(
    model: MESM, queries: Sequence[MomentQuery], clips: Clips, sentences: Sentences, rules: AnswerRules,
    told: Callable[[int], object] = int,
) -> list[Answer]:  # fmt: skip
    """The answer to every query, in their order; ``told`` hears how many are done.

    Raises:
        UserError: the features of a video are missing or damaged.
    """
    given: dict[int, Answer] = {}
    numbers = {id(query): number for number, query in enumerate(queries)}
    for batch in _batches(by_video(queries, clips.rules.seconds), rules.batch):
        for answer in _answered(model, batch, clips, sentences, rules):
            given[numbers[id(answer.query)]] = answer
        told(len(given))
    return [given[number] for number in range(len(queries))]


@torch.inference_mode()
def _answered(
    model: MESM, videos: Sequence[VideoQueries], clips: Clips, sentences: Sentences, rules: AnswerRules
) -> Iterator[Answer]:
    queries = [query for video in videos for query in video.queries]
    rows = {video: clips.of(video) for video in dict.fromkeys(query.video for query in queries)}
    inputs = network_inputs(videos, rows, sentences)
    output = model(**{name: tensor.to(model.masked_token.device) for name, tensor in inputs.items()})
    heads = output.layers[-1]
    logits, windows, saliency = (
        part.float().cpu().numpy() for part in (heads.logits, heads.windows, output.positive.saliency)
    )
    for number, query in enumerate(queries):
        table = finish(decode(logits[number], windows[number], query.duration), rules.windows)
        if rules.nms is not None:
            table = suppress(table, rules.nms)
        yield Answer(query, table, saliency[number, : len(rows[query.video])])


def _batches(videos: Sequence[VideoQueries], size: int) -> Iterator[Sequence[VideoQueries]]:
    for start in range(0, len(videos), size):
        yield videos[start : start + size]
