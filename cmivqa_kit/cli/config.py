"""`cmivqa config`."""

from __future__ import annotations

from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import REPEATED, Session, options
from cmivqa_kit.workspace import EMBEDDED, KEYS


@click.command(
    "config",
    short_help="Show every setting, what it means and where it comes from.",
    epilog="Example: cmivqa config --search batch; cmivqa config --data corpora/2023 shows what `cmivqa train --data "
    "corpora/2023` would use.",
)
@options("data", "features", "edition", "baseline", "preset", "run", "seed", "device", "out")
@click.option("--search", metavar="WORDS", help="Only settings with all these words in name, value or meaning.")
@options("format")
def command(search: str | None, form: str, **flags: Any) -> None:
    """Show every setting, its value, what it means, and where it comes from: a flag, cmivqa.toml, or the default.

    The baseline's own settings follow, with its preset where one is named; change them with --set SECTION.KEY=VALUE.
    """
    from cmivqa_kit.plugin.meanings import meanings
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import settings

    session = Session(form, **flags)
    space = session.workspace
    declaration = find_declaration(space["model.baseline"])
    preset = session.preset(declaration)
    own, meaning = settings(declaration, preset or None), meanings(declaration)

    def wanted(*texts: Any) -> bool:
        return all(word in "\n".join(map(str, texts)).casefold() for word in (search or "").casefold().split())

    in_force = {
        name: setting for name, setting in space.settings.items() if wanted(name, setting.value, KEYS[name].help)
    }
    values = [
        (section, key, value, meaning.get(f"{section}.{key}", ""))
        for section, table in own.items()
        for key, value in table.items()
        if wanted(f"{section}.{key}", value, meaning.get(f"{section}.{key}", ""))
    ]
    if session.json:
        sections = dict.fromkeys(section for section, *_ in values)
        render.as_json(
            {
                "workspace": space.file,
                "settings": {name: {"value": s.value, "origin": s.origin} for name, s in in_force.items()},
                "baseline": {name: {k: v for section, k, v, _ in values if section == name} for name in sections},
                "meanings": {
                    **{name: KEYS[name].help for name in in_force},
                    **{f"{section}.{key}": said for section, key, _, said in values},
                },
            }
        )
        return
    session.say(f"Workspace: {space.file}" if space.file else "No workspace here (`cmivqa init` makes one).")

    def shown(name: str, value: Any) -> str:
        if isinstance(value, dict):
            return ", ".join(f"{label}={path}" for label, path in value.items())
        return EMBEDDED if name == "data.root" and value is None else str(value) if value != "" else "-"

    if in_force:
        rows = [(name, shown(name, s.value), s.origin, KEYS[name].help) for name, s in in_force.items()]
        session.table("Settings", ["name", "value", "from", "meaning"], rows)
    if values:
        origin = f"preset {preset} and config.toml" if preset else "config.toml"
        own_rows = [(f"{section}.{key}", value, said) for section, key, value, said in values]
        session.say("")
        title = f"Settings of baseline {declaration.name} (from its {origin})"
        session.table(title, ["name", "value", "meaning"], own_rows)
    if search and not in_force and not values:
        session.say(f"No setting of the workspace or of baseline {declaration.name} has {search!r} in it.")
    session.next("cmivqa train", (*REPEATED, "baseline", "preset", "run", "seed", "device"))
