"""A training as `train` shows it: steps with the running loss, and the dev evaluations on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

from cmivqa_kit.cli import render
from cmivqa_kit.runs.dev_progress import SILENT_DEV, DevProgress
from cmivqa_kit.runs.directory import Progress, silent


@dataclass(frozen=True, slots=True)
class TrainingView:
    """What a training is told to call: after each step, and at dev evaluations."""

    step: Progress = silent
    dev: DevProgress = SILENT_DEV


def score_line(step: int, metrics: Mapping[str, float], best: bool) -> str:
    """``step 120, dev: mIoU 0.3123, the best so far``: the metric that decides."""
    name, value = next(iter(metrics.items()))
    return f"  step {step}, dev: {name} {value:.4f}{', the best so far' if best else ''}"


@contextmanager
def training_view(out: Console, shown: bool) -> Iterator[TrainingView]:
    """Show a training: a bar on a terminal, else a line per tenth; every dev evaluation has a line of its own."""
    if not shown:
        yield TrainingView()
    elif not out.is_terminal:

        def tenth(step: int, total: int, loss: float) -> None:
            if step * 10 // total > (step - 1) * 10 // total:
                render.line(out, f"  step {step} of {total}, loss {loss:.4f}", "dim")

        def evaluated(step: int, metrics: Mapping[str, float], best: bool) -> None:
            render.line(out, score_line(step, metrics, best), "dim")

        def prepared(title: str, done: int, total: int) -> None:
            if done == total:
                render.line(out, f"  {title}: {total} of {total}", "dim")

        yield TrainingView(tenth, DevProgress(evaluation=evaluated, preparation=prepared))
    else:
        with render.bar(out) as (bar, job):
            loss_text = ["steps"]

            def advance(step: int, total: int, loss: float) -> None:
                loss_text[0] = f"loss {loss:.4f}"
                bar.update(job, completed=step, total=total, description=loss_text[0])

            def answered(number: int, questions: int) -> None:
                bar.update(job, description=f"{loss_text[0]}, dev question {number} of {questions}")

            def told(step: int, metrics: Mapping[str, float], best: bool) -> None:
                render.line(bar.console, score_line(step, metrics, best), "dim")
                bar.update(job, description=loss_text[0])

            def preparing(title: str, done: int, total: int) -> None:
                bar.update(job, completed=done, total=total, description=title)

            yield TrainingView(advance, DevProgress(answered, told, preparing))
