"""The run that answers where none is named: the newest finished one that serves the tracks that are asked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cmivqa_kit.data.display import tracks_in_words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration
from cmivqa_kit.prediction.reranker import require_reranking
from cmivqa_kit.prediction.types import LocalizesSpans
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.finished_runs import finished_runs, newest_run

CORPUS_TRACKS: tuple[Track, ...] = (2, 3)


def tracks_of(track: Track | None) -> tuple[Track, ...]:
    """The tracks that a ``--track`` option asks for: that one, else those of the corpus."""
    return CORPUS_TRACKS if track is None else (track,)


def newest_serving_run(folder: Path, track: Track | None = None, behind_retriever: bool = False) -> RunDirectory:
    """The newest finished run, of whatever baseline, that serves the tracks that are asked.

    Args:
        folder: of the runs.
        track: the one that is asked; ``None``: Tracks 2 and 3.
        behind_retriever: the run has to find spans in the videos of a retriever (`LocalizesSpans`).

    Raises:
        UserError: there is no such run; it says which tracks the newest of each baseline serves.
    """
    asked = tracks_of(track)
    runs = [newest_run(folder), *finished_runs(folder)[1:]]  # without any: its error
    if behind_retriever:
        return newest_localizer(folder)
    for run in runs:
        if set(asked) <= {*tracks_served(run)}:
            return run
    served = {run.baseline: run for run in reversed(runs)}
    tracks = {name: tracks for name, run in served.items() if (tracks := tracks_served(run))}
    names = "; ".join(f"{served[name].path} serves {tracks_in_words(some)}" for name, some in tracks.items())
    other = next((some[0] for some in tracks.values()), None)
    raise UserError(
        f"{folder}: no finished run serves {tracks_in_words(asked)}" + (f" ({names})" if names else ""),
        f"Train one that does: cmivqa train{' -m bm25' if track == 1 else ''}"
        + (f"; or ask for what there is: --track {other}" if other is not None else ""),
    )


def newest_reranking_run(folder: Path, baseline: str | None = None) -> RunDirectory:
    """The newest finished run of a baseline that re-ranks lists: of the one that is named, else of any.

    Raises:
        UserError: there is no such run, or the baseline that is named re-ranks nothing.
    """
    if baseline is not None:
        require_reranking(find_declaration(baseline), reranking_names())
        return newest_run(folder, baseline)
    for run in finished_runs(folder):
        with suppress(UserError):  # of a baseline that is not installed here
            if find_declaration(run.baseline).reranks:
                return run
    raise UserError(
        f"{folder}: no finished run re-ranks lists",
        f"Train one that does: cmivqa train -m {next(iter(reranking_names()), 'NAME')}",
    )


def reranking_names() -> tuple[str, ...]:
    """The names of the installed baselines that re-rank lists."""
    names = []
    for name in baseline_names():
        with suppress(UserError):  # a broken package
            if find_declaration(name).reranks:
                names.append(name)
    return tuple(names)


def newest_localizer(folder: Path) -> RunDirectory:
    """The newest finished run whose baseline finds spans in given videos.

    Raises:
        UserError: there is none, or what it needs is not installed.
    """
    failure: UserError | None = None
    for run in finished_runs(folder):
        if 1 not in tracks_served(run):  # what finds spans in a given video
            continue
        try:
            if isinstance(create(find_declaration(run.baseline)), LocalizesSpans):
                return run
        except UserError as error:  # it lacks a package here
            failure = failure or error
    raise failure or UserError(
        f"{folder}: no finished run finds spans in the videos of a retriever",
        "Train one that does: cmivqa train -m mutualsl; or leave out --retriever.",
    )


def tracks_served(run: RunDirectory) -> tuple[Track, ...]:
    """The tracks that the baseline of a run serves; none where it is not installed here."""
    try:
        return find_declaration(run.baseline).tracks
    except UserError:
        return ()
