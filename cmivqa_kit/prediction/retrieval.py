"""The choice of videos: opening the retriever that ``--retriever`` or ``decode.first_stage`` names, and its videos.

Behind a retriever only its videos are looked into. With a time budget a cheap first stage chooses the videos that a
system scores; the result is not the published system, which scores them all. What is lost is measured on questions
whose answers are known, never assumed. Source: docs/spec/mutualsl.md, section 5.2, step 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.prediction.baseline_retriever import BaselineRetriever
from cmivqa_kit.prediction.complete_retriever import CompleteRetriever
from cmivqa_kit.prediction.file_retriever import FileRetriever
from cmivqa_kit.prediction.pairs.batching import Ints
from cmivqa_kit.prediction.settings import FIRST_STAGE, EngineSettings
from cmivqa_kit.prediction.types import EncodedVideo, Ranking, RanksVideos, RetrievesVideos, VideoInput, VideoRetriever
from cmivqa_kit.runs.directory import RECORD, open_run
from cmivqa_kit.runs.finished_runs import newest_run


@dataclass(frozen=True, slots=True)
class ChosenVideos:
    """The videos that a retriever passes on: per question of a pass at most ``count`` ids, best first.

    ``only``: no others are scored, not even where none of these can be.
    """

    count: int
    videos: tuple[tuple[str, ...], ...]
    only: bool = False

    @classmethod
    def of(cls, rankings: Sequence[Ranking], count: int, only: bool = False) -> ChosenVideos:
        """Choose the videos of rankings."""
        return cls(count, tuple(tuple(video for video, _ in ranking) for ranking in rankings), only)

    def indices(self, question: int, corpus: Sequence[EncodedVideo | VideoInput]) -> Ints:
        """The indices of a question's videos in a corpus; unless ``only``, all where none of them can be scored."""
        wanted = set(self.videos[question])
        chosen = np.array([number for number, video in enumerate(corpus) if video.id in wanted], np.int32)
        return chosen if len(chosen) or self.only else np.arange(len(corpus), dtype=np.int32)


def open_retriever(text: str, runs: Path, options: PredictOptions) -> CompleteRetriever:
    """The retriever that ``--retriever`` names; every question gets videos.

    Args:
        text: the name of a baseline (its newest run below ``runs``, unless it answers untrained), the folder of a run,
            or a submission file.
        runs: where runs are.
        options: seed and device.

    Raises:
        UserError: nothing is called so, or it ranks no videos.
    """
    if text in baseline_names():
        return _complete(_of_baseline(find_declaration(text), runs, options), runs, options)
    path = Path(text)
    if _is_file(path):
        return _complete(FileRetriever(path), runs, options)
    if text and _is_file(path / RECORD):
        run = open_run(path.resolve())  # "." has a name too
        declared = find_declaration(run.baseline)
        _require_ranking(declared)
        return _complete(BaselineRetriever(declared, run, options), runs, options)
    raise UserError(
        f"--retriever {text!r}: no baseline, run or file is called so.{closest(text, baseline_names())}",
        "Give bm25, another baseline, the folder of a run, or a submission file of Track 2.",
    )


def open_first_stage(name: str, runs: Path, options: PredictOptions, split: Split) -> VideoRetriever:
    """The baseline that chooses the videos of ``split`` for ``predict --budget``: setting ``decode.first_stage``.

    Args:
        name: of a baseline that ranks videos without a network.
        runs: where runs are; its newest one answers, unless it answers untrained.
        options: seed and device.
        split: what it will be asked.

    Raises:
        UserError: there is no such baseline, it has no finished run, it ranks no videos, or it costs a network.
    """
    if name not in baseline_names():
        fault = f"no baseline is called {name!r}.{closest(name, baseline_names())}"
    elif 2 not in find_declaration(name).tracks:
        fault = f"baseline {name} does not rank videos"
    else:
        first_stage = _without_network(find_declaration(name), runs, options, split)
        if first_stage is not None:
            return first_stage
        fault = f"baseline {name} runs a network over the corpus, or does not say that it runs none"
    names = _first_stages(runs, options, split) or ("bm25",)
    raise UserError(
        f"{FIRST_STAGE}: {fault}",
        f"Give one that ranks videos without a network: --set {FIRST_STAGE}={' or '.join(names)}",
    )


def _without_network(
    declared: Declaration, runs: Path, options: PredictOptions, split: Split
) -> BaselineRetriever | None:
    """The retriever of a baseline; ``None`` where ranking the videos of ``split`` runs a network, or may do so."""
    if not isinstance(create(declared), RetrievesVideos | RanksVideos):
        return None
    retriever = _of_baseline(declared, runs, options)
    return None if retriever.costs_network(split) else retriever


def _first_stages(runs: Path, options: PredictOptions, split: Split) -> tuple[str, ...]:
    """The names of the installed baselines that can be a first stage here."""
    names = []
    for name in baseline_names():
        with suppress(UserError):  # a broken package, or no run
            declared = find_declaration(name)
            plain = 2 in declared.tracks and "package:torch" not in declared.needs  # others are not even imported
            if plain and _without_network(declared, runs, options, split) is not None:
                names.append(name)
    return tuple(names)


def _complete(retriever: VideoRetriever, runs: Path, options: PredictOptions) -> CompleteRetriever:
    """The retriever, with the usual first stage behind it for questions that it has no video for."""
    spare = EngineSettings().first_stage
    return CompleteRetriever(retriever, lambda: _of_baseline(find_declaration(spare), runs, options))


def _of_baseline(declared: Declaration, runs: Path, options: PredictOptions) -> BaselineRetriever:
    _require_ranking(declared)
    return BaselineRetriever(declared, newest_run(runs, declared.name) if declared.trains else None, options)


def _is_file(path: Path) -> bool:
    """True for a file; false too where no file can have such a name, or none may look."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _require_ranking(declared: Declaration) -> None:
    if 2 not in declared.tracks:
        raise UserError(
            f"baseline {declared.name} does not rank videos", "Give one that serves Track 2: cmivqa baselines"
        )
