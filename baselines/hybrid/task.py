"""Training on the kit's loop: batches of videos with their questions, one joint softmax, two groups of parameters.

Everything random depends on (seed, epoch, index) alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.hybrid.corpus import Corpus
from baselines.hybrid.examples import AskedVideo, corpus_features, pack_videos, target_of
from baselines.hybrid.model import Asked, Lines, Spans, SpanScorer
from baselines.hybrid.training_settings import HybridTrainSettings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.line_reading import LineBlock, TokenPart, line_blocks, line_parts, mean_weights
from cmivqa_kit.neural.optimizers import adamw
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.neural.sentence_embedding import question_ids
from cmivqa_kit.neural.tokens import Ids, TextReader, pad_rows
from cmivqa_kit.training.bucketed_task import Figures

RISE, FALL = 25.0, 1e4  # one cycle: the rate begins at its highest / RISE and ends at that / FALL
Vectors = NDArray[np.floating[Any]]


class Batches:
    """What batches are made of: the videos of a training with their questions, in groups that share a corpus.

    Args:
        videos: with their questions.
        settings: section ``train``.
        seed: of the run.
    """

    def __init__(self, videos: Sequence[AskedVideo], settings: HybridTrainSettings, seed: int) -> None:
        self.videos, self.settings, self.seed = tuple(videos), settings, seed
        corpora = {id(video.corpus): video.corpus for video in videos}
        self._features = {number: corpus_features(corpus) for number, corpus in corpora.items()}

    def groups(self, epoch: int) -> list[list[int]]:
        """The numbers of the videos of each batch of an epoch, shuffled; each video once."""
        drawn = random.Random(f"videos {self.seed} {epoch}")
        together: dict[int, list[int]] = {}
        for number, video in enumerate(self.videos):
            together.setdefault(id(video.corpus), []).append(number)
        groups: list[list[int]] = []
        for numbers in together.values():
            drawn.shuffle(numbers)
            size = self.settings.videos
            groups += [numbers[begin : begin + size] for begin in range(0, len(numbers), size)]
        drawn.shuffle(groups)
        return groups

    def batch(self, epoch: int, index: int) -> dict[str, Any]:
        """The videos of a batch, up to so many questions of each, and what their spans are held against."""
        drawn = random.Random(f"questions {self.seed} {epoch} {index}")
        videos = [self.videos[number] for number in self.groups(epoch)[index]]
        corpus = videos[0].corpus
        packed = pack_videos(corpus, [video.number for video in videos], self._features[id(corpus)])
        asked: list[tuple[int, Question]] = []
        for number, video in enumerate(videos):
            some = drawn.sample(video.questions, min(len(video.questions), self.settings.questions))
            asked += [(number, question) for question in some]
        bm25, spans = packed.words([corpus.bm25.asked(question.text) for _, question in asked])
        answers = [(number, question.answer) for number, question in asked]
        targets = [target_of(answer, packed, number) for number, answer in answers if answer is not None]
        return {
            "corpus": corpus,
            "videos": [video.number for video in videos],
            "questions": [question for _, question in asked],
            "shifts": [drawn.randrange(self.settings.shift + 1) for _ in videos],
            "features": packed.lines.features,
            "position": packed.lines.position,
            "video": packed.lines.video,
            "size": packed.lines.size,
            "line_bm25": bm25,
            **{f"span_{name}": value for name, value in spans._asdict().items()},
            "target": torch.from_numpy(np.stack([target for target, _ in targets]).astype(np.float32)),
            "own": torch.from_numpy(np.stack([own for _, own in targets])),
        }


class HybridTask:
    """What the training loop asks for (`cmivqa_kit.training.loop.Task`).

    Args:
        model: what is trained.
        batches: of videos and questions.
        inputs: adds what the encoder reads, or its vectors, to a batch.
        settings: section ``train``.
        epochs: of the training.
        figures: dev metrics.
    """

    def __init__(
        self, model: SpanScorer, batches: Batches, inputs: Callable[[dict[str, Any]], Mapping[str, Tensor]],
        settings: HybridTrainSettings, epochs: int, figures: Figures,
    ) -> None:  # fmt: skip
        self.model: nn.Module = model
        self._batches, self._inputs, self._figures = batches, inputs, figures
        self.settings, self.steps = settings, epochs * self.batches(0)
        groups = [{"params": list(model.head.parameters()), "lr": settings.lr_head,
                   "weight_decay": settings.weight_decay_head}]  # fmt: skip
        if hasattr(model, "encoder"):
            if settings.freeze_embeddings:
                frozen = getattr(model.encoder, "embeddings", None) or model.encoder.get_input_embeddings()
                frozen.requires_grad_(False)
            trained = [parameter for parameter in model.encoder.parameters() if parameter.requires_grad]
            groups.append({"params": trained, "lr": settings.lr, "weight_decay": settings.weight_decay})
        self.optimizer = adamw(groups, settings.lr, settings.weight_decay, False)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self._batches.groups(epoch))

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch."""
        batch = self._batches.batch(epoch, index)
        return {**batch, **self._inputs(batch)}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """Cross-entropy over the spans of all videos, and half of that within the right one, a mean over questions."""
        empty = batch["features"][:0]
        lines = Lines(empty, batch["features"], batch["position"], batch["video"], batch["size"])
        spans = Spans(*(batch[f"span_{name}"] for name in Spans._fields))
        scores: Tensor = model(batch, lines, Asked(empty, batch["line_bm25"]), spans)
        with torch.autocast(scores.device.type, enabled=False):
            everywhere = cross_entropy(scores.float(), batch["target"])
            within = cross_entropy(scores.float().masked_fill(~batch["own"], -torch.inf), batch["target"])
            return (everywhere + self.settings.within_weight * within).mean()

    def multiplier(self, step: int) -> float:
        """One cycle: half a cosine up, then half a cosine down."""
        rising = max(1.0, self.settings.warmup * self.steps)
        if step < rising:
            return _between(1 / RISE, 1.0, step / rising)
        return _between(1.0, 1 / FALL / RISE, min(1.0, (step - rising) / max(1.0, self.steps - 1 - rising)))

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Dev metrics, the deciding one first."""
        return self._figures(model)


def cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    """(Q,) of scores (Q, S) and probabilities (Q, S); a span without a score, minus infinity, has no part in it."""
    logs = scores.log_softmax(dim=1)
    return -(target * logs.masked_fill(target == 0, 0.0)).sum(dim=1)


def _between(begin: float, end: float, part: float) -> float:
    return end + (begin - end) * 0.5 * (1 + math.cos(math.pi * part))


class TokenInputs:
    """Lines and questions of a batch as rows of tokens.

    Args:
        reader: of the encoder.
        settings: prefixes and lengths.
    """

    def __init__(self, reader: TextReader, settings: PoolingSettings) -> None:
        self.reader, self.settings = reader, settings
        self._prefix = reader.tokens(settings.passage_prefix)
        self._read: dict[str, Ids] = {}

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """Ids, masks and the tokens of each line and question."""
        corpus: Corpus = batch["corpus"]
        blocks: list[LineBlock] = []
        for video, shift in zip(batch["videos"], batch["shifts"], strict=True):
            lines = [self._tokens(line.text) for line in corpus.spans.lines[video]]
            blocks += line_blocks(lines, self.reader, self.settings.line_tokens, self._prefix, shift)
        questions = [question_ids(q.text, self.reader, self.settings) for q in batch["questions"]]
        first = self.settings.pooling == "cls"
        whole = [TokenPart(row, 0, 1 if first else len(ids)) for row, ids in enumerate(questions)]
        lines_read = self._rows("line", [block.ids for block in blocks], line_parts(blocks))
        return {**lines_read, **self._rows("question", questions, whole)}

    def _tokens(self, text: str) -> Ids:
        if text not in self._read:
            self._read[text] = self.reader.tokens(text)
        return self._read[text]

    def _rows(self, name: str, rows: Sequence[Ids], parts: Sequence[TokenPart]) -> dict[str, Tensor]:
        ids, mask, _ = pad_rows(rows, [(0,) * len(row) for row in rows], self.reader.special.pad)
        weights = mean_weights(parts, ids.shape[1], len(rows))
        return {f"{name}_ids": ids, f"{name}_mask": mask, f"{name}_rows": weights}


class VectorInputs:
    """Lines and questions of a batch as the vectors of a frozen encoder.

    Args:
        lines: language -> video id -> (lines, D).
        questions: text -> (D,).
    """

    def __init__(self, lines: Mapping[str | None, Mapping[str, Vectors]], questions: Mapping[str, Vectors]) -> None:
        self.lines, self.questions = lines, questions

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """The vectors of each line and question."""
        corpus: Corpus = batch["corpus"]
        lines = [self.lines[corpus.language][corpus.spans.videos[video].id] for video in batch["videos"]]
        questions = [self.questions[question.text] for question in batch["questions"]]
        return {
            "line_vectors": torch.from_numpy(np.concatenate(lines).astype(np.float32)),
            "question_vectors": torch.from_numpy(np.stack(questions).astype(np.float32)),
        }
