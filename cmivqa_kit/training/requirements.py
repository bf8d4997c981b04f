"""What of the loop's settings does not go with a task: said before anything is trained, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmivqa_kit.errors import UserError
from cmivqa_kit.training.reacting_rate import ReactsToDev
from cmivqa_kit.training.rivals import HasRivals

if TYPE_CHECKING:
    from cmivqa_kit.training.loop import LoopSettings, Task

ONE_PROCESS = "Train in one process, without --gpus."


def require_settings_for(task: Task, settings: LoopSettings, processes: int = 1) -> None:
    """Refuse what this task cannot be trained with.

    Raises:
        UserError: more processes than a step has batches; or, for a task with rival networks, several processes,
            several batches per step, or fp16.
    """
    refusals = list(_of_rivals(settings, processes) if isinstance(task, HasRivals) else ())
    if settings.accumulation < processes and not isinstance(task, HasRivals):
        refusals.append(_too_few_batches(task, settings, processes))
    if refusals:
        messages, fixes = zip(*refusals, strict=True)
        raise UserError("; ".join(messages), " ".join(fixes))


def _of_rivals(settings: LoopSettings, processes: int) -> Iterator[tuple[str, str]]:
    if processes > 1:
        # `DistributedDataParallel` adds up gradients on the way back of the network's loss. By then every process has
        # updated a rival of its own on a batch of its own: rivals that drift apart, and a sum of slopes against each.
        yield (
            f"this network learns against a rival, which is updated inside each step on the step's one batch: "
            f"{processes} processes would each have a batch and a rival of their own",
            ONE_PROCESS,
        )
    if settings.accumulation > 1:
        yield (
            f"train.accumulation = {settings.accumulation}: against a rival a step has one batch, on which first the "
            "rival and then the network learns",
            "Give --set train.accumulation=1.",
        )
    if settings.precision == "fp16":
        yield (
            'train.precision = "fp16": the scale of its losses is that of one optimizer, and the rival has another',
            "Give --set train.precision=bf16.",
        )


def _too_few_batches(task: Task, settings: LoopSettings, processes: int) -> tuple[str, str]:
    few = f"train.accumulation = {settings.accumulation}: too few batches per optimizer step for {processes} processes"
    more = f"--set train.accumulation={processes}"
    if isinstance(task, ReactsToDev):
        # It would not be the same training faster: an epoch, after which the rate decays, would have fewer steps.
        return (
            f"{few} to share. With a batch for each, an epoch would have fewer steps, and the learning rate, which "
            "follows the evaluations, would fall earlier",
            f"{ONE_PROCESS} Or, as another training: {more}.",
        )
    return f"{few} to share", f"Give {more}, or a multiple of it."
