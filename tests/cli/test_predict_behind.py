"""`predict --retriever` through the command: one short training, and everything that can stand in front of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from tests.prediction import embedding, fake
from tests.submission.small import put, root_2023

SYSTEM = "mutualsl (recipe kit: not the published baseline)"
A, B, C, SILENT, TWO = "vidA_______", "vidB_______", "vidC_______", "silent_____", "two________"


def call(*words: str) -> Result:
    """`cmivqa WORDS` in this process: torch is imported once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["cmivqa", *words])
        return CliRunner().invoke(cli, words)


def done(*words: str) -> str:
    """What it printed."""
    result = call(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a silent video and one of two lines, and a run of MutualSL and one of BM25."""
    folder = tmp_path_factory.mktemp("behind")
    root = root_2023(folder / "root", answers=True)
    topics = {A: "包扎手臂", B: "检查脉搏", C: "注射疫苗"}
    spoken = {
        name: [{"text": f"{topic} line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(8)]
        for name, topic in topics.items()
    }
    put(root / "subtitle.json", {**spoken, SILENT: [], TWO: spoken[A][:2]})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done("train", "-m", "mutualsl", "--preset", "tiny", "--data", "root", "--set", "train.max_steps=2")
        done("train", "-m", "bm25", "--data", "root")
    return folder


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """To be in it."""
    monkeypatch.chdir(workspace)
    before = torch.get_num_threads()
    yield workspace
    torch.set_num_threads(before)


def predict(*words: str) -> Result:
    return call("predict", "-m", "mutualsl", "--data", "root", "--force", *words)


def answers(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_behind_bm25_and_scored(here: Path) -> None:
    result = predict("--retriever", "bm25")
    assert result.exit_code == 0, result.output
    text = result.stdout
    assert f"4 questions for Tracks 2 and 3, answered by {SYSTEM} behind bm25, run runs/mutualsl-1" in text
    assert "4 questions x 5 videos: 12 pairs" in text
    assert "bm25 passes on 5 of 5 videos; of the dev questions 100.0% have their video" in text
    assert (here / "runs/mutualsl-1/predictions/testA-behind-bm25/pass.json").is_file()
    rows = answers("submission.json")
    assert [row["id"] for row in rows] == [0, 1, 2, 3]
    assert all(sorted(entry[0] for entry in row["output"]) == sorted([A, B, C, SILENT, TWO]) for row in rows)
    done("validate", "submission.json", "--data", "root")
    scored = done("score", "submission.json", "--data", "root")
    assert f"made by {SYSTEM} behind bm25, run mutualsl-1" in scored
    document = json.loads(done("score", "submission.json", "--data", "root", "--format", "json"))
    assert '"retriever": "bm25"' in json.dumps(document)


def test_behind_a_run_and_a_file(here: Path) -> None:
    result = predict("--retriever", "runs/bm25-1", "--out", "of run.json", "--set", "pipeline.retrieve_top=2")
    assert result.exit_code == 0, result.output
    assert f"answered by {SYSTEM} behind bm25-1, run" in result.stdout
    found = answers("of run.json")
    assert [len(row["output"]) for row in found] == [2] * 4
    result = predict(
        "--retriever", "of run.json", "--out", "of file.json", "--track", "3", "--set", "pipeline.spans_per_video=3",
        "--format", "json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    (file,) = document["files"]
    assert (file["path"], file["tracks"], file["questions"], file["retriever"]) == (
        "of file.json",
        [3],
        4,
        "of run.json",
    )
    assert "of run.json passed on 5 of 5 videos (never measured)" in file["remark"]
    for before, after in zip(found, answers("of file.json"), strict=True):
        assert {entry[0] for entry in after["output"]} == {entry[0] for entry in before["output"]}


def test_behind_nrccr(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.install(monkeypatch, tmp_path, mutualsl="baselines.mutualsl:DECLARATION", nrccr="baselines.nrccr:DECLARATION")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    done("train", "-m", "nrccr", "--preset", "tiny", "--data", "root", "--set", "train.max_steps=2")
    done("predict", "-m", "nrccr", "--data", "root", "--track", "2", "--out", "nrccr.json")
    result = predict("--retriever", "nrccr", "--out", "both.json", "--set", "pipeline.retrieve_top=2")
    assert result.exit_code == 0, result.output
    assert f"answered by {SYSTEM} behind nrccr-1, run" in result.stdout
    for alone, behind in zip(answers("nrccr.json"), answers("both.json"), strict=True):
        assert len(alone["output"]) == 5 and alone["output"][-1][0] == SILENT  # it has nothing to embed
        assert sorted(entry[0] for entry in behind["output"]) == sorted(entry[0] for entry in alone["output"][:2])
        whole = {entry[0]: entry for entry in alone["output"]}
        assert any(entry[1:] != whole[entry[0]][1:] for entry in behind["output"])  # spans, no whole videos
    done("validate", "both.json", "--data", "root")


def test_lists_are_cut_from_a_kept_pass(here: Path) -> None:
    assert predict("--retriever", "bm25", "--out", "whole.json").exit_code == 0
    kept = ("--from", "runs/mutualsl-1/predictions/testA-behind-bm25", "--out", "cut.json")
    result = predict(*kept)
    assert result.exit_code == 0, result.output
    assert f"answered by {SYSTEM} behind bm25, run" in result.stdout
    assert Path("cut.json").read_bytes() == Path("whole.json").read_bytes()
    assert predict(*kept, "--set", "pipeline.retrieve_top=1").exit_code == 0
    assert [len(row["output"]) for row in answers("cut.json")] == [1] * 4
    for words, message in (
        (("--set", "pipeline.span_source=reference"), "pipeline.span_source was 'lines' and is now 'reference'"),
        (("--set", "pipeline.spans_per_video=11"), "the pass kept 10 spans"),
        (("--set", "pipeline.temperature=0"), "pipeline.temperature: 0.0 must be a number above 0"),
        (("--set", "pipeline.top=1"), "unknown setting 'pipeline.top'"),
        (("--retriever", "bm25"), "--from and --retriever"),
        (("--track", "1"), "Track 1 asks within a given video"),
    ):
        refused = predict(*kept, *words)
        assert refused.exit_code == 2, refused.output
        assert message in refused.stderr


def test_the_cost_is_told_before(here: Path) -> None:
    words = ("--retriever", "bm25", "--dry-run", "--sample", "3", "--set", "pipeline.retrieve_top=2")
    words = (*words, "--out", "no.json")
    result = predict(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    # No word in common with any video: the first two by id, of which no dev question asks.
    assert document["first_stage"] == {"name": "bm25", "videos": 2, "of": 5, "recall_on_dev": 0.0, "dev_videos": 5}
    assert (document["questions"], document["pairs"]) == (3, 6)
    assert "bm25 passes on 2 of 5 videos" in predict(*words).stdout
    assert not (here / "no.json").exists()
    assert not list((here / "runs/mutualsl-1/predictions").glob("testA-sample3*"))


def test_a_plan_says_that_ranking_the_videos_runs_a_network(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--dry-run", "--sample", "1", "--out", "no.json")
    told = "Ranking the videos by embeds-1 runs a network over the corpus: not counted here."
    cheap = predict("--retriever", "bm25", *words, "--format", "json")
    assert json.loads(cheap.stdout)["ranking_costs_network"] is False
    fake.install(
        monkeypatch,
        tmp_path,
        mutualsl="baselines.mutualsl:DECLARATION",
        embeds="tests.prediction.embedding:DECLARATION",
    )
    embeds = embedding.trained(monkeypatch, here / "runs", network=True)
    result = predict("--retriever", "embeds", *words, "--format", "json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["ranking_costs_network"] is True
    assert document["first_stage"] == {"name": "embeds-1", "videos": 5, "of": 5, "recall_on_dev": None}
    assert told in predict("--retriever", "embeds", *words).stdout.replace("\n", " ")
    assert embeds.counted["rankings"] == 0


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (("--retriever", "bm52"), "'bm52': no baseline, run or file is called so. Did you mean 'bm25'?", "Give bm25"),
        (("--retriever", ""), "--retriever: it is empty", "Give bm25"),
        (("--retriever", "prior"), "baseline prior does not rank videos", "cmivqa baselines"),
        (("--retriever", "root/train.json"), "/0 is no item of Track 2 or 3", "cmivqa validate root/train.json"),
        (("--retriever", "bm25", "--track", "1"), "Track 1 asks within a given video", "--track 2 or 3"),
        (("--retriever", "bm25", "--budget", "1h"), "--budget and --retriever", "pipeline.retrieve_top=10"),
        (("--retriever", "bm25", "--resume"), "nothing to resume", "Leave out --resume"),
        (("--set", "pipeline.retrieve_top=3"), "nothing stands in front here", "--retriever bm25"),
        (("-m", "bm25", "--retriever", "bm25"), "baseline bm25 finds no spans in given videos", "-m mutualsl"),
    ],
)
def test_wrong_use_is_said_plainly(here: Path, words: tuple[str, ...], message: str, fix: str) -> None:
    result = predict("--out", "none.json", *words)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert fix in result.stderr
    assert not (here / "none.json").exists()
