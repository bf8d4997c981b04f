"""Tables as people keep them: separators, Markdown, pages, percent, marks, Chinese headers, and what is hostile."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.audit import Audit, audit, audit_text

TRACK2 = ("Team", "R@1", "R@10", "R@50", "MRR", "Overall")
VALUES = ("a", "0.25", "0.5", "0.75", "0.3869", "1.8869")


def only(text: str, name: str = "board.csv", **more: object) -> Audit:
    (audited,) = audit_text(text, name, **more)  # type: ignore[arg-type]
    return audited


def values(audited: Audit, row: int = 0) -> dict[str, float]:
    return {metric: float(printed.value) for metric, printed in audited.board.rows[row].values.items()}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(separator: str) -> None:
    audited = only("\n".join(separator.join(row) for row in (TRACK2, VALUES)))
    assert audited.board.track == 2
    assert values(audited) == {"R@1": 0.25, "R@10": 0.5, "R@50": 0.75, "MRR": 0.3869, "Overall": 1.8869}
    assert audited.board.rows[0].team == "a"
    assert not audited.contradictions


def test_names_of_metrics_that_the_separator_cut_apart() -> None:
    text = "team,R@1,IoU=0.3,R@1,IoU=0.5,R@1,IoU=0.7,mIoU\na,0.5557,0.3894,0.2239,0.3891\n"
    assert only(text).board.metrics == ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU")
    table = "| Team | R@1|mIoU | R@10|mIoU | R@50|mIoU | Average |\n|--|--|--|--|--|\n| a | 0.1 | 0.2 | 0.3 | 0.2 |\n"
    assert only(table, "b.md").board.metrics == ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average")


def test_decimal_commas_behind_semicolons() -> None:
    audited = only("队伍;R@1;R@10;R@50;MRR;总分\n甲;0,25;0,5;0,75;0,3869;1,8869\n")
    assert values(audited)["Overall"] == 1.8869
    assert audited.board.rows[0].team == "甲"


@pytest.mark.parametrize(
    ("header", "track", "metrics"),
    [
        ("排名,队伍,召回率@1,召回率@10,平均倒数排名,总分", 2, ("R@1", "R@10", "MRR", "Overall")),
        ("名次,团队,平均交并比,R@1 IoU=0.5", 1, ("mIoU", "R@1,IoU=0.5")),
        ("Team,R@1|mIoU,R@10 | mIoU,平均", 3, ("R@1|mIoU", "R@10|mIoU", "Average")),
        ('Team,"R@1, IoU","R@10, IoU",Average', 3, ("R@1|mIoU", "R@10|mIoU", "Average")),
        ("Team,R1,R10,Avg", 3, ("R@1|mIoU", "R@10|mIoU", "Average")),
        ("Team,R1@0.3,R1@0.5,mIoU", 1, ("R@1,IoU=0.3", "R@1,IoU=0.5", "mIoU")),
        ("Team,0.3,0.5,0.7,mIoU", 1, ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU")),
        ("Team,**R@1** (%),Recall@10↑,MRR", 2, ("R@1", "R@10", "MRR")),
        ("Team,Ｒ＠1,Ｒ＠10", 2, ("R@1", "R@10")),
    ],
)
def test_names_as_sites_print_them(header: str, track: int, metrics: tuple[str, ...]) -> None:
    ranked = header.startswith(("排名", "名次"))
    row = ",".join(["1"] * ranked + ["a"] + ["0.2"] * len(metrics))
    audited = only(f"{header}\n{row}\n")
    assert (audited.board.track, audited.board.metrics) == (track, metrics)
    assert audited.board.rows[0].rank == (1 if ranked else None)


def test_percent_is_told_from_the_values_or_the_marks() -> None:
    by_value = only("team,R@1,R@10,R@50,MRR,Overall\na,25.00,50.00,75.00,38.69,188.69\nb,0.5,1.0,2.0,0.7,4.2\n")
    assert by_value.board.unit == "percent"
    assert values(by_value, 1)["R@10"] == 0.01
    assert by_value.board.rows[0].values["MRR"].step == Fraction(1, 10_000)
    marked = only("team,R@1,R@10\na,0.5%,0.9%\n")
    assert (marked.board.unit, values(marked)) == ("percent", {"R@1": 0.005, "R@10": 0.009})
    assert only("team,R@1,R@10\na,0.5,0.9\n").board.unit == "fraction"


def test_marks_around_numbers_and_cells_that_say_nothing() -> None:
    audited = only(
        "| Team | R@1 | R@10 | MRR |\n| --- | --- | --- | --- |\n| **a** | **0.5**\\* | _0.6_† | – |\n", "b.md"
    )
    assert audited.board.rows[0].team == "a"
    assert values(audited) == {"R@1": 0.5, "R@10": 0.6}


def test_several_tables_between_prose_and_code() -> None:
    text = (
        "# Results\nSome | prose.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n| R@1 | MRR |\n|---|---|\n| 9 | 9 |\n```\n"
        "## Track 2\n\n| Team | R@1 | MRR |\n|:--|--:|:-:|\n| x | 0.5 | 0.6 |\n\nThe end.\n"
        "| Team | mIoU | R@1,IoU=0.5 |\n|---|---|---|\n| [y](http://z) | 0.4 | 0.5 |\n"
    )
    first, second = audit_text(text, "b.md")
    assert (first.board.title, first.board.line, first.board.rows[0].line) == ("Track 2", 15, 17)
    assert (second.board.track, second.board.rows[0].team) == (1, "y")


def test_two_boards_in_a_csv_with_titles() -> None:
    text = "Track one\nteam,mIoU,R@1 IoU=0.5\na,0.4,0.5\n,,\nTrack two\nteam,R@1,MRR\nb,0.5,0.6\n"
    assert [(one.board.title, one.board.track, one.board.line) for one in audit_text(text, "b.csv")] == [
        ("Track one", 1, 2), ("Track two", 2, 6),
    ]  # fmt: skip


def test_headers_over_several_columns_and_rows() -> None:
    page = (
        "<table><caption>Track <b>1</b></caption><tr><th rowspan=2>Team<th colspan=3>R@1<th rowspan=2>mIoU</tr>"
        "<tr><th>IoU=0.3<th>IoU=0.5<th>IoU=0.7</tr><tr><td>x<br>y<td>0.5<td>0.4<td>0.3<td>0.41</table>"
    )
    audited = only(page, "b.html")
    assert audited.board.metrics == ("R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU")
    assert (audited.board.title, audited.board.rows[0].team) == ("Track 1", "x y")


def test_a_table_within_a_table_is_one_of_its_own() -> None:
    inner = "<table><tr><td>Team<td>R@1<td>MRR</tr><tr><td>a<td>0.5<td>0.6</tr></table>"
    assert only(f"<table><tr><td>menu<td>{inner}</tr></table>", "b.html").board.rows[0].team == "a"


def test_the_track_that_is_asked_for() -> None:
    first, second = (
        f"| Team | {names} |\n|--|--|--|\n| a | 0.5 | 0.6 |\n" for names in ("R@1 | R@10", "mIoU | R@1@0.5")
    )
    text = f"{first}\n{second}"
    assert [one.board.metrics for one in audit_text(text, "b.md", track=3)] == [("R@1|mIoU", "R@10|mIoU")]
    assert [one.board.track for one in audit_text(text, "b.md", track=1)] == [1]


def test_every_cell_that_is_no_number_is_named() -> None:
    with pytest.raises(UserError) as error:
        audit_text("team,R@1,MRR\na,0.5,fine\nb,0.1.2,0.3\n", "b.csv")
    assert "2 problems" in error.value.message
    assert "line 2: 'fine' in column 'MRR' is no number" in error.value.message
    assert "line 3: '0.1.2' in column 'R@1' is no number" in error.value.message


def test_a_metric_with_two_columns_is_named() -> None:
    with pytest.raises(UserError, match="line 1: R@1 has two columns"):
        audit_text("team,R@1,R@1,MRR\na,0.5,0.5,0.6\n", "b.csv")


@pytest.mark.parametrize("name", ["b.csv", "b.md", "b.html", "b"])
@pytest.mark.parametrize("text", ["", "nothing", "team,score\na,1\n", "<table>", "| a |\n|--|\n", "R@1,MRR\n"])
def test_a_file_without_a_board_says_so(name: str, text: str) -> None:
    with pytest.raises(UserError, match="no board in it"):
        audit_text(text, name)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such board"):
        audit(tmp_path / "b.csv")
    (tmp_path / "b.csv").write_bytes("队伍,R@1,MRR\n甲,0.5,0.6\n".encode("gb18030"))
    with pytest.raises(UserError, match="not UTF-8"):
        audit(tmp_path / "b.csv")
    (audited,) = audit(tmp_path / "b.csv", encoding="gb18030")
    assert audited.board.rows[0].team == "甲"


HOSTILE = {
    "spans": "<table><tr>" + "<td rowspan=99 colspan=99>1" * 9000 + "</table>",
    "deep": "<table><tr><td>" * 20_000,
    "no end": "<table><tr><td>R@1<td>MRR<tr><td>" + "9" * 100_000,
    "quotes": '"' * 50_001,
    "bars": "|" * 9_000 + "\n" + "|-" * 4_000,
    "links": "| [" * 5_000 + "\n|--|\n",
    "tags": "|" + "<a" * 20_000 + "|\n|--|\n",
    "nul": "team,R@1,MRR\0\na,0.5,0.6\n",
    "marks": "team,R@1,MRR\na," + "̀́" * 20_000 + ",0.6\n",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".csv", ".md", ".html"])
def test_hostile_files_end_in_an_error_or_a_board(name: str, suffix: str) -> None:
    try:
        assert audit_text(HOSTILE[name], f"b{suffix}")
    except UserError as error:
        assert error.fix


@given(st.text(max_size=300), st.sampled_from([".csv", ".md", ".html", ""]))
def test_any_text_is_read_or_refused(text: str, suffix: str) -> None:
    try:
        assert audit_text(text, f"b{suffix}")
    except UserError as error:
        assert error.fix


@given(st.lists(st.lists(st.sampled_from(["R@1", "R@10", "MRR", "0.5", "", "*", "|", "<td>", '"', "-"]), max_size=5)))
def test_any_table_is_read_or_refused(rows: list[list[str]]) -> None:
    for suffix, text in (
        (".csv", "\n".join(",".join(row) for row in rows)),
        (".md", "\n|--|--|\n".join("|".join(row) for row in rows)),
        (".html", "<table>" + "<tr>".join("<td>".join(row) for row in rows)),
    ):
        try:
            audit_text(text, f"b{suffix}")
        except UserError as error:
            assert error.fix
