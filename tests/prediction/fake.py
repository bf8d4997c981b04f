"""A baseline made for tests: it records what it is shown and answers as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.types import Candidate, Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.runs.directory import RunDirectory

CONFIG = """
[default.index]
k1 = 1.5
size = 10
name = "words"
on = true
lengths = [20, 40]

[default.other]
k1 = 0.5

[preset.small.index]
size = 2
k1 = 1

[recipe.published.index]
k1 = 9.0
size = 7
"""
DECLARATION = Declaration(
    name="fake",
    title="Records what it sees",
    tracks=(1, 2, 3),
    factory="tests.prediction.fake:Fake",
    config="fake_settings:config.toml",
)


def right(question: Question, split: Split) -> Prediction:
    """The first second of the given video, or of every video."""
    videos = [question.video_id] if question.video_id is not None else list(split.videos)
    return Prediction(question.id, tuple(Candidate(video, Span(0.0, 1.0), 1.0) for video in videos))


class Fake:
    """Class attributes are what the tests read and set; `installed` resets them."""

    seen: list[tuple[Split, Target]] = []
    fitted: list[tuple[Split, Split | None, RunDirectory]] = []
    answer: Callable[[Question, Split], Any] = staticmethod(right)

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Record the splits and write something."""
        type(self).fitted.append((train, dev, run))
        run.write("learnt.json", {"questions": len(train.questions)})

    def load(self, run: RunDirectory) -> None:
        """Read it back."""
        run.read("learnt.json")

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """Record the split and answer each question."""
        type(self).seen.append((split, track))
        for question in split.questions:
            given = type(self).answer(question, split)
            yield from given if isinstance(given, list) else [given]


def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, **points: str) -> type[Fake]:
    """Make the fake (and ``name=value`` entry points besides) the installed baselines."""
    folder = tmp_path / "packages"
    (folder / "fake_settings").mkdir(parents=True)
    (folder / "fake_settings" / "__init__.py").touch()
    (folder / "fake_settings" / "config.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(__import__("sys").modules, "fake_settings", raising=False)
    group = "cmivqa_kit.baselines"
    found = [EntryPoint(name, value, group) for name, value in {"fake": f"{__name__}:DECLARATION", **points}.items()]
    monkeypatch.setattr("cmivqa_kit.plugin.registry.entry_points", lambda group: found)
    monkeypatch.setattr(Fake, "seen", [])
    monkeypatch.setattr(Fake, "fitted", [])
    return Fake
