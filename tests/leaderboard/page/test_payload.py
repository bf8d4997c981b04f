"""What the pages hold: rows of a board as JSON, hostile texts cut, no address but those of the web."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmivqa_kit.errors import Problem
from cmivqa_kit.leaderboard.board import Board, Row, Section
from cmivqa_kit.leaderboard.page.aspects import Aspects
from cmivqa_kit.leaderboard.page.payload import (
    LONGEST,
    board_payload,
    entry_payloads,
    key_of,
    page_name,
    web_address,
)
from cmivqa_kit.leaderboard.records import FiledEntry, FiledFile, Standing
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.scoring.statistics.bootstrap import Interval

FILE = FiledFile("submission.json", "out.json", "0" * 64)


def row(team: str, section: Section = Section.RANKED, rank: int | None = 1, **changes: object) -> Row:
    entry = FiledEntry(
        Path("submissions/cmivqa-2023") / (team[:400] or "x") / "run-1", "cmivqa-2023", team, "run-1", (FILE,),
        received=datetime(2023, 6, 1, 4, tzinfo=UTC), link="javascript:alert(1)",
        standing=Standing(str(changes.pop("standing", "competing"))),
    )  # fmt: skip
    values: dict[str, object] = {
        "official": {"Average": 0.5, "R@1|mIoU": 0.25}, "strict": {"Average": 0.4, "R@1|mIoU": 0.2, "MRR": 0.1},
        "intervals": {"Average": Interval(0.3, 0.5, 0.01)}, "counts": {"answered": 9}, "tie_group": 1, **changes,
    }  # fmt: skip
    return Row(entry, FILE, 3, section, rank, **values)  # type: ignore[arg-type]


def board(*rows: Row, unplaced: tuple[Row, ...] = (), problems: tuple[Problem, ...] = ()) -> Board:
    return Board(
        3, "testB", "cmivqa-2023", "answers.json", "Average", ("R@1|mIoU", "Average"), {"Average": FRACTION}, 4, 10, 5,
        rows, unplaced, problems, detectable=0.03, signature="signed",
    )  # fmt: skip


def test_rows_stand_on_the_board_or_with_their_reason_below_it() -> None:
    nothing: dict[str, object] = {"official": {}, "strict": {}, "intervals": {}}
    made = board(
        row("A"),
        row("B", Section.UNRANKED, None, standing="baseline", tie_group=None),
        row(
            "C",
            Section.UNRANKED,
            None,
            tie_group=None,
            reasons=("over the limit: number 4 of its team, 3 in all are allowed",),
        ),
        row("D", Section.UNRANKED, None, official={}, repaired={"Average": 0.3, "R@1|mIoU": 0.1}, tie_group=None),
        row("E", Section.SUPERSEDED, None),
        row("F", Section.INVALID, None, reasons=("E105 not JSON",), **nothing),
        row("G", Section.ELSEWHERE, None, reasons=("answers testA",), **nothing),
        problems=(Problem("/home/me/submissions/cmivqa-2023/loose.json", "lies outside of an entry"),),
        unplaced=(row("H", Section.INVALID, None, reasons=("its track cannot be told",), **nothing),),
    )
    payload = json.loads(json.dumps(board_payload([made], "CMIVQA"), allow_nan=False))
    [shown] = payload["boards"]
    assert [one["team"] for one in shown["rows"]] == ["A", "B", "C", "D", "E"]
    assert [one["standing"] for one in shown["rows"]] == [None, "baseline", "over", "crashed", "superseded"]
    assert [(one["team"], one["reasons"]) for one in shown["refused"]] == [
        ("F", [["E105 not JSON", "E105 不是合法的 JSON"]]),
        ("G", [["answers testA", "answers testA"]]),
        ("H", [["its track cannot be told", "无法判断所属赛道"]]),
        ("submissions/cmivqa-2023/loose.json", [["lies outside of an entry", "lies outside of an entry"]]),
    ]  # fmt: skip
    assert [one["reasons"] for one in shown["rows"]] == [
        [], [],
        [["over the limit: number 4 of its team, 3 in all are allowed", "该队的第 4 次提交，最多 3 次"]],
        [], [],
    ]  # fmt: skip
    first, crashed = shown["rows"][0], shown["rows"][3]
    assert (first["official"], first["strict"], first["low"], first["high"]) == ([0.25, 0.5], 0.4, 0.3, 0.5)
    assert (crashed["official"], crashed["repaired"]) == ([0.1, 0.3], True)
    assert (shown["smallest"], shown["headline"], payload["public"]) == (0.03, "Average", True)
    assert set(entry_payloads([made], {})) == {one["page"] for one in shown["rows"]}


def test_an_entry_s_page_holds_all_its_tracks_and_what_is_known_beside() -> None:
    ranked = row("A")
    aspects = Aspects((("Chinese", 6, 0.3),), 1, (0.2, 0.3), (("retrieval-miss", 0.3), ("boundary", 0.3)))
    [page] = entry_payloads(
        [board(ranked), board(ranked)], {(key_of(ranked), 3): aspects}, {(key_of(ranked), 3): "../timelines/a.html"}
    ).values()
    assert len(page["tracks"]) == 2
    track = page["tracks"][0]
    assert [one["name"] for one in track["metrics"]] == ["R@1|mIoU", "Average", "MRR"]
    assert track["metrics"][2] == {"name": "MRR", "official": None, "strict": 0.1, "low": None, "high": None}
    assert track["languages"] == [{"name": "Chinese", "n": 6, "value": 0.3}]
    assert (track["small"], track["curve"], track["of"]) == (True, [0.2, 0.3], 1)
    assert [one["title"][0] for one in track["classes"]] == ["right video not found", "boundary error"]
    assert track["timeline"] == "../timelines/a.html"
    assert page["link"] == ""
    assert page["received"] == "2023-06-01T04:00+00:00"


def test_texts_are_cut_and_turn_nothing_round() -> None:
    payload = board_payload([board(row("\u202eevil\u2066" + "x" * 10_000, reasons=("crash: " + "y" * 10_000,)))], "T")
    [shown] = payload["boards"][0]["rows"]
    assert shown["team"].startswith("evilxx")
    assert [len(text) for text in (shown["team"], *shown["reasons"][0])] == [LONGEST] * 3


@pytest.mark.parametrize("team", ["../../etc", "..", "", "队伍", "a/b\\c", "x" * 300, "<script>", "con"])
def test_page_names_are_plain_and_one_per_entry(team: str) -> None:
    name = page_name(row(team))
    assert name.isascii()
    assert name.count("/") == 1
    assert ".." not in name
    assert len(name) < 100
    assert name != page_name(row(team + "2"))


@pytest.mark.parametrize(
    ("text", "whole"),
    [("https://example.org/a?b=1", True), (" http://x.org ", True), ("javascript:alert(1)", False), ("//x.org", False),
     ("https://", False), ("https://a b", False), ("https://[", False), ("data:text/html,x", False), ("", False),
     ("ftp://x.org", False), ("https://x.org/\x00", False), ("https://x.org/" + "a" * 3000, False)],
)  # fmt: skip
def test_only_addresses_of_the_web(text: str, whole: bool) -> None:
    assert web_address(text) == (text.strip() if whole else "")
