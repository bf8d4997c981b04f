"""One pass of questions over a corpus: rows of every question with every video, ranked. Source: specs/ccgs.md, 5 and 7.

Subtitles are tokenized once per video. The rows of a few questions are sorted by length and batched by a token budget;
of each video only its best cells are kept. The same questions in the same order give the same bytes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from baselines.ccgs.decode import Ranked, Times, rank_video
from baselines.ccgs.examples import EXTRA, Ids, Special, Tokens, batch, length, sequence
from baselines.ccgs.settings import DecodeSettings
from baselines.ccgs.windows import Window, merge, pieces, windows
from cmivqa_kit.data.types import Split, Subtitle

log = logging.getLogger(__name__)
FEW = 2  # the reference leaves out videos with at most so many lines


@dataclass(frozen=True, slots=True)
class SpokenVideo:
    """A video of the corpus: its lines as token ids, and their times in seconds."""

    id: str
    lines: tuple[Ids, ...]
    times: Times

    @classmethod
    def of(cls, video_id: str, subtitles: Sequence[Subtitle], tokens: Tokens) -> SpokenVideo:
        """Of at least one line."""
        return cls(video_id, tuple(tokens(line.text) for line in subtitles), Times.of(subtitles))

    @property
    def lengths(self) -> list[int]:
        """Tokens of each line, without its separator."""
        return [len(line) for line in self.lines]


def spoken_videos(split: Split, tokens: Tokens, rule: str = "all", language: str | None = None) -> list[SpokenVideo]:
    """The corpus of a split, by id: every video with a line, or by the reference's rule (specs/ccgs.md, 5.1)."""
    found = []
    for video in split.videos.values():
        subtitles = video.subtitles_in(language)
        left_out = len(subtitles) <= FEW or (len(split.features) > 0 and video.id not in split.features)
        if subtitles and not (rule == "reference" and left_out):
            found.append(SpokenVideo.of(video.id, subtitles, tokens))
    return found


@dataclass(frozen=True, slots=True)
class _Job:
    """A row to be scored: ``size`` tokens of question ``question`` with a window of video ``video``."""

    size: int
    question: int
    video: int
    number: int
    window: Window


class CorpusPass:
    """Asks questions of a corpus.

    Args:
        model: the network, in evaluation mode, where it is to run.
        corpus: the videos.
        special: ids of the tokenizer's own tokens.
        limit: the most tokens the encoder takes, or ``None``.
        settings: batches, windows and what counts as an answer.
        count: answers kept per video and question.
    """

    def __init__(
        self,
        model: nn.Module,
        corpus: Sequence[SpokenVideo],
        special: Special,
        limit: int | None,
        settings: DecodeSettings,
        count: int = 50,
    ) -> None:
        self.model, self.corpus, self.special, self.limit = model, corpus, special, limit
        self.settings, self.count = settings, count
        self.device = next(model.parameters()).device
        self._windows: dict[tuple[int, int | None], list[Window]] = {}

    def rank(self, questions: Sequence[Ids]) -> Iterator[list[Ranked]]:
        """Per question, in order: the ranking within each video of the corpus."""
        together = self.settings.questions_at_once
        for first in range(0, len(questions), together):
            yield from self._rank([self._fitting(question) for question in questions[first : first + together]])

    def _rank(self, questions: Sequence[Ids]) -> list[list[Ranked]]:
        jobs = sorted(self._jobs(questions), key=lambda job: (job.size, job.question, job.video, job.number))
        pending: dict[tuple[int, int], list[tuple[Window, Tensor]]] = {}
        ranked: list[list[Ranked]] = [[] for _ in questions]
        for some in self._batches(jobs):
            for job, logits in zip(some, self._score(questions, some), strict=True):
                key = job.question, job.video
                scored = pending.setdefault(key, [])
                scored.append((job.window, logits))
                if len(scored) == len(self._windows_of(job.video, questions[job.question])):
                    ranked[job.question].append(self._ranking(job.video, pending.pop(key)))
        return ranked

    def _ranking(self, number: int, scored: Sequence[tuple[Window, Tensor]]) -> Ranked:
        video = self.corpus[number]
        logits = merge(len(video.lines), scored)
        return rank_video(logits.numpy(), video.times, number, self.count, self.settings.repeats)

    def _jobs(self, questions: Sequence[Ids]) -> Iterator[_Job]:
        for q, question in enumerate(questions):
            for v, video in enumerate(self.corpus):
                for w, window in enumerate(self._windows_of(v, question)):
                    lines = [len(line) for line in pieces(window, video.lines)]
                    yield _Job(length(len(question), lines), q, v, w, window)

    def _windows_of(self, video: int, question: Ids) -> list[Window]:
        room = None if self.limit is None else self.limit - EXTRA - len(question)
        key = video, room
        if key not in self._windows:
            self._windows[key] = windows(self.corpus[video].lengths, room, self.settings.overlap)
        return self._windows[key]

    def _fitting(self, question: Ids) -> Ids:
        """A question that would leave no room for subtitles keeps the tokens of half a row, and that is said."""
        if self.limit is None or len(question) <= self.limit // 2:
            return question
        log.warning("a question of %d tokens is cut to %d: the encoder takes %d in all",
                    len(question), self.limit // 2, self.limit)  # fmt: skip
        return question[: self.limit // 2]

    def _batches(self, jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
        some: list[_Job] = []
        for job in jobs:
            if some and job.size * (len(some) + 1) > self.settings.tokens:
                yield some
                some = []
            some.append(job)
        if some:
            yield some

    def _score(self, questions: Sequence[Ids], jobs: Sequence[_Job]) -> list[Tensor]:
        """Span logits (n, n) of each job, float32 on the CPU."""
        rows = [
            sequence(questions[job.question], pieces(job.window, self.corpus[job.video].lines), self.special)
            for job in jobs
        ]
        inputs = {name: tensor.to(self.device) for name, tensor in batch(rows, self.special.pad).items()}
        with torch.inference_mode(), self._precision():
            logits = self.model(**inputs).cpu()
        return [logits[r, : (n := sum(row.marks) - 1), :n] for r, row in enumerate(rows)]

    def _precision(self) -> Any:
        if self.settings.precision == "no":
            return nullcontext()
        kind = torch.bfloat16 if self.settings.precision == "bf16" else torch.float16
        return torch.autocast(self.device.type, dtype=kind)
