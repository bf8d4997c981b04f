"""Dry runs: the program of a bundle in a process of its own, beside the kit's scores."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.answer_rows import AnswerRows
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports.codabench.bundle import Bundle, make_bundle
from cmivqa_kit.leaderboard.exports.codabench.dry_run import dry_run
from cmivqa_kit.leaderboard.exports.codabench.plan import Dates
from cmivqa_kit.leaderboard.exports.codabench.sources import AnswerFile, make_plan
from tests.leaderboard.exports.small import answers, lists, spans
from tests.submission.small import put

TARGETS = answers(12)


def bundle(track: Any) -> Bundle:
    return make_bundle(make_plan([AnswerFile(Path("testA.json"), load_edition(), AnswerRows(TARGETS, "x"))], track))


def test_a_zip_is_played_on_every_limit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("folder/mine.json", json.dumps(lists(TARGETS)))
        archive.writestr("__MACOSX/._mine.json", "x")
    run = dry_run(bundle(3), tmp_path / "mine.zip")
    assert run.fine, run.checks
    assert run.run.code == 0
    assert dict(run.run.scores) == run.official != {}
    assert {check.demand for check in run.checks} >= {"the scores of `score`", "the page tells no answer"}


def test_a_file_that_crashes_has_scores_in_neither(tmp_path: Path) -> None:
    run = dry_run(bundle(2), put(tmp_path / "a.json", [{"id": 0}]))
    assert run.fine
    assert (run.run.code, run.run.scores, run.official) == (1, {}, {})
    assert "KeyError" in run.run.message
    assert "KeyError" in run.card.crash


def test_nan_gets_no_scores_although_the_official_program_takes_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 0, "start_second": NaN, "end_second": NaN}]', encoding="utf-8")
    run = dry_run(bundle(1), tmp_path / "a.json")
    assert run.fine
    assert run.official["miou"] > 0
    assert (run.run.code, run.run.scores) == (1, {})


def test_the_phase_is_that_of_the_questions(tmp_path: Path) -> None:
    later = [{**row, "id": row["id"] + 100} for row in TARGETS]
    sources = [
        AnswerFile(Path(f"{name}.json"), load_edition(), AnswerRows(rows, "x"))
        for name, rows in (("testA", TARGETS), ("testB", later))
    ]
    days = [("2026-01-01", "2026-01-05"), ("2026-01-06", "2026-01-09")]
    from datetime import date

    dates = [Dates(date.fromisoformat(first), date.fromisoformat(last)) for first, last in days]
    run = dry_run(make_bundle(make_plan(sources, 1, dates)), put(tmp_path / "b.json", spans(later)))
    assert run.phase.name == "testB"
    assert run.fine
    assert run.run.scores["miou"] > 0


def test_a_program_that_gives_other_scores_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cmivqa_kit.leaderboard.exports.codabench import bundle as module

    source = module.program().replace(b"100.0, 2:", b"101.0, 2:")
    monkeypatch.setattr(module, "program", lambda: source)
    run = dry_run(bundle(1), put(tmp_path / "a.json", spans(TARGETS)))
    assert not run.fine
    assert [check.demand for check in run.checks if check.fault] == ["the scores of `score`"]


@pytest.mark.parametrize("python", ["/nowhere/python", "false"])
def test_another_python_that_is_none(tmp_path: Path, python: str) -> None:
    with pytest.raises(UserError, match="cannot be run"):
        dry_run(bundle(1), put(tmp_path / "a.json", spans(TARGETS)), python)


@pytest.mark.parametrize("data", [b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04 cut off"])
def test_an_odd_zip_gets_no_scores(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    run = dry_run(bundle(1), tmp_path / "a.zip")
    assert (run.run.code, run.fine) == (1, True)


def test_a_zip_that_cannot_be_unpacked_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(spans(TARGETS)) * 10)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[60:80] = b"\xff" * 20
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(UserError, match="cannot be unpacked"):
        dry_run(bundle(1), tmp_path / "a.zip")
