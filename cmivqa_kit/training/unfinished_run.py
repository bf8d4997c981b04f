"""A run while it learns, from whatever it does: one process at a time, its end recorded, nothing left where refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.runs.directory import (
    ENCODERS,
    EXAMPLES,
    FEATURE_ENCODER,
    FEATURE_FINGERPRINTS,
    FOREIGN_CODE,
    NETWORK,
    RECORD,
    TOKENIZER,
    RunDirectory,
)
from cmivqa_kit.runs.lock import LOCK, locked
from cmivqa_kit.training.fitted import Fitted, counted
from cmivqa_kit.training.full_disk import resumable

# What may lie in a run before anything was learnt.
BEFORE_LEARNING = {
    RECORD,
    LOCK,
    EXAMPLES,
    NETWORK,
    TOKENIZER,
    FEATURE_ENCODER,
    FEATURE_FINGERPRINTS,
    ENCODERS,
    FOREIGN_CODE,
}


@contextmanager
def learning(run: RunDirectory) -> Iterator[None]:
    """Hold a run that was just made while it learns; one that is refused before anything was learnt is removed.

    Raises:
        UserError: what it is refused for, or another process works on it.
        WritingStopped: a file could not be written.
    """
    try:
        with locked(run.path, run.group.main), resumable(run.path):
            yield
    except UserError as error:
        stopped = error.code == ExitCode.FAILED or not run.group.main
        if not stopped and {path.name for path in run.path.iterdir()} <= BEFORE_LEARNING:
            shutil.rmtree(run.path)
        raise


def finished(run: RunDirectory, examples: int, dropped: Mapping[str, int]) -> Fitted:
    """Record that a run has learnt, with the examples by its own count where it keeps one.

    Args:
        run: the run.
        examples: that it was given.
        dropped: how many were not, by rule.
    """
    if not run.group.main:  # what the run says of itself, the main process has written
        return Fitted(run, examples, dict(dropped), examples)
    fitted = counted(run, examples, dropped)
    data = run.record().get("data") or {}
    run.finish(data={**data, "used": fitted.examples, "dropped": dict(fitted.dropped)})
    return fitted
