"""What a baseline is: a light declaration, and the object that fits, loads and predicts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import QuestionId, Split, Track
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config

Target = Literal[1, 2, 3, "corpus"]  # "corpus": one list that is handed in for Tracks 2 and 3 alike
Report = Callable[[str, int, int], None]  # what is being prepared, how much of it is done, of how much


def unreported(title: str, done: int, total: int) -> None:
    """A `Report` that goes nowhere."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer: a span (seconds) of a video, with the baseline's own score (higher is better).

    ``confidence`` is the IoU with the right answer that the baseline expects of it, 0 to 1; ``None``: not known.
    """

    video_id: str
    span: Span
    score: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """Candidates for one question, best first. Track 1: the first one counts; Tracks 2 and 3: at most 50 are read."""

    question_id: QuestionId
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class PredictOptions:
    """At most ``limit`` candidates per question; the effective settings, the seed, the device (auto, cpu, cuda:1).

    ``report`` is told of what takes long before the first answer.
    """

    config: Config = field(default_factory=dict)
    limit: int = 50
    seed: int = 0
    device: str = "auto"
    report: Report = field(default=unreported, compare=False, repr=False)


class Baseline(Protocol):
    """A system that can be fitted, loaded again and asked. One object serves one run."""

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn from ``train`` and write everything that prediction needs into ``run``; settings are ``run.config``."""
        ...

    def load(self, run: RunDirectory) -> None:
        """Make ready to predict from a finished run, on any machine."""
        ...

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order. ``split`` carries no answers (`for_prediction`)."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """A baseline that fetches something (encoder weights): asked before any data is loaded."""

    def prepare(self, config: Config) -> None:
        """Get everything that training with these settings needs from elsewhere.

        Raises:
            UserError: it cannot be had; says how large it is and how to come by it.
        """
        ...


@runtime_checkable
class ReadsFeatures(Protocol):
    """A baseline that can say whether a training with some settings reads feature files.

    One that cannot is taken to read those that are there.
    """

    def reads_features(self, config: Config) -> bool:
        """True where the files beside the data have a part in what is learnt."""
        ...


@runtime_checkable
class RepeatsRuns(Protocol):
    """A baseline that chooses more on dev than a number of steps: it says itself how a run is repeated without dev."""

    def repeated(self, run: RunDirectory) -> Config:
        """The settings under which a finished run is trained again on more data: what it chose on dev, written out.

        Raises:
            UserError: it chose nothing, or a part of it is damaged.
        """
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training will take: examples, pairs, batches of them, optimizer steps; an estimate measured on a few.

    ``seconds`` is the wall time of the whole training, dev evaluations included; ``memory`` the peak in bytes (0:
    unknown), on a GPU the device's, else the process'. ``dropped`` counts the questions left out, by reason.
    """

    examples: int
    pairs: int
    batches: int
    epochs: int
    steps: int
    seconds: float
    memory: int
    device: str
    dropped: Mapping[str, int] = field(default_factory=dict)
    dev_questions: int = 0


@runtime_checkable
class Plans(Protocol):
    """A baseline that can say beforehand what its training will take."""

    def plan(self, train: Split, dev: Split | None, run: RunDirectory) -> Plan | None:
        """Measure on a few batches what `Baseline.fit` would take; ``run`` is a folder that is thrown away.

        ``None`` where it learns in one pass with these settings.
        """
        ...


@dataclass(frozen=True, slots=True)
class CheckpointRequest:
    """An official checkpoint to convert.

    ``files`` are the files of the download (an archive is unpacked already), ``sizes`` the constructor values where the
    user gave them (``--config``), ``encoder`` a Hugging Face name or folder, ``tokenizer`` a folder or file.
    """

    files: tuple[Path, ...]
    sizes: Mapping[str, Any] | None = None
    encoder: str | None = None
    tokenizer: Path | None = None


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """What a conversion found: the variant, its sizes, keys left out and keys the file lacks, and remarks."""

    variant: str
    sizes: Mapping[str, Any]
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the entry point names; importing it must stay cheap (no torch).

    ``factory`` is ``"package.module:callable"``, called without arguments. ``config`` is ``"package:file.toml"``: table
    ``[default]`` holds one table per section with every setting and its default value; ``[preset.NAME]`` holds, in the
    same sections, what a named preset changes. ``needs`` lists what a split must have (``subtitles``, ``features``)
    and Python packages beyond the kit's own (``package:torch``), or ones that it makes use of where they are installed
    and goes without elsewhere (``optional:torch``). ``drops`` are the rules of `cmivqa_kit.data.check` by
    which a training example is left out. ``[recipe.published]`` in the same file holds, section by section, what the
    published recipe changes. ``convert`` is ``"package.module:function"`` of ``(CheckpointRequest, RunDirectory) ->
    CheckpointReport`` where the system has official checkpoints. ``published`` is ``"package:published.toml"`` where
    figures of the system were published (`cmivqa_kit.plugin.published_figures`). ``demo_preset`` names a preset that
    trains in a minute and fetches nothing: it is used on the embedded corpus where none is asked for. ``benchmarks``
    maps the published benchmarks that it is trained on (`cmivqa bench train`) to the preset of each. ``reranks`` is
    True for one that scores the lists of others anew (`cmivqa_kit.prediction.reranker.ReranksLists`).
    """

    name: str
    title: str
    tracks: tuple[Track, ...]
    factory: str
    config: str
    paper: str = ""
    needs: tuple[str, ...] = ("subtitles",)
    drops: tuple[str, ...] = ("no-question", "no-answer", "bad-span", "no-video", "no-subtitles")
    trains: bool = True
    convert: str = ""
    demo_preset: str = ""
    published: str = ""
    benchmarks: Mapping[str, str] = field(default_factory=dict, hash=False)
    reranks: bool = False
