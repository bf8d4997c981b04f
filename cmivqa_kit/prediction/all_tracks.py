"""Who answers which file that an edition hands in: a finished run, or a pipeline of a retriever and a localizer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import baseline_names, find_declaration, missing_packages
from cmivqa_kit.plugin.types import Target
from cmivqa_kit.prediction.answer_plan import AnswerPlan, targets
from cmivqa_kit.prediction.run_choice import newest_localizer, newest_serving_run, tracks_served
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.finished_runs import finished_runs, newest_run


@dataclass(frozen=True, slots=True)
class Answering:
    """The tracks of some files, the run that answers them, and the retriever in front (empty: none)."""

    tracks: tuple[Track, ...]
    run: RunDirectory
    retriever: str = ""

    def plan(self, catalogue: Catalogue, split: str, out: Path) -> AnswerPlan:
        """The files of these tracks, among all those that are handed in; ``out`` is what they are called after."""
        files = [file for file in files_to_hand_in(catalogue, split, out) if file[1] in self.tracks]
        return AnswerPlan.in_root(catalogue, split, self.tracks, out, files)


def files_to_hand_in(catalogue: Catalogue, split: str, out: Path) -> list[tuple[Path, Track, Target]]:
    """The files for every track that a split asks, as `cmivqa_kit.prediction.answer_plan.targets`."""
    asked = catalogue.tracks(catalogue.question_file(split).split)
    corpus = tuple(track for track in asked if track != 1)
    first: list[tuple[Path, Track, Target]] = []
    if 1 in asked:
        first = [(out.with_name(f"{out.stem}_track1{out.suffix}"), 1, 1)]
    rest = targets(catalogue, split, corpus, out) if corpus else []
    if len(rest) == 1 and rest[0][2] != "corpus":  # named as beside the other one
        rest = [(out.with_name(f"{out.stem}_track{track}{out.suffix}"), track, target) for _, track, target in rest]
    return [*first, *rest]


def choose(catalogue: Catalogue, split: str, runs: Path) -> list[Answering]:
    """Who answers each file: the newest finished run that serves its tracks, else a pipeline of what is at hand.

    The pipeline's localizer is the newest run that finds spans in given videos. Its retriever is the newest run of a
    trained system that ranks videos, else a system that does so untrained. Files with the same answerer are answered
    together.

    Raises:
        UserError: for some file there is neither; all of them are named, with what to train.
    """
    chosen: list[Answering] = []
    lacking: list[UserError] = []
    for _, track, target in files_to_hand_in(catalogue, split, Path("submission.json")):
        try:
            run, retriever = _answerer((2, 3) if target == "corpus" else (track,), runs)
        except UserError as error:
            lacking.append(error)
            continue
        tracks: tuple[Track, ...] = (2, 3) if target == "corpus" else (track,)
        last = chosen[-1] if chosen else None
        if last is not None and 1 not in last.tracks and (last.run.path, last.retriever) == (run.path, retriever):
            chosen[-1] = Answering((*last.tracks, *tracks), run, retriever)
        else:
            chosen.append(Answering(tracks, run, retriever))
    if lacking:
        messages, fixes = (dict.fromkeys(texts) for texts in zip(*((e.message, e.fix) for e in lacking), strict=True))
        raise UserError("; ".join(messages), "\n".join(fixes))
    return chosen


def _answerer(tracks: Sequence[Track], runs: Path) -> tuple[RunDirectory, str]:
    """The run for a file, and the name of the retriever in front of it."""
    newest_run(runs)  # without any: its error
    serving = next((run for run in finished_runs(runs) if set(tracks) <= {*tracks_served(run)}), None)
    if serving is not None:
        return serving, ""
    if 1 not in tracks and (retriever := _retriever(runs)):
        try:
            return newest_localizer(runs), retriever
        except UserError:
            pass  # said in the words of the tracks
    return newest_serving_run(runs, tracks[0] if len(tracks) == 1 else None), ""


def _retriever(runs: Path) -> str:
    """The folder of the newest run that ranks videos, else a system that does so untrained; empty where none is."""
    ranking = next((run for run in finished_runs(runs) if 2 in tracks_served(run)), None)
    if ranking is not None:
        return str(ranking.path)
    for name in baseline_names():
        declared = find_declaration(name)
        if 2 in declared.tracks and not declared.trains and not missing_packages(declared):
            return name
    return ""
