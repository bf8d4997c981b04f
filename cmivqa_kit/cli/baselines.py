"""`cmivqa baselines`: the list, and `new`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, options, words
from cmivqa_kit.plugin.types import Declaration


@click.group(
    "baselines",
    invoke_without_command=True,
    short_help="List the baselines: tracks, paper, what they need; begin one of your own.",
    epilog="Example: cmivqa baselines --format json",
)
@options("format")
@click.pass_context
def command(context: click.Context, /, form: str) -> None:
    """List the installed baselines: the tracks they serve, their paper, what they need, their presets.

    Your own package appears here when it names a declaration in the entry-point group cmivqa_kit.baselines; `new`
    writes one to begin with.
    """
    if context.invoked_subcommand is None:
        _list(form)


@command.command("new", short_help="Write a package with a baseline of your own, which trains and predicts.")
@click.argument("name", metavar="NAME")
@click.option("--out", type=PATH, metavar="DIR", help="Folder to make; by default one called NAME.")
def new_command(name: str, out: Path | None) -> None:
    """Write a package with a baseline of your own: declaration, settings, published figures, README and a test.

    It trains, predicts and passes its test as it is: change baseline.py into your system. NAME is what train -m takes,
    and the name of the Python package.

    Example: cmivqa baselines new our_system
    """
    from cmivqa_kit.plugin.new_baseline import new_baseline

    session = Session()
    package = new_baseline(name, out)
    for file in package.files:
        session.say(f"{package.folder / file}")
    pip = [sys.executable, "-m", "pip", "install", "--no-build-isolation", "--no-deps", "-e", package.folder]
    session.say(f"Install it (hatchling builds it): {words(*pip)}")
    session.say(f"Test it: {words(sys.executable, '-m', 'pytest', package.folder)}; then: `cmivqa train -m {name}`")
    session.next("cmivqa baselines")


def _list(form: str) -> None:
    from cmivqa_kit.plugin.registry import baseline_names, find_declaration, missing_packages
    from cmivqa_kit.plugin.settings import presets

    session = Session(form)
    found = [find_declaration(name) for name in baseline_names()]
    if session.json:
        render.as_json(
            [
                {
                    "name": d.name,
                    "title": d.title,
                    "tracks": list(d.tracks),
                    "reranks": d.reranks,
                    "paper": d.paper,
                    "needs": list(d.needs),
                    "missing": list(missing_packages(d)),
                    "presets": list(presets(d)),
                }
                for d in found
            ]
        )
        return

    def needs(d: Declaration) -> str:
        names = ", ".join(map(_need, d.needs)) or "-"
        missing = missing_packages(d)
        return f"{names} (not installed: {', '.join(missing)})" if missing else names

    def tracks(d: Declaration) -> str:
        return " ".join([*map(str, d.tracks), *(["re-ranks"] if d.reranks else [])]) or "-"

    rows = [(d.name, tracks(d), d.title, needs(d), d.paper) for d in found]
    session.table("Baselines", ["name", "tracks", "what", "needs", "paper"], rows)
    runnable = next((d.name for d in found if not missing_packages(d)), "")
    session.next(f"cmivqa train -m {runnable}" if runnable else "cmivqa --help")


def _need(need: str) -> str:
    kind, _, package = need.partition(":")
    return f"{package} (optional)" if kind == "optional" else package or kind
