"""``entry.toml``: what is written reads back the same, whatever strangers call themselves; damage is said in full."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.entry_toml import MOST, read_record, record_text
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, FiledFile, Standing, State

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FILES = st.builds(
    FiledFile, st.sampled_from(["a.json", "b c.json"]), TEXTS, st.text("0123456789abcdef", min_size=64, max_size=64)
)
SHA = "0" * 64


def filed_in(folder: Path, text: str) -> Path:
    run = folder / "cmivqa-2023" / "wan-00000000" / "run-1"
    run.mkdir(parents=True, exist_ok=True)
    (run / RECORD).write_text(text, encoding="utf-8", newline="")
    return run


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("submissions")


@given(
    texts=st.fixed_dictionaries(dict.fromkeys(("title", "method", "link", "hardware", "external_data"), TEXTS)),
    team=TEXTS.filter(bool),
    files=st.lists(FILES, max_size=3).map(tuple),
    received=st.none() | st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES),
    state=st.sampled_from(State),
    standing=st.sampled_from(Standing),
    tracks=st.sampled_from([(), (1,), (2, 3)]),
    reasons=st.lists(TEXTS, max_size=3).map(tuple),
)
def test_what_is_written_reads_back_the_same(
    submissions: Path, texts: dict[str, str], team: str, files: tuple[FiledFile, ...], received: datetime | None,
    state: State, standing: Standing, tracks: tuple[int, ...], reasons: tuple[str, ...],
) -> None:  # fmt: skip
    run = submissions / "cmivqa-2023" / "wan-00000000" / "run-1"
    entry = FiledEntry(run, "cmivqa-2023", team, "run-1", files, received, state, standing, tracks=tracks,
                       reasons=reasons, **texts)  # fmt: skip
    filed_in(submissions, record_text(entry))
    assert read_record(run) == entry


@given(st.text())
def test_half_characters_do_no_harm(team: str) -> None:
    entry = FiledEntry(Path("e/t/r"), "e", team, "r", ())
    tomllib.loads(record_text(entry).encode().decode())


def test_a_hostile_name_shows_no_control_character(tmp_path: Path) -> None:
    entry = FiledEntry(tmp_path, "e", '"""\n[files]\r\x1b[31m\u202e\x7f\\', "r", ())
    text = record_text(entry)
    assert text.splitlines()[0] == r'team = "\"\"\"\n[files]\r\u001b[31m\u202e\u007f\\"'
    assert tomllib.loads(text)["team"] == entry.team


def test_an_offset_with_seconds_becomes_utc(tmp_path: Path) -> None:
    odd = timezone(timedelta(hours=8, minutes=5, seconds=43))
    entry = FiledEntry(tmp_path, "e", "t", "r", (), datetime(1900, 1, 1, 8, 5, 43, tzinfo=odd))
    assert tomllib.loads(record_text(entry))["received"] == datetime(1900, 1, 1, tzinfo=UTC)


def test_a_time_without_an_offset_is_one_in_shanghai(tmp_path: Path) -> None:
    received = read_record(filed_in(tmp_path, "received = 2023-05-01T00:30:00")).received
    assert received == datetime(2023, 4, 30, 16, 30, tzinfo=UTC)


def test_a_record_by_hand_may_say_little(tmp_path: Path) -> None:
    entry = read_record(filed_in(tmp_path, 'title = "BM25"\n'))
    assert (entry.edition, entry.team, entry.run) == ("cmivqa-2023", "wan-00000000", "run-1")
    assert (entry.title, entry.state, entry.standing) == ("BM25", State.ACCEPTED, Standing.COMPETING)
    assert entry.received is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("team = [", "entry.toml: damaged, cannot be read as record of an entry"),
        ("team = 3", "team: 3 is no text in quotes"),
        ('state = "won"', "state: 'won' is none of accepted, rejected"),
        ('standing = "best"', "standing: 'best' is none of competing, baseline, late"),
        ('received = "yesterday"', "received: 'yesterday' is no time"),
        ("received = 2023-05-01", "is no time; write it as 2023-05-01T18:30:00+08:00"),
        ("received = 0001-01-01T00:00:00", "is a day that not every time zone has"),
        ("received = 9999-12-31T23:59:59-12:00", "is a day that not every time zone has"),
        ("titel = 'x'", "titel: no record of an entry has such a key"),
        ("tracks = [4]", "tracks: [4] is no list of tracks"),
        ("tracks = [true]", "tracks: [True] is no list of tracks"),
        ("reasons = 'bad'", "reasons: 'bad' is no list"),
        ("[[files]]\nname = 'a.json'", "files: every [[files]] needs name, original, sha256"),
        (f"[[files]]\nname = '../a.json'\noriginal = ''\nsha256 = '{SHA}'", "'../a.json' is no name of a file"),
        ("[[files]]\nname = 'a.json'\noriginal = ''\nsha256 = 'x'", "files: 'x' is no SHA-256"),
        ("files = 3", "files: 3 is no list"),
    ],
)
def test_damage_is_named(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read_record(filed_in(tmp_path, text))
    assert said in error.value.message


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="3 problems"):
        read_record(filed_in(tmp_path, "team = 3\nstate = 'won'\ntitel = ''"))


def test_bytes_that_are_no_text_and_files_that_are_too_large(tmp_path: Path) -> None:
    run = filed_in(tmp_path, "")
    (run / RECORD).write_bytes(b"team = '\xff'")
    with pytest.raises(UserError, match="damaged"):
        read_record(run)
    (run / RECORD).write_bytes(b"#" * (MOST + 1))
    with pytest.raises(UserError, match="larger than 1 MiB"):
        read_record(run)
