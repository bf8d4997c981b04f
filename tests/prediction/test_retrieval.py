"""What chooses the videos: what `--retriever` and `decode.first_stage` can name, and what becomes of the videos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from baselines.bm25 import DECLARATION as BM25
from baselines.bm25 import baseline
from baselines.ccgs import DECLARATION as CCGS
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.prediction import retrieval
from cmivqa_kit.prediction.retrieval import ChosenVideos, open_first_stage, open_retriever
from cmivqa_kit.prediction.settings import EngineSettings
from cmivqa_kit.prediction.types import EncodedVideo
from cmivqa_kit.runs.directory import start_run
from tests.prediction import embedding, fake
from tests.prediction.clinic import CLINIC, OPTIONS, ids


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_bm25_needs_no_run(runs: Path) -> None:
    retriever = open_retriever("bm25", runs, OPTIONS)
    assert retriever.name == "bm25"
    assert retriever.facts == {"name": "bm25", "baseline": "bm25", "recipe": None, "weights": None, "run": None}
    assert not retriever.costs_network(CLINIC)
    found = retriever.rank(CLINIC, 2)
    assert ids(found) == [["b", "c"], ["a", "b"]]  # nothing in common: by id
    assert found[0][0][1] > found[0][1][1] > 0
    for count in 3, 10**30:
        assert [len(one) for one in retriever.rank(CLINIC, count)] == [3, 3]
    assert [one[:2] for one in retriever.rank(CLINIC, 3)] == found
    assert retriever.recall(CLINIC, 2) == 0.5
    assert retriever.recall(CLINIC, 3) == 1.0
    assert retriever.recall(None, 3) is None
    assert retriever.recall(replace(CLINIC, questions=(Question(1, "?"),)), 3) is None


def test_a_run_by_its_folder_or_the_newest_of_a_baseline(
    runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answered = replace(CLINIC, questions=(replace(CLINIC.questions[0], answer=Span(0, 5)),))
    for _ in range(2):
        run = start_run(runs, "bm25", settings(BM25, None, ["lists.video_weight=2.5"]), 0)
        baseline.BM25().fit(answered, None, run)
        run.finish()
    by_folder = open_retriever(str(runs / "bm25-1"), runs, OPTIONS)
    assert (by_folder.name, by_folder.facts["baseline"]) == ("bm25-1", "bm25")
    assert by_folder.facts["run"] != open_retriever(str(runs / "bm25-2"), runs, OPTIONS).facts["run"]
    assert ids(by_folder.rank(CLINIC, 2)) == [["b", "c"], ["a", "b"]]
    assert by_folder.rank(CLINIC, 2)[0] != open_retriever("bm25", runs, OPTIONS).rank(CLINIC, 2)[0]  # its own settings
    monkeypatch.chdir(runs / "bm25-2")
    assert open_retriever(".", runs, OPTIONS).name == "bm25-2"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retrieval, "find_declaration", lambda name: replace(BM25, trains=True))
    assert open_retriever("bm25", runs, OPTIONS).name == "bm25-2"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("bm52", "'bm52': no baseline, run or file is called so. Did you mean 'bm25'?", "Give bm25, another baseline"),
        ("", "'': no baseline, run or file", "Give bm25"),
        ("no/such/file.json", "no baseline, run or file", "a submission file of Track 2"),
        ("a\0b", "no baseline, run or file", "Give bm25"),
        ("x" * 5000, "no baseline, run or file", "Give bm25"),
        ("runs", "no baseline, run or file", "the folder of a run"),
        ("prior", "baseline prior does not rank videos", "Give one that serves Track 2"),
        ("mutualsl", "baseline mutualsl does not rank videos", "cmivqa baselines"),
        ("ccgs", "no finished run of ccgs", "cmivqa train -m ccgs"),
        ("runs/ccgs-1", "did not finish", "cmivqa train"),
        ("runs/prior-1", "baseline prior does not rank videos", "Give one that serves Track 2"),
    ],
)
def test_what_is_no_retriever(runs: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str, fix: str) -> None:
    monkeypatch.chdir(runs.parent)
    start_run(runs, "ccgs", {}, 0)
    start_run(runs, "prior", {}, 0).finish()
    with pytest.raises(UserError) as caught:
        open_retriever(text, runs, OPTIONS)
    assert message in caught.value.message
    assert fix in caught.value.fix


# The first stage of a budget


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of every kind one: bm25, a plug-in with `rank_videos`, one that only gives lists, one that embeds, `prior`."""
    fake.install(
        monkeypatch, tmp_path, bm25="baselines.bm25:DECLARATION", embeds="tests.prediction.embedding:DECLARATION",
        prior="baselines.prior:DECLARATION", counts=f"{__name__}:COUNTS",
    )  # fmt: skip


class Counts:
    """A plug-in made for an earlier kit: the longest id first."""

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[list[tuple[str, float]]]:
        for _ in split.questions:
            yield [(name, float(len(name))) for name in split.videos][:count]


COUNTS = Declaration(
    name="counts", title="Ranks videos", tracks=(2,), factory=f"{__name__}:Counts", config="fake_settings:config.toml",
    trains=False,
)  # fmt: skip


@pytest.mark.parametrize("name", ["bm25", "counts"])
def test_a_first_stage_is_a_baseline_that_ranks_cheaply(installed: None, runs: Path, name: str) -> None:
    first_stage = open_first_stage(name, runs, OPTIONS, CLINIC)
    assert first_stage.name == name
    assert ids(first_stage.rank(CLINIC, 1)) == ([["b"], ["a"]] if name == "bm25" else [["a"], ["a"]])


def test_a_run_without_a_network_is_a_first_stage_too(
    installed: None, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding.trained(monkeypatch, runs, network=False)
    assert open_first_stage("embeds", runs, OPTIONS, CLINIC).name == "embeds-1"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("bm52", "no baseline is called 'bm52'. Did you mean 'bm25'?"),
        ("", "no baseline is called ''"),
        ("prior", "baseline prior does not rank videos"),
        ("fake", "baseline fake runs a network over the corpus, or does not say that it runs none"),
        ("embeds", "baseline embeds runs a network over the corpus"),
    ],
)
def test_what_is_no_first_stage(
    installed: None, runs: Path, monkeypatch: pytest.MonkeyPatch, name: str, fault: str
) -> None:
    embedding.trained(monkeypatch, runs, network=True)
    with pytest.raises(UserError) as caught:
        open_first_stage(name, runs, OPTIONS, CLINIC)
    assert caught.value.message.startswith(f"decode.first_stage: {fault}")
    named = "Give one that ranks videos without a network: --set decode.first_stage=bm25 or counts"
    assert caught.value.fix == named


def test_every_baseline_that_scores_pairs_takes_the_setting() -> None:
    assert settings(CCGS)["decode"]["first_stage"] == EngineSettings().first_stage == "bm25"
    assert EngineSettings.of(settings(CCGS, None, ["decode.first_stage=mine"])).first_stage == "mine"


# The videos that are passed on


def test_the_videos_that_are_passed_on() -> None:
    lines = {name: EncodedVideo.of(name, [[1]], [Subtitle("x", 0.0, 1.0)]) for name in "abc"}
    rankings = [(("c", 2.0), ("a", 1.0)), (("silent", 1.0),)]
    chosen, only = (ChosenVideos.of(rankings, 2, only) for only in (False, True))
    assert chosen.videos == (("c", "a"), ("silent",)) and chosen.count == 2
    corpus = [lines[name] for name in "abc"]
    assert [chosen.indices(0, corpus).tolist(), only.indices(0, corpus).tolist()] == [[0, 2], [0, 2]]
    assert [chosen.indices(1, corpus).tolist(), only.indices(1, corpus).tolist()] == [[0, 1, 2], []]
