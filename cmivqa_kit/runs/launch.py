"""Starting several processes of this program on this machine with `accelerate launch`.

On several machines, or under a scheduler, start it yourself: ``accelerate launch --multi_gpu ... -m cmivqa_kit train``.
``accelerate launch --cpu`` starts a single process (without MPI); with ``cpu`` this function starts as many as asked.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from cmivqa_kit.errors import ExitCode, RunFailed, UserError
from cmivqa_kit.runs.processes import launched

INTERRUPTED = 130  # 128 + SIGINT


def launch(processes: int, arguments: Sequence[str], cpu: bool, module: str = "cmivqa_kit") -> int:
    """Run ``python -m MODULE ARGUMENTS`` in so many processes, one per GPU, and wait for their end.

    Args:
        processes: how many.
        arguments: of the command; with ``cpu`` they have to ask for the CPU too (``--device cpu``).
        cpu: on the CPU, which the processes share out; else each has a GPU.
        module: what each of them runs; it joins the others with `cmivqa_kit.runs.processes.joined`.

    Returns:
        The exit status of the main process, which tells what went wrong.

    Raises:
        UserError: this machine has not so many GPUs, or this is one of several processes already.
        RunFailed: a process was killed (out of memory, perhaps).
    """
    import torch
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    if launched() > 1:
        raise UserError("--gpus inside of accelerate launch: processes were started already", "Leave --gpus out.")
    if not cpu and torch.cuda.device_count() < processes:
        have = torch.cuda.device_count()
        raise UserError(f"--gpus {processes}: this machine has {have} GPU{'s' * (have != 1)}", "Ask for fewer.")
    threads = max(1, (os.cpu_count() or 1) // processes)
    given = launch_command_parser().parse_args(
        [
            *("--multi_gpu", "--num_processes", str(processes), "--num_machines", "1", "--main_process_port", "0"),
            *("--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", str(threads)),
            *("--module", module, *arguments),
        ]
    )
    logging.disable(logging.ERROR)  # its report of failed processes would follow our own message
    try:
        launch_command(given)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode < 0:
            raise RunFailed(
                f"process {rank} of {processes} was killed by signal {-failure.exitcode}",
                "Was memory short? What was saved stays: cmivqa train --resume RUN",
            ) from None
        return failure.exitcode or ExitCode.FAILED
    except SignalException:
        return INTERRUPTED
    finally:
        logging.disable(logging.NOTSET)
    return ExitCode.OK
