"""Predicting in one call: ``cmivqa_kit.predict``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import PredictOptions, Target
from cmivqa_kit.prediction.answer import Written, answer_files, targets, tracks_asked
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pipeline import defaults
from cmivqa_kit.runs.directory import RECORD, RunDirectory, newest_run, open_run


def predict(
    run: RunDirectory | Path | str,
    split: Split | str = "testA",
    out: Path | str = "submission.json",
    *,
    data: Path | str | None = None,
    track: Track | None = None,
    settings: Sequence[str] = (),
    retriever: str = "",
    seed: int = 0,
    device: str = "auto",
    sample: int = 0,
    resume: bool = False,
    force: bool = False,
) -> list[Written]:
    """Answer every question of a split with a fitted system and write the submission files.

    >>> import cmivqa_kit as ck
    >>> run = ck.train("bm25")  # on the embedded corpus
    >>> [written] = ck.predict(run, "testA", "mine.json")
    >>> written.path.name, written.tracks, written.questions
    ('mine.json', (2, 3), 113)
    >>> ck.open_entry("mine.json").report.ok
    True

    The system never sees an answer. A copy of each file and a record of how it was made stay in the run.

    Args:
        run: a run, its folder, or a folder of runs, of which the newest finished one answers.
        split: a split's name, or a split that is open.
        out: the file; an edition with a file per track gets one for each, named after it.
        data: the data root of a split that is named; by default the embedded corpus.
        track: the one track to answer; by default Tracks 2 and 3, or the only one that the system serves.
        settings: changes of the system's settings, ``section.key=value``, as of ``cmivqa predict --set``.
        retriever: what chooses the videos (a baseline, a run, a submission file) in which a localizer finds spans.
        seed: of everything random.
        device: for neural systems: auto, cpu, cuda, cuda:1.
        sample: answer so many questions only, drawn by ``seed``; 0 for all.
        resume: go on with a pass over question-video pairs that was stopped.
        force: replace files that exist.

    Returns:
        The files that were written.

    Raises:
        UserError: no such run, split or setting; a track that the system does not serve; a file that exists and
            differs.
        RunFailed: memory or disk ran out, or the network gave no numbers.
    """
    opened = run if isinstance(run, RunDirectory) else _run(Path(run))
    declaration = find_declaration(opened.baseline)
    tracks = tracks_asked(declaration, track, bool(retriever))
    load: Callable[[Track], Split]
    if isinstance(split, Split):
        name, edition, load = split.name, load_edition(split.edition), lambda track: split
        plan = _files(split, tracks, edition, Path(out))
    else:
        root, name = catalogue(demo_corpus() if data is None else Path(data)), split
        edition, load = root.edition, lambda track: load_split(root, name, track)
        plan = targets(root, name, tracks, Path(out))
    options = PredictOptions(
        config=merge(opened.config, declaration, settings, defaults() if retriever else {}),
        limit=edition.entries,
        seed=seed,
        device=device,
    )
    return answer_files(
        plan,
        load,
        edition,
        opened,
        tracks,
        options,
        Path(out),
        force,
        command=f"cmivqa_kit.predict({str(opened.path)!r}, {name!r})",
        sample=sample,
        pass_options=PassOptions(force=force, resume=resume, label=f"-sample{sample}" if sample else ""),
        retriever=retriever,
    )


def _run(folder: Path) -> RunDirectory:
    return open_run(folder) if (folder / RECORD).is_file() else newest_run(folder)


def _files(split: Split, tracks: tuple[Track, ...], edition: Edition, out: Path) -> list[tuple[Path, Track, Target]]:
    """The files to write for a split that is open: it has the questions of one track, or of a corpus file."""
    if len(tracks) == 1:
        return [(out, tracks[0], tracks[0])]
    if edition.corpus_files != "shared":
        raise UserError(
            f"{split.name} of {edition.name} has other questions on every track", "Give the track: track=2 or track=3."
        )
    return [(out, 2, "corpus")]
