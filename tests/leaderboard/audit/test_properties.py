"""Boards that the kit computes never contradict themselves; faults that are planted in them are found."""

from __future__ import annotations

import random
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Track
from cmivqa_kit.leaderboard.audit import Audit, audit_text
from cmivqa_kit.metrics.board_names import BOARD_NAMES
from cmivqa_kit.scoring.api import score

VIDEOS = [f"video{number:06d}" for number in range(60)]


def submission(track: Track, draw: random.Random, targets: list[dict[str, Any]], answers_all: bool) -> list[Any]:
    """Answers that are often right, often repeat a video and often overlap."""
    rows: list[Any] = []
    for target in targets:
        start = target["start_second"] + draw.choice([0, 0, 1, 3, 8])
        span = [start, start + draw.choice([1, 5, 10, 20])]
        if track == 1:
            rows.append({"id": target["id"], "start_second": span[0], "end_second": span[1]})
            continue
        videos = [draw.choice(VIDEOS) for _ in range(draw.choice([1, 9, 10, 11, 50, 55]))]
        if draw.random() < 0.8:
            videos[draw.randrange(len(videos))] = target["video_id"]
        rows.append({"id": target["id"], "output": [[video, *span] for video in videos]})
    return rows if answers_all else draw.sample(rows, k=len(rows) // 2 + 1)


def board(
    track: Track, seed: int, official: bool, decimals: int, rounding: str, percent: bool
) -> tuple[str, list[str]]:
    """A CSV of three systems with what the boards print, and the header."""
    draw = random.Random(seed)
    targets = [
        {"id": number, "video_id": draw.choice(VIDEOS), "start_second": 10, "end_second": 20}
        for number in range(draw.choice([1, 2, 7, 30]))
    ]
    names = [*BOARD_NAMES[track]]
    lines = [";".join(["team", *names])]
    for team in "abc":
        card = score(submission(track, draw, targets, official), targets, track)
        metrics = card.metrics if official else card.strict.metrics
        assert metrics is not None
        values = [Decimal(metrics[name]) * (100 if percent else 1) for name in names]
        step = Decimal(1).scaleb(-decimals)
        lines.append(";".join([team, *(f"{value.quantize(step, rounding=rounding):f}" for value in values)]))
    return "\n".join(lines), names


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([1, 2, 3]),
    st.integers(0, 10**6),
    st.booleans(),
    st.integers(1, 6),
    st.sampled_from([ROUND_HALF_EVEN, ROUND_DOWN]),
    st.booleans(),
)
def test_a_board_that_the_kit_computes_does_not_contradict_itself(
    track: Track, seed: int, official: bool, decimals: int, rounding: str, percent: bool
) -> None:
    text, names = board(track, seed, official, decimals, rounding, percent)
    for audited in audit_text(text, "b.csv"):
        assert list(audited.board.metrics) == names
        assert audited.contradictions == ()


ROWS: dict[Track, tuple[str, str]] = {
    1: ("team,R@1 IoU=0.3,R@1 IoU=0.5,R@1 IoU=0.7,mIoU,rank", "a,0.5557,0.3894,0.2239,0.3891,1"),
    2: ("team,R@1,R@10,R@50,MRR,Overall,rank", "a,0.5225,0.7613,0.8982,0.6118,2.7938,1"),
    3: ("team,R@1|mIoU,R@10|mIoU,R@50|mIoU,Average,rank", "a,0.2346,0.4368,0.5631,0.4115,1"),
}


def changed(track: Track, column: int, value: str) -> Audit:
    header, row = ROWS[track]
    cells = row.split(",")
    cells[column] = value
    (audited,) = audit_text(f"{header}\n{','.join(cells)}\n", "b.csv")
    return audited


@pytest.mark.parametrize("track", ROWS)
def test_the_rows_that_faults_are_planted_in_are_sound(track: Track) -> None:
    assert changed(track, 0, "a").findings == ()


@pytest.mark.parametrize(
    ("track", "column", "value", "checks"),
    [
        (1, 1, "0.3890", {"recall-order"}),  # within 0.3 fewer than within 0.5
        (1, 3, "0.3899", {"recall-order"}),
        (1, 4, "0.2561", {"miou-bounds"}),  # .3 (r3 - r5) + .5 (r5 - r7) + .7 r7 = 0.28939...
        (1, 4, "0.6100", {"miou-bounds"}),
        (1, 1, "1.0001", {"range", "miou-bounds"}),
        (2, 1, "0.7615", {"recall-order", "mrr-bounds", "combination"}),
        (2, 4, "0.5224", {"mrr-bounds", "combination"}),
        (2, 4, "0.6600", {"mrr-bounds", "combination"}),
        (2, 5, "2.7943", {"combination"}),
        (2, 5, "0.6984", {"combination"}),
        (3, 1, "0.4371", {"recall-order", "combination"}),
        (3, 4, "0.4118", {"combination"}),
        (3, 4, "0.4112", {"combination"}),
        (3, 4, "-0.4115", {"range", "combination"}),
    ],
)
def test_a_planted_fault_is_found(track: Track, column: int, value: str, checks: set[str]) -> None:
    assert {finding.check for finding in changed(track, column, value).contradictions} == checks


def test_an_overall_that_is_the_mean_is_told_so() -> None:
    (finding,) = changed(2, 5, "0.6984").contradictions
    assert finding.message.endswith("is 2.7938; it is their mean")


def test_one_more_half_step_is_rounding_and_two_are_not() -> None:
    """Four parts of four decimals leave 0.0002 above and 0.0004 below open: what is cut off is never too high."""
    assert not changed(2, 5, "2.7936").contradictions
    assert not changed(2, 5, "2.7942").contradictions
    assert changed(2, 5, "2.7934").contradictions


@pytest.mark.parametrize(
    ("second", "wrong"), [("0.2346,0.4368,0.5631,0.4115,1", False), ("0.2,0.4,0.5,0.3667,1", True)]
)
def test_a_rank_given_twice(second: str, wrong: bool) -> None:
    header, row = ROWS[3]
    (audited,) = audit_text(f"{header}\n{row}\nb,{second}\nc,0.1,0.2,0.3,0.2,\nd,0.1,0.2,0.3,0.2,-\n", "b.csv")
    found = [finding.message for finding in audited.contradictions]
    assert found == ["rank 1 with Average 0.3667 is that of line 2 (Average 0.4115) too"] * wrong


def test_a_rank_given_twice_on_a_board_of_one_metric() -> None:
    (audited,) = audit_text("rank,team,MRR\n1,a,0.5\n1,b,0.4\n", "b.csv")
    assert [finding.check for finding in audited.contradictions] == ["rank-twice"]


def test_recalls_of_moments_are_bounded_by_those_of_videos() -> None:
    text = "team,R@1,R@10,R@1|mIoU,R@10|mIoU,R@10 IoU=0.5\na,0.3000,0.4000,0.3100,0.3500,0.4500\n"
    (audited,) = audit_text(text, "b.csv")
    assert [f.metrics for f in audited.contradictions] == [
        ("R@1|mIoU", "R@1"), ("R@10,IoU=0.5", "R@10"),
    ]  # fmt: skip


def test_few_decimals_and_trailing_zeros_leave_more_open() -> None:
    """0.22 may be 0.2199: a spreadsheet drops the last zeros."""
    (audited,) = audit_text("team,R@1|mIoU,R@10|mIoU,R@50|mIoU,Average\na,0.1141,0.2343,0.3098,0.22\n", "b.csv")
    assert not audited.contradictions


def test_a_board_of_one_row_and_of_columns_that_are_missing() -> None:
    (audited,) = audit_text("team,R@1,MRR\na,0.5000,0.4000\n", "b.csv")
    assert [f.message for f in audited.findings] == ["MRR 0.4000 is below 0.5000, the least that the recalls allow"]
    (audited,) = audit_text("team,R@10,MRR\na,0.5,0.55\n", "b.csv")  # beyond 10 there is 1/11 of the rest
    assert not audited.findings
