"""`cmivqa leaderboard audit` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import cmivqa_here

BOARDS = Path(__file__).parents[2] / "docs" / "boards"
SOUND = "team,R@1,R@10,R@50,MRR,Overall\na,0.5225,0.7613,0.8982,0.6118,2.7938\n"


def test_the_published_boards_at_once(tmp_path: Path) -> None:
    done = cmivqa_here("leaderboard", "audit", *sorted(BOARDS.glob("*.md")), cwd=tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "12 boards: 8 contradictions in 6 rows, 9 remarks" in text
    assert "GEN" in text
    assert "assumes that every question is answered" in text


def test_a_sound_board_is_0_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(SOUND, encoding="utf-8")
    done = cmivqa_here("leaderboard", "audit", "b.csv", cwd=tmp_path)
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "b.csv:1: Track 2, 1 row, fractions" in text
    assert "1 board: 0 contradictions in 0 rows, 0 remarks" in text


def test_the_machine_readable_twin(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(SOUND.replace("2.7938", "2.6938"), encoding="utf-8")
    done = cmivqa_here("leaderboard", "audit", "b.csv", "--edition", "cmivqa-2023", "--format", "json", cwd=tmp_path)
    (board,) = json.loads(done.stdout)
    assert (done.returncode, board["ok"], board["track"], board["rows"]) == (1, False, 2, 1)
    (finding,) = board["contradictions"]
    assert (finding["check"], finding["line"], finding["team"]) == ("combination", 2, "a")
    assert [group["number"] for group in board["questions"]] == [511]


def test_a_file_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(SOUND, encoding="utf-8")
    (tmp_path / "none.csv").write_text("hello\n", encoding="utf-8")
    done = cmivqa_here("leaderboard", "audit", "none.csv", "gone.md", "b.csv", cwd=tmp_path)
    assert done.returncode == 2
    assert "none.csv: no board in it" in done.stderr.decode()
    assert "gone.md: no such board" in done.stderr.decode()
    assert "b.csv:1: Track 2" in done.stdout.decode()


def test_hostile_names_of_teams_are_shown_harmless(tmp_path: Path) -> None:
    text = SOUND.replace("\na,", "\n\x1b[31m\u202ea,").replace("2.7938", "2.6938")
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    done = cmivqa_here("leaderboard", "audit", "b.csv", cwd=tmp_path)
    assert b"\x1b[31m" not in done.stdout
    assert "\\x1b[31m\\u202ea" in done.stdout.decode()
