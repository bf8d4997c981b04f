"""`predict --retriever FILE` with files of another corpus, wholly, by half, or not at all (public case 02)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cmivqa_kit as ck
from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here as cmivqa


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of prior, and the lists of BM25 for testA."""
    here = tmp_path_factory.mktemp("retrievers")
    assert cmivqa("train", "-m", "bm25", cwd=here).returncode == 0
    assert cmivqa("predict", "--track", "2", "--out", "good.json", cwd=here).returncode == 0
    assert cmivqa("train", "-m", "prior", cwd=here).returncode == 0
    return here


def lists(folder: Path, name: str, wrong: Any) -> None:
    """The good lists, those of the questions for which ``wrong`` is true with ids of files."""
    rows = json.loads((folder / "good.json").read_text(encoding="utf-8"))
    for number, row in enumerate(rows):
        if wrong(number):
            row["output"] = [[f"{video}.mp4", *times] for video, *times in row["output"]]
    (folder / name).write_text(json.dumps(rows), encoding="utf-8")


def predict(folder: Path, name: str) -> Any:
    words = ("predict", "-m", "prior", "--retriever", name, "--track", "2", "--out", f"of_{name}", "--force")
    return cmivqa(*words, cwd=folder)


def overall(folder: Path, name: str) -> float:
    answers = demo_corpus() / "answers" / "dataset_testA_for_task_1_answer.json"
    return ck.score(folder / name, answers, track=2).metrics["Overall"]


def test_ids_with_an_ending_are_refused_with_the_near_spelling(folder: Path) -> None:
    lists(folder, "mp4.json", lambda number: True)
    refused = predict(folder, "mp4.json")
    assert refused.returncode == 2
    assert b"for 113 of 113 questions of testA it names no video of the corpus" in refused.stderr
    assert b"'-6TtAJoAQ5Q.mp4' (in the corpus: '-6TtAJoAQ5Q')" in refused.stderr
    assert not (folder / "of_mp4.json").exists()


def test_half_a_file_is_counted_and_said(folder: Path) -> None:
    lists(folder, "half.json", lambda number: number % 2 == 0)
    done = predict(folder, "half.json")
    assert done.returncode == 0, done.stderr
    assert b"for 57 of 113 questions it names no video of the corpus, and the list of bm25 stands there" in done.stdout
    assert abs(overall(folder, "of_half.json") - overall(folder, "good.json")) < 0.2  # not that of an alphabet
    record = next((folder / "runs" / "prior-1" / "predictions").glob("of_half-*.record.json"))
    assert "for 57 of 113 questions" in json.loads(record.read_text(encoding="utf-8"))["remark"]


def test_a_good_file_is_taken_as_it_is(folder: Path) -> None:
    done = predict(folder, "good.json")
    assert done.returncode == 0, done.stderr
    assert b"no video of the corpus" not in done.stdout + done.stderr
