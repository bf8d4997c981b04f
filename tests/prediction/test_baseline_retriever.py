"""Baselines and runs that find the videos: in which way they are asked, and that they are loaded once."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction import baseline_retriever
from cmivqa_kit.prediction.baseline_retriever import BaselineRetriever
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.ranked_list import MOST
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.prediction import fake
from tests.prediction.clinic import CLINIC, OPTIONS, ids
from tests.prediction.pairs import paired
from tests.submission.small import VIDEOS, root_2023


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


class Lists:
    """A participant's Track 2 system: lists, as they are told; it ranks no videos."""

    def __init__(self, scores: dict[str, float], asked: list[PredictOptions], first: int = 0) -> None:
        self.scores, self.asked, self.first = scores, asked, first

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        self.asked.append(options)
        for question in split.questions[self.first :]:
            assert question.answer is None and question.video_id is None and track == 2
            listed = tuple(Candidate(name, Span(0, 1), score) for name, score in self.scores.items())
            yield Prediction(question.id, listed[: options.limit])


class Ranks(Lists):
    """The same with `rank_videos`."""

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[Sequence[tuple[str, float]]]:
        for _ in split.questions[self.first :]:
            yield list(self.scores.items())


def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists], scores: dict[str, float],
          first: int = 0, limit: int = 50) -> tuple[BaselineRetriever, list[PredictOptions]]:  # fmt: skip
    """The retriever of one, and the options it was asked with."""
    fake.install(monkeypatch, tmp_path)
    asked: list[PredictOptions] = []
    monkeypatch.setattr(baseline_retriever, "create", lambda declaration: kind(scores, asked, first))
    return BaselineRetriever(replace(fake.DECLARATION, trains=False), None, PredictOptions(limit=limit)), asked


@pytest.mark.parametrize("kind", [Lists, Ranks])
def test_others_are_asked_for_lists_or_for_videos(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists]
) -> None:
    retriever, asked = opened(monkeypatch, tmp_path, kind, {"c": 3.0, "unknown": 2.0, "a": 1.0, "b": 1.0})
    assert retriever.rank(CLINIC, 2) == [(("c", 3.0), ("a", 1.0))] * 2
    assert retriever.costs_network(CLINIC) is (kind is Lists)
    assert retriever.recall(CLINIC, 1) == (0.5 if kind is Ranks else None)  # a long wait is not worth the figure
    assert len(asked) == (kind is Lists)


def test_a_shorter_list_is_the_beginning_of_a_longer_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    retriever, asked = opened(monkeypatch, tmp_path, Lists, {"c": 1.0, "b": 1.0, "a": 0.5}, limit=2)
    assert [retriever.rank(CLINIC, count)[0] for count in (1, 2)] == [(("c", -1.0),), (("c", -1.0), ("b", -2.0))]
    retriever.rank(CLINIC, 10**9)
    assert [one.limit for one in asked] == [2, 2, 3]  # as many as there are videos: systems make room for all of them


def test_others_that_say_nothing_give_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number, kind in enumerate((Lists, Ranks)):
        retriever, _ = opened(monkeypatch, tmp_path / str(number), kind, {})
        assert retriever.rank(CLINIC, 2) == [(), ()]


@pytest.mark.parametrize("kind", [Lists, Ranks])
def test_others_that_answer_something_else_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists]
) -> None:
    retriever, _ = opened(monkeypatch, tmp_path, kind, {"a": 1.0}, first=1)
    with pytest.raises(UserError, match="--retriever fake: not one answer per question") as caught:
        retriever.rank(CLINIC, 2)
    assert "Mend baseline fake" in caught.value.fix


def test_a_score_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    retriever, _ = opened(monkeypatch, tmp_path, Ranks, {"a": 1.0, "b": math.nan})
    with pytest.raises(UserError, match="video 'b' is no number"):
        retriever.rank(CLINIC, 2)
    endless, _ = opened(monkeypatch, tmp_path / "again", Ranks, {"a": -math.inf, "b": math.inf, "c": 0.0})
    assert endless.rank(CLINIC, 3)[0] == (("b", MOST), ("c", 0.0), ("a", -MOST))


def test_lists_name_every_video_where_the_baseline_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fake, "CONFIG", paired.SETTINGS.replace("by_video = true", "by_video = false"))
    retriever, asked = opened(monkeypatch, tmp_path, Lists, {"a": 1.0})
    retriever.rank(CLINIC, 1)
    assert asked[0].config["decode"]["by_video"]


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: Catalogue, runs: Path) -> RunDirectory:
    """A run of a system that scores pairs, with a finished pass over testA."""
    paired.install(monkeypatch, tmp_path)
    run = make_run(runs / "fake-1", "fake", paired.CONFIG, seed=0)
    run.write("learnt.json", {})
    run.finish()
    paired.ask(files, run, tmp_path / "submission.json", PassOptions())
    return run


def test_a_kept_pass_is_used_and_gives_the_same(
    scored: RunDirectory, files: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    split = load_split(files, "testA", 2)
    retriever = BaselineRetriever(paired.DECLARATION, scored, OPTIONS)
    paired.Paired.made.clear()
    assert not retriever.costs_network(split)
    found = retriever.rank(split, 3)
    assert not paired.Paired.made  # nothing was scored
    assert [sorted(one) for one in ids(found)] == [sorted(VIDEOS)] * 4
    renamed = replace(split, name="elsewhere")
    assert retriever.costs_network(renamed)
    assert retriever.rank(renamed, 3) == found
    assert len(paired.Paired.made) == 1
    more = replace(split, questions=(*split.questions, Question(99, "如何?")))
    with caplog.at_level(logging.INFO):
        assert len(retriever.rank(more, 3)) == 5  # the pass lacks one: asked anew
    assert "1 of 5 questions are not in this pass" in caplog.text
    assert retriever.recall(load_split(files, "dev", 2), 3) is None
