"""Attachments taken in: judged, filed once, numbered, counted; nothing is overwritten."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.leaderboard.attachments import Attachment
from cmivqa_kit.leaderboard.filed import entries_of
from cmivqa_kit.leaderboard.intake import Details, Receipt, receive
from cmivqa_kit.leaderboard.records import Standing, State
from cmivqa_kit.leaderboard.reply import over_limit, reply_to
from tests.leaderboard.sent import BROKEN, example, variant, zipped

NOON = datetime(2023, 5, 1, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def ground() -> OpenGround:
    return open_ground()


@pytest.fixture
def post(ground: OpenGround, tmp_path: Path) -> Post:
    return Post(ground, tmp_path)


class Post:
    """Sends attachments to a folder of submissions."""

    def __init__(self, ground: OpenGround, folder: Path) -> None:
        self.ground, self.folder, self.submissions = ground, folder, folder / "submissions"

    def send(self, name: str, data: bytes, team: str = "WAN", details: Details | None = None) -> Receipt:
        path = self.folder / name
        path.write_bytes(data)
        return receive(Attachment(path, team), details or Details(NOON), self.ground, self.submissions)

    def runs(self) -> list[str]:
        return [entry.run for entry in entries_of(self.submissions).entries]


def test_a_submission_is_filed_with_its_record(post: Post) -> None:
    details = replace(Details(NOON, Standing.LATE), title="T", method="M", link="L", hardware="H", external_data="E")
    receipt = post.send("ours.json", example(), "鹏城 WAN", details)
    filed = entries_of(post.submissions)
    assert filed.problems == ()
    (entry,) = filed.entries
    assert entry == receipt.entry
    assert entry.folder.relative_to(post.submissions).parts == ("cmivqa-2023", entry.folder.parent.name, "run-1")
    assert entry.folder.parent.name.startswith("wan-")
    assert (entry.team, entry.edition, entry.received, entry.tracks) == ("鹏城 WAN", "cmivqa-2023", NOON, (1,))
    assert (entry.state, entry.standing) == (State.ACCEPTED, Standing.LATE)
    assert (entry.title, entry.method, entry.link, entry.hardware, entry.external_data) == ("T", "M", "L", "H", "E")
    (file,) = entry.files
    assert (file.name, file.original) == ("submission_track1.json", "ours.json")
    assert file.sha256 == sha256(example()).hexdigest()
    assert entry.paths[0].read_bytes() == example()
    assert sorted(path.name for path in post.submissions.iterdir()) == ["cmivqa-2023"]


def test_an_archive_is_filed_as_the_submission_in_it(post: Post) -> None:
    mac = {"__MACOSX/._a.json": b"\0\5\x16\7"}
    entry = post.send("ours.zip", zipped(**{"sub/a.json": example(), **mac})).entry
    assert entry.paths[0].read_bytes() == example()
    assert entry.files[0].original == "ours.zip"


def test_the_same_file_twice_is_filed_once(post: Post) -> None:
    first = post.send("a.json", example())
    again = post.send("b.zip", zipped(**{"c.json": example()}), details=Details(NOON.replace(hour=13)))
    assert (first.known, again.known) == (False, True)
    assert again.entry == first.entry
    assert post.runs() == ["run-1"]
    assert not post.send("a.json", example(), "Mote").known  # another team's


def test_runs_are_numbered_and_nothing_is_overwritten(post: Post) -> None:
    post.send("a.json", variant(1))
    home = post.send("a.json", variant(2)).entry.folder.parent
    (home / "run-7").mkdir()
    (home / "run-x").mkdir()
    assert post.send("a.json", variant(3)).entry.run == "run-8"
    assert (home / "run-1" / "submission_track1.json").read_bytes() == variant(1)


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_valid_is_filed_as_rejected(post: Post, name: str) -> None:
    make, codes = BROKEN[name]
    receipt = post.send(name, make())
    entry = receipt.entry
    assert (entry.state, entry.run) == (State.REJECTED, "rejected-1")
    assert [path.read_bytes() for path in entry.paths] == [make()]
    assert entry.files[0].name == "attachment.rejected"
    assert entry.files[0].original == name
    assert {reason.split()[0] for reason in entry.reasons} == codes
    reply = reply_to(receipt)
    for code in codes:
        assert any(code in line for line in reply.chinese)
        assert any(code in line for line in reply.english)
    assert str(post.folder) not in "\n".join((*reply.chinese, *reply.english, *entry.reasons))
    assert entries_of(post.submissions).entries == (entry,)
    assert not list(post.submissions.rglob("*.json"))  # nothing that `cmivqa score submissions` would take


def test_a_rejected_file_that_is_sent_again_is_filed_once(post: Post) -> None:
    data = BROKEN["comma.json"][0]()
    assert [post.send("a.json", data).known for _ in range(2)] == [False, True]
    assert post.runs() == ["rejected-1"]


def test_a_file_that_was_rejected_on_other_questions_may_be_accepted_later(post: Post) -> None:
    narrow = Post(open_ground(Ground(split="dev")), post.folder)
    assert not narrow.send("a.json", example()).accepted
    assert post.send("a.json", example()).accepted
    assert post.runs() == ["rejected-1", "run-1"]


def test_limits_count_what_takes_part_on_that_day(post: Post) -> None:
    evening = Details(NOON.replace(hour=23, minute=59))
    post.send("x.json", BROKEN["comma.json"][0]())
    post.send("l.json", variant(9), details=Details(NOON, Standing.LATE))
    for number in range(3):
        receipt = post.send("a.json", variant(number), details=evening)
        assert (receipt.used, over_limit(receipt)) == (number, False)
    fourth = post.send("a.json", variant(3), details=evening)
    assert (fourth.used, over_limit(fourth), fourth.accepted) == (3, True, True)
    assert any("used up" in line for line in reply_to(fourth).english)
    assert any("已用完" in line for line in reply_to(fourth).chinese)
    after = Details(NOON.replace(day=2, hour=0))
    assert post.send("a.json", variant(4), details=after).used == 0


def test_a_team_is_spelled_as_first(post: Post) -> None:
    post.send("a.json", variant(1), "WAN")
    second = post.send("a.json", variant(2), " wan ")
    assert (second.entry.team, second.entry.run) == ("WAN", "run-2")


@pytest.mark.parametrize("team", ['"""\n[x]', "../../up", "\u202eevil", "<b>", "x" * 10_000, "\udcff"])
def test_hostile_names_stay_in_the_record(post: Post, team: str) -> None:
    entry = post.send("a.json", example(), team).entry
    assert entries_of(post.submissions).entries == (entry,)
    assert entry.team == team.replace("\udcff", "\N{REPLACEMENT CHARACTER}")
    assert all("\n" not in line and len(line) < 300 for line in reply_to(post.send("a.json", example(), team)).english)


@pytest.mark.parametrize("team", ["", "  ", "\n"])
def test_a_team_has_a_name(post: Post, team: str) -> None:
    with pytest.raises(UserError, match="name is empty"):
        post.send("a.json", example(), team)


def test_a_link_where_the_entry_belongs_is_not_followed(post: Post) -> None:
    (post.folder / "elsewhere").mkdir()
    post.submissions.mkdir()
    (post.submissions / "cmivqa-2023").symlink_to(post.folder / "elsewhere")
    with pytest.raises(UserError, match="is a link"):
        post.send("a.json", example())
    assert list((post.folder / "elsewhere").iterdir()) == []


def test_a_folder_that_holds_another_team_is_refused(post: Post) -> None:
    entry = post.send("a.json", example()).entry
    record = entry.folder / "entry.toml"
    record.write_text(record.read_text(encoding="utf-8").replace('"WAN"', '"Mote"'), encoding="utf-8")
    with pytest.raises(UserError, match="holds another team's entries"):
        post.send("b.json", variant(1))


def test_a_folder_that_cannot_be_written_is_a_failed_run(post: Post) -> None:
    post.submissions.write_text("a file")
    with pytest.raises(RunFailed, match="could not be filed"):
        post.send("a.json", example())


def test_the_modes_are_those_of_new_files(post: Post) -> None:
    entry = post.send("a.json", example()).entry
    mask = os.umask(0)
    os.umask(mask)
    assert entry.folder.stat().st_mode & 0o777 == 0o777 & ~mask
    assert entry.paths[0].stat().st_mode & 0o777 == 0o666 & ~mask
