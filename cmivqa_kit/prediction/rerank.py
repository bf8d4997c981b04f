"""Re-ranking a submission file: its lists are read, scored anew by a run, and written as another file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.joint_files import complete
from cmivqa_kit.output_paths import is_taken, regular_target
from cmivqa_kit.plugin.registry import create, find_declaration
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.answer_files import Progress, Written, write_files
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.entry_lists import LISTS_TRACK, changed_firsts, lists_of
from cmivqa_kit.prediction.reranker import ReranksLists, require_reranking, reranked_lists
from cmivqa_kit.prediction.run_choice import reranking_names
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.feature_clock import require_clock_of, with_clock_of
from cmivqa_kit.runs.feature_stores import require_stores_of
from cmivqa_kit.submission.form import submission_form


@dataclass(frozen=True, slots=True)
class Reranked:
    """A file that was re-ranked: what was written, and how many of its lists another candidate leads now."""

    written: Written
    changed: int


def rerank(
    entry: Entry,
    run: RunDirectory,
    catalogue: Catalogue,
    out: Path,
    options: PredictOptions,
    alpha: float = 1.0,
    force: bool = False,
    progress: Progress = lambda predictions, count, title: iter(predictions),
    command: str = "",
) -> Reranked:
    """Score the lists of an entry anew and write them; videos and spans stay as they are.

    Args:
        entry: a valid submission with lists, on the ground of ``catalogue``.
        run: of a baseline that re-ranks.
        catalogue: the data root.
        out: the file to write, whole or not at all.
        options: the effective settings of the run, seed and device.
        alpha: weight of the new scores; the rest goes to minus the rank in the entry.
        force: replace ``out``.
        progress: shows how far it is.
        command: as it was typed, for the record in the run.

    Raises:
        UserError: the entry is not valid or has no lists for Track 3, the run cannot re-rank, its parts or features
            are damaged or of another kind, or ``out`` exists and differs.
        RunFailed: memory or disk ran out.
    """
    declaration = find_declaration(run.baseline)
    require_reranking(declaration, reranking_names())
    name, tracks = _require_lists(entry)
    submission_form(catalogue.edition)
    if out.parent.is_dir():
        complete(out.parent)
    regular_target(out)
    if is_taken(out) and not force and out.resolve() == entry.path.resolve():
        raise UserError(f"{out}: is the file to re-rank", "Give --out FILE for another name, or --force to replace it.")
    split = load_split(with_clock_of(run, catalogue), name, LISTS_TRACK)
    require_clock_of(run, split)
    require_stores_of(run, split)
    lists = lists_of(entry.guarded, split, options.limit)
    system = create(declaration)
    if not isinstance(system, ReranksLists):
        raise UserError(
            f"baseline {declaration.name} declares that it re-ranks lists, and gives no re-ranker",
            "Mend its package: `reranker(split, options)` is missing.",
        )
    system.load(run)
    made: list[Prediction] = []

    def answers(asked: Split, track: Track, target: Target) -> Iterator[Prediction]:
        for prediction in reranked_lists(system.reranker(asked, options), asked, lists, alpha):
            made.append(prediction)
            yield prediction

    target: Target = "corpus" if {2, 3} <= set(tracks) else LISTS_TRACK
    plan = AnswerPlan(out, [(out, LISTS_TRACK, target)], tracks, catalogue.edition, lambda track: split)
    (written,) = write_files(plan, run, [split], (answers, "", entry.path.name), force, progress, command)
    return Reranked(written, changed_firsts(lists, made))


def _require_lists(entry: Entry) -> tuple[str, tuple[Track, ...]]:
    """The split that an entry answers, and its tracks.

    Raises:
        UserError: it is not valid, or not for Track 3.
    """
    see = f"See all that is wrong: cmivqa validate {shlex.quote(str(entry.path))}"
    report = entry.report
    if report.tracks == (1,):
        raise UserError(
            f"{entry.path}: answers Track 1, one span in a given video; lists of Track 3 are re-ranked",
            "Give a file for Track 3: cmivqa predict --help",
        )
    if not report.ok:
        first = report.located(report.findings[:1])[0]
        line = f", line {first.line}, column {first.column}" if first.line is not None else ""
        pointer = f" {first.path}" if first.path else ""
        raise UserError(
            f"{entry.path}{pointer}{line}: {first.message} ({first.code}; {count(report.errors, 'error')} in all)", see
        )
    if report.split is None or LISTS_TRACK not in report.tracks:
        tracks = " and ".join(map(str, report.tracks)) or "no track"
        raise UserError(
            f"{entry.path}: answers Track {tracks}; lists of Track 3 are re-ranked",
            "Give a file for Track 3, or say that it is one: --track 3",
        )
    return report.split, report.tracks
