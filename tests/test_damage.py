"""Whatever fails while a file is read is one plain error that names the file."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import ExitCode, UserError


class Panic(BaseException):
    """As of a library written in Rust."""


@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), IndexError("list index out of range"), KeyError(133),
        struct.error("unpack requires 4 bytes"), TypeError("x"), OverflowError("x"), RecursionError(), MemoryError(),
        Panic("called unwrap on None"), OSError(5, "Input/output error"),
    ],
)  # fmt: skip
def test_every_failure_names_the_file(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(UserError) as refusal, reading(tmp_path / "w.bin", "weights"):
        raise error
    assert f"{tmp_path / 'w.bin'}: " in refusal.value.message and "cannot be read as weights" in refusal.value.message
    assert refusal.value.code == ExitCode.USAGE and refusal.value.fix


def test_plain_errors_and_interruptions_pass(tmp_path: Path) -> None:
    for error in (UserError("said"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as passed, reading(tmp_path, "weights"):
            raise error
        assert passed.value is error
