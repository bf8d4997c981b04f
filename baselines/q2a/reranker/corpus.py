"""The videos of a split as the re-ranker takes them: vectors of their lines and frames, and of candidates in them.

Source: docs/spec/q2a.md, section 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.q2a.reranker.network import Group
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.corpus_embedding import CorpusEmbedding, said
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.subtitle_embedding import SubtitleEmbedding
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.plugin.types import Candidate

Rows = NDArray[np.float32]
Times = NDArray[np.float64]
NAME = "q2a-lines"  # of the folder in the user's cache


class TextVectors:
    """Vectors of texts by a frozen encoder; those of subtitles are kept in the user's cache.

    Args:
        encoder: is not trained.
        device: where it runs.
    """

    def __init__(self, encoder: Encoder, device: torch.device) -> None:
        self.embedding = SubtitleEmbedding(encoder, "", device)
        self.kept = CorpusEmbedding(NAME, _stamp(encoder), self._of_videos, device, said, together=32)

    @property
    def size(self) -> int:
        """Numbers in a vector: D."""
        return self.embedding.size

    def of_texts(self, texts: Sequence[str]) -> Rows:
        """A vector of each text, (texts, D)."""
        with self.embedding.at_work():
            return self.embedding.vectors(texts)

    def of_lines(self, split: Split) -> dict[str, Rows]:
        """The vectors of all lines of each video, in the order of `lines_by_language`: (lines, D)."""
        return self.kept.arrays(split)

    def _of_videos(self, split: Split, videos: Sequence[Video]) -> Iterator[Rows]:
        lines = [[line.text for some in lines_by_language(video).values() for line in some] for video in videos]
        texts = sorted({text for some in lines for text in some})
        vectors = dict(zip(texts, self.of_texts(texts), strict=True))
        for some in lines:
            yield np.stack([vectors[text] for text in some]) if some else np.zeros((0, self.size), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class VideoVectors:
    """A video in one language: its lines (S, D) with their times (S, 2), its frames (T, F) with their seconds (T,)."""

    lines: Rows
    line_times: Times
    frames: Rows
    seconds: Times

    def said_in(self, span: Span) -> Rows:
        """The mean of the lines that overlap a span, else the line whose middle is nearest, (D,)."""
        start, end = self.line_times.T
        return _mean_or_nearest(self.lines, (start < span.end) & (end > span.start), (start + end) / 2, span)

    def seen_in(self, span: Span) -> Rows:
        """The mean of the frames inside a span, else the nearest one, (F,)."""
        inside = (self.seconds >= span.start) & (self.seconds <= span.end)
        return _mean_or_nearest(self.frames, inside, self.seconds, span)


class CorpusVectors:
    """The videos of a split, and the candidates in them.

    A video without lines, or without frames, has one of zeros.

    Args:
        split: with the features that the frames are taken from.
        texts: of its lines.
        frame_dim: F.
        most: frames of a video; longer ones are averaged down.
    """

    def __init__(self, split: Split, texts: TextVectors, frame_dim: int, most: int) -> None:
        self.split, self.texts = split, texts
        self.rows = VideoRows(split.features, most, frame_dim, "features.name")
        self._lines = texts.of_lines(split)

    def video(self, video_id: str, language: str | None) -> VideoVectors:
        """A video in the language of a question."""
        lines, times = self._spoken(self.split.videos[video_id], language)
        frames, edges = self.rows.get(video_id), self.rows.edges(video_id)
        if frames is None or edges is None or not len(frames):
            frames, edges = np.zeros((1, self.rows.width), np.float32), np.zeros(2)
        return VideoVectors(lines, times, frames, edges[:-1])

    def groups(self, question: Question, candidates: Sequence[Candidate]) -> tuple[Group, ...]:
        """The candidates of a list by their videos, in the order of the first of each."""
        places: dict[str, list[int]] = {}
        for number, candidate in enumerate(candidates):
            places.setdefault(candidate.video_id, []).append(number)
        groups = []
        for name, numbers in places.items():
            video = self.video(name, question.language)
            spans = [candidates[number].span for number in numbers]
            texts, frames = (np.stack([of(span) for span in spans]) for of in (video.said_in, video.seen_in))
            groups.append(Group(name, torch.from_numpy(texts), torch.from_numpy(frames), torch.tensor(numbers)))
        return tuple(groups)

    def _spoken(self, video: Video, language: str | None) -> tuple[Rows, Times]:
        """The lines of a video in a language with their times."""
        begin, lines = 0, lines_by_language(video)
        wanted = language if language in video.translations else ""
        for name, some in lines.items():
            if name == wanted and some:
                times = np.array([(line.start, line.end) for line in some], np.float64)
                return self._lines[video.id][begin : begin + len(some)], times
            begin += len(some)
        return np.zeros((1, self.texts.size), np.float32), np.zeros((1, 2))


def lines_by_language(video: Video) -> Mapping[str, tuple[Subtitle, ...]]:
    """The lines of a video: its only ones under an empty name, and the translations it has."""
    return {"": video.subtitles, **{name: video.translations[name] for name in sorted(video.translations)}}


def with_videos(split: Split, names: set[str]) -> Split:
    """The split with these of its videos alone."""
    return replace(split, videos={name: video for name, video in split.videos.items() if name in names})


def _mean_or_nearest(rows: Rows, inside: NDArray[np.bool_], middles: Times, span: Span) -> Rows:
    if inside.any():
        mean: Rows = rows[inside].mean(axis=0, dtype=np.float32)
        return mean
    nearest: Rows = rows[int(np.abs(middles - (span.start + span.end) / 2).argmin())]
    return nearest


def _stamp(encoder: Encoder) -> str:
    """The same for the same weights and vocabulary."""
    digest = hashlib.sha256(repr(sorted(encoder.tokenizer.get_vocab().items())).encode("utf-8", "surrogatepass"))
    for name, tensor in sorted(encoder.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().data if tensor.ndim else b"")
    return digest.hexdigest()
