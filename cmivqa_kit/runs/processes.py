"""The processes of one launch (`accelerate launch`, `cmivqa train --gpus N`): who writes, and how they fail together.

Rules, so that nothing hangs and everything is said once:

- Every process goes through the same meeting points (`Group.check` and all that calls it) in the same order.
- Only the main process writes files, logs and shows anything; the others have its results from `Group.first`.
- A process that fails goes to the next meeting point with its error; there all of them learn of it and stop.
- One that fails where it cannot meet them (`FailedAlone`) tells it itself and leaves; the launcher ends the others.

One process alone is a group of one, for which every function here is free and no torch is imported.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from cmivqa_kit.errors import ExitCode, UserError

T = TypeVar("T")
# The others wait for as long as the main process evaluates on dev; the launcher ends them where it dies.
PATIENCE = timedelta(days=7)


class FailedTogether(UserError):
    """What one process of a group failed with, raised in all of them; only the main one tells it."""


class FailedAlone(UserError):
    """What a process failed with while the others wait for its part of a sum: they cannot be met any more."""

    @classmethod
    def of(cls, error: UserError) -> FailedAlone:
        """The same message and exit code."""
        return cls(error.message, error.fix, error.code)


@dataclass(frozen=True, slots=True)
class Group:
    """This process among ``count``: its number ``rank``, and the device ("cpu", "cuda:0") they meet on."""

    rank: int = 0
    count: int = 1
    device: str = "cpu"

    @property
    def main(self) -> bool:
        """True in the one process that writes and speaks."""
        return self.rank == 0

    def share(self, numbers: range) -> range:
        """Every ``count``-th of the numbers: this process's part of the work."""
        return numbers[self.rank :: self.count]

    def check(self, failure: UserError | None = None) -> None:
        """A meeting point: goes on where all processes are well.

        Args:
            failure: what this process failed with.

        Raises:
            FailedTogether: one of them failed; the first by rank where several did.
        """
        if self.count == 1:
            if failure is not None:
                raise failure
            return
        import torch
        from torch import distributed

        failed = torch.tensor([float(failure is not None)], device=self.device)
        distributed.all_reduce(failed)
        if not failed.item():
            return
        told: list[Any] = [None] * self.count
        distributed.all_gather_object(told, (failure.message, failure.fix, int(failure.code)) if failure else None)
        message, fix, code = next(failed_with for failed_with in told if failed_with is not None)
        raise FailedTogether(message, fix, ExitCode(code)) from failure

    def first(self, action: Callable[[], T]) -> T:
        """Do something in the main process alone; all have its result.

        Raises:
            FailedTogether: it failed there.
        """
        result: list[Any] = [action() if self.main else None]
        if self.count > 1:
            from torch import distributed

            self.check()
            distributed.broadcast_object_list(result, src=0)
        return result[0]  # type: ignore[no-any-return]

    def sum(self, values: Sequence[float]) -> list[float]:
        """The sums of numbers over all processes, the same in each.

        Raises:
            FailedTogether: a process failed on its way here.
        """
        if self.count == 1:
            return list(values)
        import torch
        from torch import distributed

        self.check()
        summed = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(summed)
        totals: list[float] = summed.tolist()
        return totals


ALONE = Group()


def launched() -> int:
    """How many processes the launcher of this one started, itself included; 1 where there was none."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


@contextmanager
def joined(device: str) -> Iterator[Group]:
    """The group of this launch, joined for the block; at its end all processes meet once more.

    A process other than the main one says nothing inside, and leaves the block without an error where the group
    failed: the main one raises it. One that failed alone tells it and ends here, main or not.

    Args:
        device: as `cmivqa_kit.runs.device.resolve` takes it.

    Raises:
        UserError: no such device, or one GPU is named for several processes.
        FailedTogether: in the main process, what one of them failed with.
    """
    if launched() == 1:
        yield ALONE
        return
    group = _join(device)
    try:
        with _silent(not group.main):
            try:
                yield group
                group.check()
            except UserError as error:
                if not isinstance(error, FailedTogether | FailedAlone):
                    group.check(error)
                raise
    except FailedTogether as error:
        _let_go(error)
        _leave()
        if group.main:
            raise
    except FailedAlone as error:
        _end(error)
    else:
        _leave()


def _join(device: str) -> Group:
    # Its functions take the group that there is at their import as a default, for ever. Imported after joining (by
    # transformers, say) they would keep the group alive, see `_leave`.
    import torch.distributed.nn.functional
    from accelerate import PartialState

    from cmivqa_kit.runs.device import resolve

    chosen = resolve(device)
    if ":" in device:
        raise UserError(
            f"device {device!r} names one device, and {launched()} processes were started",
            "Give --device cuda or --device cpu.",
        )
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if chosen.type == "cuda" and local > torch.cuda.device_count():
        raise UserError(
            f"{local} processes were started on a machine with {torch.cuda.device_count()} GPUs",
            "Start one process per GPU.",
        )
    state = PartialState(cpu=chosen.type == "cpu", timeout=PATIENCE)
    return Group(state.process_index, state.num_processes, str(state.device))


def _leave() -> None:
    """Destroy the process group, the last reference included.

    Gloo's threads end with it. One that still lives while Python shuts down may want the interpreter, to free the
    tensor of a sum that is done, and then aborts the process ("terminate called without an active exception"):
    https://github.com/pytorch/pytorch/issues/190489
    """
    from torch import distributed

    gc.collect()  # a network's wrapper for several processes refers to the group, and to itself
    distributed.destroy_process_group()


def _let_go(error: BaseException | None) -> None:
    """Forget what the functions that an error came through worked on: a wrapper there refers to the process group."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _end(error: FailedAlone) -> NoReturn:
    """Tell an error and end this process at once; in good order it would wait for the sum that the others wait in."""
    sys.stdout.flush()
    print(f"Error: {error}", file=sys.stderr, flush=True)
    os._exit(int(error.code))


@contextmanager
def _silent(wanted: bool) -> Iterator[None]:
    """Show nothing inside the block, where ``wanted``; a traceback that leaves the block still is."""
    if not wanted:
        yield
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield
