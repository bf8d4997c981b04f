"""`cmivqa rerank`: q2a trained and asked, a re-ranker of somebody else, and everything that can be wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.q2a.baseline import Q2ABaseline
from cmivqa_kit.bench.contract.registry import find_benchmark
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.directory import open_run
from tests.cli.running import cmivqa_here
from tests.prediction import fake, lengths_reranker
from tests.submission.small import put, root_2023

TINY = ("--preset", "tiny", "--set", "train.epochs=2", "--set", "rerank.least_iou=0", "--device", "cpu")
A, B, C, SILENT = "vidA_______", "vidB_______", "vidC_______", "silent_____"


def said(*words: str | Path, cwd: Path, code: int = 0) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    text = " ".join((done.stdout + done.stderr).decode().split())
    assert done.returncode == code, text
    return text


def rows(path: Path) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with a silent video, runs of q2a and BM25, and BM25's lists for testA and for train."""
    folder = tmp_path_factory.mktemp("rerank")
    root = root_2023(folder / "root", answers=True)
    topics = {A: "包扎手臂", B: "检查脉搏", C: "注射疫苗"}
    spoken = {
        name: [{"text": f"{topic} line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(8)]
        for name, topic in topics.items()
    }
    put(root / "subtitle.json", {**spoken, SILENT: []})
    data = ("--data", "root")
    before = torch.get_num_threads()
    said("train", "-m", "bm25", *data, cwd=folder)
    said("predict", "-m", "bm25", *data, "--out", "lists.json", cwd=folder)
    said("predict", "-m", "bm25", *data, "--split", "train", "--track", "3", "--out", "train.json", cwd=folder)
    text = said("train", "-m", "q2a", *data, *TINY, cwd=folder)
    assert "Next: cmivqa rerank --help" in text
    torch.set_num_threads(before)
    return folder


@pytest.fixture
def here(workspace: Path) -> Iterator[Path]:
    before = torch.get_num_threads()
    yield workspace
    torch.set_num_threads(before)


def rerank(here: Path, *words: str | Path, code: int = 0) -> str:
    return said("rerank", *words, "--data", "root", cwd=here, code=code)


def test_the_same_candidates_in_another_order(here: Path) -> None:
    text = rerank(here, "lists.json", "-m", "q2a")
    assert "lists_q2a.json: 4 lists for Tracks 2 and 3, re-ranked by q2a, run" in text
    assert "Next: cmivqa compare lists.json lists_q2a.json --data root" in text
    before, after = rows(here / "lists.json"), rows(here / "lists_q2a.json")
    for one, other in zip(before, after, strict=True):
        assert {name: one[name] for name in one if name != "output"} == {
            name: other[name] for name in other if name != "output"
        }
        assert sorted(one["output"]) == sorted(other["output"])
    assert [row["output"] for row in before] != [row["output"] for row in after]
    said("validate", "lists_q2a.json", "--data", "root", cwd=here)
    card = said("score", "lists_q2a.json", "--data", "root", "--no-intervals", cwd=here)
    assert "made by q2a (recipe kit: not the published baseline) behind lists.json, run q2a-1" in card

    assert "exists and is different" in rerank(here, "lists.json", "--alpha", "0", code=2)
    rerank(here, "lists.json", "--alpha", "0", "--out", "same.json")
    assert rows(here / "same.json") == before
    again = cmivqa_here("rerank", "lists.json", "--data", "root", "--out", "-", cwd=here)
    assert again.stdout == (here / "lists_q2a.json").read_bytes()


def test_json(here: Path) -> None:
    done = cmivqa_here("rerank", "lists.json", "--data", "root", "--out", "j.json", "--format", "json", cwd=here)
    document = json.loads(done.stdout)
    assert {name: document[name] for name in ("run", "file", "path", "split", "tracks", "questions")} == {
        "run": "runs/q2a-1", "file": "lists.json", "path": "j.json", "split": "testA", "tracks": [2, 3], "questions": 4,
    }  # fmt: skip
    firsts = [[row["output"][0] for row in rows(here / name)] for name in ("lists.json", "j.json")]
    assert document["changed"] == sum(before != after for before, after in zip(*firsts, strict=True))


def test_learns_from_a_file_as_from_the_system_that_made_it(here: Path, tmp_path: Path) -> None:
    """A file has no scores, and none are needed; it answers train alone, so that there is no dev evaluation."""
    text = said(
        "train", "-m", "q2a", "--data", "root", *TINY, "--set", "rerank.lists=train.json", "--run", tmp_path, cwd=here
    )
    assert "without dev questions" in text
    ours, theirs = ((home / "q2a-1" / "last.safetensors").read_bytes() for home in (tmp_path, here / "runs"))
    assert ours == theirs


def test_frames_of_another_width_pass_a_layer_of_their_own(here: Path, tmp_path: Path) -> None:
    shutil.copytree(here / "root", tmp_path / "root")
    (tmp_path / "root" / "video_feature").mkdir()
    for name in (A, B, C):
        np.save(tmp_path / "root" / "video_feature" / f"{name}.npy", np.random.default_rng(0).normal(size=(50, 12)))
    shutil.copy(here / "lists.json", tmp_path)
    said("train", "-m", "q2a", "--data", "root", *TINY, "--set", "features.name=files", cwd=tmp_path)
    sizes = json.loads((tmp_path / "runs/q2a-1/network.json").read_text(encoding="utf-8"))
    assert sizes["frame_dim"] == 12 != sizes["dim"]
    assert "4 lists" in said("rerank", "lists.json", "--data", "root", cwd=tmp_path)


def test_another_baseline_re_ranks_by_its_declaration_alone(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "tests.prediction.lengths_reranker"
    fake.install(monkeypatch, tmp_path, lengths=f"{module}:DECLARATION", empty=f"{module}:EMPTY")
    runs = tmp_path / "runs"
    lengths_reranker.finished(runs, "lengths")
    rerank(here, "lists.json", "-m", "lengths", "--run", runs, "--out", tmp_path / "long.json")
    for row in rows(tmp_path / "long.json"):
        lengths = [end - start for _, start, end in row["output"]]
        assert lengths == sorted(lengths, reverse=True)
    lengths_reranker.finished(runs, "empty")
    text = rerank(here, "lists.json", "-m", "empty", "--run", runs, "--out", tmp_path / "no.json", code=2)
    assert "declares that it re-ranks lists, and gives no re-ranker" in text
    table = json.loads(cmivqa_here("baselines", "--format", "json", cwd=here).stdout)
    assert {row["name"]: row["reranks"] for row in table} == {"fake": False, "lengths": True, "empty": True}


def test_files_that_cannot_be_re_ranked(here: Path) -> None:
    lists = rows(here / "lists.json")
    unknown = json.loads(json.dumps(lists))
    unknown[1]["output"][0][0] = "nowhere____"
    for name, document in {
        "spans.json": [
            {"id": row["id"], "video_id": A, "question": row["question"], "start_second": 1, "end_second": 2}
            for row in lists
        ],
        "unknown.json": unknown,
        "short.json": lists[1:],
        "empty.json": [],
        "numbers.json": [1, 2],
        "other.json": [{**row, "id": 900 + n, "question": "?"} for n, row in enumerate(lists)],
    }.items():
        put(here / name, document)
    (here / "broken.json").write_text('[{"id": 1, "output": [[', encoding="utf-8")
    for name, message in {
        "spans.json": "answers Track 1, one span in a given video",
        "unknown.json": "/1/output/0/0",
        "short.json": "cmivqa validate short.json",
        "empty.json": "empty.json",
        "numbers.json": "cmivqa validate numbers.json",
        "broken.json": "cmivqa validate broken.json",
        "missing.json": "missing.json",
        "root": "root",
    }.items():
        text = rerank(here, name, "--out", "none.json", code=2)
        assert message in text, text
        assert "Traceback" not in text
    rerank(here, "other.json", "--out", "none.json", code=2)
    assert not (here / "none.json").exists()
    assert "is the file to re-rank" in rerank(here, "lists.json", "--out", "lists.json", code=2)
    assert rows(here / "lists.json") == lists


def test_runs_that_cannot_re_rank(here: Path, tmp_path: Path) -> None:
    for words, message in (
        (("-m", "bm25"), "baseline bm25 does not re-rank lists"),
        (("--run", "runs/bm25-1"), "baseline bm25 does not re-rank lists"),
        (("--run", "runs/q2a-1", "-m", "bm25"), "is a run of q2a, not of bm25"),
        (("--run", tmp_path), "no finished run re-ranks lists"),
        (("-m", "q2a", "--run", tmp_path), "no finished run of q2a"),
        (("--set", "rerank.rows=0"), "rerank.rows"),
        (("--alpha", "2"), "--alpha"),
        (("--device", "nothing"), "nothing"),
    ):
        assert message in rerank(here, "lists.json", "--out", "none.json", *words, code=2)
    shutil.copytree(here / "runs/q2a-1", tmp_path / "q2a-1")
    (tmp_path / "q2a-1" / "model.safetensors").write_bytes(b"nothing")
    assert "model.safetensors" in rerank(here, "lists.json", "--run", tmp_path / "q2a-1", "--out", "none.json", code=2)
    system = Q2ABaseline()
    system.load(open_run(here / "runs/q2a-1"))
    with pytest.raises(UserError, match="was trained to re-rank lists, and does not answer AssistQ"):
        system.predict_benchmark(find_benchmark("assistq-22"), here, "test", tmp_path, PredictOptions())
    assert "answers no track by itself It re-ranks lists" in said(
        "predict", "--run", "runs/q2a-1", "--data", "root", cwd=here, code=2
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [("rerank.lists=bm52", "Did you mean 'bm25'?"),
     ("rerank.lists=prior", "does not serve Track 3"),
     ("rerank.lists=lists.json", "for 5 of 5 questions of train"),
     ("rerank.lists=root/subtitle.json", "root/subtitle.json"),
     ("rerank.least_iou=1", "no list of bm25 has a candidate")],
)  # fmt: skip
def test_lists_that_cannot_be_learnt_from(here: Path, tmp_path: Path, setting: str, message: str) -> None:
    text = said("train", "-m", "q2a", "--data", "root", *TINY, "--set", setting, "--run", tmp_path, cwd=here, code=2)
    assert message in text, text
    assert not list(tmp_path.iterdir())
