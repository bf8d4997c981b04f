"""Asking a fitted baseline every question of a split and writing its submission files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.joint_files import complete
from cmivqa_kit.output_paths import regular_target
from cmivqa_kit.plugin.registry import create, find_declaration
from cmivqa_kit.plugin.types import Baseline, Declaration, PredictOptions
from cmivqa_kit.prediction.answer_cost import cost_in_parts
from cmivqa_kit.prediction.answer_files import Answered, Progress, Source, Written, publish
from cmivqa_kit.prediction.answer_parts import AnswersInParts, answer_in_parts
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.pairs.pass_options import OnlyPlanned, PassOptions
from cmivqa_kit.prediction.types import LocalizesSpans, ScoresPairs
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.feature_clock import require_clock_of
from cmivqa_kit.runs.feature_stores import require_stores_of
from cmivqa_kit.submission.form import submission_form

AS_USUAL = PassOptions()


@dataclass(frozen=True, slots=True)
class Part:
    """A plan, the run that answers it and how: with a pass of its own, from a finished one, or behind a retriever."""

    plan: AnswerPlan
    run: RunDirectory
    options: PredictOptions
    pass_options: PassOptions = AS_USUAL
    finished_pass: Path | None = None
    retriever: str = ""

    def require(self) -> None:
        """Refuse what could not be answered or written, before hours are spent on it.

        Raises:
            UserError: the baseline does not serve the tracks, or the options contradict each other.
        """
        if self.retriever and self.finished_pass is not None:
            raise UserError(
                "--from and --retriever: what is kept has its videos already", "Leave out --retriever, or --from."
            )
        if self.retriever or retriever_of(self.finished_pass):
            _require_corpus_tracks(self.plan.tracks)
        else:
            _require_tracks(find_declaration(self.run.baseline), self.plan.tracks)
        submission_form(self.plan.edition)

    def answers(self, splits: Sequence[Split]) -> Source | None:
        """The source of the answers; ``None`` in a process that only helps another one."""
        return _answers(
            find_declaration(self.run.baseline), self.run, self.plan, splits, self.options, self.pass_options,
            self.finished_pass, self.retriever,
        )  # fmt: skip


def predict(
    plan: AnswerPlan,
    run: RunDirectory,
    options: PredictOptions,
    force: bool = False,
    progress: Progress = lambda predictions, count, title: iter(predictions),
    command: str = "",
    sample: int = 0,
    pass_options: PassOptions = AS_USUAL,
    finished_pass: Path | None = None,
    retriever: str = "",
) -> list[Written]:
    """Write the submission files of a plan; none of them is written unless all can be.

    The baseline sees ids, texts and languages, the video id for Track 1 only, and never an answer. ``sample`` (0: all)
    is the number of questions to answer, drawn once by the seed of ``options``. A copy of each file and a record (run,
    recipe, weights, data, ``command``) stay in the run, where it can be written to.

    Args:
        pass_options: how the pass over the corpus of a system that scores pairs is run.
        finished_pass: the folder of a pass of the run to cut the lists from, instead of asking the system.
        retriever: what chooses the videos in which the run, of one that `LocalizesSpans`, then finds spans; see
            `open_retriever`.

    Returns:
        What was written; nothing in a process that only helps another one.

    Raises:
        UserError: a track the baseline does not serve, a file that exists and differs (without ``force``), or
            predictions that are no valid submission.
        RunFailed: memory or disk ran out, or the network gave no numbers.
    """
    part = Part(plan, run, options, pass_options, finished_pass, retriever)
    return predict_together([part], force, progress, command, sample)


def predict_together(
    parts: Sequence[Part],
    force: bool = False,
    progress: Progress = lambda predictions, count, title: iter(predictions),
    command: str = "",
    sample: int = 0,
) -> list[Written]:
    """Write the files of several systems into one folder; none of them is written unless all can be.

    Raises:
        UserError: as `predict`.
        RunFailed: as `predict`.
    """
    for part in parts:
        part.require()
    out = parts[0].plan.out
    if out.parent.is_dir():
        complete(out.parent)
    asked = []
    for part in parts:
        for path, _, _ in part.plan.files:
            regular_target(path)
        asked.append([_sample(part.plan.load(track), sample, part.options.seed) for _, track, _ in part.plan.files])
        for split in asked[-1]:
            require_clock_of(part.run, split)
            require_stores_of(part.run, split)

    def answered() -> Iterator[Answered]:
        for part, splits in zip(parts, asked, strict=True):
            source = part.answers(splits)
            if source is not None:
                yield part.plan, part.run, splits, source

    return publish(out, answered(), force, progress, command)


def _answers(
    declared: Declaration,
    run: RunDirectory,
    plan: AnswerPlan,
    asked: Sequence[Split],
    options: PredictOptions,
    pass_options: PassOptions,
    finished_pass: Path | None,
    retriever: str,
) -> Source | None:
    """The source of the answers; ``None`` in a process that only helps another one."""
    if finished_pass is not None:
        return _from_pass(finished_pass, asked, options, run)
    system = create(declared)
    if retriever:
        return _behind(system, run, asked, options, pass_options, retriever)
    system.load(run)
    given_videos = 1 in plan.tracks  # no pass over a corpus
    if isinstance(system, AnswersInParts):
        if pass_options.budget:
            raise UserError(
                f"baseline {declared.name} does not score question-video pairs",
                "Leave out --budget: answers are kept as they are made, and --resume goes on with them.",
            )
        parts = [(split.for_prediction(track), track, target)
                 for split, (_, track, target) in zip(asked, plan.files, strict=True)]  # fmt: skip
        if pass_options.plan_only:
            cost = cost_in_parts(system, parts, options, pass_options.group.count)
            pass_options.announce(cost, None)
            raise OnlyPlanned(cost)
        answers = answer_in_parts(system, run, parts, options, pass_options)
        return None if answers is None else (answers, "", "")
    if given_videos or not isinstance(system, ScoresPairs):
        if pass_options.resume or pass_options.plan_only or pass_options.budget:
            asks = isinstance(system, ScoresPairs)
            raise UserError(
                f"baseline {declared.name} does not score question-video pairs{' for Track 1' if asks else ''}",
                "Leave out --resume, --dry-run and --budget: it answers in seconds.",
            )
        if not pass_options.group.main:
            return None
        return lambda split, track, target: system.predict(split, target, options), "", ""
    from cmivqa_kit.prediction.pairs.run_pass import run_pass

    folder = run_pass(system, run, asked, options, pass_options)
    return None if folder is None else _from_pass(folder.path, asked, options, run)


def _behind(
    system: Baseline, run: RunDirectory, asked: Sequence[Split], options: PredictOptions, pass_options: PassOptions,
    retriever: str,
) -> Source | None:  # fmt: skip
    """The answers of a localizer behind a retriever."""
    if not isinstance(system, LocalizesSpans):
        raise UserError(
            f"baseline {run.baseline} finds no spans in given videos: nothing can stand in front of it",
            "Leave out --retriever, or give a localizer: -m mutualsl",
        )
    if pass_options.budget:
        raise UserError(
            "--budget and --retriever: both choose the videos",
            "Leave out --budget; fewer videos: --set pipeline.retrieve_top=10",
        )
    from cmivqa_kit.prediction.pairs.run_pass import run_pass
    from cmivqa_kit.prediction.retrieval import open_retriever

    opened = open_retriever(retriever, run.path.parent, options)
    system.load(run)
    folder = run_pass(system, run, asked, options, pass_options, opened)
    return None if folder is None else _from_pass(folder.path, asked, options, run)


def retriever_of(finished_pass: Path | None) -> str:
    """The name of the retriever in front of a finished pass; empty where there was none.

    Raises:
        UserError: the pass is missing or damaged.
    """
    if finished_pass is None:
        return ""
    from cmivqa_kit.prediction.pairs.pass_folder import PassFolder

    return str((PassFolder(finished_pass).manifest.get("retriever") or {}).get("name", ""))


def _from_pass(path: Path, asked: Sequence[Split], options: PredictOptions, run: RunDirectory) -> Source:
    from cmivqa_kit.prediction.decoding import Calibration
    from cmivqa_kit.prediction.pairs.cached_pass import CachedPass, marks
    from cmivqa_kit.prediction.pairs.pass_folder import PassFolder

    answers = CachedPass(PassFolder(path))
    for split in asked:
        answers.require(split, options)
    remark = marks(answers.folder.manifest)
    fitted = Calibration.read(run)
    return lambda split, track, target: answers.predictions(split, target, options, fitted), remark, retriever_of(path)


def _require_tracks(declared: Declaration, tracks: Sequence[Track]) -> None:
    missing = [t for t in tracks if t not in declared.tracks]
    if not declared.tracks:
        other = "It re-ranks lists: cmivqa rerank --help" if declared.reranks else "Give another with -m."
        raise UserError(f"baseline {declared.name} answers no track by itself", other)
    if missing:
        raise UserError(
            f"baseline {declared.name} does not serve Track {' or '.join(map(str, missing))}",
            f"It serves Track {', '.join(map(str, declared.tracks))}: give --track, or another baseline with -m.",
        )


def _require_corpus_tracks(tracks: Sequence[Track]) -> None:
    if 1 in tracks:
        raise UserError(
            "--retriever: Track 1 asks within a given video", "Leave out --retriever, or give --track 2 or 3."
        )


def _sample(split: Split, most: int, seed: int) -> Split:
    """The split with at most ``most`` (0: all) of its questions, in their order, the same for every system."""
    return replace(split, questions=subset(split.questions, most, f"sample {seed}"))
