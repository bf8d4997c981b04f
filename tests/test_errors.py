"""Errors say what, where and what to do; long lists are cut; the nearest word is offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.errors import SHOWN, ExitCode, Problem, RunFailed, UserError, closest, naming, problems_error


def test_an_error_reads_as_message_and_advice() -> None:
    assert str(UserError("file.json: gone", "Copy it again.")) == "file.json: gone\nCopy it again."
    assert str(UserError("file.json: gone")) == "file.json: gone"


def test_exit_codes_are_those_of_the_design() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4]
    assert UserError("x").code == 2
    assert RunFailed("x", "y").code == 4


def test_all_findings_in_one_error() -> None:
    one = problems_error("dev.json", [Problem("/0", "no 'id'")], "Mend it.")
    assert str(one) == "dev.json: 1 problem\n  /0: no 'id'\nMend it."
    many = problems_error("dev.json", (Problem(f"/{i}", "no 'id'") for i in range(SHOWN + 5)), "")
    lines = many.message.splitlines()
    assert lines[0] == f"dev.json: {SHOWN + 5} problems"
    assert len(lines) == SHOWN + 2
    assert lines[-1] == "  ... and 5 more"


def test_the_nearest_word_is_offered() -> None:
    assert closest("valdate", ["train", "validate"]) == " Did you mean 'validate'?"
    assert closest("xyz", ["train", "validate"]) == ""
    assert closest("x", []) == ""


class Kind(UserError):
    """A kind of its own."""


def test_a_file_s_name_is_put_before_an_error_once_and_its_kind_stays() -> None:
    first = Kind("gone", "Copy it.", ExitCode.FINDINGS)
    for name in ("a.json", "b.json"):  # the same error, remembered, of another file
        with pytest.raises(Kind) as error, naming(Path(name)):
            raise first
        assert (str(error.value), error.value.code) == (f"{name}: gone\nCopy it.", ExitCode.FINDINGS)
    with pytest.raises(RunFailed, match=r"^a\.json: full$"), naming(Path("a.json")):
        raise RunFailed("a.json: full")
