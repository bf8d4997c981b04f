"""The number of questions is told where the values suffice, and only there."""

from __future__ import annotations

import random

import pytest

from cmivqa_kit.editions import load_edition
from cmivqa_kit.leaderboard.audit import Audit, audit_text


def counted(numbers: list[int], seed: int = 0, cut: bool = False) -> str:
    """A board of Track 1 whose rows are counts of so many questions."""
    draw = random.Random(seed)
    lines = ["team,R@1 IoU=0.3,R@1 IoU=0.5,R@1 IoU=0.7"]
    for row, number in enumerate(numbers):
        counts = sorted((draw.randint(1, number) for _ in range(3)), reverse=True)
        digits = [f"{int(count / number * 10**4) / 10**4 if cut else count / number:.4f}" for count in counts]
        lines.append(",".join([f"team{row}", *digits]))
    return "\n".join(lines)


def only(text: str, edition: str | None = None) -> Audit:
    (audited,) = audit_text(text, "b.csv", edition=edition)
    return audited


@pytest.mark.parametrize("number", [113, 473, 511])
@pytest.mark.parametrize("cut", [False, True])
def test_rows_that_share_a_number_tell_it(number: int, cut: bool) -> None:
    for seed in range(5):
        questions = only(counted([number] * 6, seed, cut)).questions
        # A divisor explains as much where all counts happen to be multiples.
        assert [number % group.number for group in questions.groups] == [0]
        assert questions.groups[0].lines == (2, 3, 4, 5, 6, 7)


def test_two_numbers_in_one_board() -> None:
    questions = only(counted([511] * 5 + [473] * 4)).questions
    assert [(group.number, group.lines) for group in questions.groups] == [(511, (2, 3, 4, 5, 6)), (473, (7, 8, 9, 10))]


def test_one_row_tells_nothing_and_with_the_edition_it_does() -> None:
    text = counted([511])
    assert only(text).questions.groups == ()
    assert [g.number for g in only(text, "cmivqa-2023").questions.groups] == [511]


def test_values_of_no_number_tell_none() -> None:
    draw = random.Random(3)
    rows = ["team,R@1,R@10,R@50"]
    rows += [
        ",".join([f"t{row}", *(f"{value:.4f}" for value in sorted(draw.random() for _ in range(3)))])
        for row in range(8)
    ]
    assert only("\n".join(rows)).questions.groups == ()
    held = only("\n".join(rows), "mmivqa-2024")
    assert [(g.number, g.source) for g in held.questions.groups] == [(1022, "edition")]
    assert load_edition("mmivqa-2024").splits["test"].questions == 1022


def test_nothing_and_everything_are_multiples_of_all() -> None:
    audited = only("team,R@1,R@10\na,0,1\nb,0.0000,1.0000\n")
    assert (audited.questions.groups, audited.questions.others) == ((), ())


def test_a_count_that_is_cut_off_is_told() -> None:
    text = counted([511] * 6) + "\ncut," + ",".join(f"{int(c / 511 * 10**4) / 10**4:.4f}" for c in (300, 200, 101))
    found = [(f.team, f.message) for f in only(text).remarks if f.check == "truncation"]
    assert found == [
        ("cut", "R@1,IoU=0.3 0.5870: cut off, 300/511 is 0.587084"),
        ("cut", "R@1,IoU=0.5 0.3913: cut off, 200/511 is 0.391389"),
        ("cut", "R@1,IoU=0.7 0.1976: cut off, 101/511 is 0.197652"),
    ]
