"""Asking a fitted baseline every question of a split and writing its submission files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import data_fingerprint, load_split
from cmivqa_kit.data.display import target_in_words
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.joint_files import complete, published_together
from cmivqa_kit.output_paths import is_taken, regular_target
from cmivqa_kit.plugin.registry import create, find_declaration
from cmivqa_kit.plugin.types import Baseline, Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.types import LocalizesSpans, ScoresPairs
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.feature_clock import require_clock_of
from cmivqa_kit.runs.feature_stores import require_stores_of
from cmivqa_kit.runs.provenance import Confidences, keep
from cmivqa_kit.submission.form import submission_form
from cmivqa_kit.submission.write import Row, write
from cmivqa_kit.temporary_files import temporary_folder

Progress = Callable[[Iterable[Prediction], int, str], Iterator[Prediction]]
AS_USUAL = PassOptions()
Answers = Callable[[Split, Track, Target], Iterable[Prediction]]  # a split without answers -> one prediction each
Source = tuple[Answers, str, str]  # with a remark about them, and what stood in front


@dataclass(frozen=True, slots=True)
class Written:
    """A submission file that was written: its path, tracks, number of questions, split and fingerprint of the data.

    ``remark`` is what a reader of its figures must know, e.g. that a first stage left videos out. ``retriever`` is what
    stood in front, for a file of `cmivqa_kit.prediction.pipeline`.
    """

    path: Path
    tracks: tuple[Track, ...]
    questions: int
    split: str
    data: str
    remark: str = ""
    retriever: str = ""


def targets(files: Catalogue, split: str, tracks: tuple[Track, ...], out: Path) -> list[tuple[Path, Track, Target]]:
    """The files to write: (path, track whose questions are asked, target).

    An edition with one corpus file gets one for Tracks 2 and 3; one whose ids carry the track gets one per track.
    """
    name = files.edition.canonical_split(split) or split
    own = name in files.splits and all(f.tracks == (1, 2, 3) for f in files.questions if f.split == name)
    if set(tracks) == {2, 3} and (files.edition.corpus_files == "shared" or own):
        return [(out, 2, "corpus")]
    if len(tracks) == 1:
        return [(out, tracks[0], tracks[0])]
    return [(out.with_name(f"{out.stem}_track{t}{out.suffix}"), t, t) for t in tracks]


def tracks_asked(declaration: Declaration, track: Track | None, behind_retriever: bool) -> tuple[Track, ...]:
    """The tracks to answer: the one that is named, the only one of a system by itself, else Tracks 2 and 3."""
    if track is not None:
        return (track,)
    return declaration.tracks if len(declaration.tracks) == 1 and not behind_retriever else (2, 3)


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """The submission files to write for some tracks of a split.

    Attributes:
        out: the name that was asked for; the files are called so, or after it.
        files: as of `targets`.
        tracks: that they serve.
        edition: in whose form they are written.
        load: gives the split with the questions of a track.
    """

    out: Path
    files: Sequence[tuple[Path, Track, Target]]
    tracks: tuple[Track, ...]
    edition: Edition
    load: Callable[[Track], Split]

    @classmethod
    def in_root(cls, catalogue: Catalogue, split: str, tracks: tuple[Track, ...], out: Path) -> AnswerPlan:
        """The plan for a split of a data root."""
        files = targets(catalogue, split, tracks, out)
        return cls(out, files, tracks, catalogue.edition, lambda track: load_split(catalogue, split, track))

    @classmethod
    def of_split(cls, split: Split, tracks: tuple[Track, ...], out: Path) -> AnswerPlan:
        """The plan for a split that is open: it has the questions of one track, or of a corpus file.

        Raises:
            UserError: its edition has other questions on every track, and several are to be answered.
        """
        edition = load_edition(split.edition)
        if len(tracks) == 1:
            return cls(out, [(out, tracks[0], tracks[0])], tracks, edition, lambda track: split)
        if edition.corpus_files != "shared":
            raise UserError(
                f"{split.name} of {edition.name} has other questions on every track",
                "Give the track: track=2 or track=3.",
            )
        return cls(out, [(out, 2, "corpus")], tracks, edition, lambda track: split)


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
    if retriever and finished_pass is not None:
        raise UserError(
            "--from and --retriever: what is kept has its videos already", "Leave out --retriever, or --from."
        )
    declared = find_declaration(run.baseline)
    if retriever or retriever_of(finished_pass):
        _require_corpus_tracks(plan.tracks)
    else:
        _require_tracks(declared, plan.tracks)
    submission_form(plan.edition)  # before hours are spent on answers that could not be written
    if plan.out.parent.is_dir():
        complete(plan.out.parent)
    for path, _, _ in plan.files:
        regular_target(path)
    asked = [_sample(plan.load(track), sample, options.seed) for _, track, _ in plan.files]
    for split in asked:
        require_clock_of(run, split)
        require_stores_of(run, split)
    made = _answers(declared, run, plan.tracks, asked, options, pass_options, finished_pass, retriever)
    if made is None:
        return []
    answers, remark, behind = made
    written: list[Written] = []
    expected: dict[Path, dict[Any, list[float | None]]] = {}
    with _folder_beside(plan.out) as folder:
        for (path, track, target), full in zip(plan.files, asked, strict=True):
            answered = answers(full.for_prediction(track), track, target)
            shown = progress(answered, len(full.questions), target_in_words(target))
            with _naming(path, folder / path.name):
                confidences = expected.setdefault(path, {})
                rows = _rows(_noting(shown, confidences, target), full)
                temporary = write(rows, full, target, folder / path.name)
            of_file: tuple[Track, ...] = (2, 3) if target == "corpus" else (track,)
            file = Written(path, of_file, len(full.questions), full.name, data_fingerprint(full), remark, behind)
            if is_taken(path) and not force and not (path.exists() and path.read_bytes() == temporary.read_bytes()):
                copy = _keep(run, temporary, file, command, expected[path])  # they may have taken hours
                raise UserError(
                    f"{path}: exists and is different; it is not overwritten",
                    "Give --out FILE for another name, or --force to replace it."
                    + (f" The answers are kept in {copy}" if copy else ""),
                )
            written.append(file)
        with published_together(plan.out.parent) as reserve:
            for file in written:
                (folder / file.path.name).replace(reserve(file.path.name))
    for file in written:
        _keep(run, file.path, file, command, expected[file.path])
    return written


def _answers(
    declared: Declaration,
    run: RunDirectory,
    tracks: Sequence[Track],
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
    given_videos = 1 in tracks  # no pass over a corpus
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
    from cmivqa_kit.prediction.decoding import Temperatures
    from cmivqa_kit.prediction.pairs.cached_pass import CachedPass, marks
    from cmivqa_kit.prediction.pairs.pass_folder import PassFolder

    answers = CachedPass(PassFolder(path))
    for split in asked:
        answers.require(split, options)
    remark = marks(answers.folder.manifest)
    fitted = Temperatures.read(run)
    return lambda split, track, target: answers.predictions(split, target, options, fitted), remark, retriever_of(path)


def _require_tracks(declared: Declaration, tracks: Sequence[Track]) -> None:
    missing = [t for t in tracks if t not in declared.tracks]
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


def _keep(run: RunDirectory, answers: Path, file: Written, command: str, confidences: Confidences) -> Path | None:
    """Keep a copy and a record in the run; ``None`` where it only lends its weights, on a disk that takes no files."""
    known = {"remark": file.remark, "retriever": file.retriever}
    facts = {name: value for name, value in known.items() if value}
    try:
        return keep(
            run,
            answers,
            confidences,
            split=file.split,
            tracks=list(file.tracks),
            data=file.data,
            command=command,
            **facts,
        )
    except RunFailed:
        return None


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """Let an error about the temporary file name the one that the user asked for."""
    try:
        yield
    except UserError as error:
        message, fix = (text.replace(str(temporary), str(path)) for text in (error.message, error.fix))
        raise UserError(message, fix, error.code) from None


@contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """Open a folder on the disk of ``out`` that vanishes at the end, whatever happens."""
    with ExitStack() as stack:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(temporary_folder(out.parent, "predict"))
        except OSError as error:
            what = f"{out}: cannot be written ({error.strerror or error})"
            raise RunFailed(what, "Give another --out FILE.") from None
        yield folder


def _noting(
    predictions: Iterable[Prediction], confidences: dict[Any, list[float | None]], target: Target
) -> Iterator[Prediction]:
    """The predictions as they come, while what is expected of their answers is noted; of Track 1 the first counts."""
    for prediction in predictions:
        answers = prediction.candidates[:1] if target == 1 else prediction.candidates
        if any(candidate.confidence is not None for candidate in answers):
            confidences[prediction.question_id] = [candidate.confidence for candidate in answers]
        yield prediction


def _rows(predictions: Iterable[Prediction], split: Split) -> Iterator[Row]:
    for prediction in predictions:
        yield (
            prediction.question_id,
            [(c.video_id, c.span.start, c.span.end) for c in prediction.candidates],
        )
