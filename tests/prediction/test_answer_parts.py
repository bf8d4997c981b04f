"""Answers kept part by part: a command that was stopped goes on to the same bytes, and mixes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction import answer_cost, answer_parts
from cmivqa_kit.prediction.answer import predict
from cmivqa_kit.prediction.answer_files import Written
from cmivqa_kit.prediction.answer_parts import Answering
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.pairs.pass_options import OnlyPlanned, PassOptions
from cmivqa_kit.runs.directory import RunDirectory, make_run
from cmivqa_kit.runs.processes import Group
from tests.prediction import fake
from tests.submission.small import root_2023, root_2024

DECLARATION = Declaration(
    name="fake", title="Answers in parts", tracks=(1, 2, 3), factory=f"{__name__}:Looking",
    config="fake_settings:config.toml",
)  # fmt: skip


class Stopped(Exception):
    pass


class Looking:
    """Answers with the questions that it was asked together; ``asked`` are all of them, ``stop`` where it ends."""

    asked: list[Any] = []
    stop: Any = None

    def load(self, run: RunDirectory) -> None:
        """Nothing to load."""

    def answering(self, split: Split, target: Target, options: PredictOptions) -> Answering:
        def answers(questions: Sequence[Question]) -> list[Prediction]:
            made = []
            for question in questions:
                if question.id == type(self).stop:
                    raise Stopped
                type(self).asked.append((target, question.id))
                spans = [Span(float(len(questions)), 9.0 + n) for n in range(2)]
                videos = [question.video_id] if target == 1 else sorted(split.videos)
                entries = (Candidate(str(video), span, 0.1, 1 / 3) for video in videos for span in spans)
                made.append(Prediction(question.id, tuple(entries)))
            return made

        return answers


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[Looking]]:
    fake.install(monkeypatch, tmp_path)
    monkeypatch.setattr("cmivqa_kit.prediction.answer.find_declaration", lambda name: DECLARATION)
    monkeypatch.setattr(answer_parts, "PART", 3)
    monkeypatch.setattr(Looking, "asked", [])
    monkeypatch.setattr(Looking, "stop", None)
    return Looking


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = make_run(tmp_path / "runs" / "fake-1", "fake", {}, seed=0)
    made.finish()
    return made


def ask(
    files: Catalogue, run: RunDirectory, out: Path, split: str = "testA", tracks: Any = (2, 3), **given: Any
) -> list[Written]:
    plan = AnswerPlan.in_root(files, split, tracks, out)
    options = PredictOptions({"decode": {"lists": given.pop("lists", 1)}})
    return predict(plan, run, options, True, pass_options=PassOptions(**given))


def kept(run: RunDirectory) -> list[str]:
    return sorted(path.name for path in (run.path / "predictions").glob("*.partial/*"))


def test_a_stopped_command_goes_on_to_the_same_bytes(
    system: type[Looking], files: Catalogue, run: RunDirectory, tmp_path: Path
) -> None:
    (whole,) = ask(files, run, tmp_path / "whole.json")
    assert kept(run) == []
    assert list((run.path / "predictions").glob("*.confidence.json"))
    system.stop = 3
    with pytest.raises(Stopped):
        ask(files, run, tmp_path / "again.json")
    assert kept(run) == ["answers.json", "part-00000.json"]
    system.stop, before = None, len(system.asked)
    for given, message in (
        ({}, "1 of 2 parts are done"),
        ({"resume": True, "lists": 2}, "differ in config"),
    ):
        with pytest.raises(UserError, match=message):
            ask(files, run, tmp_path / "again.json", **given)
    with pytest.raises(UserError, match="nothing to resume"):
        ask(files, run, tmp_path / "again.json", "dev", resume=True)
    ask(files, run, tmp_path / "again.json", resume=True)
    assert system.asked[before:] == [("corpus", 3)]
    assert (tmp_path / "again.json").read_bytes() == whole.path.read_bytes()
    assert kept(run) == []


def test_a_damaged_part_is_asked_again_and_force_begins_anew(
    system: type[Looking], files: Catalogue, run: RunDirectory, tmp_path: Path
) -> None:
    system.stop = 3
    for _ in range(2):
        with pytest.raises(Stopped):
            ask(files, run, tmp_path / "a.json", force=True)
    assert len(system.asked) == 6
    (part,) = (run.path / "predictions").glob("*.partial/part-00000.json")
    rows = json.loads(part.read_text())
    for damaged in ("[", "{}", json.dumps(rows[:2]), json.dumps([[name, [["v", 1]]] for name, _ in rows])):
        part.write_text(damaged)
        system.asked.clear()
        with pytest.raises(Stopped):
            ask(files, run, tmp_path / "a.json", resume=True)
        assert [name for _, name in system.asked] == [0, 1, 2]


def test_every_file_of_an_edition_is_gone_on_with(system: type[Looking], run: RunDirectory, tmp_path: Path) -> None:
    later = catalogue(root_2024(tmp_path / "later"))
    whole = ask(later, run, tmp_path / "whole.json", "test")
    assert len(whole) == 2
    system.stop = "NLPCC2024_Task3_4"
    with pytest.raises(Stopped):
        ask(later, run, tmp_path / "again.json", "test")
    system.stop = None
    system.asked.clear()
    again = ask(later, run, tmp_path / "again.json", "test", resume=True)
    assert system.asked == [(3, "NLPCC2024_Task3_4")]
    assert [file.path.read_bytes() for file in again] == [file.path.read_bytes() for file in whole]


def test_processes_share_the_parts(
    system: type[Looking], files: Catalogue, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = ask(files, run, tmp_path / "whole.json", tracks=(1,))
    system.stop = 3
    with pytest.raises(Stopped):
        ask(files, run, tmp_path / "shared.json", tracks=(1,))
    system.stop = None
    system.asked.clear()
    with monkeypatch.context() as patch:  # the second of two processes, which the first has told to go on
        patch.setattr(Group, "first", lambda self, action: None)
        patch.setattr(Group, "check", lambda self: None)
        assert ask(files, run, tmp_path / "shared.json", tracks=(1,), group=Group(rank=1, count=2)) == []
    assert system.asked == [(1, 3)]
    ask(files, run, tmp_path / "shared.json", tracks=(1,), resume=True)
    assert system.asked == [(1, 3)]
    assert (tmp_path / "shared.json").read_bytes() == whole.path.read_bytes()


def test_what_is_for_pairs_alone_is_refused(files: Catalogue, run: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not score question-video pairs") as refused:
        ask(files, run, tmp_path / "a.json", budget=1.0)
    assert "--resume goes on" in refused.value.fix


def test_a_plan_asks_a_few_questions_and_writes_nothing(
    files: Catalogue, run: RunDirectory, tmp_path: Path, system: type[Looking], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_cost, "QUESTIONS", 2)
    announced: list[Any] = []
    with pytest.raises(OnlyPlanned) as planned:
        ask(
            files,
            run,
            tmp_path / "a.json",
            plan_only=True,
            announce=lambda cost, first: announced.append((cost, first)),
        )
    cost = planned.value.cost
    assert announced == [(cost, None)]
    split = load_split(files, "testA", 2)
    assert (cost.asked, cost.videos, cost.pairs) == (
        len(split.questions), len(split.videos), len(split.questions) * len(split.videos)
    )  # fmt: skip
    assert cost.seconds > 0
    assert (cost.tokens, cost.batch, cost.memory) == (0, 0, 0)
    assert len({question for _, question in system.asked}) == 2
    assert not (tmp_path / "a.json").exists()
    assert not (run.path / "predictions").exists()
