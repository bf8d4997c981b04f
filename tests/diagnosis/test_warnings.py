"""Warnings: each habit is found, and a sound submission has none."""

from __future__ import annotations

from typing import Any

import pytest

from cmivqa_kit.diagnosis.warnings import Warning, near_copies
from tests.diagnosis.made import answer, diagnosed, target

N = 20


def truth() -> list[dict[str, Any]]:
    return [target(i, f"v{i:02}", i, i + 10) for i in range(N)]


def sound(i: int) -> list[list[Any]]:
    """The right video first, then 49 others, every span another one."""
    return [[f"v{i:02}", i, i + 9.5]] + [[f"w{n}", n + i / 7, n + i / 7 + 8] for n in range(49)]


def found(rows: list[list[list[Any]]]) -> dict[str, Warning]:
    predictions = [answer(i, *entries) for i, entries in enumerate(rows)]
    return {one.code: one for one in diagnosed(3, predictions, truth()).warnings}


def test_a_sound_submission_has_none() -> None:
    assert found([sound(i) for i in range(N)]) == {}


def test_unanswered() -> None:
    rows = [sound(i) for i in range(N)]
    predictions = [answer(i, *entries) for i, entries in enumerate(rows) if i >= 8]
    predictions.append(answer(9, *rows[9]))
    (one,) = diagnosed(3, predictions, truth()).warnings
    assert (one.code, one.questions, one.ids) == ("unanswered", 9, (0, 1, 2, 3, 4))
    assert one.message.startswith("9 of 20 questions have no answer, 1 of them because they are in the file more than")


def test_short_lists() -> None:
    assert "short-lists" not in found([sound(i)[: 10 if i < 0 else 50] for i in range(N)])
    one = found([sound(i)[: 10 if i < 3 else 50] for i in range(N)])["short-lists"]
    assert (one.questions, one.ids) == (3, (0, 1, 2))
    assert "3 of 20 lists are shorter than 50: 10.0 entries on average" in one.message


def sprayed(i: int, spans: int, length: int = 50) -> list[list[Any]]:
    """The right video with so many spans that hardly overlap, then others."""
    return [[f"v{i:02}", 20 * n, 20 * n + 5] for n in range(spans)] + sound(i)[1 : 1 + length - spans]


@pytest.mark.parametrize(
    ("spans", "length", "is_found"), [(26, 50, True), (25, 50, False), (9, 10, False), (10, 12, True)]
)
def test_span_spraying(spans: int, length: int, is_found: bool) -> None:
    codes = found([sprayed(i, spans, length) for i in range(N)])
    assert ("span-spraying" in codes) is is_found
    if is_found:
        assert codes["span-spraying"].questions == N


def test_span_spraying_wants_different_spans() -> None:
    same = [[[f"v{i:02}", 1, 2]] * 40 + sound(i)[1:11] for i in range(N)]
    assert "span-spraying" not in found(same)
    assert "near-duplicate-spans" in found(same)


def test_one_odd_list_of_many_is_not_notable() -> None:
    rows = [sound(i) for i in range(N)]
    rows[0] = sprayed(0, 40)
    assert "span-spraying" in found(rows)  # 1 of 20 is just a twentieth
    predictions = [answer(i, *entries) for i, entries in enumerate([*rows, sound(20)])]
    targets = [*truth(), target(20, "v20", 20, 30)]
    assert [one.code for one in diagnosed(3, predictions, targets).warnings] == []


def test_repeated_videos() -> None:
    few = [[[f"{'vw'[n % 2]}{i + n % 2:02}", 40 * n, 40 * n + 5] for n in range(50)] for i in range(N)]
    one = found(few)["repeated-videos"]
    assert "lists of 50.0 entries name 2.0 different videos on average" in one.message
    assert "100.0% of the questions, so Track 2's R@50 cannot be above 1.0000" in one.message
    assert one.questions == N


def test_near_duplicates() -> None:
    assert near_copies([(1, "A", 0, 10), (2, "B", 0, 10), (3, "A", 0, 9), (4, "A", 0, 8.9), (5, "A", 0, 10)]) == 3
    assert near_copies([(1, "A", 0, 10), (2, "A", 0, 8.9)]) == 0
    rows = [[[name, start, end - shift] for name, start, end in sound(i)[:25] for shift in (0, 0.1)] for i in range(N)]
    one = found(rows)["near-duplicate-spans"]
    assert "500 of 1000 entries (50.0%) repeat an earlier span" in one.message


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([sound(0)] * N, "the same list for 20 of 20 answered questions, about 20 of 20 videos"),
        ([[["x", i, i + 9], *sound(i)] for i in range(N)], "the same video on top for 20 of 20"),
        ([[[f"v{i:02}", 3, 12], *sound(i)] for i in range(N)], "the same span on top for 20 of 20"),
        ([[["x", 1, 9], *sound(i)] if i < 6 else sound(i) for i in range(N)], "the same video on top for 6 of 20"),
    ],
)
def test_constant_output(rows: list[list[list[Any]]], what: str) -> None:
    assert found(rows)["constant-output"].message.startswith(what)


def test_a_video_that_is_often_wrong_is_not_constant() -> None:
    """On top for one question of many videos, but for few of all questions."""
    targets = [target(i, f"v{i % 10}", i, i + 10) for i in range(50)]
    lists = [[[f"v{0 if i < 7 else i % 10}", i, i + 9], *sound(i)[1:]] for i in range(50)]
    assert diagnosed(3, [answer(i, *entries) for i, entries in enumerate(lists)], targets).warnings == ()


def test_what_is_right_is_not_constant() -> None:
    """Questions of one video have the same right answer, however many they are."""
    targets = [target(i, f"v{i // 10}", i // 10, 10 + i // 10) for i in range(20)]
    predictions = [
        answer(i, [f"v{i // 10}", i // 10, 10 + i // 10], *[[f"w{n}", n + i / 9, n + i / 9 + 8] for n in range(49)])
        for i in range(20)
    ]
    assert [one.code for one in diagnosed(3, predictions, targets).warnings] == []


def test_track_1_has_only_what_spans_can_show() -> None:
    predictions = [{"id": i, "start_second": 3, "end_second": 9} for i in range(N - 1)]
    codes = {one.code: one for one in diagnosed(1, predictions, truth()).warnings}
    assert list(codes) == ["unanswered", "constant-output"]
    assert codes["constant-output"].message.startswith("the same span for 19 of 19 answered questions, about 19 of 19")
    assert codes["unanswered"].to_dict() == {
        "code": "unanswered",
        "message": "1 of 20 questions have no answer: each counts 0",
        "ids": [19],
        "questions": 1,
        "fix": "Answer every question once; a guess costs nothing.",
    }
