"""A neural retriever in front of localizers: what it encodes is kept, and shared between predict calls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.files import read_json
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.retrieval import open_retriever
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.prediction import bi_encoder, localized
from tests.prediction.bi_encoder import BiEncoder
from tests.prediction.localized import behind
from tests.prediction.pairs import proposals
from tests.prediction.pairs.paired import CONFIG
from tests.submission.small import VIDEOS, put, root_2023

BI = {"bi": "tests.prediction.bi_encoder:DECLARATION"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    root = root_2023(tmp_path / "root")
    words = ("如何注射疫苗", "检查脉搏", "抬起病人")
    put(root / "subtitle.json", {
        video: [{"text": f"{text} {i}", "start": 6.0 * i, "duration": 5.0} for i in range(12)]
        for video, text in zip(VIDEOS, words, strict=True)
    })  # fmt: skip
    return catalogue(root)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = make_run(tmp_path / "runs" / "fake-1", "fake", CONFIG, seed=0)
    made.finish()
    return made


@pytest.mark.parametrize("kind", ["proposals", "line pairs"])
def test_in_front_of_any_localizer(
    kind: str, files: Catalogue, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "proposals":
        proposals.install(monkeypatch, tmp_path, bm25="baselines.bm25:DECLARATION", **BI)
    else:
        localized.install(monkeypatch, tmp_path, **BI)
    bi_encoder.trained(monkeypatch, run.path.parent)
    (written,) = behind(files, run, tmp_path / "one.json", "bi", retrieve_top=2)
    assert written.retriever == "bi-1"
    assert BiEncoder.encoded == dict.fromkeys(VIDEOS, 1)
    split = load_split(files, "testA", 2)
    rankings = open_retriever("bi", run.path.parent, PredictOptions()).rank(split, 2)
    lists = [row["output"] for row in json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))]
    assert [{entry[0] for entry in row} for row in lists] == [{name for name, _ in ranking} for ranking in rankings]
    behind(files, run, tmp_path / "two.json", "bi", retrieve_top=2)
    assert (tmp_path / "two.json").read_bytes() == (tmp_path / "one.json").read_bytes()
    assert BiEncoder.encoded == dict.fromkeys(VIDEOS, 1)  # by three that asked


def test_another_network_or_video_is_encoded_anew_and_nothing_else(
    files: Catalogue, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposals.install(monkeypatch, tmp_path, bm25="baselines.bm25:DECLARATION", **BI)
    bi_encoder.trained(monkeypatch, run.path.parent)
    out = tmp_path / "out.json"
    behind(files, run, out, "bi")
    bi_encoder.trained(monkeypatch, run.path.parent, seed=1)
    behind(files, run, out, str(run.path.parent / "bi-2"))
    assert BiEncoder.encoded == dict.fromkeys(VIDEOS, 1)
    document = read_json(files.root / "subtitle.json")
    document[VIDEOS[1]][3]["text"] += "!"
    put(files.root / "subtitle.json", document)
    changed = catalogue(files.root)
    behind(changed, run, out, str(run.path.parent / "bi-2"))
    assert BiEncoder.encoded == {**dict.fromkeys(VIDEOS, 1), VIDEOS[1]: 2}
