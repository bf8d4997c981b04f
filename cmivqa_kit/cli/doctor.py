"""`cmivqa doctor`."""

from __future__ import annotations

from typing import Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import REPEATED, Session, finish, options
from cmivqa_kit.errors import ExitCode

_STYLES = {"ok": "green", "note": "yellow", "missing": "red"}


@click.command(
    "doctor",
    short_help="Check this machine: Python, packages, device, encoder, data, disk.",
    epilog="Example: cmivqa doctor; cmivqa doctor -m ccgs --offline --format json",
)
@options("data", "features", "edition", "baseline", "preset", "run", "device", "set")
@click.option("--offline", is_flag=True, help="Do not ask the network whether the encoder can be had.")
@options("format")
def command(overrides: tuple[str, ...], offline: bool, form: str, **flags: Any) -> None:
    """Check whether this machine can do what the workspace's baseline needs, one line each with the fix.

    Python and packages against the declared ranges, torch and its device, memory, cache and disk, the data, and the
    encoder: a folder, downloaded, or within reach on the hub. Exit code 1 where something that the baseline needs is
    missing; what other baselines or single commands need is only noted.
    """
    from cmivqa_kit.doctor import Subject, examine
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.plugin.settings import settings

    session = Session(form, **flags)
    declaration = find_declaration(session.workspace["model.baseline"])
    config = settings(declaration, session.preset(declaration) or None, overrides)
    findings = examine(Subject(session.workspace, declaration, config, offline))
    missing = [finding for finding in findings if finding.state == "missing"]
    if session.json:
        render.as_json({"baseline": declaration.name, "ok": not missing, "findings": [f.to_dict() for f in findings]})
    else:
        width = max(len(finding.name) for finding in findings)
        session.say(f"For baseline {declaration.name}:")
        for finding in findings:
            fix = f". {finding.fix}" if finding.fix else ""
            session.say(f"  {finding.state:<7}  {finding.name:<{width}}  {finding.text}{fix}", _STYLES[finding.state])
        if missing:
            session.say(f"{len(missing)} missing: {', '.join(finding.name for finding in missing)}")
        else:
            session.next("cmivqa train", (*REPEATED, "baseline", "preset", "run", "device"))
    finish(ExitCode.FINDINGS if missing else ExitCode.OK)
