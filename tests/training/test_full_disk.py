"""What is advised where the disk is full in a training."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from cmivqa_kit.errors import NotWritten, RunFailed
from cmivqa_kit.training.full_disk import WritingStopped, resumable


@pytest.mark.parametrize(
    "error",
    [
        NotWritten("runs/a b-1/model.safetensors: could not be written", "Run the same command again."),
        OSError(errno.ENOSPC, "No space left on device", "runs/a b-1/metrics.jsonl"),
    ],
)
def test_a_full_disk_advises_to_resume(error: Exception) -> None:
    with pytest.raises(WritingStopped, match="could not be written") as caught, resumable(Path("runs/a b-1")):
        raise error
    assert caught.value.fix == "Free some space, then go on: cmivqa train --resume 'runs/a b-1'"
    assert caught.value.code == RunFailed("").code


@pytest.mark.parametrize("error", [RunFailed("the loss is nan", "Lower the rate."), FileNotFoundError(2, "no", "x")])
def test_other_failures_keep_their_advice(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, resumable(Path("runs/a-1")):
        raise error
    assert caught.value is error
