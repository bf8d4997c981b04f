"""The cost of a pass over a corpus as `predict` tells it before, and its speed while it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count

if TYPE_CHECKING:
    from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage

T = TypeVar("T")
_BUDGET = re.compile(r"(?=.)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


class Budget(click.ParamType[float]):
    """The type of ``--budget``: ``2h``, ``30m``, ``1h30m``, ``90s``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert a text to seconds."""
        if isinstance(value, float):
            return value
        match = _BUDGET.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no time; e.g. 2h, 30m, 1h30m", param, ctx)
        hours, minutes, seconds = (float(part or 0) for part in match.groups())
        total = 3600 * hours + 60 * minutes + seconds
        if not 0 < total < 1e9:
            self.fail(f"{value!r}: not a time in which anything could be done", param, ctx)
        return total


def show_cost(
    session: Session, cost: CostEstimate, first: FirstStage | None, processes: int, budget: float = 0.0
) -> None:
    """Print how many pairs and tokens, how long, how much memory; and what a first stage gives up.

    ``budget``: the seconds that were asked for; it says so where even one video a question takes longer.
    """
    windows = f" in {cost.rows:,} rows" if cost.rows != cost.pairs else ""
    device = cost.device + (f", {processes} processes" if processes > 1 else "")
    different = f" ({cost.asked} asked, equal ones once)" if cost.asked > cost.questions else ""
    session.say(
        f"{count(cost.questions, 'question')}{different} x {count(first.videos if first else cost.videos, 'video')}: "
        f"{cost.pairs:,} pairs{windows}{f', {cost.tokens:,} tokens' if cost.tokens else ''}; "
        f"about {duration(cost.seconds)} on {device}"
        f"{f' in batches of {cost.batch:,} tokens' if cost.batch else ''}{_memory(cost)}",
        "dim",
    )
    if budget and cost.seconds > 1.05 * budget:
        session.say(
            f"That is more than the {duration(budget)} of --budget: a question is asked of one video at least.",
            "yellow",
        )
    if first is not None:
        known = first.recall
        lost = (
            f"of the dev questions {known:.1%} have their video among them{_of(first.dev_videos)}: the rest is given up"
            if known is not None
            else "it was not measured on dev questions with answers, so what is given up is not known"
        )
        session.say(
            f"Not the published system: {first.name} passes on {first.videos} of {first.of} videos; {lost}.", "yellow"
        )
        if first.costs_network:
            session.say(
                f"Ranking the videos by {first.name} runs a network over the corpus: not counted here.", "yellow"
            )


def _of(videos: int) -> str:
    return f" (of the {videos:,} videos of dev)" if videos else ""


def cost_document(cost: CostEstimate, first: FirstStage | None) -> dict[str, Any]:
    """The document of ``predict --dry-run --format json``.

    The fields of `CostEstimate`; ``first_stage`` or ``null``; and ``ranking_costs_network``: whether choosing the
    videos runs a network over the corpus as well, which none of the figures count.
    """
    return {
        **asdict(cost),
        "first_stage": first.to_dict() if first else None,
        "ranking_costs_network": bool(first and first.costs_network),
    }


def duration(seconds: float) -> str:
    """Seconds for people: ``3 h 20 min``, ``12 min``, ``40 s``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _memory(cost: CostEstimate) -> str:
    return f", {cost.memory / 2**20:,.0f} MiB" if cost.memory else ""


class Speed:
    """The progress of a pass: pairs and tokens a second, time left."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.total = self.rows = self.tokens = 0
        self.pairs_per_row = 1.0
        self.begun = time.monotonic()
        self._bar: Any = None
        self._job: Any = None
        self._open = ExitStack()

    def start(self, cost: CostEstimate) -> None:
        """Begin to count; on a terminal a bar appears."""
        self.total, self.pairs_per_row = cost.rows, cost.pairs / max(1, cost.rows)
        self.begun = time.monotonic()
        self._begin()

    def advance(self, rows: int, tokens: int) -> None:
        """Add rows and tokens that are done, and show it."""
        before, self.rows, self.tokens = self.rows, self.rows + rows, self.tokens + tokens
        if self._bar is not None:
            self._bar.update(self._job, completed=self.rows, total=self.total, description=self.text())
        elif not self.session.json and self.total and self.rows * 10 // self.total > before * 10 // self.total:
            self.session.say(f"  {self.rows:,} of {self.total:,} rows, {self.text()}", "dim")

    def report(self, title: str, done: int, total: int) -> None:
        """Show how far something is that comes before the answers; on a terminal only."""
        if self._begin():
            self._bar.update(self._job, completed=done, total=total, description=title)

    def answers(self, items: Iterable[T], total: int, title: str) -> Iterator[T]:
        """The same items, and how many there were; silently where there is no terminal."""
        if self.total or not self._begin():  # after a pass the lists are cut in seconds, and its bar is still there
            yield from items
            return
        for done, item in enumerate(items, 1):
            yield item
            if done == 1:
                self._bar.reset(self._job, description=title)  # what came before had another speed
            self._bar.update(self._job, completed=done, total=total)

    def _begin(self) -> bool:
        """True where there is a bar, which appears now if it did not before."""
        if self._bar is None and not self.session.json and self.session.console.is_terminal:
            self._bar, self._job = self._open.enter_context(render.bar(self.session.console))
        return self._bar is not None

    def text(self) -> str:
        """The speed up to now: ``1,200 pairs/s, 310,000 tokens/s``."""
        spent = max(1e-9, time.monotonic() - self.begun)
        return f"{self.rows * self.pairs_per_row / spent:,.0f} pairs/s, {self.tokens / spent:,.0f} tokens/s"

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show progress within a block: a bar on a terminal, a line per tenth elsewhere, nothing beside JSON."""
        with self._open:
            yield
