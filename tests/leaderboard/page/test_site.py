"""The pages made of real entries: nothing of an answer in what the public sees; timelines for organizers alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.board import Board
from cmivqa_kit.leaderboard.boards import boards_on, grounds_for
from cmivqa_kit.leaderboard.grounds import Grounds
from cmivqa_kit.leaderboard.page.site import write_site
from cmivqa_kit.leaderboard.records import Standing
from tests.leaderboard.small_board import ANSWERS, corpus, put, spans, truth

DATA = re.compile(r'<script type="application/json" id="payload">(.*?)</script>', re.DOTALL)
LATER = 1000.125  # seconds: times that stand nowhere else


def later(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers or entries with all times moved to where only answers have any."""
    moved = []
    for row in rows:
        row = {**row, **{key: row[key] + LATER for key in ("start_second", "end_second") if key in row}}
        if "output" in row:
            row["output"] = [[video, start + LATER, end + LATER] for video, start, end in row["output"]]
        moved.append(row)
    return moved


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Board], Grounds]:
    folder = tmp_path_factory.mktemp("board")
    answers = truth(folder, later(ANSWERS))
    entries = [
        put(folder / "submissions", "队伍", later(corpus(0.9))),
        put(folder / "submissions", "B", later(corpus(0.3)), link="javascript:alert(1)", standing=Standing.BASELINE),
        put(folder / "submissions", "C", later(spans(4.0))),
        put(folder / "submissions", "broken", "[{]"),
        put(folder / "submissions", "others", [{**row, "id": row["id"] + 900} for row in later(corpus(0.5))]),
    ]
    grounds = grounds_for(entries, truths=[answers])
    return boards_on(entries, grounds), grounds


def payload_of(path: Path) -> dict[str, Any]:
    found = DATA.search(path.read_text(encoding="utf-8"))
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document


def test_a_page_per_entry_with_its_curve_and_where_its_points_went(
    made: tuple[list[Board], Grounds], tmp_path: Path
) -> None:
    boards, grounds = made
    seen: list[tuple[int, int]] = []
    index = write_site(tmp_path / "site", boards, grounds, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 5) for n in range(1, 6)]  # two corpus files on two tracks, one of spans
    document = payload_of(index)
    assert [board["track"] for board in document["boards"]] == [1, 2, 3]
    assert {one["team"] for one in document["boards"][2]["refused"]} == {"broken", "others"}
    [row] = [row for row in document["boards"][2]["rows"] if row["team"] == "队伍"]
    page = payload_of(tmp_path / "site" / row["page"])
    second, third = page["tracks"]
    assert (second["track"], third["track"]) == (2, 3)
    assert second["classes"] == []
    assert len(second["curve"]) == len(third["curve"]) == 50
    assert second["curve"] == sorted(second["curve"])
    board = boards[1]
    [ranked] = [row for row in board.rows if row.team == "队伍"]
    assert second["curve"][0] == pytest.approx(ranked.strict["R@1"], abs=5e-5)
    assert second["curve"][9] == pytest.approx(ranked.strict["R@10"], abs=5e-5)
    assert third["curve"][9] == pytest.approx(boards[2].rows[0].strict["R@10|mIoU"], abs=5e-5)
    assert third["score"] + sum(one["share"] for one in third["classes"]) == pytest.approx(1, abs=1e-4)


def test_nothing_of_an_answer_stands_in_what_the_public_sees(made: tuple[list[Board], Grounds], tmp_path: Path) -> None:
    boards, grounds = made
    write_site(tmp_path / "site", boards, grounds)
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "site").rglob("*.html")]
    assert len(pages) == 4
    for answer in later(ANSWERS):
        told = (answer["video_id"], answer["question"], f"{answer['start_second']:g}", f"{answer['end_second']:g}")
        assert not any(text in page for page in pages for text in told)
    assert re.findall(r"\d\.\d{5,}", " ".join(DATA.findall("".join(pages)))) == []  # as boards show them


def test_the_second_time_nothing_is_scored_and_damage_is_noticed(
    made: tuple[list[Board], Grounds], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boards, grounds = made
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))

    def pages(name: str) -> list[bytes]:
        write_site(tmp_path / name, boards, grounds)
        return [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.html"))]

    first = pages("a")
    kept = sorted((tmp_path / "cache").rglob("*.json"))
    assert len(kept) == 5
    with monkeypatch.context() as patch:
        patch.setattr("cmivqa_kit.leaderboard.page.site.aspects_of", None)
        assert pages("b") == first
    kept[0].write_text("[" * 100_000)
    kept[1].write_text('{"languages": 3}')
    assert pages("c") == first


def test_timelines_are_for_organizers(made: tuple[list[Board], Grounds], tmp_path: Path) -> None:
    boards, grounds = made
    with pytest.raises(UserError, match="not for the public"):
        write_site(tmp_path / "site", boards, grounds, timelines=True)
    assert not (tmp_path / "site").exists()
    index = write_site(tmp_path / "site", boards, grounds, public=False, timelines=True)
    assert payload_of(index)["public"] is False
    [row] = [row for row in payload_of(index)["boards"][2]["rows"] if row["team"] == "队伍"]
    page = tmp_path / "site" / row["page"]
    second, third = payload_of(page)["tracks"]
    assert second["timeline"] is None
    timeline = (page.parent / third["timeline"]).resolve()
    assert ANSWERS[0]["video_id"] in timeline.read_text(encoding="utf-8")
    assert "unlinked" not in payload_of(timeline)  # ids that are YouTube's lead to the second there
    assert len(list((tmp_path / "site" / "timelines").iterdir())) == 3


def test_the_pages_of_2024_have_a_row_per_language_with_ten_questions_or_more(tmp_path: Path) -> None:
    languages = ["Chinese" if n % 2 else "English" for n in range(22)] + ["Latin"] * 2

    def of_2024(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**row, "id": f"NLPCC2024_Task3_{n + 1}", "language_type": language}
            for n, (row, language) in enumerate(zip(rows, languages, strict=True))
        ]

    answers = truth(tmp_path, of_2024(ANSWERS))
    entry = put(tmp_path / "submissions", "A", of_2024(corpus(0.7)), edition="mmivqa-2024")
    grounds = grounds_for([entry], truths=[answers])
    [board] = boards_on([entry], grounds)
    write_site(tmp_path / "site", [board], grounds)
    [page] = (tmp_path / "site" / "entries").iterdir()
    [track] = payload_of(page)["tracks"]
    [row] = board.rows
    assert (track["track"], track["edition"], track["small"]) == (3, "mmivqa-2024", True)
    assert [(one["name"], one["n"]) for one in track["languages"]] == [("Chinese", 11), ("English", 11)]
    assert [one["value"] for one in track["languages"]] == [
        pytest.approx(row.by_language[name]["Average"], abs=5e-5) for name in ("Chinese", "English")
    ]
    assert "Latin" not in page.read_text(encoding="utf-8")
