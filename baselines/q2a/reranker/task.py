"""The task of the re-ranker: lists with a right candidate, and one cross-entropy over each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.q2a.reranker.corpus import CorpusVectors, Rows
from baselines.q2a.reranker.network import Group, RerankerNetwork, Watched
from baselines.q2a.settings import TrainSettings
from baselines.q2a.task import EpochTask
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.types import Candidate, Prediction
from cmivqa_kit.training.bucketed_task import Figures

NO_ANSWER, NOT_LISTED = "no-answer", "not-in-list"  # why a question cannot be learnt from


class ListExample(NamedTuple):
    """A question, its vector (1, D), its list, and the number of the right candidate."""

    question: Question
    vector: Rows
    candidates: tuple[Candidate, ...]
    target: int


def list_examples(
    split: Split, lists: Sequence[Prediction], vectors: Rows, least_iou: float, most: int
) -> tuple[tuple[ListExample, ...], Counter[str]]:
    """The questions that can be learnt from, and how many cannot, by reason.

    Args:
        split: with answers.
        lists: one for each question, in their order.
        vectors: of the questions, (questions, D).
        least_iou: of the best candidate in the right video with the answer.
        most: candidates of a list that are trained on, the right one among them; 0: all.
    """
    examples, dropped = [], Counter[str]()
    for question, prediction, vector in zip(split.questions, lists, vectors, strict=True):
        if question.answer is None or question.video_id is None:
            dropped[NO_ANSWER] += 1
            continue
        answer = question.answer
        ious = [answer.iou(c.span) if c.video_id == question.video_id else -1.0 for c in prediction.candidates]
        best = int(np.argmax(ious)) if ious else 0
        if not ious or ious[best] < least_iou or ious[best] <= 0:
            dropped[NOT_LISTED] += 1
            continue
        chosen = prediction.candidates[: most or None]
        if best >= len(chosen):
            chosen, best = (*chosen[:-1], prediction.candidates[best]), len(chosen) - 1
        examples.append(ListExample(question, vector[None], chosen, best))
    return tuple(examples), dropped


class RerankerTask(EpochTask[ListExample]):
    """Batches of lists; what is common to a video's questions is computed once in a batch.

    Args:
        corpus: the videos of all lists; the other arguments are those of `EpochTask`.
    """

    def __init__(
        self, model: nn.Module, examples: Sequence[ListExample], corpus: CorpusVectors, settings: TrainSettings,
        seed: int, figures: Figures,
    ) -> None:  # fmt: skip
        super().__init__(model, examples, settings, seed, figures)
        self.corpus = corpus

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch: ``lists``, each a question (1, D), its groups and the number of the right one;
        ``videos``, the frames and lines of every video in them by id and language."""
        lists, videos = [], {}
        for number in self.numbers(epoch)[index]:
            question, vector, candidates, target = self.examples[number]
            groups = self.corpus.groups(question, candidates)
            lists.append((question.language, torch.from_numpy(vector), groups, target))
            for group in groups:
                key = group.video, question.language
                if key not in videos:
                    video = self.corpus.video(*key)
                    videos[key] = torch.from_numpy(video.frames), torch.from_numpy(np.array(video.lines))
        return {"lists": lists, "videos": videos}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The mean over the lists of the cross-entropy of all their candidates."""
        network: Any = model
        device = network.model.state.device
        watched = {
            key: network.watched(frames.to(device), lines.to(device))
            for key, (frames, lines) in batch["videos"].items()
        }
        losses = []
        for language, vector, groups, target in batch["lists"]:
            own = {group.video: watched[group.video, language] for group in groups}
            logits = network(vector.to(device), [group.to(device) for group in groups], own)
            losses.append(functional.cross_entropy(logits.float(), torch.tensor(target, device=device)))
        return torch.stack(losses).mean()


class ListScorer:
    """A `cmivqa_kit.prediction.reranker.Reranker`: a trained network on the videos of a split.

    Args:
        network: in evaluation mode, on its device.
        corpus: the videos.
        vectors: of the questions of the split, by id.
    """

    def __init__(self, network: RerankerNetwork, corpus: CorpusVectors, vectors: Mapping[Any, Rows]) -> None:
        self.network, self.corpus, self.vectors = network, corpus, vectors
        self._watched: dict[tuple[str, str | None], Watched] = {}

    @torch.no_grad()
    def scores(self, question: Question, candidates: Sequence[Candidate]) -> list[float]:
        """The logits of the candidates."""
        device = self.network.model.state.device
        groups = [group.to(device) for group in self.corpus.groups(question, candidates)]
        videos = {group.video: self._video(group, question.language, device) for group in groups}
        vector = torch.from_numpy(self.vectors[question.id][None]).to(device)
        scores: list[float] = self.network(vector, groups, videos).double().tolist()
        return scores

    def _video(self, group: Group, language: str | None, device: torch.device) -> Watched:
        key = group.video, language
        if key not in self._watched:
            video = self.corpus.video(*key)
            frames, lines = (torch.from_numpy(np.array(rows)).to(device) for rows in (video.frames, video.lines))
            self._watched[key] = self.network.watched(frames, lines)
        return self._watched[key]
