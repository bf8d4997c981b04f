"""Times and spans as people and language models write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.span import Span
from cmivqa_kit.submission.imports.times import seconds, span


@pytest.mark.parametrize(
    ("value", "time"),
    [(12, 12), (12.5, 12.5), ("12.5", 12.5), ("12.5s", 12.5), ("7 sec", 7), ("1:05", 65), ("00:12", 12),
     ("00:01:05,500", 65.5), ("1:00:00", 3600), ("1m05s", 65), ("1h2m3s", 3723), ("1分5秒", 65), ("１：０５", 65),
     ("[0:05]", 5), ("75:10", 4510), ("2 min", 120)],
)  # fmt: skip
def test_times(value: object, time: float) -> None:
    assert seconds(value) == time


@pytest.mark.parametrize(
    "value",
    ["", " ", "soon", "1:60", "1:60:00", "-3", "1e999", "nan", "inf", float("nan"), float("inf"), True, None, [1], {},
     "9" * 200, "1:2:3:4", "12;5", 10**400],
)  # fmt: skip
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(ValueError, match=r"is |has "):
        seconds(value)


@pytest.mark.parametrize(
    "value",
    ["00:12-00:31", "0:12–0:31", "12 — 31", "12s to 31s", "00:12 --> 00:31", "00:12~00:31", "12至31",
     "[0:12 - 0:31]", [12, 31], ["0:12", 31.0], {"start": 12, "end": "0:31"}, "00:12→00:31", "00:12 ～ 00:31"],
)  # fmt: skip
def test_spans(value: object) -> None:
    assert span(value) == Span(12.0, 31.0)


@pytest.mark.parametrize("value", ["12", "31-12", "12-12", "1-2-3", "-", "", None, [1], [1, 2, 3], {"start": 1}, 5])
def test_what_is_no_span(value: object) -> None:
    with pytest.raises(ValueError, match="is "):
        span(value)


@given(st.integers(0, 35_999), st.integers(0, 999), st.sampled_from(".,"))
def test_every_clock_reads_back(whole: int, thousandths: int, point: str) -> None:
    hours, rest = divmod(whole, 3600)
    text = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{point}{thousandths:03d}"
    assert seconds(text) == pytest.approx(whole + thousandths / 1000)
    assert seconds(f"{hours}h{rest // 60}m{rest % 60}{point}{thousandths:03d}s") == seconds(text)


@given(st.integers(0, 5000), st.integers(1, 5000), st.sampled_from(["-", "–", " to ", " - ", "~", "-->", "至"]))
def test_every_span_reads_back(start: int, length: int, between: str) -> None:
    clock = [f"{time // 60}:{time % 60:02d}" for time in (start, start + length)]
    assert span(between.join(clock)) == Span(start, start + length)


@given(st.text(max_size=120) | st.text("0123456789:-–.,hms 秒分", max_size=40))
def test_no_text_does_harm(text: str) -> None:
    for read in (seconds, span):
        try:
            made = read(text)
        except ValueError as error:
            assert str(error)
        else:
            assert made.valid if isinstance(made, Span) else 0 <= made < 1e11
