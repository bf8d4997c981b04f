"""The options of a pass over a corpus, its chunks, its cost and its first stage; imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.types import Split
from cmivqa_kit.runs.processes import ALONE, Group

Progress = Callable[[int, int], None]  # rows and tokens done since the last call


def quiet(rows: int, tokens: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some questions (their numbers in the pass) in ``language`` (``None`` where there is only one corpus)."""

    number: int
    language: str | None
    questions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The estimated cost of a pass.

    ``questions`` are different ones: an equal text in the same language is asked once. ``asked`` are those that the
    files answer, each as often as it stands there. ``pairs`` are questions times videos, ``rows`` those of the network
    (more where a video is read in windows), ``tokens`` without padding. ``seconds`` is the wall time on one device;
    ``memory`` its peak in bytes (0: unknown), on a GPU the device's, else the process'. ``batch`` are tokens per batch.
    Of a system that looks through a corpus for every question ``tokens`` and ``batch`` are 0: no pair has any.
    """

    questions: int
    videos: int
    pairs: int
    rows: int
    tokens: int
    seconds: float
    memory: int
    batch: int
    device: str
    asked: int = 0

    @property
    def pairs_per_second(self) -> float:
        """Pairs that one device scores in a second."""
        return self.pairs / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class FirstStage:
    """A first stage, which chooses the videos of a pass: its name, how many it passes on, and its recall.

    Attributes:
        name: of the baseline, run or file.
        videos: passed on, of how many (``of``).
        recall: how often the right video is among them on dev; ``None`` where it was not measured: there is no dev
            split with answers, or asking it would take long.
        dev_videos: among how many videos of dev it was measured; 0: it was not, or before this was written down.
        run: fingerprint of the run it answers from; empty where it needs none.
        costs_network: True where ranking the videos is still to come and runs a network, which no cost counts.
        without: questions for which it names no video of the corpus.
        spare: whose list these got instead.
    """

    name: str
    videos: int
    of: int
    recall: float | None
    run: str = ""
    costs_network: bool = False
    without: int = 0
    spare: str = ""
    dev_videos: int = 0

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> FirstStage:
        """Read the fields of a manifest, as `to_dict` gives them."""
        return cls(
            record["name"], record["videos"], record["of"], record["recall_on_dev"], record.get("run", ""),
            without=record.get("without", 0), spare=record.get("spare", ""), dev_videos=record.get("dev_videos", 0),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The fields that records and manifests hold."""
        record: dict[str, Any] = {"name": self.name, "videos": self.videos, "of": self.of, "recall_on_dev": self.recall}
        if self.dev_videos:
            record["dev_videos"] = self.dev_videos
        if self.run:
            record["run"] = self.run
        return {**record, "without": self.without, "spare": self.spare} if self.without else record


class OnlyPlanned(Exception):
    """Raised where only the cost of a pass was asked for."""

    def __init__(self, cost: CostEstimate) -> None:
        super().__init__()
        self.cost = cost


@dataclass(frozen=True, slots=True)
class PassOptions:
    """The options of a pass; none of them changes the answers, except ``budget``.

    Attributes:
        resume: go on with the one that was left unfinished; ``force``: throw that away.
        plan_only: count and measure, then stop (`OnlyPlanned`).
        budget: seconds that it may take; a first stage then chooses the videos. 0: all videos are scored.
        label: what is put behind the split in the name of the folder.
        dev: a split with answers to measure the first stage on.
        announce: told the cost, and what the first stage gives up, before it starts.
        progress: told (rows, tokens) after each batch.
        group: the processes that share the work.
    """

    resume: bool = False
    force: bool = False
    plan_only: bool = False
    budget: float = 0.0
    label: str = ""
    dev: Callable[[], Split | None] = lambda: None
    announce: Callable[[CostEstimate, FirstStage | None], None] = lambda cost, first: None
    progress: Progress = quiet
    group: Group = ALONE
