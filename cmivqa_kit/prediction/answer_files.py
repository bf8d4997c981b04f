"""Writing the submission files of plans: all or none, each with a copy and a record in the run that answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.corpus import data_fingerprint
from cmivqa_kit.data.display import target_in_words
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.joint_files import published_together
from cmivqa_kit.output_paths import is_taken
from cmivqa_kit.plugin.types import Prediction, Target
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.provenance import Confidences, keep
from cmivqa_kit.submission.write import Row, write
from cmivqa_kit.temporary_files import temporary_folder

Progress = Callable[[Iterable[Prediction], int, str], Iterator[Prediction]]
Answers = Callable[[Split, Track, Target], Iterable[Prediction]]  # a split without answers -> one prediction each
Source = tuple[Answers, str, str]  # with a remark about them, and what stood in front


Answered = tuple[AnswerPlan, RunDirectory, Sequence[Split], Source]  # a plan, what answers it, its splits, the answers


@dataclass(frozen=True, slots=True)
class Written:
    """A submission file that was written: its path, tracks, number of questions, split and fingerprint of the data.

    ``remark`` is what a reader of its figures must know, e.g. that a first stage left videos out. ``retriever`` is what
    stood in front, for a file of `cmivqa_kit.prediction.pipeline`; ``videos`` the number of those in the corpus.
    """

    path: Path
    tracks: tuple[Track, ...]
    questions: int
    split: str
    data: str
    remark: str = ""
    retriever: str = ""
    videos: int = 0


def write_files(
    plan: AnswerPlan, run: RunDirectory, asked: Sequence[Split], source: Source, force: bool, progress: Progress,
    command: str,
) -> list[Written]:  # fmt: skip
    """Write the submission files of a plan, all or none, and keep a copy of each with a record in the run.

    Args:
        plan: which files.
        run: what answers.
        asked: the split of each file, in their order.
        source: of the answers.
        force: replace files that differ.
        progress: shows how far it is.
        command: as it was typed, for the record.

    Raises:
        UserError: a file that exists and differs, or answers that are no valid submission.
        RunFailed: memory or disk ran out.
    """
    return publish(plan.out, [(plan, run, asked, source)], force, progress, command)


def publish(out: Path, answered: Iterable[Answered], force: bool, progress: Progress, command: str) -> list[Written]:
    """Write the files of all plans into a temporary folder, give them their names together, and keep copies."""
    written: list[tuple[RunDirectory, Written, Confidences]] = []
    with ExitStack() as stack:
        folder = None
        for plan, run, splits, source in answered:
            folder = folder or stack.enter_context(_folder_beside(out))
            files = _written(plan, run, splits, source, folder, force, progress, command)
            written += [(run, file, confidences) for file, confidences in files]
        if folder is None:
            return []
        with published_together(out.parent) as reserve:
            for _, file, _ in written:
                (folder / file.path.name).replace(reserve(file.path.name))
    for run, file, confidences in written:
        _keep(run, file.path, file, command, confidences)
    return [file for _, file, _ in written]


def _written(
    plan: AnswerPlan, run: RunDirectory, splits: Sequence[Split], source: Source, folder: Path, force: bool,
    progress: Progress, command: str,
) -> Iterator[tuple[Written, Confidences]]:  # fmt: skip
    """Write the files of a plan into a temporary folder; what they will be, and what is expected of their answers.

    Raises:
        UserError: a file that exists and differs (without ``force``), or predictions that are no valid submission.
    """
    answers, remark, behind = source
    for (path, track, target), full in zip(plan.files, splits, strict=True):
        answered = answers(full.for_prediction(track), track, target)
        shown = progress(answered, len(full.questions), target_in_words(target))
        confidences: dict[Any, list[float | None]] = {}
        with _naming(path, folder / path.name):
            rows = _rows(_noting(shown, confidences, target), full)
            temporary = write(rows, full, target, folder / path.name)
        of_file: tuple[Track, ...] = (2, 3) if target == "corpus" else (track,)
        data, videos = data_fingerprint(full), len(full.videos)
        file = Written(path, of_file, len(full.questions), full.name, data, remark, behind, videos)
        if is_taken(path) and not force and not (path.exists() and path.read_bytes() == temporary.read_bytes()):
            copy = _keep(run, temporary, file, command, confidences)  # they may have taken hours
            raise UserError(
                f"{path}: exists and is different; it is not overwritten",
                "Give --out FILE for another name, or --force to replace it."
                + (f" The answers are kept in {copy}" if copy else ""),
            )
        yield file, confidences


def _keep(run: RunDirectory, answers: Path, file: Written, command: str, confidences: Confidences) -> Path | None:
    """Keep a copy and a record in the run; ``None`` where it only lends its weights, on a disk that takes no files."""
    known = {"remark": file.remark, "retriever": file.retriever, "videos": file.videos}
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
