"""`cmivqa config`."""

from __future__ import annotations

from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import REPEATED, Session, options
from cmivqa_kit.workspace import EMBEDDED, KEYS


@click.command(
    "config",
    short_help="Show every setting and where it comes from.",
    epilog="Example: cmivqa config --data corpora/2023 shows what `cmivqa train --data corpora/2023` would use.",
)
@options("data", "features", "edition", "baseline", "preset", "run", "seed", "device", "out", "format")
def command(form: str, **flags: Any) -> None:
    """Show every setting, its value, and where it comes from: a flag, cmivqa.toml, or the built-in default.

    The baseline's own settings follow, with its preset where one is named; change them with --set SECTION.KEY=VALUE.
    """
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import settings

    session = Session(form, **flags)
    space = session.workspace
    found = find_declaration(space["model.baseline"])
    preset = session.preset(found)
    own = settings(found, preset or None)
    if session.json:
        render.as_json(
            {
                "workspace": space.file,
                "settings": {name: {"value": s.value, "origin": s.origin} for name, s in space.settings.items()},
                "baseline": own,
            }
        )
        return
    session.say(f"Workspace: {space.file}" if space.file else "No workspace here (`cmivqa init` makes one).")

    def shown(name: str, value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{label}={path}" for label, path in value.items())
        return EMBEDDED if name == "data.root" and value is None else str(value) if value != "" else "-"

    rows = [(name, shown(name, s.value), s.origin, KEYS[name].help) for name, s in space.settings.items()]
    session.table("Settings", ["name", "value", "from", "meaning"], rows)
    origin = f"preset {preset} and config.toml" if preset else "config.toml"
    values = [(f"{section}.{key}", value) for section, part in own.items() for key, value in part.items()]
    session.say("")
    session.table(f"Settings of baseline {found.name} (from its {origin})", ["name", "value"], values)
    session.next("cmivqa train", (*REPEATED, "baseline", "preset", "run", "seed", "device"))
