"""The folder of a team: plain whatever the name, one for the spellings of one name, another for every other name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.leaderboard.team_folder import same_team, team_folder


@given(st.text())
def test_a_folder_is_plain(name: str) -> None:
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}", team_folder(name))
    assert len(team_folder(name)) <= 54


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("WAN", "wan-"),
        ("Équipe Zoë", "equipe-zoe-"),
        ("鹏城实验室", "team-"),
        ("队伍 7", "team-7-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("<script>alert(1)</script>", "script-alert-1-script-"),
        ("\u202egnp.exe", "gnp-exe-"),
        ("CON", "con-"),
        ("", "team-"),
        ("x" * 10_000, "x" * 40 + "-"),
    ],
)
def test_the_slug_shows_what_is_plain_in_the_name(name: str, start: str) -> None:
    assert re.fullmatch(re.escape(start) + "[0-9a-f]{8}", team_folder(name))


@pytest.mark.parametrize("other", ["wan", " WAN ", "ＷＡＮ", "Wan\n"])
def test_spellings_of_one_name_share_a_folder(other: str) -> None:
    assert same_team(other) == same_team("WAN")
    assert team_folder(other) == team_folder("WAN")


def test_unicode_forms_of_one_name_share_a_folder() -> None:
    assert team_folder("Zoe\u0308") == team_folder("Zoë")


@pytest.mark.parametrize(
    "pair", [("A+B", "A B"), ("鹏城", "琶洲"), ("x" * 50, "x" * 51), ("team", ""), ("7", "team 7")]
)
def test_names_with_one_slug_do_not_collide(pair: tuple[str, str]) -> None:
    first, second = map(team_folder, pair)
    assert first[:-8] == second[:-8]
    assert first != second
