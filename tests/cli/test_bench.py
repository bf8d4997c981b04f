"""`cmivqa bench`: what a researcher types, what comes out, how mistakes are told."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.bench.contract.registry import own_names
from tests.bench.planted import VIDEOS, write_captions, write_embeddings
from tests.cli.running import cmivqa_here
from tests.declared import conform

NAME = "vatex-en2cn"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_captions(tmp_path / "root")
    write_embeddings(tmp_path / "a", 1, 2.0)
    write_embeddings(tmp_path / "b", 2, 0.1)
    return tmp_path


def test_list_names_every_benchmark(tmp_path: Path) -> None:
    done = cmivqa_here("bench", "list", cwd=tmp_path)
    assert done.returncode == 0
    assert all(name in done.stdout.decode() for name in own_names())
    listed = json.loads(cmivqa_here("bench", "list", "--format", "json", cwd=tmp_path).stdout)
    conform("bench list", listed)
    assert {benchmark["name"] for benchmark in listed} >= set(own_names())


def test_check_counts_what_is_there(here: Path) -> None:
    done = cmivqa_here("bench", "check", NAME, "--data", "root", cwd=here)
    assert done.returncode == 0
    assert "test: 12 captions, 6 videos" in done.stdout.decode()
    assert "val: not there" in done.stdout.decode()
    document = json.loads(cmivqa_here("bench", "check", NAME, "--data", "root", "--format", "json", cwd=here).stdout)
    conform("bench check", document)
    assert document["splits"][0]["counts"] == {"captions": 12, "videos": 6}


def test_check_finds_what_is_wrong(here: Path) -> None:
    (here / "root/vatex/TextData/vatextest_zh.caption.txt").write_text("no id\n", encoding="utf-8")
    done = cmivqa_here("bench", "check", NAME, "--data", "root", cwd=here)
    assert done.returncode == 1
    assert "line 1: 'no' is not VIDEO#TAG#NUMBER" in done.stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", NAME, "--data", "nowhere"), "nowhere: no such folder"),
        (("check", NAME, "--data", "a"), "nothing of vatex-en2cn is there"),
        (("check", "vatx-en2cn", "--data", "root"), "Did you mean 'vatex-en2cn'"),
        (("score", NAME, "a"), "nothing to score vatex-en2cn against"),
        (("score", NAME, "a", "--data", "root", "--split", "tset"), "Did you mean 'test'"),
        (("score", NAME, "a", "--data", "root", "--split", "val"), "no *val_zh.caption.txt"),
        (("score", NAME, "a", "--data", "root", "--published", "ccgs"), "nothing published of 'ccgs'"),
        (("score", NAME, "a", "--data", "root", "--per-question", "x.txt"), "x.txt"),
        (("compare", NAME, "a", "--data", "root"), "one file is no comparison"),
        (("compare", NAME, "a", "b", "--data", "root", "--metric", "SumQ"), "Did you mean 'SumR'"),
    ],
)
def test_mistakes_are_told_plainly(here: Path, arguments: tuple[str, ...], words: str) -> None:
    done = cmivqa_here("bench", *arguments, cwd=here)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_score_shows_official_numbers_and_intervals(here: Path) -> None:
    done = cmivqa_here("bench", "score", NAME, "b", "--data", "root", "--published", "nrccr", cwd=here)
    text = done.stdout.decode()
    assert done.returncode == 0
    assert "SumR   6.0000" in text
    assert "nrccr, published" in text and "3.6650" in text
    assert "the official program prints" in text and "source 0.2 / text_to_video" in text
    assert "10,000 resamples of 6 videos" in text


def test_score_writes_every_query(here: Path) -> None:
    words = ("bench", "score", NAME, "a", "b", "--data", "root", "--resamples", "100")
    done = cmivqa_here(*words, "--per-question", "rows.csv", "--format", "json", cwd=here)
    cards = json.loads(done.stdout)
    conform("bench score", cards)
    assert [card["predictions"] for card in cards] == ["a", "b"]
    with (here / "rows.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2 * 18
    first = [float(row["t2v:R@1"]) for row in rows if row["file"] == "a" and row["t2v:R@1"]]
    assert sum(first) / len(first) == pytest.approx(cards[0]["metrics"]["t2v:R@1"])
    assert {row["video"] for row in rows} == set(VIDEOS)
    again = cmivqa_here(*words, "--per-question", "rows.csv", cwd=here)
    assert again.returncode == 2


def test_one_unreadable_file_does_not_hide_the_other(here: Path) -> None:
    (here / "broken.npz").write_bytes(b"PK")
    done = cmivqa_here("bench", "score", NAME, "broken.npz", "b", "--data", "root", cwd=here)
    assert done.returncode == 3
    assert "broken.npz" in done.stderr.decode()
    assert "b: vatex-en2cn, test" in done.stdout.decode()


def test_compare_tells_who_is_better(here: Path) -> None:
    words = ("bench", "compare", NAME, "a", "b", "--data", "root", "--resamples", "200")
    done = cmivqa_here(*words, cwd=here)
    assert done.returncode == 0
    assert "t2v:MedR (lower is better)" in done.stdout.decode()
    document = json.loads(cmivqa_here(*words, "--metric", "t2v:MeanR", "--format", "json", cwd=here).stdout)
    conform("bench compare", document)
    (pair,) = document["pairs"]
    (found,) = pair["metrics"]
    assert found["difference"] < 0 < found["wins"]
    assert document["settings"]["tests"] == 1


def test_check_holds_features_against_the_videos(here: Path) -> None:
    rows = {video: np.ones((3, 4), np.float32) for video in VIDEOS[:-1]}
    rows[VIDEOS[1]] = np.ones((3, 5), np.float32)
    rows[VIDEOS[2]][1, 2] = np.nan
    np.savez(here / "features.npz", **rows)
    words = ("bench", "check", NAME, "--data", "root", "--features", "features.npz")
    done = cmivqa_here(*words, cwd=here)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "5 videos with features" in text
    assert f"1 video of 6 without features: {VIDEOS[-1]}" in text
    assert f"{VIDEOS[1]}: features.npz, key" in text and "rows of 5 numbers" in text
    assert f"{VIDEOS[2]}: features.npz, key" in text
    np.savez(here / "features.npz", **{video: np.ones((3, 4), np.float32) for video in (*VIDEOS, "other")})
    sound = cmivqa_here(*words, "--format", "json", cwd=here)
    assert sound.returncode == 0
    conform("bench check", document := json.loads(sound.stdout))
    assert document["splits"][0]["counts"]["videos with features"] == 6
