"""`cmivqa data split`: by video, reproducible, independent of hash order, never overwriting."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.split import dev_videos, divide
from cmivqa_kit.errors import UserError
from tests.data.corpora import TRAIN_VIDEOS, annotated, cmivqa_2023, mmivqa_2024, read, subtitles, without, write

IDS = st.lists(st.text("abcXYZ_-019", min_size=1, max_size=11), min_size=1, max_size=60)
FRACTION = st.floats(0.01, 0.99)


@given(IDS, FRACTION, st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_order_repeats_and_global_randomness_do_not_matter(
    ids: list[str], fraction: float, seed: int, shuffler: random.Random
) -> None:
    again = ids * 2
    shuffler.shuffle(again)
    random.seed(shuffler.random())
    assert dev_videos(again, fraction, seed) == dev_videos(ids, fraction, seed)


@given(IDS, FRACTION, st.integers(0, 1000))
def test_size(ids: list[str], fraction: float, seed: int) -> None:
    chosen = dev_videos(ids, fraction, seed)
    assert chosen <= set(ids)
    assert len(chosen) == max(1, int(fraction * len(set(ids))))


def test_the_number_of_the_reference() -> None:
    assert len(dev_videos((str(n) for n in range(1228)), 0.1, 0)) == 122


def test_another_seed_is_another_split() -> None:
    ids = [str(n) for n in range(200)]
    assert len({dev_videos(ids, 0.1, seed) for seed in range(5)}) == 5


def test_the_same_split_whatever_the_hash_order() -> None:
    program = (
        "from cmivqa_kit.data.split import dev_videos\n"
        "print(sorted(dev_videos({f'video{n}' for n in range(100)}, 0.1, 3)))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(seen) == 1
    assert seen.pop().decode().strip() == str(sorted(dev_videos((f"video{n}" for n in range(100)), 0.1, 3)))


def test_the_drawn_videos_stay_what_they_are() -> None:
    """A change here would silently change everybody's dev split."""
    assert sorted(dev_videos((f"video{n}" for n in range(20)), 0.2, 0)) == ["video18", "video4", "video6", "video8"]


def test_divide(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    source = root / "NLPCC_2023_CMIVQA_TRAIN_DEV" / "CMIVQA_Train_Dev.json"
    done = divide(catalogue(root), 0.34, seed=1)
    train, dev = read(done.train), read(done.dev)
    assert (done.records, done.videos) == ((8, 4), (4, 2))
    assert {r["video_id"] for r in train}.isdisjoint(r["video_id"] for r in dev)
    order = [r["id"] for r in read(source)]
    for part in (train, dev):
        assert [r["id"] for r in part] == sorted((r["id"] for r in part), key=order.index)
        assert all(record in read(source) for record in part)
    assert read(source) == annotated(TRAIN_VIDEOS)


def test_the_division_is_what_is_opened_afterwards(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    divide(catalogue(root), 0.34)
    files = catalogue(root)
    assert files.splits == ("train", "dev", "testA", "testB")
    assert [len(open_split(root, name).questions) for name in ("train", "dev")] == [8, 4]
    assert len(open_split(root, "train").features) == 6
    assert len(open_split(root, "dev").features) == len(open_split(root, "testA").videos) == 3


def test_twice_is_the_same_and_another_seed_is_refused(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    first = divide(catalogue(root), 0.34)
    before = [first.train.read_bytes(), first.dev.read_bytes()]
    assert divide(catalogue(root), 0.34) == first
    with pytest.raises(UserError, match="exists and is different; it is not overwritten"):
        divide(catalogue(root), 0.5)
    assert [first.train.read_bytes(), first.dev.read_bytes()] == before


def test_a_flat_train_file_needs_another_folder_and_is_left_aside_then(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(TRAIN_VIDEOS))
    write(tmp_path / "subtitle.json", subtitles(TRAIN_VIDEOS))
    with pytest.raises(UserError, match=r"is the file to divide; it is not overwritten\nGive --out DIR"):
        divide(catalogue(tmp_path), 0.34)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["subtitle.json", "train.json"]
    for _ in range(2):
        divide(catalogue(tmp_path), 0.34, out=tmp_path / "divided")
        opened = open_split(tmp_path, "train")
        assert (len(opened.questions), len(opened.videos)) == (8, 6)
        assert opened.source == tmp_path / "divided" / "train.json"


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 2.0, float("nan")])
def test_a_fraction_outside(tmp_path: Path, fraction: float) -> None:
    with pytest.raises(UserError, match="not between 0 and 1"):
        divide(catalogue(cmivqa_2023(tmp_path)), fraction)


def test_records_without_a_video_are_all_named(tmp_path: Path) -> None:
    records = annotated(TRAIN_VIDEOS)
    write(tmp_path / "train.json", records[:2] + without(records[2:5], "video_id") + records[5:])
    with pytest.raises(UserError) as caught:
        divide(catalogue(tmp_path), 0.5)
    assert all(f"/{index}: no 'video_id'" in caught.value.message for index in (2, 3, 4))


def test_one_video_cannot_be_divided(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(TRAIN_VIDEOS[:1]))
    with pytest.raises(UserError, match="all about one video"):
        divide(catalogue(tmp_path), 0.5, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_one_file_per_task_is_not_divided_by_halves(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="one question file per track"):
        divide(catalogue(mmivqa_2024(tmp_path)), 0.5)
