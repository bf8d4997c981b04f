"""Asking a fitted baseline every question of a split and writing its submission files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import data_fingerprint, load_split
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.plugin.registry import create, declaration
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.records import keep
from cmivqa_kit.submission.write import Row, write
from cmivqa_kit.training.run import RunDirectory

Progress = Callable[[Iterable[Prediction], int, str], Iterator[Prediction]]


@dataclass(frozen=True, slots=True)
class Written:
    """A submission file that was written: its path, tracks, number of questions, split and fingerprint of the data."""

    path: Path
    tracks: tuple[Track, ...]
    questions: int
    split: str
    data: str


def targets(files: Catalogue, split: str, tracks: tuple[Track, ...], out: Path) -> list[tuple[Path, Track, Target]]:
    """The files to write: (path, track whose questions are asked, target).

    An edition with one corpus file gets one for Tracks 2 and 3; one whose ids carry the track gets one per track.
    """
    name = files.edition.canonical_split(split) or split
    own = name in files.splits and all(f.tracks == (1, 2, 3) for f in files.questions if f.split == name)
    if set(tracks) == {2, 3} and (files.edition.corpus_files == "shared" or own):
        return [(out, 2, 23)]
    if len(tracks) == 1:
        return [(out, tracks[0], tracks[0])]
    return [(out.with_name(f"{out.stem}_track{t}{out.suffix}"), t, t) for t in tracks]


def predict(
    files: Catalogue,
    run: RunDirectory,
    split: str,
    tracks: tuple[Track, ...],
    options: PredictOptions,
    out: Path,
    force: bool = False,
    progress: Progress = lambda predictions, count, title: iter(predictions),
    command: str = "",
    sample: int = 0,
) -> list[Written]:
    """Write the submission files for ``tracks`` of a split; none of them is written unless all can be.

    The baseline sees ids, texts and languages, the video id for Track 1 only, and never an answer. ``sample`` (0: all)
    is the number of questions to answer, drawn once by the seed of ``options``. A copy of each file and a record (run,
    recipe, weights, data, ``command``) stay in the run, where it can be written to.

    Raises:
        UserError: a track the baseline does not serve, a file that exists and differs (without ``force``), or
            predictions that are no valid submission.
    """
    found = declaration(run.baseline)
    missing = [t for t in tracks if t not in found.tracks]
    if missing:
        raise UserError(
            f"baseline {found.name} does not serve Track {' or '.join(map(str, missing))}",
            f"It serves Track {', '.join(map(str, found.tracks))}: give --track, or another baseline with -m.",
        )
    system = create(found)
    system.load(run)
    plan = targets(files, split, tracks, out)
    written: list[Written] = []
    for path, _, _ in plan:
        if path.is_dir():
            raise UserError(f"{path}: is a directory", "Give --out FILE.")
    with _folder_beside(out) as folder:
        for path, track, target in plan:
            full = _sample(load_split(files, split, track), sample, options.seed)
            title = f"Track{'s 2 and 3' if target == 23 else f' {target}'}"
            shown = full.for_prediction(track)
            answers = progress(system.predict(shown, target, options), len(full.questions), title)
            with _naming(path, folder / path.name):
                temporary = write(_rows(answers, full), full, target, folder / path.name)
            tracks_of_file: tuple[Track, ...] = (2, 3) if target == 23 else (track,)
            one = Written(path, tracks_of_file, len(full.questions), full.name, data_fingerprint(full))
            if path.exists() and not force and path.read_bytes() != temporary.read_bytes():
                copy = _keep(run, temporary, one, command)  # they may have taken hours
                raise UserError(
                    f"{path}: exists and is different; it is not overwritten",
                    "Give --out FILE for another name, or --force to replace it."
                    + (f" The answers are kept in {copy}" if copy else ""),
                )
            written.append(one)
        for one in written:
            (folder / one.path.name).replace(one.path)
    for one in written:
        _keep(run, one.path, one, command)
    return written


def _sample(split: Split, most: int, seed: int) -> Split:
    """The split with at most ``most`` (0: all) of its questions, in their order, the same for every system."""
    if not most or len(split.questions) <= most:
        return split
    chosen = sorted(random.Random(f"sample {seed}").sample(range(len(split.questions)), most))
    return replace(split, questions=tuple(split.questions[n] for n in chosen))


def _keep(run: RunDirectory, answers: Path, one: Written, command: str) -> Path | None:
    """Keep a copy and a record in the run; ``None`` where it only lends its weights, on a disk that takes no files."""
    try:
        return keep(run, answers, split=one.split, tracks=list(one.tracks), data=one.data, command=command)
    except RunFailed:
        return None


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """An error about the temporary file names the one that the user asked for."""
    try:
        yield
    except UserError as error:
        message, fix = (text.replace(str(temporary), str(path)) for text in (error.message, error.fix))
        raise UserError(message, fix, error.code) from None


@contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """A folder on the disk of ``out`` that vanishes at the end, whatever happens."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(prefix=".cmivqa-", dir=out.parent)
    except OSError as error:
        raise RunFailed(f"{out}: cannot be written ({error.strerror or error})", "Give another --out FILE.") from None
    with folder as name:
        yield Path(name)


def _rows(predictions: Iterable[Prediction], split: Split) -> Iterator[Row]:
    for prediction in predictions:
        yield (
            prediction.question_id,
            [(c.video_id, c.span.start, c.span.end) for c in prediction.candidates],
        )
