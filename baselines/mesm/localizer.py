"""MESM as a `Localizer`: questions beside whole videos become windows in seconds.

Letters: B pairs, L clips, W words, S slots. Source: docs/spec/mesm.md, section 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from baselines.mesm.corpus import CorpusClips
from baselines.mesm.inputs import Sentences
from baselines.mesm.model import FOREGROUND, MESM, Heads
from baselines.mesm.settings import DecodeSettings
from cmivqa_kit.data.types import Question, Video
from cmivqa_kit.prediction.types import EncodedQuestion, Pair, ScoredWindows, VideoInput
from cmivqa_kit.runs.device import autocast, precision_on

SHORTEST = 1.0  # seconds of a window


class MomentLocalizer:
    """Windows of slots: the confidence of one is its share of foreground.

    Args:
        model: in evaluation mode, where it is to run.
        sentences: of the questions.
        clips: of the corpus.
        settings: section ``decode``.
        together: pairs may share a batch; False where padding of one hides clips of another (the published mask).
    """

    def __init__(
        self, model: MESM, sentences: Sentences, clips: CorpusClips, settings: DecodeSettings, together: bool
    ) -> None:
        self.model, self.sentences, self.clips, self.together = model, sentences, clips, together
        self.precision, self.overlap = precision_on(self.device, settings.precision), settings.nms

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return self.model.masked_token.device

    def encode_question(self, question: Question) -> EncodedQuestion:
        """(n, T) states of its words; a zero where nothing can be read."""
        words: EncodedQuestion = self.sentences.of([question.text])[0].words.numpy()
        return words

    def encode_video(self, video: Video, language: str | None) -> VideoInput | None:
        """The number of its clips, and where they and its answers end; ``None`` without features.

        Raises:
            UserError: the features are damaged.
        """
        count = self.clips.count(video.id)
        ends = self.clips.seconds(video.id), self.clips.end(video.id)
        return VideoInput(video.id, count, ends) if count else None

    def collate(self, pairs: Sequence[Pair]) -> Mapping[str, Tensor]:
        """``video`` (B, L, V), ``words`` (B, W, T), their masks, ``seconds`` and ``end`` (B,).

        Raises:
            UserError: the features of a video are damaged.
        """
        rows = {pair.video.id: torch.from_numpy(self.clips.of(pair.video.id)) for pair in pairs}
        videos = [rows[pair.video.id] for pair in pairs]
        lengths = torch.tensor([[len(video), len(pair.question)] for video, pair in zip(videos, pairs, strict=True)])
        words = torch.zeros(len(pairs), self.sentences.reader.longest, pairs[0].question.shape[1])
        for number, pair in enumerate(pairs):
            words[number, : len(pair.question)] = torch.from_numpy(np.asarray(pair.question, np.float32))
        video = pad_sequence(videos, batch_first=True)
        ends = torch.tensor([pair.video.content for pair in pairs], dtype=torch.float64)
        return {
            "video": video, "video_mask": torch.arange(video.shape[1]) < lengths[:, :1],
            "words": words, "word_mask": torch.arange(words.shape[1]) < lengths[:, 1:],
            "seconds": ends[:, 0], "end": ends[:, 1],
        }  # fmt: skip

    def locate(self, batch: Mapping[str, Tensor]) -> ScoredWindows:
        """A window per slot, within its video and at least a second long; -inf for one that a surer one overlaps."""
        with autocast(self.device, self.precision):
            heads = self._heads(batch)
        score = heads.logits.float().log_softmax(-1)[..., FOREGROUND]
        windows, seconds = heads.windows.double(), batch["seconds"][:, None]
        centre, half = windows[..., 0] * seconds, windows[..., 1] * seconds / 2
        start, end = widened(centre - half, centre + half, batch["end"][:, None])
        if self.overlap >= 0:
            score = score.masked_fill(suppressed(score, start, end, self.overlap), -torch.inf)
        return ScoredWindows(score, start, end)

    def _heads(self, batch: Mapping[str, Tensor]) -> Heads:
        inputs = [batch[name] for name in ("video", "video_mask", "words", "word_mask")]
        size = len(inputs[0])
        one = torch.ones(size, dtype=torch.long, device=self.device)  # every pair is a video with one question
        if self.together:
            heads: Heads = self.model(*inputs, one).layers[-1]
            return heads
        lengths = batch["video_mask"].sum(1).tolist()
        alone = []
        for number, length in enumerate(lengths):
            video, mask, words, word_mask = (part[number : number + 1] for part in inputs)
            alone.append(self.model(video[:, :length], mask[:, :length], words, word_mask, one[:1]).layers[-1])
        return Heads(*(torch.cat(parts) for parts in zip(*alone, strict=True)))


def widened(start: Tensor, end: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Windows (B, S) within 0 and ``limit`` (B, 1) seconds; shorter ones are `SHORTEST` around their middle."""
    start, end = start.clamp(min=0).minimum(limit), end.clamp(min=0).minimum(limit)
    begin = ((start + end - SHORTEST) / 2).minimum(limit - SHORTEST).clamp(min=0)
    short = end - start < SHORTEST
    return torch.where(short, begin, start), torch.where(short, (begin + SHORTEST).minimum(limit), end)


def suppressed(score: Tensor, start: Tensor, end: Tensor, threshold: float) -> Tensor:
    """(B, S), True on windows that a surer one, which stays, overlaps by more than the threshold: intersection by hull.

    As `baselines.mesm.decode.suppress`, for a batch.
    """
    order = score.argsort(dim=1, descending=True, stable=True)
    start, end = start.gather(1, order), end.gather(1, order)
    inner = (torch.minimum(end[:, :, None], end[:, None]) - torch.maximum(start[:, :, None], start[:, None])).clamp(0)
    hull = torch.maximum(end[:, :, None], end[:, None]) - torch.minimum(start[:, :, None], start[:, None])
    over = torch.where(hull > 0, inner / hull, 0.0) > threshold
    gone = torch.zeros_like(score, dtype=torch.bool)
    for number in range(score.shape[1] - 1):
        gone[:, number + 1 :] |= over[:, number, number + 1 :] & ~gone[:, number : number + 1]
    return torch.zeros_like(gone).scatter(1, order, gone)
