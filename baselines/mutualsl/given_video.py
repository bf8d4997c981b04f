"""A trained network asked where in a given video the answer is; every question gets an answer.

Rows of similar length share a batch. Source: docs/spec/mutualsl.md, section 4.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from baselines.mutualsl import decode
from baselines.mutualsl.layers import best_pair
from baselines.mutualsl.model import MutualSL, Output
from baselines.mutualsl.settings import DecodeSettings
from baselines.mutualsl.text import EXTRA, MIN_ROOM, TextRow, batch, text_row
from baselines.mutualsl.video_rows import frame_inputs
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.neural.tokens import Ids, Special, Tokenize
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.neural.windows import Window, pieces, tightest, windows
from cmivqa_kit.plugin.types import Candidate, Prediction
from cmivqa_kit.prediction.fallback import span, whole_video
from cmivqa_kit.runs.device import autocast, on_device, precision_on

log = logging.getLogger(__name__)
TOGETHER = 64  # questions whose rows are sorted by length together


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question, its video, the rows that are scored for it (none where nothing can be chosen) and their windows."""

    question: Question
    video: Video
    subtitles: tuple[Subtitle, ...]
    rows: tuple[TextRow, ...]
    windows: tuple[Window, ...]


class GivenVideoPredictor:
    """Answers questions about given videos.

    Args:
        model: on its device.
        tokens: text to ids.
        special: ids of special tokens.
        limit: the most tokens that the encoder takes, or ``None``.
        settings: section ``decode``.
        frames: of the features, for answers that read them (`reads_features`) and for videos without subtitles.
    """

    def __init__(
        self, model: MutualSL, tokens: Tokenize, special: Special, limit: int | None, settings: DecodeSettings,
        frames: VideoRows,
    ) -> None:  # fmt: skip
        self.model, self.tokens, self.special, self.settings, self.frames = model, tokens, special, settings, frames
        self.limit = tightest(limit, settings.maxlen)
        self.device = next(model.parameters()).device
        self.seeing = reads_features(settings, model.text_fusion)
        self._lines: dict[tuple[str, str | None], tuple[Ids, ...]] = {}
        self._said: set[tuple[object, ...]] = set()
        self._told = False

    def answers(self, split: Split, questions: Sequence[Question]) -> Iterator[Prediction]:
        """One prediction per question, in their order; what is unusual about their videos is said once.

        Raises:
            UserError: a question without a video, or features that are asked for and damaged.
        """
        if not self._told:
            warn(split, questions, self.seeing, self.frames.store)
        with accelerate_encoder(self.model.deberta, self.settings.attention):
            for begin in range(0, len(questions), TOGETHER):
                asked = [self._asked(question, split) for question in questions[begin : begin + TOGETHER]]
                for entry, answer in zip(asked, self._answers(asked), strict=True):
                    yield Prediction(entry.question.id, (answer,))
        self._told = True

    def _asked(self, question: Question, split: Split) -> Asked:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        video = split.videos.get(question.video_id) or Video(question.video_id)
        subtitles = video.subtitles_in(question.language)
        if len(subtitles) <= decode.FEW:
            return Asked(question, video, subtitles, (), ())
        key = video.id, question.language
        if key not in self._lines:
            self._lines[key] = tuple(self.tokens(line.text) for line in subtitles)
        lines, text = self._lines[key], self.tokens(question.text)
        room = None if self.limit is None else self.limit - EXTRA - len(text)
        if room is not None and room < MIN_ROOM:
            self._tell("question %r leaves no room for subtitles: answered with the whole video", question.id)
            return Asked(question, video, subtitles, (), ())
        covering = windows([len(line) for line in lines], room, self.settings.overlap)
        if len(covering) > 1:
            self._tell("video %s is longer than %s tokens and read in windows", video.id, self.limit)
        rows = tuple(text_row(text, pieces(window, lines), self.special) for window in covering)
        return Asked(question, video, subtitles, rows, tuple(covering))

    def _tell(self, message: str, *values: object) -> None:
        """Warn, once for the same values, and not again in a second pass over the questions."""
        if not self._told and (message, *values) not in self._said:
            self._said.add((message, *values))
            log.warning(message, *values)

    def _answers(self, asked: Sequence[Asked]) -> list[Candidate]:
        """The answer to each, in their order."""
        todo = [(row, at, n) for at, entry in enumerate(asked) for n, row in enumerate(entry.rows)]
        scored: dict[tuple[int, int], decode.Scored] = {}
        frames: dict[int, tuple[int, int]] = {}
        for some in self._batches(sorted(todo, key=lambda entry: len(entry[0].ids))):
            output = self._run([row for row, _, _ in some], [asked[at].video.id for _, at, _ in some])
            for index, (row, at, n) in enumerate(some):
                start, end = (
                    side[index, : len(row.ids)].cpu().numpy() for side in (output.start_logits, output.end_logits)
                )
                scored[at, n] = decode.Scored(start, end, row.separators, asked[at].windows[n].first)
            if self.settings.spans == "visual" and output.start_rows is not None and output.end_rows is not None:
                first, last = best_pair(output.start_rows, output.end_rows)  # of a question in every window the same
                pairs = zip(first.tolist(), last.tolist(), strict=True)
                frames |= {at: pair for (_, at, _), pair in zip(some, pairs, strict=True)}
        return [
            self._candidate(entry, [scored[at, n] for n in range(len(entry.rows))], frames.get(at))
            for at, entry in enumerate(asked)
        ]

    def _candidate(self, asked: Asked, scored: Sequence[decode.Scored], frames: tuple[int, int] | None) -> Candidate:
        if not scored:
            seconds = None if asked.subtitles else self.frames.store.seconds(asked.video.id)
            return Candidate(asked.video.id, whole_video(asked.subtitles, seconds), 0.0)
        constrained = self.settings.spans == "constrained"
        best = decode.constrained(scored) if constrained else decode.reference(scored, len(asked.subtitles))
        answer = span(*decode.seconds(best.first, best.last, asked.subtitles))
        rows = self.frames.count(asked.video.id) if frames is not None else None
        if frames is not None and rows is not None:
            long = max(1.0, rows / self.frames.most) * self.frames.seconds_per_row  # seconds of a frame
            answer = span(frames[0] * long, (frames[1] + 1) * long)
        return Candidate(asked.video.id, answer, best.confidence)

    def _batches(self, todo: Sequence[tuple[TextRow, int, int]]) -> Iterator[list[tuple[TextRow, int, int]]]:
        """Neighbours by length, at most ``decode.tokens`` tokens with padding."""
        some: list[tuple[TextRow, int, int]] = []
        for entry in todo:
            if some and (len(some) + 1) * len(entry[0].ids) > self.settings.tokens:
                yield some
                some = []
            some.append(entry)
        if some:
            yield some

    def _run(self, rows: Sequence[TextRow], videos: Sequence[str]) -> Output:
        inputs = batch(rows, self.special.pad)
        if self.seeing:
            inputs |= frame_inputs(self.frames, videos, not self.model.frame_mask)
        with torch.inference_mode(), autocast(self.device, precision_on(self.device, self.settings.precision)):
            output: Output = self.model(**on_device(inputs, self.device))
        return output


def reads_features(settings: DecodeSettings, text_fusion: bool) -> bool:
    """True where answers need features: the visual predictor gives them, or the textual one is given the frames too."""
    return settings.spans == "visual" or text_fusion


def warn(split: Split, questions: Sequence[Question], visual: bool, features: SplitFeatures) -> None:
    """Say how many questions are about videos with nothing to choose from, or without features."""
    counts: Counter[str] = Counter()
    for question in questions:
        video = split.videos.get(question.video_id or "")
        lines = len(video.subtitles_in(question.language)) if video is not None else 0
        counts["none"] += lines == 0
        counts["few"] += 0 < lines <= decode.FEW
        counts["unseen"] += question.video_id not in features
    if counts["none"]:
        log.warning("%d of %d questions are about videos without subtitles: answered with the whole video",
                    counts["none"], len(questions))  # fmt: skip
    if counts["few"]:
        log.warning("%d of %d questions are about videos of one or two subtitle lines: answered with all of them",
                    counts["few"], len(questions))  # fmt: skip
    if counts["unseen"] and (visual or len(features)):
        why = "answered by the text" if visual else "the features have no part in the answers"
        log.warning("%d of %d questions are about videos without features: %s", counts["unseen"], len(questions), why)
