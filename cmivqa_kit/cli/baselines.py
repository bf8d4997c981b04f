"""`cmivqa baselines`."""

from __future__ import annotations

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session, options
from cmivqa_kit.plugin.types import Declaration


@click.command(
    "baselines",
    short_help="List the baselines: tracks, paper, what they need.",
    epilog="Example: cmivqa baselines --format json",
)
@options("format")
def command(form: str) -> None:
    """List the installed baselines: the tracks they serve, their paper, what they need, their presets.

    Your own package appears here when it names a declaration in the entry-point group cmivqa_kit.baselines.
    """
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
        names = ", ".join(need.removeprefix("package:") for need in d.needs) or "-"
        missing = missing_packages(d)
        return f"{names} (not installed: {', '.join(missing)})" if missing else names

    def tracks(d: Declaration) -> str:
        return " ".join([*map(str, d.tracks), *(["re-ranks"] if d.reranks else [])]) or "-"

    rows = [(d.name, tracks(d), d.title, needs(d), d.paper) for d in found]
    session.table("Baselines", ["name", "tracks", "what", "needs", "paper"], rows)
    runnable = next((d.name for d in found if not missing_packages(d)), "")
    session.next(f"cmivqa train -m {runnable}" if runnable else "cmivqa --help")
