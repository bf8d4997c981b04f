"""Errors say what, where and what to do; long lists are cut; the nearest word is offered."""

from __future__ import annotations

from cmivqa_kit.errors import SHOWN, ExitCode, Problem, RunFailed, UserError, closest, problems_error


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
