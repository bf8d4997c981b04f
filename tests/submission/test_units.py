"""Times in another unit than seconds: which unit is named, when nothing is said, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.units import FRACTION, MILLISECONDS, Timed, frames, likely_unit, read_unit, unit_of_ends
from tests.submission.test_validate import check, estimated, far_beyond, good, in_milliseconds, spans

LENGTH = 200.0
ENDS = [8.0 * i + 6 for i in range(25)]  # seconds, up to 198


def timed(factor: float, duration: float | None = LENGTH) -> list[Timed]:
    return [Timed((end - 5) * factor, end * factor, duration) for end in ENDS]


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1000, "ms"), (25, "frames=25"), (30, "frames=30"), (4, "frames=4"), (60, "frames=60"), (1 / LENGTH, "fraction")],
)
@pytest.mark.parametrize("outliers", [0, 1])
def test_the_likely_unit(factor: float, unit: str, outliers: int) -> None:
    strange = [Timed(1.0, 2.0 if factor >= 1 else 7.0, LENGTH)] * outliers
    guess = likely_unit([*timed(factor), *strange])
    assert guess is not None and guess.unit is not None
    assert guess.unit.name == unit
    assert read_unit(unit) == guess.unit
    back = [guess.unit.seconds(span.end, span.duration) for span in timed(factor)]
    assert back == pytest.approx(ENDS)


@pytest.mark.parametrize(
    "spans_",
    [
        timed(1),
        timed(1, None),
        [Timed(0.0, 1.0, LENGTH)] * 50,  # the placeholder of lists that only rank videos
        [Timed(10.0, 100_000.0, LENGTH)] * 3 + timed(1),  # some are wrong, most are not
        timed(1000)[:2],  # too few to say anything
        [],
    ],
)
def test_seconds_are_seconds(spans_: list[Timed]) -> None:
    assert likely_unit(spans_) is None


def test_without_durations_and_beyond_any_unit() -> None:
    late = likely_unit(timed(100_000, None))
    assert late is not None and late.unit == MILLISECONDS
    microseconds = likely_unit(timed(1_000_000))
    assert microseconds is not None and microseconds.unit is None
    assert likely_unit(timed(25, None)) is None  # frames of minutes look like seconds of an hour


@pytest.mark.parametrize("text", ["s", "", "frames", "frames=0", "frames=-25", "frames=x", "MS", "frames=1e9"])
def test_what_is_no_unit(text: str) -> None:
    with pytest.raises(UserError, match="none that is known"):
        read_unit(text)


def test_units_convert() -> None:
    assert MILLISECONDS.seconds(35470.0, None) == 35.47
    assert frames(25).seconds(748, None) == 29.92
    assert FRACTION.seconds(0.5, 90.0) == 45.0
    assert FRACTION.seconds(0.5, None) is None


def test_one_warning_for_the_whole_file() -> None:
    report = check(in_milliseconds(), (1,), corpus=estimated())
    assert report.ok
    assert report.counts == {"W310": 1}
    assert report.unit == "ms"
    assert "3 of 3 spans" in report.findings[0].message and "milliseconds" in report.findings[0].message
    exact = check(in_milliseconds(), (1,))  # 90 s, stated: errors all the same, and the reason before them
    assert list(exact.counts) == ["W310", "E306"]
    fractions = [{**row, "start_second": 0.1 * i, "end_second": 0.1 * i + 0.3} for i, row in enumerate(spans())]
    assert check(fractions, (1,)).counts == {"W310": 1}
    assert check(fractions, (1,)).unit == "fraction"


@pytest.mark.parametrize(("tracks", "codes"), [((3,), {"W310": 1, "E306": 9}), ((2,), {"W306": 9, "W310": 1})])
def test_lists_too(tracks: Any, codes: dict[str, int]) -> None:
    rows = [
        {**row, "output": [[entry[0], 9000 * i + 10_000, 9000 * i + 20_000] for entry in row["output"]]}
        for i, row in enumerate(good())
    ]
    assert check(rows, tracks).counts == codes


def test_far_beyond_an_estimate_is_not_just_after_the_end() -> None:
    report = check(far_beyond(), (1,), corpus=estimated())
    assert report.counts == {"W309": 1}
    assert "just" not in str(report)
    near = spans()
    near[0]["end_second"] = 100
    assert check(near, (1,), corpus=estimated()).counts == {"W308": 1}


@pytest.mark.parametrize("usual", range(4))
def test_a_large_file_is_judged_as_if_all_of_it_were_looked_at(usual: int) -> None:
    """Of 20 spans that there may be, at most two of the usual length leave the others nearly all."""
    spans = [(0.1 * number, 30.0) for number in range(usual)] + [(0.01 * number, 0.9) for number in range(20 - usual)]
    assert (unit_of_ends(spans, 20) is None) == (usual > 2)
