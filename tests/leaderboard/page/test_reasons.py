"""Reasons of the board in Chinese: each phrase as the board words it, what it does not word as it is."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cmivqa_kit.editions.board import BoardRules
from cmivqa_kit.leaderboard.boards import boards_of
from cmivqa_kit.leaderboard.limits import over_limit
from cmivqa_kit.leaderboard.page.reasons import in_both_languages
from cmivqa_kit.leaderboard.records import State
from tests.leaderboard.small_board import corpus, put, truth


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("E105 not JSON", "E105 不是合法的 JSON"),
        ("E206 questions without an answer (1,024 times)", "E206 有问题没有作答（1,024 处）"),
        ("answers testA, not testB", "回答的是 testA 的问题，而非 testB"),
        ("E999 of tomorrow", "E999 of tomorrow"),
        ("no submission in it", "no submission in it"),
        ("", ""),
    ],
)
def test_in_both_languages(reason: str, chinese: str) -> None:
    assert in_both_languages(reason) == [reason, chinese]


def test_every_reason_that_a_board_words_has_its_chinese(tmp_path: Path) -> None:
    noon = datetime.fromisoformat("2023-05-20T12:00:00+08:00")
    empty = corpus(0.7)
    empty[3]["output"] = []
    entries = [
        put(tmp_path, "sent back", "?", state=State.REJECTED, reasons=("E105 not JSON (1)",)),
        put(tmp_path, "crash", empty),
        put(tmp_path, "other", [{**row, "id": row["id"] + 900} for row in corpus(0.5)]),
        put(tmp_path, "2024", corpus(0.5), edition="mmivqa-2024"),
        *(put(tmp_path, "many", corpus(0.5, n), f"run-{n}", received=noon) for n in range(1, 5)),
    ]
    changed = put(tmp_path, "changed", corpus(0.4))
    changed.paths[0].write_text(changed.paths[0].read_text() + " ")
    boards = boards_of([*entries, changed], truths=[truth(tmp_path)])
    rows = [row for board in boards for row in (*board.rows, *board.unplaced)]
    told = [in_both_languages(reason) for row in rows for reason in row.reasons if "run is its team" not in reason]
    assert len({english.partition(" ")[0] for english, _ in told}) >= 6
    assert [english for english, chinese in told if english == chinese] == []


def test_a_limit_in_all_has_its_chinese(tmp_path: Path) -> None:
    entries = [put(tmp_path, "many", corpus(0.5), f"run-{n}") for n in (1, 2)]
    (reason,) = over_limit(entries, BoardRules(limit=1)).values()
    assert in_both_languages(reason)[1] == "该队的第 2 次提交，最多 1 次"
