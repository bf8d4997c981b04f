"""The contracts of prediction: localizers of windows, scorers of pairs of lines, retrievers of videos.

Letters: Q questions, V videos, n lines of a video, N the largest n of a batch, L tokens of a row, B rows of a batch, W
windows of a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.windows import Window
from cmivqa_kit.plugin.types import PredictOptions

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TokenIds = NDArray[np.int32]
EncodedQuestion = NDArray[Any]  # as it is kept in memory: its length counts as its tokens
Floats = NDArray[np.float64]
Ranking = tuple[tuple[str, float], ...]  # video ids with a retriever's scores, best first; every id once


@dataclass(frozen=True, slots=True)
class Times:
    """Starts and ends of a video's lines in seconds, each (n,)."""

    start: Floats
    end: Floats

    @classmethod
    def of(cls, subtitles: Sequence[Subtitle]) -> Times:
        """The times of a video with at least one line."""
        return cls(np.array([s.start for s in subtitles], float), np.array([s.end for s in subtitles], float))


@dataclass(frozen=True, slots=True, eq=False)
class EncodedVideo:
    """A video of the corpus as it is kept in memory: its lines as token ids, one behind the other, and their times.

    Line k is ``tokens[bounds[k] : bounds[k + 1]]``, without separators; ``bounds`` is (n + 1,).
    """

    id: str
    tokens: TokenIds
    bounds: TokenIds
    times: Times

    @classmethod
    def of(cls, video_id: str, lines: Sequence[Sequence[int]], subtitles: Sequence[Subtitle]) -> EncodedVideo:
        """Encode a video by the token ids of its lines, at least one."""
        bounds = np.concatenate(([0], np.cumsum([len(line) for line in lines]))).astype(np.int32)
        flat = [token for line in lines for token in line]
        return cls(video_id, np.array(flat, np.int32), bounds, Times.of(subtitles))

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @property
    def lengths(self) -> list[int]:
        """The number of tokens of each line."""
        lengths: list[int] = np.diff(self.bounds).tolist()
        return lengths

    def text(self, window: Window) -> tuple[TokenIds, TokenIds]:
        """The token ids of a window's lines, one line behind the other, and (n,) how many there are up to each end."""
        begin = self.bounds[window.first]
        if window.part is not None:
            part = self.tokens[begin + window.part[0] : begin + window.part[1]]
            return part, np.array([len(part)], np.int32)
        ends = self.bounds[window.first + 1 : window.stop + 1] - begin
        return self.tokens[begin : begin + ends[-1]], ends

    def pieces(self, window: Window) -> list[TokenIds]:
        """The token ids of a window, line by line."""
        tokens, ends = self.text(window)
        return np.split(tokens, ends[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row to be scored: the tokens of a question beside a window of a video."""

    question: TokenIds
    video: EncodedVideo
    window: Window


@dataclass(frozen=True, slots=True, eq=False)
class VideoInput:
    """A video of the corpus as a `Localizer` keeps it in memory.

    Attributes:
        id: of the video.
        size: what it takes of a batch, in rows or tokens.
        content: whatever else the localizer needs of it.
    """

    id: str
    size: int
    content: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A question beside a whole video, in which windows are looked for."""

    question: EncodedQuestion
    video: VideoInput


class ScoredWindows(NamedTuple):
    """The windows that were found for each pair of a batch, in any order; three tensors (B, W).

    Attributes:
        score: float32, logs of confidences (0 to 1) that compare across videos; -inf where there is no window.
        start: seconds, float32 or float64.
        end: seconds.
    """

    score: Tensor
    start: Tensor
    end: Tensor


@runtime_checkable
class Localizer(Protocol):
    """A network that finds windows in videos for questions, each in seconds with the log of a confidence.

    The engine batches pairs by their size, keeps the best windows, resumes, and shares the work among devices. What is
    found for a pair may not depend on the others of its batch. A window that begins before the video begins with it;
    one without length is none; equal ones count once, by their best score. A matrix over pairs of lines is another way
    to make windows: `PairScorer`.
    """

    @property
    def device(self) -> torch.device:
        """The device on which `locate` runs."""
        ...

    def encode_question(self, question: Question) -> EncodedQuestion:
        """A question as the engine keeps it: token ids (L,), or vectors (L, size).

        It is asked for the same question several times: what is costly is worth remembering.
        """
        ...

    def encode_video(self, video: Video, language: str | None) -> VideoInput | None:
        """A video as the engine keeps it; ``None`` where nothing can be found in it."""
        ...

    def collate(self, pairs: Sequence[Pair]) -> Mapping[str, Tensor]:
        """A batch on the CPU, padded to its largest pair."""
        ...

    def locate(self, batch: Mapping[str, Tensor]) -> ScoredWindows:
        """The windows of each pair of a batch that is on `device`."""
        ...


class PairScorer(Protocol):
    """A network that scores the spans of a video for a question.

    ``device`` is where it runs. ``limit`` is the most tokens of a row (``None``: any number), ``special_tokens`` how
    many a row has beside those of the question, of the lines, and of one separator per line. ``overlap`` is that of
    windows. ``ordered_spans`` is True where a span that ends before it starts is none; then equal spans (in seconds)
    count once.
    """

    limit: int | None
    special_tokens: int
    overlap: float
    ordered_spans: bool

    @property
    def device(self) -> torch.device:
        """The device on which `score` runs."""
        ...

    def encode_question(self, question: Question) -> TokenIds:
        """The token ids of a question, without special tokens."""
        ...

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo | None:
        """Encode a video as the engine keeps it; ``None`` where it is left out of the corpus."""
        ...

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        """A batch on the CPU, padded to its longest row."""
        ...

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        """(B, N, N) float32 on `device`: cell (i, j) of a row scores lines i to j of its window; -inf where none is."""
        ...


Scorer: TypeAlias = PairScorer | Localizer  # what the engine runs


@runtime_checkable
class ScoresPairs(Protocol):
    """A baseline that scores every question with every video of the corpus; the engine runs its scorer."""

    def scorer(self, split: Split, options: PredictOptions) -> Scorer:
        """The scorer of the loaded run, ready to score questions of ``split`` on the device that ``options`` name.

        Its scores compare across videos; those of a `PairScorer` need not be logs of confidences here.

        Raises:
            UserError: not loaded, a setting out of its range, or no such device.
        """
        ...


@runtime_checkable
class LocalizesSpans(Protocol):
    """A baseline that finds spans in given videos: what stands behind a retriever (`predict --retriever`)."""

    def localizer(self, split: Split, options: PredictOptions) -> Scorer:
        """A `Localizer`, or a scorer whose cells are logs of confidences (0 to 1) that compare across videos.

        Section ``pipeline`` of the settings says which spans (`cmivqa_kit.prediction.pipeline.PipelineSettings`).
        ``encode_video`` gives ``None`` for a video in which nothing can be chosen: it keeps the whole of what is said.

        Raises:
            UserError: not loaded, a setting out of its range, or no such device.
        """
        ...


class VideoRetriever(Protocol):
    """Ranks the videos of a corpus for questions; one object serves one predict.

    What is costly to make (a loaded network, the embeddings of a corpus) is made at first use and stays in the object.
    """

    @property
    def name(self) -> str:
        """The name in output, folders and records."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts that its rankings depend on, for records."""
        ...

    def costs_network(self, split: Split) -> bool:
        """True where `rank` runs a network over the corpus of ``split``; else it takes seconds."""
        ...

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """Per question of ``split`` the best ``count`` videos; ties by id. None where it names no video of the corpus.

        Raises:
            UserError: it has no answer to a question, a score is no number, or its run or file is damaged.
        """
        ...

    def recall(self, dev: Split | None, count: int) -> float | None:
        """The share of the questions of ``dev`` whose right video is among the best ``count``; ``None``: not known."""
        ...


@runtime_checkable
class RetrievesVideos(Protocol):
    """A baseline that ranks the videos of a corpus: it can stand in front of a localizer, or of `predict --budget`."""

    def retriever(self, options: PredictOptions) -> VideoRetriever:
        """The retriever of the loaded run, or of the untrained system; asked for once per predict.

        ``options`` are the run's own settings, the seed and the device. `cmivqa_kit.prediction.function_retriever`
        makes one of a function.

        Raises:
            UserError: not loaded, a setting out of its range, or no such device.
        """
        ...


@runtime_checkable
class RanksVideos(Protocol):
    """A baseline that ranks videos by a plain method, without a network: how plug-ins of earlier kits say it."""

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[Sequence[tuple[str, float]]]:
        """Per question of ``split``, in its order: at most ``count`` videos with their scores, best first."""
        ...


Batch = Mapping[str, Any]
