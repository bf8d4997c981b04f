"""`cmivqa train`."""

from __future__ import annotations

from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session, options


@click.command(
    "train",
    short_help="Fit a baseline on the train split.",
    epilog="Example: cmivqa train -m bm25 --set index.k1=1.2",
)
@options("data", "split", "baseline", "preset", "set", "run", "seed", "device", "edition")
@click.option(
    "--max-dropped", type=click.FloatRange(0, 1), default=0.2, show_default=True, metavar="SHARE",
    help="Refuse to train when more than this share of the examples cannot be used.",
)  # fmt: skip
@options("format")
def command(split: str | None, overrides: tuple[str, ...], max_dropped: float, form: str, **flags: Any) -> None:
    """Fit a baseline and leave a run directory (runs/NAME-N) from which `cmivqa predict` answers.

    Examples that cannot be used are counted by reason; past --max-dropped nothing is trained.
    """
    from cmivqa_kit.plugin.registry import declaration
    from cmivqa_kit.plugin.settings import settings
    from cmivqa_kit.training.fit import train

    session = Session(form, **flags)
    space = session.workspace
    found = declaration(space["model.baseline"])
    config = settings(found, space["model.preset"] or None, overrides)
    fitted = train(
        session.files,
        found,
        config,
        space.path("run.directory"),
        split or "train",
        space["run.seed"],
        max_dropped,
        space["model.preset"],
    )
    dropped = sum(fitted.dropped.values())
    next_split = next((s for s in ("testA", "test", "dev") if s in session.files.splits), "dev")
    predict = f"cmivqa predict --run {fitted.run.path} --split {next_split}"
    if session.json:
        render.as_json(
            {
                "run": fitted.run.path,
                "baseline": found.name,
                "examples": fitted.examples,
                "dropped": dict(fitted.dropped),
                "next": session.again(predict),
            }
        )
        return
    session.say(
        f"Fitted {found.name} on {fitted.examples} examples of {session.files.name}"
        + (f" ({dropped} dropped: {', '.join(f'{n} {r}' for r, n in fitted.dropped.items())})" if dropped else "")
        + f"; run directory {fitted.run.path}"
    )
    if found.tracks == (1,):
        predict += " --track 1"
    session.next(predict)
