"""How many entries of a team count: data of the edition."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cmivqa_kit.editions import load_edition
from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.errors import UserError


@pytest.mark.parametrize(
    ("edition", "limit", "per"),
    [("cmivqa-2023", 3, "day"), ("mmivqa-2024", 5, "all"), ("m4ivqa-2025", 5, "all"), ("medvidqa", None, "all")],
)
def test_the_limits_of_the_editions(edition: str, limit: int | None, per: str) -> None:
    board = load_edition(edition).board
    assert (board.limit, board.per, board.time_zone) == (limit, per, "Asia/Shanghai")


def test_a_day_is_one_in_shanghai() -> None:
    rules = BoardRules(3, "day")
    assert rules.period(datetime(2023, 5, 1, 15, 59, tzinfo=UTC)) == date(2023, 5, 1)
    assert rules.period(datetime(2023, 5, 1, 16, 0, tzinfo=UTC)) == date(2023, 5, 2)
    assert BoardRules(5, "all").period(datetime(2023, 5, 1, tzinfo=UTC)) is None


def test_shanghai_is_known_where_no_time_zones_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ZoneInfo:
        from zoneinfo import ZoneInfoNotFoundError

        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("zoneinfo.ZoneInfo", missing)
    assert BoardRules().zone.utcoffset(datetime(2024, 7, 1)) == timedelta(hours=8)
    with pytest.raises(KeyError):
        _ = BoardRules(time_zone="Europe/Berlin").zone


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("limit = 0", "board.limit is 0"),
        ("limit = true", "board.limit is True"),
        ('limit = "3"', "board.limit is '3'"),
        ('per = "week"', "board.per is 'week'"),
        ('time_zone = "Asia/Nowhere"', "board.time_zone 'Asia/Nowhere' is not known"),
        ("time_zone = 8", "board.time_zone 8 is not known"),
        ("most = 3", "most"),
    ],
)
def test_an_edition_of_ones_own_with_a_wrong_board(table: str, said: str, tmp_path: Path) -> None:
    own = Path(load_edition.__code__.co_filename).with_name("medvidqa.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    path.write_text(own + f"\n[board]\n{table}\n", encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(said)):
        load_edition(str(path))
