"""The members of an ensemble, each a run inside the run; the first is the run itself. Knows no torch."""

from __future__ import annotations

from dataclasses import replace

from cmivqa_kit.runs.directory import RECORD, RunDirectory, make_run

MEMBERS = "members"
SCHEDULE = "schedule.json"  # of each member: the optimizer steps that its learning rates were planned for


def member_run(run: RunDirectory, number: int) -> RunDirectory:
    """The run of a member, by its number from 1, made where it is not there yet."""
    if number == 1:
        return run
    member = replace(member_in(run, number), seed=run.seed + number - 1)

    def begin() -> None:
        if not (member.path / RECORD).exists():
            make_run(member.path, run.baseline, run.config, member.seed, run.recipe)

    run.group.first(begin)
    return member


def member_in(run: RunDirectory, number: int) -> RunDirectory:
    """A member in its folder of a run, by its number from 1."""
    return run if number == 1 else replace(run, path=run.path / MEMBERS / str(number))
