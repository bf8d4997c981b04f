"""`leaderboard show`: the boards of a folder of entries, for people and for programs."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.leaderboard.entry_toml import record_text
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, Standing, State
from tests.cli.running import cmivqa_here
from tests.leaderboard.small_board import Rows, corpus, put, spans, truth

QUICK = ("--resamples", "50")
HOSTILE = "\u202eevil\x1b[31m\n|<b>[x](javascript:alert(1))" + "A" * 10_000


def file(folder: Path, team: str, content: Rows | str, run: str = "run-1", **fields: Any) -> FiledEntry:
    """File an entry with its record."""
    entry = put(folder / "submissions", team, content, run, **fields)
    (entry.folder / RECORD).write_text(record_text(entry), encoding="utf-8")
    return entry


@pytest.fixture
def twelve(tmp_path: Path) -> Path:
    """A folder with twelve entries, five of them broken, and answers."""
    truth(tmp_path)
    noon = datetime.fromisoformat("2023-05-20T12:00:00+08:00")
    file(tmp_path, "nsddd", corpus(0.95), received=noon, title="Language prompts")
    file(tmp_path, "nsddd", corpus(0.5), "run-2", received=noon)
    file(tmp_path, "DSG1", corpus(0.6, 1), received=noon)
    file(tmp_path, "医学队", corpus(0.1))
    file(tmp_path, "Mote", spans(4))
    file(tmp_path, "Kit", corpus(0.3), standing=Standing.BASELINE)
    file(tmp_path, "WAN", corpus(1.0), standing=Standing.LATE)
    empty = corpus(0.7)
    empty[3]["output"] = []
    file(tmp_path, "Crash", empty)
    file(tmp_path, "Half", corpus(0.6)[:12])
    file(tmp_path, "Cut off", json.dumps(corpus(0.6))[:900])
    file(tmp_path, HOSTILE, [{**row, "id": row["id"] + 500} for row in corpus(0.6)])
    file(tmp_path, "Sent back", "?", state=State.REJECTED, reasons=("E105 not JSON",))
    return tmp_path


def show(folder: Path, *flags: str) -> str:
    done = cmivqa_here(
        "leaderboard", "show", "submissions", "--truth", "answers_testB.json", *QUICK, *flags, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def rows_of(table: str) -> list[list[str]]:
    """The words of the lines that are rows: rank, team, run and so on."""
    split = [line.split() for line in table.splitlines()]
    return [words for words in split if len(words) > 3 and words[2].startswith("run-") and not words[2].endswith(":")]


def test_the_table_of_twelve_entries(twelve: Path) -> None:
    table = show(twelve, "--track", "3")
    assert table.startswith("Track 3, testB, ranked by Average (24 questions, 12 videos)\n")
    assert [row[:2] for row in rows_of(table)] == [
        ["-", "WAN"],
        ["1", "nsddd"],
        ["2", "DSG1"],
        ["-", "Kit"],
        ["3", "医学队"],
        ["-", "Crash"],
    ]
    assert "1 other run of teams not shown (best of each team; --per-team all)" in table
    assert "Crash run-1: crash: the official program would stop with ValueError: output is empty (Q70)" in table
    assert "Half run-1: E206 questions without an answer" in table
    assert "answers other questions than those of testB" in table
    assert "Cut off run-1: E105 not JSON" in table
    assert "Sent back run-1: rejected when it came in; E105 not JSON" in table
    assert table.rstrip().splitlines()[-1].startswith("Next: cmivqa validate submissions/cmivqa-2023/")


def test_all_three_boards_by_default(twelve: Path) -> None:
    titles = [line for line in show(twelve).splitlines() if line.startswith("Track ")]
    assert [title[:7] for title in titles] == ["Track 1", "Track 2", "Track 3"]


def test_json_has_what_the_table_shows_and_every_entry(twelve: Path) -> None:
    document = json.loads(show(twelve, "--format", "json"))
    third = document["boards"][2]
    assert [(row["rank"], row["team"]) for row in third["rows"] if row["rank"]] == [
        (1, "nsddd"), (2, "DSG1"), (3, "医学队"),
    ]  # fmt: skip
    crash = next(row for row in third["rows"] if row["team"] == "Crash")
    assert (crash["section"], crash["official"]) == ("unranked", None)
    assert crash["repaired"]["Average"] > 0
    listed = [row for board in document["boards"] for row in board["rows"]] + document["unplaced"]
    assert len({(row["team"], row["run"]) for row in listed}) == 12


def test_markdown_shows_a_hostile_name_as_text(twelve: Path) -> None:
    text = show(twelve, "--format", "markdown")
    assert "| 1 | nsddd | run-1 |" in text
    assert "R@1\\|mIoU" in text
    for raw in ("\u202e", "\x1b", "<b>", "[x](", "A" * 100):
        assert raw not in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    bars = {line.replace("\\|", "").count("|") for line in tables if "Overall" in line or "nsddd" in line}
    assert len(bars) <= 2  # one number of columns in each of the two tables that have a team of two runs


def test_names_of_teams_are_harmless_on_a_terminal(tmp_path: Path) -> None:
    truth(tmp_path)
    file(tmp_path, HOSTILE, corpus(0.5))
    table = show(tmp_path)
    assert "\u202e" not in table and "\x1b" not in table and "A" * 100 not in table
    assert "\\u202eevil\\x1b" in table


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_a_table_is_wider_than_the_terminal(
    twelve: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmivqa_kit.cli import render

    monkeypatch.setattr(render, "PIPED", width)
    table = show(twelve, "--track", "3")
    lines = [line for line in table.splitlines() if line.startswith((" ", "rank")) and "  " in line.strip()]
    assert lines and max(map(render.cell_len, lines)) <= width
    assert [row[1] for row in rows_of(table)].count("nsddd") >= 1 + (width < 120)


def test_numbers_are_those_that_boards_show_unless_they_are_for_organizers_alone(twelve: Path) -> None:
    rounded: dict[bool, set[bool]] = {}
    for flags in ((), ("--no-public",)):
        boards = json.loads(show(twelve, "--format", "json", *flags))["boards"]
        assert {board["public"] for board in boards} == {not flags}
        numbers = [value for board in boards for row in board["rows"] for value in (row["strict"] or {}).values()]
        assert numbers
        rounded[not flags] = {value == round(value, 4) for value in numbers}
    assert rounded == {True: {True}, False: {True, False}}


def test_what_is_for_everybody_tells_no_message_of_the_validator(twelve: Path) -> None:
    file(
        twelve,
        "Told",
        "?",
        state=State.REJECTED,
        reasons=("E218 video_id is not the question's (1): 'a', asked of 'b'",),
    )
    assert "asked of" not in show(twelve) + show(twelve, "--format", "json")
    assert "Told run-1: rejected when it came in; E218 video_id is not the question's (1)\n" in show(twelve)
    assert "(1): 'a', asked of 'b'" in show(twelve, "--no-public")


def test_pages(twelve: Path) -> None:
    (twelve / "submissions" / "cmivqa-2023" / "loose.json").write_text("[]")
    shown = show(twelve, "--html", "site")
    assert "\nsite/index.html: open it in a browser; it needs no network\n" in shown
    index = (twelve / "site" / "index.html").read_text(encoding="utf-8")
    assert "nsddd" in index and str(twelve) not in index and '"submissions/cmivqa-2023/loose.json"' in index
    assert len(list((twelve / "site" / "entries").iterdir())) == 9  # every file that has numbers
    document = json.loads(show(twelve, "--html", "other", "--format", "json", "--track", "1"))
    assert [board["track"] for board in document["boards"]] == [1]
    assert len(list((twelve / "other" / "entries").iterdir())) == 1


def test_pages_with_timelines_are_for_organizers(twelve: Path) -> None:
    shown = show(twelve, "--track", "1", "--html", "site", "--timelines", "--no-public")
    assert "site: for organizers only, the answers of a held split can be told from it" in shown
    assert len(list((twelve / "site" / "timelines").iterdir())) == 1
    assert '"public":false' in (twelve / "site" / "index.html").read_text(encoding="utf-8").replace(": ", ":")


def test_pages_that_may_not_be_written(twelve: Path) -> None:
    (twelve / "site").mkdir()
    (twelve / "site" / "index.html").write_text("what stood there")
    words = ("leaderboard", "show", "--truth", "answers_testB.json", *QUICK)
    for flags, said in (
        (("--html", "site"), "site: holds pages already"),
        (("--html", "answers_testB.json"), "is a file, not a folder"),
        (("--html", "new", "--timelines"), "--timelines goes with --html DIR and --no-public"),
        (("--timelines", "--no-public"), "--timelines goes with --html DIR and --no-public"),
    ):
        done = cmivqa_here(*words, *flags, cwd=twelve)
        assert (done.returncode, done.stdout) == (2, b"")
        assert said in done.stderr.decode()
    assert not (twelve / "new").exists()
    assert (twelve / "site" / "index.html").read_text() == "what stood there"
    assert cmivqa_here(*words, "--html", "site", "--force", "--track", "1", cwd=twelve).returncode == 0


def test_a_file_that_was_changed_is_named_and_is_no_next_step(tmp_path: Path) -> None:
    truth(tmp_path)
    entry = file(tmp_path, "a", corpus(0.5))
    entry.paths[0].write_text(entry.paths[0].read_text() + "\n")
    text = show(tmp_path)
    assert "a run-1: changed since it was filed: another SHA-256" in text
    assert text.rstrip().splitlines()[-1] == "Next: cmivqa leaderboard add --help"


def test_bare_leaderboard_shows_the_submissions_of_the_workspace(tmp_path: Path) -> None:
    done = cmivqa_here("leaderboard", cwd=tmp_path)
    assert done.returncode == 2
    assert b"submissions: not a folder that can be listed" in done.stderr
    (tmp_path / "cmivqa.toml").write_text("")
    (tmp_path / "submissions").mkdir()
    (tmp_path / "below").mkdir()
    done = cmivqa_here("leaderboard", cwd=tmp_path / "below")
    assert done.returncode == 0
    assert done.stdout.decode().count("no entry to rank") == 3
    assert done.stdout.decode().endswith("Next: cmivqa leaderboard add --help\n")


def test_the_next_step_runs(twelve: Path) -> None:
    for step in (show(twelve), show(twelve, "--track", "1")):
        command = step.rstrip().splitlines()[-1].removeprefix("Next: cmivqa ")
        done = cmivqa_here(*shlex.split(command), cwd=twelve)
        assert done.returncode in (0, 1)
        assert not done.stderr


def test_where_nothing_can_be_ranked_the_next_step_is_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    truth(tmp_path)
    entry = file(tmp_path, "Cut off", json.dumps(corpus(0.5))[:300])
    last = show(tmp_path).rstrip().splitlines()[-1]
    path = entry.paths[0].relative_to(tmp_path)
    assert last == f"Next: cmivqa validate {path} --truth answers_testB.json"


def test_a_folder_and_answers_that_are_none(tmp_path: Path) -> None:
    truth(tmp_path)
    gone = cmivqa_here("leaderboard", "show", "nothing", "--truth", "answers_testB.json", cwd=tmp_path)
    assert (gone.returncode, gone.stderr.decode().splitlines()[0]) == (
        2, "Error: nothing: not a folder that can be listed (No such file or directory)",
    )  # fmt: skip
    (tmp_path / "submissions").mkdir()
    (tmp_path / "bad.json").write_text("[]")
    bad = cmivqa_here("leaderboard", "show", "--truth", "bad.json", cwd=tmp_path)
    assert (bad.returncode, bad.stderr.decode().splitlines()[0]) == (
        2, "Error: bad.json: not an array of answers with ids",
    )  # fmt: skip


def test_what_lies_in_the_folder_and_is_no_entry_is_named(tmp_path: Path) -> None:
    truth(tmp_path)
    entry = file(tmp_path, "a", corpus(0.5))
    (entry.folder / RECORD).write_text("team = [")
    table = show(tmp_path)
    assert f"submissions/cmivqa-2023/{entry.folder.parent.name}/run-1: entry.toml: damaged" in table
