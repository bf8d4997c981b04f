"""`python -m tests.fuzz --seconds 600 --seed 0`: the long version (`make fuzz`); one kind or one case with --kind."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")

import click

from tests.fuzz import campaign, growth, hostile
from tests.fuzz.table import Row, failures, growth_table, table
from tests.fuzz.writing_commands import WRITING, scratch

OFFICIAL, GROWTH, KILL = "official program", "growth: ", "kill: "


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), default=600.0, show_default=True, help="Time of all kinds.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all that is drawn.")
@click.option(
    "--kind", "name", default="", help="Only this kind of the table; 'kill: COMMAND', 'growth: PART OF A SHAPE'."
)
@click.option("--case", "first", type=int, help="With --kind: the number of the first case, as the table names it.")
@click.option("--count", type=click.IntRange(min=1), help="With --kind: how many cases.")
@click.option("--keep", type=click.Path(), help="Copy what the last case left to this new folder.")
def main(seconds: float, seed: int, name: str, first: int | None, count: int | None, keep: str | None) -> None:
    """Try inputs, kills and sizes until the time is up; print kind, tried, failed. Exit code 1 if any failed."""
    folder = scratch()
    os.environ["CMIVQA_CACHE"] = str(folder / "cache")
    measured: list[growth.Growth] = []
    start = first if first is not None else seed * campaign.SPACING
    number = count or (1 if first is not None else None)
    if not name:
        rows, measured = campaign.campaign(seconds, seed)
    elif name == OFFICIAL:
        rows = [campaign.official(start, seconds, number)]
    elif name in hostile.KINDS:
        rows = [campaign.hostile(name, start, seconds, number)]
    elif name.startswith(KILL) and name.removeprefix(KILL) in [writing.name for writing in WRITING]:
        rows = campaign.kills(seed, seconds, name.removeprefix(KILL))
    elif name.startswith(GROWTH):
        row, measured = campaign.growths(seed, seconds, name.removeprefix(GROWTH))
        rows = [row]
    else:
        commands = [f"{KILL}{writing.name}" for writing in WRITING]
        known = ", ".join((OFFICIAL, *hostile.KINDS, *commands, f"{GROWTH}PART OF A SHAPE"))
        raise click.UsageError(f"no kind {name!r}. There are: {known}")
    _show(rows, measured, seed)
    if keep:
        shutil.copytree(max(folder.iterdir(), key=lambda path: path.stat().st_mtime), keep, symlinks=True)
    raise SystemExit(1 if any(row.failures for row in rows) else 0)


def _show(rows: list[Row], measured: list[growth.Growth], seed: int) -> None:
    blocks = [[f"seed {seed}"], growth_table(measured) if measured else [], failures(rows), table(rows)]
    click.echo("\n\n".join("\n".join(block) for block in blocks if block))


if __name__ == "__main__":
    main()
