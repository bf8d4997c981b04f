"""What `predict` says of a pass over a corpus."""

from __future__ import annotations

import io

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cmivqa_kit.cli.common import Session, without_gpus
from cmivqa_kit.cli.cost_view import Budget, Speed, duration, show_cost
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("30m", 1800), ("90s", 90), ("1h30m", 5400), ("1.5h", 5400), (" 2m5s ", 125)]
)
def test_budgets(text: str, seconds: float) -> None:
    assert Budget().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "soon", "-1h", "0s", "1m1h", "nanh", "9" * 400 + "h"])
def test_no_budgets(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Budget().convert(text, None, None)


@given(st.text())
def test_any_text_is_a_time_or_a_plain_error(text: str) -> None:
    try:
        assert Budget().convert(text, None, None) > 0
    except click.BadParameter as error:
        assert "time" in error.message


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (59, "59 s"), (600, "10 min"), (5400, "1 h 30 min"), (86400, "24 h 0 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


class Terminal:
    """A session on a terminal, or not."""

    def __init__(self, terminal: bool, json: bool = False) -> None:
        self.json, self.text = json, io.StringIO()
        self.console = Console(file=self.text, force_terminal=terminal, width=100, color_system=None)


def test_what_comes_before_the_answers_is_shown_then_they_are() -> None:
    session = Terminal(True)
    speed = Speed(session)
    with speed.shown():
        speed.report("reading subtitles", 300, 1228)
        assert "reading subtitles" in _frame(speed)
        assert "300/1228" in _frame(speed)
        answers = speed.answers(iter("abc"), 3, "Track 3")
        assert [next(answers), next(answers)] == ["a", "b"]
        assert "Track 3" in _frame(speed)
        assert "1/3" in _frame(speed)
        assert list(answers) == ["c"]
        assert "3/3" in _frame(speed)


@pytest.mark.parametrize(("terminal", "json"), [(False, False), (False, True), (True, True)])
def test_progress_is_for_terminals(terminal: bool, json: bool) -> None:
    session = Terminal(terminal, json)
    speed = Speed(session)
    with speed.shown():
        speed.report("reading subtitles", 1, 2)
        assert list(speed.answers(iter("abc"), 3, "Track 3")) == list("abc")
    assert session.text.getvalue() == ""


def _frame(speed: Speed) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(speed._bar.get_renderable())
    return console.file.getvalue()


def test_the_words_for_the_processes_that_are_started() -> None:
    given_words = ["predict", "--gpus", "4", "--split", "testA", "--gpus=2", "--out", "x"]
    assert without_gpus(given_words) == ["predict", "--split", "testA", "--out", "x"]


@pytest.mark.parametrize(
    ("asked", "budget", "said"),
    [
        (424, 0.0, "424 questions x 3 videos: "),
        (492, 0.0, "424 questions (492 asked, equal ones once) x 3 videos: "),
        (424, 180.0, "That is more than the 3 min of --budget: a question is asked of one video at least."),
    ],
)
def test_what_a_pass_takes(capsys: pytest.CaptureFixture[str], asked: int, budget: float, said: str) -> None:
    cost = CostEstimate(424, 3, 1272, 1272, 5000, 600.0, 0, 400, "cpu", asked)
    show_cost(Session(), cost, None, 1, budget)
    assert said in capsys.readouterr().out
