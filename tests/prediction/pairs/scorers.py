"""A scorer whose logits are known: a pure function of question, video and lines, coarse so that there are many ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.prediction.types import EncodedVideo, Row, TokenIds

OVERHEAD = 3


def known(question: TokenIds, video: str, rows: int, levels: int) -> NDArray[np.float32]:
    """(n, n) logits of a video of ``rows`` lines, of so many different values."""
    seed = [int(question.sum()), *video.encode()]
    return np.random.default_rng(seed).integers(levels, size=(rows, rows)).astype(np.float32) - levels // 2


@dataclass
class KnownScorer:
    """A `PairScorer` that looks its logits up; a window shows a part of the video's matrix.

    ``part_levels``: how many different values there are. ``batches`` records (rows, longest row) of every batch;
    ``fails`` is raised by batches of more tokens.
    """

    limit: int | None = None
    overlap: float = 0.5
    ordered_spans: bool = True
    levels: int = 7
    special_tokens: int = OVERHEAD
    batches: list[tuple[int, int]] = field(default_factory=list)
    most: int = 1 << 30
    encoded: list[str] = field(default_factory=list)
    nan_at: tuple[int, str] | None = None

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    def encode_question(self, question: Question) -> TokenIds:
        """A token a character."""
        return np.array([ord(letter) for letter in question.text], np.int32)

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo | None:
        """A token a character; videos without lines are left out."""
        subtitles = video.subtitles_in(language)
        if not subtitles:
            return None
        self.encoded.append(video.id)
        return EncodedVideo.of(video.id, [[ord(c) for c in line.text] for line in subtitles], subtitles)

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        """The logits themselves, padded with -inf; ``tokens`` are the lengths of the rows."""
        parts = []
        for row in rows:
            whole = known(row.question, row.video.id, len(row.video), self.levels)
            if self.nan_at == (int(row.question[0]), row.video.id):
                whole[0, 0] = np.nan
            parts.append(whole[row.window.first : row.window.stop, row.window.first : row.window.stop])
        size = max(len(part) for part in parts)
        logits = torch.full((len(rows), size, size), -torch.inf)
        for at, part in enumerate(parts):
            logits[at, : len(part), : len(part)] = torch.from_numpy(part)
        lengths = [self.special_tokens + len(row.question) + sum(len(p) + 1 for p in row.video.pieces(row.window))
                   for row in rows]  # fmt: skip
        return {"logits": logits, "tokens": torch.tensor(lengths)}

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        """What was looked up."""
        longest = int(batch["tokens"].max())
        self.batches.append((len(batch["tokens"]), longest))
        if len(batch["tokens"]) * longest > self.most:
            raise torch.OutOfMemoryError("made up")
        return batch["logits"]


def video(name: str, *lines: tuple[str, float, float]) -> Video:
    """With lines (text, start, end) in seconds."""
    return Video(name, tuple(Subtitle(text, start, end - start) for text, start, end in lines), 100.0)


def split_of(videos: Sequence[Video], questions: Sequence[Question]) -> Split:
    """A split without files."""
    return Split("testA", tuple(questions), {one.id: one for one in videos}, SplitFeatures())


def plainly(
    scorer: KnownScorer, question: Question, videos: Sequence[Video], count: int
) -> list[tuple[str, float, float, float]]:
    """The list as section 5.3 of the spec says it, cell by cell: (video, start, end, score), best first."""
    tokens = scorer.encode_question(question)
    found = []
    for number, one in enumerate(videos):
        lines = one.subtitles
        if not lines:
            continue
        logits = known(tokens, one.id, len(lines), scorer.levels)
        spans: dict[tuple[float, float], tuple[float, int, int]] = {}
        for i in range(len(lines)):
            for j in range(i if scorer.ordered_spans else 0, len(lines)):
                start, end = lines[i].start, lines[j].end
                end = lines[-1].end if start >= end else end
                entry = float(logits[i, j]), i, j
                if not scorer.ordered_spans:
                    found.append((-entry[0], number, i, j, one.id, start, end))
                elif start < end and ((start, end) not in spans or spans[start, end][0] < entry[0]):
                    spans[start, end] = entry
        found += [(-score, number, i, j, one.id, start, end) for (start, end), (score, i, j) in spans.items()]
    return [(name, start, end, -score) for score, _, _, _, name, start, end in sorted(found)[:count]]
