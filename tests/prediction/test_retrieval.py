"""What chooses the videos: what `--retriever` and `decode.first_stage` can name, and what becomes of the videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from baselines.bm25 import DECLARATION as BM25
from baselines.bm25 import baseline
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction import retrieval
from cmivqa_kit.prediction.retrieval import open_retriever
from cmivqa_kit.prediction.types import Ranking
from cmivqa_kit.runs.directory import start_run
from tests.prediction.pairs.scorers import split_of, video

OPTIONS = PredictOptions(limit=50)
CLINIC = split_of(
    [video("a", ("press the wound", 0, 5)), video("b", ("check the pulse", 0, 5)), video("c", ("the pulse", 0, 5))],
    [Question(1, "check the pulse", "English", "b"), Question(2, "nothing of it", "English", "c")],
)


def ids(rankings: Sequence[Ranking]) -> list[list[str]]:
    return [[name for name, _ in ranking] for ranking in rankings]


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
    monkeypatch.setattr(retrieval, "declaration", lambda name: replace(BM25, trains=True))
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
