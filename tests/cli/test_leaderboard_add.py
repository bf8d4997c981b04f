"""`cmivqa leaderboard add`: a week of e-mails, the replies, the exit codes, and two processes at once."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.leaderboard.filed import entries_of
from tests.cli.running import cmivqa_here as cmivqa
from tests.hang import HANG
from tests.leaderboard.sent import BROKEN, encoded, example, rows, variant, zipped

TIME = ("--received", "2023-05-01T18:30")


def run_names(folder: Path) -> list[str]:
    return [entry.run for entry in entries_of(folder / "submissions").entries]


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_bytes(example())
    return tmp_path


def test_a_reply_that_can_be_pasted(mail: Path) -> None:
    done = cmivqa("leaderboard", "add", "a.json", "--team", "鹏城 WAN", *TIME, cwd=mail)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    (folder,) = (mail / "submissions" / "cmivqa-2023").iterdir()
    begin = next(number for number, line in enumerate(lines) if " reply " in line)
    assert f"a.json (鹏城 WAN): accepted, filed as {folder.relative_to(mail)}/run-1" in lines[:begin]
    digest = entries_of(mail / "submissions").entries[0].files[0].sha256
    assert lines[begin + 1 : begin + 14] == [
        "鹏城 WAN：您好！",
        "a.json 已收到并通过检查，登记为 cmivqa-2023 的 run-1。",
        "赛道：赛道一（testA）",
        "接收时间：2023-05-01 18:30+08:00",
        f"SHA-256：{digest}",
        "这是贵队当天的第 1 次提交（每队每天最多 3 次）。",
        "",
        "Dear 鹏城 WAN,",
        "a.json was received and is valid. It is filed as run-1 of cmivqa-2023.",
        "For: Track 1 (testA)",
        "Received: 2023-05-01 18:30+08:00",
        f"SHA-256: {digest}",
        "It is submission 1 of yours on that day (at most 3 a day for a team).",
    ]


def test_the_reply_to_a_broken_file_names_the_places(tmp_path: Path) -> None:
    made = rows()
    for row in made[:7]:
        row["end_second"] = "1:05"
    (tmp_path / "a.json").write_bytes(encoded(made))
    done = cmivqa("leaderboard", "add", "a.json", "--team", "WAN", *TIME, cwd=tmp_path)
    assert done.returncode == 1
    text = done.stdout.decode()
    assert "- E301 时间不是数字（7 处）。请以数字写出秒数。" in text
    assert "- E301 time is not a number (7). Write seconds as a number." in text
    assert text.count("/end_second, id ") + text.count("/end_second，id ") == 10  # five places in either language
    assert "... and 2 more" in text
    assert "……共 7 处" in text


def test_a_week_of_mails(tmp_path: Path) -> None:
    """Twelve attachments, of which the broken ones are broken in different ways; no other is held up."""
    broken = list(BROKEN)[:7]
    for number in range(5):
        (tmp_path / "week" / f"good {number}").mkdir(parents=True)
        data = variant(number)
        good = tmp_path / "week" / f"good {number}" / f"a.{'zip' if number else 'json'}"
        good.write_bytes(zipped(**{"a/b.json": data}) if number else data)
    for name in broken:
        (tmp_path / "week" / name).mkdir()
        (tmp_path / "week" / name / name).write_bytes(BROKEN[name][0]())
    done = cmivqa("leaderboard", "add", "week", *TIME, "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    states = {attachment["team"]: attachment["state"] for attachment in document["attachments"]}
    assert states == dict.fromkeys(broken, "rejected") | {f"good {n}": "accepted" for n in range(5)}
    assert all(bool(one["reply"]["zh"] and one["reply"]["en"]) for one in document["attachments"])
    assert document["received"] == "2023-05-01T18:30:00+08:00"
    assert sorted(run_names(tmp_path)) == ["rejected-1"] * 7 + ["run-1"] * 5
    again = json.loads(cmivqa("leaderboard", "add", "week", "--format", "json", cwd=tmp_path).stdout)
    assert all(attachment["known"] for attachment in again["attachments"])
    assert len(run_names(tmp_path)) == 12


def test_the_same_file_twice(mail: Path) -> None:
    cmivqa("leaderboard", "add", "a.json", "--team", "WAN", cwd=mail)
    done = cmivqa("leaderboard", "add", "a.json", "--team", "WAN", cwd=mail)
    assert done.returncode == 0
    assert "accepted, was filed before as" in done.stdout.decode()
    assert "is the same as run-1, received before" in done.stdout.decode()


def test_a_team_spelled_otherwise_and_a_limit_used_up_are_said(mail: Path) -> None:
    for number in range(4):
        (mail / f"{number}.json").write_bytes(variant(number))
    files = [f"{number}.json" for number in range(4)]
    cmivqa("leaderboard", "add", *files[:3], "--team", "WAN", *TIME, cwd=mail)
    text = cmivqa("leaderboard", "add", files[3], "--team", "wan", *TIME, cwd=mail).stdout.decode()
    assert "The team is spelled as in its first entry, not 'wan'." in text
    assert "The team had used up its limit" in text


def test_the_workspace_and_the_flags(mail: Path) -> None:
    (mail / "w").mkdir()
    data = demo_corpus()
    assert cmivqa("init", "--data", data, cwd=mail / "w").returncode == 0
    (mail / "w" / "deep").mkdir()
    given = (
        "--team",
        "WAN",
        "--title",
        "T",
        "--link",
        "https://x",
        "--external-data",
        "none",
        "--standing",
        "baseline",
    )
    assert cmivqa("leaderboard", "add", mail / "a.json", *given, cwd=mail / "w" / "deep").returncode == 0
    (entry,) = entries_of(mail / "w" / "submissions").entries
    assert (entry.title, entry.link, entry.external_data, entry.standing.value) == (
        "T",
        "https://x",
        "none",
        "baseline",
    )
    (answers,) = (data / "answers").glob("*task_1*")
    done = cmivqa("leaderboard", "add", "a.json", "--team", "WAN", "--truth", answers, "--into", "board", cwd=mail)
    assert done.returncode == 0
    assert [entry.run for entry in entries_of(mail / "board").entries] == ["run-1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a.json",), "--team names the team of a file"),
        (("none.json", "--team", "x"), "none.json: no such file"),
        (("a.json", "--team", " "), "name is empty"),
        ((".", "--team", "x"), "--team cannot name one"),
        (("a.json", "--team", "x", "--received", "yesterday"), "'yesterday' is no time"),
        (("a.json", "--team", "x", "--received", "0001-01-01T00:00"), "is no time"),
        (("a.json", "--team", "x", "--received", "9999-12-31T23:59-12:00"), "is no time"),
        (("a.json", "--team", "x", "--standing", "best"), "--standing"),
        (("a.json", "--team", "x", "--data", "none"), "none"),
        (("a.json", "--team", "x", "--edition", "medvidqa-1"), "medvidqa-1"),
        ((), "Missing argument"),
    ],
)
def test_wrong_usage_files_nothing(mail: Path, words: tuple[str, ...], said: str) -> None:
    done = cmivqa("leaderboard", "add", *words, cwd=mail)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (mail / "submissions").exists()


@pytest.mark.parametrize("text", ["2023-05-01T10:30Z", "2023-05-01T18:30+08:00", "2023-05-01 18:30", "20230501T183000"])
def test_times_are_read_with_and_without_an_offset(mail: Path, text: str) -> None:
    assert cmivqa("leaderboard", "add", "a.json", "--team", "x", "--received", text, cwd=mail).returncode == 0
    received = entries_of(mail / "submissions").entries[0].received
    assert received is not None
    assert (received.astimezone().timestamp(), bool(received.utcoffset())) == (1682937000.0, not text.endswith("Z"))
    assert received.utcoffset() in (timedelta(0), timedelta(hours=8))


def test_hostile_names_do_no_harm_to_a_terminal(mail: Path) -> None:
    (mail / "\x1b[31mred.json").write_bytes(b"[")
    done = cmivqa("leaderboard", "add", "\x1b[31mred.json", "--team", "\x1b]0;x\x07\u202e", cwd=mail)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout


def last_line(folder: Path, *words: object) -> str:
    """The next step that `leaderboard add` names, without its mark."""
    done = cmivqa("leaderboard", "add", *words, *TIME, cwd=folder)
    return done.stdout.decode().splitlines()[-1].removeprefix("Next: cmivqa ")


def test_the_next_step_is_the_board_or_a_look_at_what_was_rejected(mail: Path) -> None:
    step = last_line(mail, "a.json", "--team", "WAN")
    assert step == "leaderboard show"
    assert cmivqa(*shlex.split(step), cwd=mail).returncode == 0
    (mail / "bad one.json").write_text("[1,]")
    step = last_line(mail, "bad one.json", "--team", "WAN")
    assert step == "validate 'bad one.json'"
    assert cmivqa(*shlex.split(step), cwd=mail).returncode == 1
    data = demo_corpus()
    (answers,) = (data / "answers").glob("*task_1*")
    step = last_line(mail, "a.json", "bad one.json", "--team", "WAN", "--truth", answers, "--into", "other board")
    assert step == f"leaderboard show 'other board' --truth {shlex.quote(str(answers))}"
    assert cmivqa(*shlex.split(step), "--resamples", "10", cwd=mail).returncode == 0
    shutil.copytree(data, mail / "data", ignore=shutil.ignore_patterns("answers", "dev.json"))
    assert last_line(mail, "a.json", "--team", "WAN", "--data", "data") == "leaderboard show --help"


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.json").write_bytes(variant(number))
    shared, first, second = "0.json", ["1.json", "2.json"], ["3.json", "4.json"]
    program = [sys.executable, "-m", "cmivqa_kit", "leaderboard", "add", "--team", "WAN", *TIME]
    both = [
        subprocess.Popen([*program, *files], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for files in ([shared, *first], [*second, shared])
    ]
    ended = [(process.communicate(timeout=HANG)[1], process.returncode) for process in both]
    assert [code for _, code in ended] == [0, 0], ended
    filed = entries_of(tmp_path / "submissions")
    assert filed.problems == ()
    assert [entry.run for entry in filed.entries] == [f"run-{number}" for number in range(1, 6)]
    assert {entry.paths[0].read_bytes() for entry in filed.entries} == {variant(number) for number in range(5)}
