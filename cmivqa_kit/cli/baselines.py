"""`cmivqa baselines`."""

from __future__ import annotations

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session, options


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
                    "paper": d.paper,
                    "needs": list(d.needs),
                    "missing": list(missing_packages(d)),
                    "presets": list(presets(d)),
                }
                for d in found
            ]
        )
        return

    def needs(d: object) -> str:
        names = ", ".join(map(_need, d.needs)) or "-"  # type: ignore[attr-defined]
        missing = missing_packages(d)  # type: ignore[arg-type]
        return f"{names} (not installed: {', '.join(missing)})" if missing else names

    rows = [(d.name, " ".join(map(str, d.tracks)), d.title, needs(d), d.paper) for d in found]
    session.table("Baselines", ["name", "tracks", "what", "needs", "paper"], rows)
    runnable = next((d.name for d in found if not missing_packages(d)), "")
    session.next(f"cmivqa train -m {runnable}" if runnable else "cmivqa --help")


def _need(need: str) -> str:
    kind, _, package = need.partition(":")
    return f"{package} (optional)" if kind == "optional" else package or kind
