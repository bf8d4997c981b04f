"""The boards of 2023 to 2025 as they were published: six rows contradict themselves, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.leaderboard.audit import Audit, audit, audit_text

BOARDS = Path(__file__).parents[3] / "docs" / "boards"
YEARS = ("cmivqa-2023", "mmivqa-2024", "m4ivqa-2025")


def published(edition: bool = False) -> list[Audit]:
    return [one for year in YEARS for one in audit(BOARDS / f"{year}.md", edition=year if edition else None)]


def test_every_row_of_the_specification_is_there() -> None:
    rows = {(one.board.file.stem, one.board.title): len(one.board.rows) for one in published()}
    assert rows == {
        ("cmivqa-2023", "Test B, Track 1"): 10,
        ("cmivqa-2023", "Test B, Track 2"): 6,
        ("cmivqa-2023", "Test B, Track 3"): 5,
        ("cmivqa-2023", "Test A, Track 1"): 4,
        ("cmivqa-2023", "Test A, Track 2"): 4,
        ("cmivqa-2023", "Test A, Track 3"): 4,
        ("mmivqa-2024", "Track 1"): 5,
        ("mmivqa-2024", "Track 2"): 3,
        ("mmivqa-2024", "Track 3"): 2,
        ("m4ivqa-2025", "Track 1"): 2,
        ("m4ivqa-2025", "Track 2"): 3,
        ("m4ivqa-2025", "Track 3"): 2,
    }
    assert all(f"Track {one.board.track}" in one.board.title for one in published())


@pytest.mark.parametrize("edition", [False, True])
def test_the_contradictions_are_the_starred_rows(edition: bool) -> None:
    found = [
        (one.board.file.stem, one.board.track, finding.team, finding.check, finding.message)
        for one in published(edition)
        for finding in one.contradictions
    ]
    assumes = "the upper bound assumes that every question is answered: the official MRR leaves the others out (Q12)"
    parts = "R@1|mIoU, R@10|mIoU, R@50|mIoU"
    assert found == [
        ("cmivqa-2023", 2, "WAN", "combination", "Overall 1.5418, but the sum of R@1, R@10, R@50, MRR is 1.5458"),
        ("cmivqa-2023", 3, "baseline", "combination", f"Average 0.3291, but the mean of {parts} is 0.3251"),
        ("mmivqa-2024", 2, "GEN", "recall-order", "R@1 0.1311 is above R@10 0.1074"),
        ("mmivqa-2024", 2, "GEN", "recall-order", "R@10 0.1074 is above R@50 0.0978"),
        ("mmivqa-2024", 2, "GEN", "mrr-bounds", "MRR 0.1142 is below 0.1285, the least that the recalls allow"),
        ("mmivqa-2024", 2, "random pick", "mrr-bounds",
         f"MRR 0.0442 is above 0.0370, the most that the recalls allow; {assumes}"),
        ("mmivqa-2024", 3, "IIEleven", "combination", f"Average 0.2200, but the mean of {parts} is 0.2194"),
        ("m4ivqa-2025", 2, "Wjh", "mrr-bounds", "MRR 0.2551 is below 0.2816, the least that the recalls allow"),
    ]  # fmt: skip
    assert len({row[:3] for row in found}) == 6


def test_the_remarks_as_they_are() -> None:
    found = [
        (one.board.file.stem, one.board.title, finding.team, finding.check, finding.message)
        for one in published()
        for finding in one.remarks
    ]
    year, later = "cmivqa-2023", "m4ivqa-2025"
    assert found == [
        (year, "Test B, Track 1", "nsddd", "multiple", "R@1,IoU=0.7 0.2239: no multiple of 1/511"),
        (year, "Test B, Track 2", "baseline", "multiple", "R@50 0.5427: no multiple of 1/511"),
        (year, "Test B, Track 2", "WAN", "multiple", "R@1 0.2878: no multiple of 1/511"),
        (year, "Test B, Track 3", "baseline", "rounding",
         "Average 0.2545: the mean of the printed parts is 0.254433, within rounding"),
        (year, "Test A, Track 1", "Mote", "multiple",
         "R@1,IoU=0.3 0.5955, R@1,IoU=0.5 0.4593, R@1,IoU=0.7 0.3028: no multiple of 1/473; "
         "the row's are multiples of 1/492"),
        (year, "Test A, Track 1", "baseline", "multiple",
         "R@1,IoU=0.3 0.5671, R@1,IoU=0.5 0.4065, R@1,IoU=0.7 0.2358: no multiple of 1/473; "
         "the row's are multiples of 1/492"),
        (year, "Test A, Track 2", "DSG1", "rounding",
         "Overall 2.9290: the sum of the printed parts is 2.929100, within rounding"),
        (later, "Track 3", "MedEcho", "truncation",
         "Average 0.2314: cut off, the mean of the printed parts is 0.231467"),
        (later, "Track 3", "NYU", "truncation",
         "Average 0.2233: cut off, the mean of the printed parts is 0.223367"),
    ]  # fmt: skip


def test_the_numbers_of_questions_that_the_values_tell() -> None:
    told = [[(group.number, group.source, len(group.lines)) for group in one.questions.groups] for one in published()]
    assert told == [
        [(511, "values", 9)], [(511, "values", 4)], [],
        [(473, "values", 2), (492, "values", 2)], [(492, "values", 4)], [],
        [], [], [], [], [], [],
    ]  # fmt: skip


def test_with_the_edition_its_number_of_questions_is_held_against_them() -> None:
    (_, second, _) = (one for one in published(edition=True) if one.board.file.stem == "m4ivqa-2025")
    assert [(g.number, g.source, g.lines) for g in second.questions.groups] == [(1022, "edition", ())]
    assert [f.team for f in second.remarks] == ["DIMA", "NYU", "Wjh"]
    assert second.remarks[0].message == (
        "R@1 0.3264, R@10 0.4211, R@50 0.5177: no multiple of 1/1022, the questions of the edition"
    )


PAGE = """<!doctype html><html><head><script>document.write("<table><td>R@1</td><td>MRR</td></table>")</script></head>
<body><center><h6><br>M4 Temporal Answer Grounding in Singe Video Track</h6></center>
<table class="table"><tbody>
  <tr><td>Rank</td><td>Date</td><td>Team ID</td><td>Organization</td><td>System Name</td>
      <td>R@1,IoU=0.3</td><td>R@1,IoU=0.5</td><td>R@1,IoU=0.7</td><td><b>mIoU(R@1)</b></td>
  <tr><td>3 </td><td>2024/6/20</td><td>SETAG</td><td>Fudan University</td><td><font color="black">-</font></td>
      <td><font>0.4775</font></td><td>0.3209</td><td>0.1898</td><td>0.3389</td></tr>
  <tr><td>4 </td><td>2025/4/30</td><td>SEU</td><td>Southeast University</td><td>-</td>
      <td>0.4719</td><td>0.3314</td><td>0.1973</td><td><b>0.3411</b></td></tr>
  <tr><td>7 </td><td>2024/5/10</td><td>-</td><td>-</td><td><font color="red">Random Pick Method</font></td>
      <td>0.0571</td><td>0.0465</td><td>0.0358</td><td>0.0397</td></tr>
</tbody></table>
<table><tr><td>R@1|mIoU</td><td>R@10|mIoU</td><td>R@50|mIoU</td><td><b>Average</b></td></tr>
<tr><td>0.1141</td><td>0.2343</td><td>0.3098</td><td>0.2200</td></tr></table></body></html>"""


def test_a_page_as_the_site_writes_it() -> None:
    """Rows are not closed, headers are plain cells, a row without a team has a system."""
    first, second = audit_text(PAGE, "leaderboard2.html")
    assert first.board.title == "M4 Temporal Answer Grounding in Singe Video Track"
    assert [(row.line, row.team, row.rank) for row in first.board.rows] == [
        (6, "SETAG", 3), (8, "SEU", 4), (10, "Random Pick Method", 7),
    ]  # fmt: skip
    assert [(f.check, f.team, f.message) for f in first.findings] == [
        ("order", "SEU", "mIoU 0.3411 is listed below SETAG with 0.3389")
    ]
    assert (second.board.track, [f.check for f in second.findings]) == (3, ["combination"])
