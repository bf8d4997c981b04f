"""`cmivqa predict`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session, options, track_number, words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError


@click.command(
    "predict",
    short_help="Answer every question of a split and write the submission file.",
    epilog="Example: cmivqa predict --split testA; then: cmivqa score submission.json",
)
@options("data", "split", "track", "baseline", "run", "out", "set", "seed", "device", "edition", "force")
@click.option(
    "--sample", type=click.IntRange(min=0), default=0, metavar="N",
    help="Answer N questions only, drawn by the seed: to measure a slow system, not to hand in.",
)  # fmt: skip
@options("format")
def command(
    split: str | None,
    track: str | None,
    overrides: tuple[str, ...],
    force: bool,
    sample: int,
    form: str,
    baseline: str | None,
    run: Any,
    out: Any,
    **flags: Any,
) -> None:
    """Answer every question of a split (testA unless --split says otherwise) with the newest finished run.

    Without --track the files of Tracks 2 and 3 are written: one for both in 2023, one per track in later editions.
    With --track N the list that serves this track best. The baseline sees ids, texts and languages, the video id in
    Track 1 only, and never an answer.
    """
    from cmivqa_kit.plugin.registry import declaration
    from cmivqa_kit.plugin.settings import merge, name_recipe
    from cmivqa_kit.plugin.types import Prediction, PredictOptions
    from cmivqa_kit.prediction.answer import predict
    from cmivqa_kit.training.run import RECORD, newest_run, open_run

    session = Session(form, baseline=baseline, run=run, out=out, **flags)
    space = session.workspace
    place = space.path("run.directory")
    if (place / RECORD).is_file():
        opened = open_run(place)
        if baseline not in (None, opened.baseline):
            raise UserError(
                f"{place}: is a run of {opened.baseline}, not of {baseline}", "Give --run or -m, or a run of that one."
            )
    else:
        stated = space.settings["model.baseline"]
        opened = newest_run(place, None if stated.origin == "default" else stated.value)
    found = declaration(opened.baseline)
    only = track_number(track)
    tracks: tuple[Track, ...] = (only,) if only else found.tracks if len(found.tracks) == 1 else (2, 3)
    settings = PredictOptions(
        config=merge(opened.config, found, overrides),
        limit=session.files.edition.entries,
        seed=space["run.seed"],
        device=space["run.device"],
    )

    def progress(items: Iterable[Prediction], count: int, title: str) -> Iterator[Prediction]:
        return render.track(session.console, items, count, title) if not session.json else iter(items)

    target = space.path("output.submission")
    written = predict(
        session.files,
        opened,
        split or "testA",
        tracks,
        settings,
        target,
        force,
        progress,
        shlex.join(["cmivqa", *sys.argv[1:]]),
        sample,
    )
    if session.json:
        render.as_json(
            {
                "run": opened.path,
                "files": [{"path": w.path, "tracks": w.tracks, "questions": w.questions} for w in written],
            }
        )
        return
    for one in written:
        names = f"Track{'s' * (len(one.tracks) > 1)} {' and '.join(map(str, one.tracks))}"
        system = name_recipe(found.name, opened.recipe)
        session.say(f"{one.path}: {one.questions} questions for {names}, answered by {system}, run {opened.path}")
    session.next(words("cmivqa", "validate", *(one.path for one in written)))
