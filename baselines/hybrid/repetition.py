"""How a run is repeated on all data: what it chose on dev becomes settings. Knows no torch."""

from __future__ import annotations

from baselines.hybrid import DECLARATION
from baselines.hybrid.corpus import Learnt
from baselines.hybrid.members import SCHEDULE, member_in
from baselines.hybrid.settings import TRAINED
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.finished_runs import step_chosen_on_dev
from cmivqa_kit.runs.settings import Config


def repeated_config(run: RunDirectory, learnt: Learnt) -> Config:
    """The settings under which a run is trained again on more data: its tier, temperatures and shares of the schedule.

    A share and no number of steps: more videos make more steps, and the learning rate is to fall as far.

    Raises:
        UserError: it chose no weights on dev, or a part is damaged.
    """
    config = {section: dict(values) for section, values in merge(run.config, DECLARATION, ()).items()}
    config["model"]["tier"] = learnt.tier
    if learnt.tier == TRAINED:  # another fits its temperatures on any answers
        decode = config["decode"]
        decode["temperature"] = decode["temperature"] or learnt.temperature
        decode["video_temperature"] = decode["video_temperature"] or learnt.video_temperature
        members = len(config["train"]["members"])
        config["train"]["stop_after"] = [_share(member_in(run, number)) for number in range(1, members + 1)]
        config["train"]["max_steps"] = 0
    return config


def _share(member: RunDirectory) -> float:
    """The share of its schedule after which the weights of a member were best on dev."""
    best = step_chosen_on_dev(member)
    steps = member.read_object(SCHEDULE).get("steps") if (member.path / SCHEDULE).exists() else None
    if best is not None and isinstance(steps, int) and best <= steps:
        return round(best / steps, 6)
    raise UserError(
        f"{member.path}: chose no weights on dev",
        f"Train with a dev split first: cmivqa train -m {DECLARATION.name}",
    )
