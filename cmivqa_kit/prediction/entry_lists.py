"""The lists of a submission file, or of a system, as candidates: what is re-ranked, and learnt from."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.numbers import is_number, is_span
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Track
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions
from cmivqa_kit.runs.directory import RECORD, RunDirectory, open_run
from cmivqa_kit.runs.finished_runs import finished_runs, newest_run
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import Document, plain_id

LISTS_TRACK: Track = 3  # whose lists have a video and a span in each entry


@dataclass(frozen=True, slots=True)
class FirstStage:
    """What gives the lists that a re-ranker learns from: a system, by its run or untrained, or a submission file.

    Attributes:
        name: of a baseline.
        run: of it; ``None`` where it answers untrained.
        file: a submission file, instead of both.
    """

    name: str = ""
    run: RunDirectory | None = None
    file: Path | None = None

    def lists(self, split: Split, options: PredictOptions) -> tuple[Prediction, ...]:
        """One list for each question of ``split``, in their order; the system sees no answer.

        Raises:
            UserError: the file lacks lists, the system does not serve Track 3, or its run is damaged.
        """
        if self.file is not None:
            return lists_of(read_guarded(self.file), split, options.limit)
        declaration = find_declaration(self.name)
        system = create(declaration)
        if self.run is not None:
            system.load(self.run)
        own = merge(self.run.config if self.run is not None else {}, declaration, ())
        asked = PredictOptions(own, options.limit, options.seed, options.device, options.report)
        return tuple(system.predict(split.for_prediction(LISTS_TRACK), LISTS_TRACK, asked))


def open_first_stage(text: str, runs: Path, setting: str) -> FirstStage:
    """The first stage that a setting names.

    Args:
        text: a baseline (its newest run below ``runs``; without any, one that answers untrained), the folder of a run,
            or a submission file.
        runs: where runs are.
        setting: its name, for errors.

    Raises:
        UserError: nothing is called so, or it has no lists for Track 3.
    """
    path = Path(text)
    if text in baseline_names():
        stage = FirstStage(text)
    elif (path / RECORD).is_file():
        run = open_run(path)
        stage = FirstStage(run.baseline, run)
    elif path.is_file():
        return FirstStage(file=path)
    else:
        raise UserError(
            f"{setting}: {text!r} is no baseline, run or file.{closest(text, baseline_names())}",
            f"Give one whose lists are to be re-ranked: --set {setting}=bm25",
        )
    if LISTS_TRACK not in find_declaration(stage.name).tracks:
        raise UserError(
            f"{setting}: baseline {stage.name} does not serve Track 3",
            f"Give one that does, or a submission file: --set {setting}=bm25",
        )
    if stage.run is None and (find_declaration(text).trains or finished_runs(runs, text)):
        return FirstStage(text, newest_run(runs, text))
    return stage


def lists_of(document: Document, split: Split, limit: int) -> tuple[Prediction, ...]:
    """The lists of a submission file for the questions of a split, in their order.

    A file has no scores: minus the rank stands for that of a candidate.

    Args:
        document: the file.
        split: whose questions it answers, and whose corpus has its videos.
        limit: entries of a list that count.

    Raises:
        UserError: it cannot be read, lacks questions, has no lists with spans, or names videos outside the corpus.
    """
    see = f"See all that is wrong: cmivqa validate {shlex.quote(str(document.path))}"
    if not document.rows:
        reason = document.findings[-1].message if document.findings else "no answers in it"
        raise UserError(f"{document.path}: {reason}", see)
    by_id: dict[Hashable, tuple[Any, tuple[Candidate, ...] | None]] = {}
    for number, row in enumerate(document.rows):
        identity = plain_id(row)
        if identity is None or "output" not in row:
            raise UserError(
                f"{document.path}: /{number} has no list 'output': not an item of Track 3",
                "Give a file for Track 3: cmivqa predict --help",
            )
        by_id[plain_key(identity)] = row.get("question"), _candidates(row["output"], limit)
    lists = [_list_of(question, by_id) for question in split.questions]
    lacking = [question.id for question, some in zip(split.questions, lists, strict=True) if not some]
    if lacking:
        raise UserError(
            f"{document.path}: no list of [video, start, end] for {len(lacking)} of {len(lists)} questions of "
            f"{split.name}, the first: {lacking[0]!r}",
            see,
        )
    usable = [some or () for some in lists]
    unknown = sorted({c.video_id for some in usable for c in some if c.video_id not in split.videos})
    if unknown:
        raise UserError(
            f"{document.path}: names {len(unknown)} videos that the corpus lacks, the first: {unknown[0]!r}", see
        )
    return tuple(Prediction(question.id, some) for question, some in zip(split.questions, usable, strict=True))


def _list_of(
    question: Question, by_id: Mapping[Hashable, tuple[Any, tuple[Candidate, ...] | None]]
) -> tuple[Candidate, ...] | None:
    """The list under the id of a question, unless it is said to answer another one."""
    text, listed = by_id.get(plain_key(question.id), (None, None))
    return None if isinstance(text, str) and fold(text) != fold(question.text) else listed


def _candidates(entries: Any, limit: int) -> tuple[Candidate, ...] | None:
    """The entries of a list; ``None`` where one of them is none."""
    if not isinstance(entries, list):
        return None
    candidates = [_candidate(entry, rank) for rank, entry in enumerate(entries[:limit], 1)]
    known = [candidate for candidate in candidates if candidate is not None]
    return tuple(known) if len(known) == len(candidates) else None


def _candidate(entry: Any, rank: int) -> Candidate | None:
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[0], str):
        return None
    video, start, end = entry
    if not (is_number(start) and is_number(end) and is_span(start, end)):
        return None
    return Candidate(video, Span(float(start), float(end)), -float(rank))


def changed_firsts(before: Iterable[Prediction], after: Sequence[Prediction]) -> int:
    """The number of lists that another candidate leads now."""
    pairs = zip(before, after, strict=True)
    return sum((a.candidates[0].video_id, a.candidates[0].span) != (b.candidates[0].video_id, b.candidates[0].span)
               for a, b in pairs)  # fmt: skip
