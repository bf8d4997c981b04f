"""Where the phases of a bundle come from: answer files, or the splits of a data root whose answers are there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cmivqa_kit.data.answer_rows import AnswerRows, rows_of_track
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import Question, Split, Track, Video
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.entries.checking import questions_in
from cmivqa_kit.entries.refusals import answers_are_held
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports.codabench.plan import Dates, Phase, Plan
from cmivqa_kit.scoring.truth import TIMES, check_truth, read_answers, split_named
from cmivqa_kit.submission.sample import write_sample

NO_CORPUS = "video_id"  # stands in a sample for the videos of a corpus that is not known


class AnswerSource(Protocol):
    """The answers of a split; ``name`` is the split's, ``edition`` the rules."""

    @property
    def name(self) -> str: ...

    @property
    def edition(self) -> Edition: ...

    def targets(self, track: Track) -> list[Any]:
        """The answers of a track; empty where there are none."""

    def split(self, track: Track) -> Split:
        """The questions and, as far as it is known, the corpus; no answers."""


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """An answer file; of its corpus nothing is known."""

    path: Path
    edition: Edition
    answers: AnswerRows = field(repr=False)

    @property
    def name(self) -> str:
        """The split that the file's name tells, or that name."""
        return split_named(self.path, self.edition)

    def targets(self, track: Track) -> list[Any]:
        """The answers whose ids are not those of another track."""
        rows = rows_of_track(self.answers.rows, track, self.edition)
        return [row for row in rows if self.edition.track_of_id(row.get("id")) in (None, track)]

    def split(self, track: Track) -> Split:
        """The questions as they stand in the file; a right video is named on Track 1 only, where it is asked of."""
        questions = tuple(
            question if track == 1 else Question(question.id, question.text, question.language)
            for question in questions_in(self.targets(track))
        )
        return Split(self.name, questions, {NO_CORPUS: Video(NO_CORPUS)}, SplitFeatures(()), self.edition.name)


@dataclass(frozen=True, slots=True)
class RootSplit:
    """A split of a data root, with the answers that lie there."""

    root: OpenRoot = field(repr=False)
    name: str

    @property
    def edition(self) -> Edition:
        """The data root's."""
        return self.root.catalogue.edition

    def targets(self, track: Track) -> list[Any]:
        """The answers; empty where they are not here."""
        known = self.root.answers(self.name, track)
        return [] if known is None else rows_of_track(known[0], track, self.edition)

    def split(self, track: Track) -> Split:
        """The questions and the corpus."""
        return self.root.split(self.name, track)


def answer_files(paths: Sequence[Path], edition: str | None) -> list[AnswerFile]:
    """The answers in files, all by the same rules: those of ``edition``, else those that the first file tells.

    Raises:
        UserError: one cannot be read, or is of another edition than the first.
    """
    read = [(path, read_answers(path)) for path in paths]
    rules = load_edition(edition or read[0][1].edition)
    for path, answers in read:
        if edition is None and answers.edition != rules.name:
            what = f"{path}: answers of {answers.edition}, and {paths[0]} has those of {rules.name}"
            raise UserError(what, "Make a bundle of each, or give --edition.")
    return [AnswerFile(path, rules, answers) for path, answers in read]


def root_splits(root: OpenRoot, names: Sequence[str]) -> list[RootSplit]:
    """The splits that are named, by default those whose answers the organizers hold, as far as they are here.

    Raises:
        UserError: no split is called so, or no answers that organizers hold are here.
    """
    catalogue = root.catalogue
    if names:
        return [RootSplit(root, catalogue.edition.canonical_split(name) or name) for name in names]
    held = [
        RootSplit(root, name)
        for name in catalogue.splits
        if answers_are_held(catalogue.edition, name) and any(root.answers(name, track) for track in (1, 2, 3))
    ]
    if not held:
        raise UserError(
            f"{catalogue.root}: no answers that organizers hold",
            "Give --truth FILE, or --split NAME for another split.",
        )
    return held


def make_plan(
    sources: Sequence[AnswerSource],
    track: Track,
    dates: Sequence[Dates] = (),
    per_day: int | None = None,
    in_all: int | None = None,
) -> Plan:
    """The plan of a track's bundle, one phase per source that has answers for it.

    Args:
        sources: the answers.
        dates: of the phases, in order.
        per_day, in_all: how often a team may hand in; by default as the edition says (`[board]`).

    Raises:
        UserError: no source has, or such as cannot be scored; another number of dates than of phases.
    """
    reasons = [lacks(source, track) for source in sources]
    sources = [source for source, reason in zip(sources, reasons, strict=True) if not reason]
    if not sources:
        raise UserError("; ".join(reasons), "Give the answers of that track.")
    if len(dates) != len(sources) and (dates or len(sources) > 1):
        names = ", ".join(source.name for source in sources)
        what = f"Track {track}: {len(sources)} splits ({names}) and the dates of {len(dates)} phases"
        raise UserError(what, "Give --phase FIRST LAST once per split, in order, or one split.")
    phases = []
    for source, days in zip(sources, dates or [Dates()], strict=True):
        targets = source.targets(track)
        if fault := check_truth(targets, track):
            raise UserError(
                f"{source.name}, Track {track}: {fault.message}", "Check the answers with `validate --truth`."
            )
        phases.append(Phase(source.name, days, targets, sample(source, track)))
    edition = sources[0].edition
    if per_day is None and in_all is None:
        rules = edition.board
        per_day, in_all = (rules.limit, None) if rules.per == "day" else (None, rules.limit)
    return Plan(track, edition, tuple(phases), per_day, in_all)


def lacks(source: AnswerSource, track: Track) -> str:
    """Why no bundle of a track can be made of a source at all; empty where one can."""
    targets = source.targets(track)
    if not targets:
        return f"{source.name}: no answers for Track {track}"
    needed = TIMES if track != 2 else ("video_id",)
    if not any(isinstance(target, dict) and needed[0] in target for target in targets):
        return f"{source.name}: the answers have no {needed[0]}, which Track {track} needs"
    return ""


def sample(source: AnswerSource, track: Track) -> bytes:
    """A valid submission that answers nothing; empty where the edition names no form of submissions."""
    if not source.edition.submission:
        return b""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "submission.json"
        write_sample(source.split(track), track, path)
        return path.read_bytes()
