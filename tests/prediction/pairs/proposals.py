"""A localizer of proposals: centres and widths in seconds, a pure function of question and video, with many ties.

Also a program: ``python -m tests.prediction.pairs.proposals ROOT RUN OUT KILL_AT`` answers testA of the data root with
the run, about all videos of the corpus, and kills itself (SIGKILL) before it writes its chunk of that number.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.plugin.types import Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.pairs.given_videos import in_given_videos
from cmivqa_kit.prediction.types import EncodedQuestion, Pair, ScoredWindows, VideoInput
from cmivqa_kit.runs.directory import RunDirectory
from tests.prediction import fake
from tests.prediction.pairs.paired import SETTINGS, answer_and_die

NOTHING, SLOTS = -np.inf, 8
Proposal = tuple[float, float, float]  # score, start, end
DECLARATION = Declaration(
    name="fake", title="Proposes windows", tracks=(1, 2, 3), factory=f"{__name__}:Proposing",
    config="fake_settings:config.toml",
)  # fmt: skip


def raw(question: str, video: str, slots: int = SLOTS) -> list[Proposal]:
    """What the network says: few different values, so that there are ties, equal windows, early and empty ones."""
    draw = np.random.default_rng([*question.encode(), *video.encode()])
    score = -draw.integers(1, 5, slots) / 4
    centre, width = draw.integers(0, 6, slots) * 2.0, draw.integers(0, 4, slots) * 3.0
    return list(zip(score.tolist(), (centre - width / 2).tolist(), (centre + width / 2).tolist(), strict=True))


def proposed(question: str, video: str, slots: int = SLOTS) -> list[Proposal]:
    """The rule for one video: early windows begin at 0, empty ones are none, equal ones count once; best first."""
    best: dict[tuple[float, float], float] = {}
    for score, start, end in raw(question, video, slots):
        window = max(0.0, start), end
        if window[0] < end:
            best[window] = max(score, best.get(window, NOTHING))
    return sorted(((score, *window) for window, score in best.items()), key=lambda one: (-one[0], one[1], one[2]))


@dataclass
class Proposals:
    """A `Localizer` that looks its windows up; ``batches`` records the pairs of every batch."""

    batches: list[list[tuple[str, str]]] = field(default_factory=list)
    spoilt: tuple[str, int, float] | None = None  # a video, and which of its three numbers is which value
    most: int = 1 << 30  # pairs that fit into memory
    silent: str = ""  # a video in which nothing is ever found

    @property
    def device(self) -> torch.device:
        """The CPU."""
        return torch.device("cpu")

    def encode_question(self, question: Question) -> EncodedQuestion:
        """A number a character."""
        return np.array([ord(letter) for letter in question.text], np.int32)

    def encode_video(self, video: Video, language: str | None) -> VideoInput | None:
        """Sizes differ; videos without lines are left out."""
        lines = video.subtitles_in(language)
        return VideoInput(video.id, len(lines) + ord(video.id[3]) % 7) if lines else None

    def collate(self, pairs: Sequence[Pair]) -> Mapping[str, Tensor]:
        """The windows themselves, as many as the video of most has."""
        asked = [("".join(map(chr, pair.question)), pair.video.id) for pair in pairs]
        self.batches.append(asked)
        found = [raw(question, video, SLOTS - len(video) % 3) for question, video in asked]
        windows = torch.zeros(len(pairs), max(map(len, found)), 3)
        windows[:, :, 0] = -torch.inf
        for at, (some, (_, video)) in enumerate(zip(found, asked, strict=True)):
            windows[at, : len(some)] = torch.tensor(some)
            if video == self.silent:
                windows[at, :, 0] = -torch.inf
            if self.spoilt is not None and self.spoilt[0] == video:
                windows[at, 0, self.spoilt[1]] = self.spoilt[2]
        return {"windows": windows}

    def locate(self, batch: Mapping[str, Tensor]) -> ScoredWindows:
        """What was looked up."""
        if len(batch["windows"]) > self.most:
            raise torch.OutOfMemoryError("made up")
        return ScoredWindows(*batch["windows"].unbind(dim=2))


class Proposing:
    """A system of all tracks around it. ``made`` is every localizer it has given out."""

    made: list[Proposals] = []
    use: dict[str, object] = {}

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Nothing to learn."""

    def load(self, run: RunDirectory) -> None:
        """Nothing to load."""

    def localizer(self, split: Split, options: PredictOptions) -> Proposals:
        """A new one."""
        type(self).made.append(Proposals(**type(self).use))  # type: ignore[arg-type]
        return type(self).made[-1]

    scorer = localizer

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """Track 1."""
        assert track == 1
        return in_given_videos(self.localizer(split, options), split, options)


def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **points: str) -> type[Proposing]:
    """Make it the installed baseline."""
    monkeypatch.setattr(fake, "CONFIG", SETTINGS)
    fake.install(monkeypatch, tmp_path, **points)
    monkeypatch.setattr("cmivqa_kit.prediction.answer.find_declaration", lambda name: DECLARATION)
    monkeypatch.setattr(Proposing, "made", [])
    monkeypatch.setattr(Proposing, "use", {})
    return Proposing


if __name__ == "__main__":
    answer_and_die(install, *map(Path, sys.argv[1:4]), int(sys.argv[4]))
