"""Retrieval predictions of every form give the same numbers; what is wrong in them is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.bench.contract.registry import find_benchmark
from cmivqa_kit.bench.report.scoring import BenchGround, open_ground
from cmivqa_kit.errors import UserError
from tests.bench.planted import CAPTIONS, VIDEOS, embeddings, write_captions, write_embeddings


@pytest.fixture
def ground(tmp_path: Path) -> BenchGround:
    write_captions(tmp_path)
    return open_ground(find_benchmark("vatex-en2cn"), root=tmp_path)


def scores() -> np.ndarray:
    videos, captions = embeddings(1, 1.0)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (captions, videos)]
    return unit[0] @ unit[1].T


def test_a_matrix_and_its_embeddings_have_the_same_score(ground: BenchGround, tmp_path: Path) -> None:
    folder = write_embeddings(tmp_path / "one", two=False)
    np.savez(tmp_path / "m.npz", scores=scores(), caption_ids=np.array(CAPTIONS), video_ids=np.array(VIDEOS))
    first, second = ground.score(folder, None), ground.score(tmp_path / "m.npz", None)
    assert first.metrics == second.metrics
    assert list(first.evaluation.official) == ["scores"]
    assert first.headline == "SumR"


def test_the_order_of_ids_does_not_matter(ground: BenchGround, tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", scores=scores(), caption_ids=np.array(CAPTIONS), video_ids=np.array(VIDEOS))
    turned = {
        "scores": scores()[::-1, ::-1],
        "caption_ids": np.array(CAPTIONS[::-1]),
        "video_ids": np.array(VIDEOS[::-1]),
    }
    np.savez(tmp_path / "t.npz", **turned)
    assert ground.score(tmp_path / "m.npz", None).metrics == ground.score(tmp_path / "t.npz", None).metrics


def test_without_ids_the_order_is_that_of_the_files(ground: BenchGround, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", scores()[:, ::-1])  # the translation orders the videos, last one first
    np.savez(tmp_path / "m.npz", scores=scores(), caption_ids=np.array(CAPTIONS), video_ids=np.array(VIDEOS))
    assert ground.score(tmp_path / "m.npy", None).metrics == ground.score(tmp_path / "m.npz", None).metrics


def test_two_languages_are_mixed_at_five_weights(ground: BenchGround, tmp_path: Path) -> None:
    card = ground.score(write_embeddings(tmp_path / "two"), None)
    official = card.evaluation.official
    assert list(official) == [f"source {weight}" for weight in ("1", "0.8", "0.5", "0.2", "0")]
    assert card.metrics["SumR"] == pytest.approx(official["source 0.2"]["SumR"] / 100)
    assert card.metrics["v2t:mAP"] == pytest.approx(official["source 0.2"]["video_to_text"]["mAP"])


def test_what_is_not_predicted_is_missed(ground: BenchGround, tmp_path: Path) -> None:
    np.savez(
        tmp_path / "m.npz",
        scores=np.eye(6).repeat(2, axis=0)[:-2],
        caption_ids=np.array(CAPTIONS[:-2]),
        video_ids=np.array(VIDEOS),
    )
    card = ground.score(tmp_path / "m.npz", None)
    assert card.metrics["t2v:R@1"] == 10 / 12
    assert card.metrics["v2t:R@1"] == 5 / 6
    assert card.evaluation.counts["missing captions"] == 2
    assert "2 captions without scores" in " ".join(card.evaluation.remarks)
    assert len(card.evaluation.queries) == len(set(card.evaluation.clusters)) + 12 == 18


def test_videos_without_captions_are_in_the_lists(ground: BenchGround, tmp_path: Path) -> None:
    wide = np.hstack((np.eye(6).repeat(2, axis=0), np.full((12, 1), 2.0)))
    np.savez(tmp_path / "m.npz", scores=wide, caption_ids=np.array(CAPTIONS), video_ids=np.array((*VIDEOS, "other")))
    card = ground.score(tmp_path / "m.npz", None)
    assert card.metrics["t2v:R@1"] == 0.0
    assert card.metrics["t2v:R@5"] == 1.0
    assert card.metrics["v2t:R@1"] == 6 / 7


def test_a_suffix_stops_the_published_program(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("1.jpg#de#0 ein Hund\n2.jpg#de#0 zwei\n", encoding="utf-8")
    ground = open_ground(find_benchmark("multi30k-de"), truth=[tmp_path / "t.txt"])
    np.save(tmp_path / "m.npy", np.eye(2))
    card = ground.score(tmp_path / "m.npy", None)
    assert "KeyError" in card.evaluation.crash
    assert card.metrics["SumR"] == 6.0
    assert ground.split == "t.txt"


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.eye(3), "3 x 3, expected 12 x 6"),
        (np.full((12, 6), np.nan), "12 problems"),
        (np.zeros(12), "not a matrix"),
        (np.array([["a"]]), "not a matrix"),
        (np.zeros((0, 6)), "not a matrix"),
    ],
)
def test_a_wrong_matrix_is_refused(ground: BenchGround, tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(UserError, match=words) as raised:
        ground.score(tmp_path / "m.npy")
    assert raised.value.code == 3


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"<!DOCTYPE html><html>", b"[1, 2]"])
def test_what_is_no_array_is_said(ground: BenchGround, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"m\.npz") as raised:
        ground.score(tmp_path / "m.npz")
    assert "pickle" not in str(raised.value)


def test_objects_are_never_loaded(ground: BenchGround, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([[object()]]), allow_pickle=True)
    with pytest.raises(UserError, match="Python objects") as raised:
        ground.score(tmp_path / "m.npy")
    assert "allow_pickle" not in str(raised.value)


def test_folders_that_lack_something(ground: BenchGround, tmp_path: Path) -> None:
    folder = write_embeddings(tmp_path / "two")
    (folder / "translation.npz").unlink()
    with pytest.raises(UserError, match=r"no translation\.npy"):
        ground.score(folder)
    np.savez(folder / "translation.npz", embeddings=np.ones((12, 3)), ids=np.array(CAPTIONS))
    with pytest.raises(UserError, match="different widths: videos 8, source 8, translation 3"):
        ground.score(folder)
    np.savez(folder / "translation.npz", embeddings=np.ones((12, 8)), ids=np.array(CAPTIONS[::-1]))
    with pytest.raises(UserError, match="other captions"):
        ground.score(folder)
    np.savez(folder / "videos.npz", embeddings=np.ones((6, 8)), ids=np.array(VIDEOS[:1] * 6))
    with pytest.raises(UserError, match="stands twice"):
        ground.score(folder)
