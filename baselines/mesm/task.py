"""Training on the kit's loop: which videos share a batch, what is drawn, the loss, the schedule.

Everything random depends on (seed, epoch, index) alone. Source: docs/spec/mesm.md, sections 1.3, 2.3 and 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from baselines.mesm.examples import Rows, Target, VideoQueries, highlight_target, moment_target
from baselines.mesm.inputs import Sentence, Sentences, VideoClips, network_inputs
from baselines.mesm.losses import Targets, losses, total
from baselines.mesm.model import MESM, MaskedWords
from baselines.mesm.settings import Settings
from cmivqa_kit.bench.tasks.moments.types import MomentQuery
from cmivqa_kit.training.bucketed_task import Figures

INPUTS = ("video", "video_mask", "words", "word_mask", "counts", "negatives")
MASKED_SHARE = 3  # of so many words one is masked


class MESMTask:
    """Videos with their queries as batches, and their loss (`cmivqa_kit.training.loop.Task`).

    Args:
        model: what is trained; its text encoder does not learn.
        videos: with their queries; one may stand here several times (`examples.gathered`).
        clips: of the videos.
        sentences: of the queries.
        settings: of the run.
        seed: of the run.
        figures: validation figures.
    """

    def __init__(
        self, model: MESM, videos: Sequence[VideoQueries], clips: VideoClips, sentences: Sentences, settings: Settings,
        seed: int, figures: Figures,
    ) -> None:  # fmt: skip
        self.model: nn.Module = model
        self.network, self.videos, self.clips, self.sentences = model, tuple(videos), clips, sentences
        self.settings, self.seed, self._figures = settings, seed, figures
        self.weights = settings.loss.weights()
        self.highlights = any(query.saliency is not None for video in videos for query in video.queries)
        self._order: dict[int, list[list[int]]] = {}
        learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
        train = settings.train
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(
            learning, lr=train.lr, weight_decay=train.weight_decay
        )
        self.per_epoch = -(-self.batches(0) // train.accumulation)

    def batches(self, epoch: int) -> int:
        """Batches in an epoch; where videos stand in several items their number is that of the first epoch."""
        return len(self._numbers(epoch))

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        """Batch ``index`` of an epoch: what the network is given, and what it is to learn."""
        videos = [self.videos[number] for number in self._numbers(epoch)[index]]
        random = np.random.default_rng((self.seed, epoch, index))
        return self.collate(videos, random)

    def collate(self, videos: Sequence[VideoQueries], random: np.random.Generator) -> dict[str, Tensor]:
        """The queries about some videos as one batch; ``random`` draws what is drawn.

        ``negatives`` is left out where all queries are about one video: there is nothing else to ask about it (Q4).
        """
        queries = [query for video in videos for query in video.queries]
        rows = {video: self.clips.of(video) for video in dict.fromkeys(query.video for query in queries)}
        made = network_inputs(videos, rows, self.sentences)
        targets = [self._target(query, rows, random) for query in queries]
        read = self.sentences.of([query.text for query in queries])
        others = _foreign_queries([video.source for video in videos], made["counts"].tolist(), random)
        if others is not None:
            made["negatives"] = torch.from_numpy(others)
        made["windows"] = _padded([target.windows for target in targets])
        made["window_counts"] = torch.tensor([len(target.windows) for target in targets])
        made["moment"] = _padded([target.clips for target in targets])
        made["relevance"] = _padded([target.relevance for target in targets])
        made["positives"] = torch.from_numpy(np.stack([target.positives for target in targets]))
        made["negative_clips"] = torch.from_numpy(np.stack([target.negatives for target in targets]))
        made["labels"] = torch.from_numpy(np.stack([sentence.row.labels for sentence in read]))
        made["unknown"] = torch.from_numpy(np.stack([sentence.row.unknown for sentence in read]))
        made["masked"] = torch.from_numpy(np.stack([masked_words(sentence, random) for sentence in read]))
        return made

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        """The weighted sum of all losses."""
        masked = None
        if self.network.rec_fw:
            masked = MaskedWords(batch["moment"], batch["masked"], batch["unknown"])
        output = model(**{name: batch[name] for name in INPUTS if name in batch}, masked_words=masked)
        windows = zip(batch["windows"], batch["window_counts"].tolist(), strict=True)
        targets = Targets(
            [own[:number] for own, number in windows], batch["moment"], batch["relevance"], batch["counts"],
            batch["positives"], batch["negative_clips"], batch["labels"],
        )  # fmt: skip
        with torch.autocast(batch["video"].device.type, enabled=False):
            return total(losses(output, targets, batch["video_mask"], batch["word_mask"], self.weights), self.weights)

    def multiplier(self, step: int) -> float:
        """Linear warm-up, then the rate drops by steps of epochs."""
        train = self.settings.train
        warmup = round(train.warmup * self.per_epoch)
        if step < warmup:
            return (step + 1) / warmup
        return float(train.drop ** (step // self.per_epoch // train.drop_after))

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        """Validation figures, the deciding one first."""
        return self._figures(model)

    def _target(self, query: MomentQuery, rows: Mapping[str, Rows], random: np.random.Generator) -> Target:
        make = highlight_target if self.highlights else moment_target
        return make(query, len(rows[query.video]), self.clips.rules.seconds, random)

    def _numbers(self, epoch: int) -> list[list[int]]:
        if epoch not in self._order:
            random = np.random.default_rng((self.seed, epoch))
            self._order = {epoch: batch_numbers([video.source for video in self.videos], self.settings.train.batch,
                                                random)}  # fmt: skip
        return self._order[epoch]


def batch_numbers(sources: Sequence[str], size: int, random: np.random.Generator) -> list[list[int]]:
    """The items of each batch of an epoch: no batch has two items of one source.

    For each batch the sources stand in a new random order, and the first give an item each. A batch of one item is
    kept: the published code leaves the last out, since it can do nothing without a foreign query (Q4).

    Args:
        sources: of the items.
        size: items of a batch.
        random: draws the order.
    """
    own: dict[str, list[int]] = {}
    for number in random.permutation(len(sources)):
        own.setdefault(sources[number], []).append(int(number))
    batches: list[list[int]] = []
    while own:
        names = list(own)
        chosen = [names[number] for number in random.permutation(len(names))[:size]]
        batches.append([own[source].pop() for source in chosen])
        own = {source: numbers for source, numbers in own.items() if numbers}
    return batches


def masked_words(sentence: Sentence, random: np.random.Generator) -> NDArray[np.bool_]:
    """(W,), True on a third of the words, and on one at least where there are two: the heavier the likelier."""
    weights = sentence.row.weights.astype(np.float64)
    masked = np.zeros(len(weights), dtype=np.bool_)
    words = int(sentence.mask.sum())
    number = min(max(words // MASKED_SHARE, 1), int((weights > 0).sum()))
    if words > 1 and number:
        masked[random.choice(len(weights), number, replace=False, p=weights / weights.sum())] = True
    return masked


def _foreign_queries(
    sources: Sequence[str], counts: Sequence[int], random: np.random.Generator
) -> NDArray[np.int64] | None:
    """For each query the number of one about another source; ``None`` where there is no other."""
    own = np.repeat(np.array(sources), counts)
    if len(set(sources)) < 2:
        return None
    return np.array([random.choice(np.flatnonzero(own != source)) for source in own], dtype=np.int64)


def _padded(rows: Sequence[NDArray[Any]]) -> Tensor:
    return pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True)
