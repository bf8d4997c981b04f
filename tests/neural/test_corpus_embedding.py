"""Encoded videos: each once, under the name of all that it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from types import MappingProxyType

import numpy as np
import pytest
import torch

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Subtitle, Video
from cmivqa_kit.errors import RunFailed
from cmivqa_kit.neural.corpus_embedding import Array, CorpusEmbedding, network_stamp, said, seen
from cmivqa_kit.runs.directory import NETWORK, TOKENIZER, WEIGHTS, make_run
from tests.training.full_disk import files_of_at_most

pytestmark = pytest.mark.usefixtures("one_thread", "cache")
CPU = torch.device("cpu")


def video(name: str, *texts: str) -> Video:
    return Video(name, tuple(Subtitle(text, 4.0 * n, 3.0) for n, text in enumerate(texts)), 40.0)


def corpus(*videos: Video, features: SplitFeatures | None = None) -> Split:
    return Split("testA", (), {one.id: one for one in videos}, features or SplitFeatures())


CORPUS = corpus(video("a", "wash", "dry"), video("b", "press"), video("c", "press"), video("d"))


class Encoder:
    """Encodes a video as the lengths of its lines, and knows whom it was asked for."""

    def __init__(self, value: float = 1.0) -> None:
        self.asked: list[list[str]] = []
        self.value = value

    def __call__(self, split: Split, videos: Sequence[Video]) -> Iterator[Array]:
        self.asked.append([one.id for one in videos])
        for one in videos:
            yield np.array([[len(line.text) * self.value, 1] for line in one.subtitles], np.float32).reshape(-1, 2)


def kept(encoder: Encoder, stamp: object = "x", together: int = 1) -> CorpusEmbedding:
    return CorpusEmbedding("toy", stamp, encoder, CPU, together=together)


def test_every_video_is_encoded_once_for_all_who_ask(cache: Path) -> None:
    encoder = Encoder()
    arrays = kept(encoder).arrays(CORPUS)
    assert list(arrays) == ["a", "b", "c", "d"]
    assert arrays["a"].tolist() == [[4, 1], [3, 1]] and arrays["d"].shape == (0, 2)
    assert encoder.asked == [["a"], ["c"], ["d"]]  # b says what c says
    again = kept(encoder).arrays(replace(CORPUS, name="dev"))
    assert {name: array.tobytes() for name, array in again.items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }
    assert len(encoder.asked) == 3
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert len(files) == 3 and all(path.is_relative_to(cache / "toy-videos") for path in files)


def test_what_it_depends_on_is_in_the_name() -> None:
    encoder = Encoder()
    kept(encoder).arrays(CORPUS)
    for stamp in ("y", ["x", 2], {"network": "x"}):
        encoder.asked.clear()
        assert kept(encoder, stamp).lacking(CORPUS) == ["a", "c", "d"]
        kept(encoder, stamp).arrays(CORPUS)
        assert len(encoder.asked) == 3
    line = CORPUS.videos["b"].subtitles[0]
    for changed in (
        replace(CORPUS.videos["b"], duration=41.0),
        replace(CORPUS.videos["b"], subtitles=(replace(line, start=1.0),)),
        replace(CORPUS.videos["b"], translations=MappingProxyType({"English": (line,)})),
    ):
        assert kept(encoder).lacking(corpus(changed)) == ["b"]
    assert kept(encoder).lacking(corpus(replace(CORPUS.videos["b"], id="another"))) == []


def test_several_are_encoded_together_and_damage_is_mended() -> None:
    encoder = Encoder()
    embedding = kept(encoder, together=2)
    whole = embedding.arrays(CORPUS)
    assert encoder.asked == [["a", "c"], ["d"]]
    paths = sorted(embedding.kept.folder.iterdir())
    paths[0].write_bytes(b"<html>")
    np.savez(paths[1].with_suffix(""), x=np.ones(3))
    paths[2].unlink()
    for one in paths[:2]:
        one.write_bytes(one.read_bytes()[:-2])
    again = embedding.arrays(CORPUS)
    assert all(again[name].tobytes() == whole[name].tobytes() for name in whole)


def test_features_have_a_part_where_they_are_looked_at(tmp_path: Path) -> None:
    for folder, value in (("one", 1.0), ("two", 2.0)):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "b.npy", np.full((4, 2), value, np.float32))
    splits = [corpus(*CORPUS.videos.values(), features=SplitFeatures([tmp_path / name])) for name in ("one", "two")]
    assert seen(splits[0], CORPUS.videos["a"]) is None
    encoder = Encoder()
    text, both = (
        CorpusEmbedding("toy", "x", encoder, CPU, content=content)
        for content in (said, lambda split, one: [said(split, one), seen(split, one)])
    )
    for embedding, lacking in ((text, []), (both, ["b"])):
        embedding.arrays(splits[0])
        assert embedding.lacking(splits[1]) == lacking


def test_numbers_that_are_none_are_refused_and_not_kept() -> None:
    broken = kept(Encoder(float("nan")))
    with pytest.raises(RunFailed, match="video 'a': the network that encodes videos") as caught:
        broken.arrays(CORPUS)
    assert "lower learning rate" in caught.value.fix
    assert broken.lacking(CORPUS) == ["a", "c", "d"]


def test_a_full_disk_leaves_whole_files_only(cache: Path) -> None:
    with files_of_at_most(100), pytest.raises(RunFailed, match=r"(?s)Encoded videos are kept.*CMIVQA_CACHE=DIR"):
        kept(Encoder()).arrays(CORPUS)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_more_videos_than_a_system_opens_files() -> None:
    many, (soft, hard) = corpus(*(video(f"v{n}", "x" * n) for n in range(100))), getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (100, hard))
    try:
        assert len(kept(Encoder(), together=10).arrays(many)) == 100
    finally:
        setrlimit(RLIMIT_NOFILE, (soft, hard))


def test_the_stamp_of_a_network_is_that_of_its_files(tmp_path: Path) -> None:
    stamps = []
    for name, weights in (("one", b"w"), ("two", b"w"), ("three", b"v")):
        run = make_run(tmp_path / name, "toy", {}, seed=0)
        (run.path / WEIGHTS).write_bytes(weights)
        (run.path / NETWORK).write_text("{}")
        (run.path / TOKENIZER).mkdir()
        (run.path / TOKENIZER / "vocab.txt").write_text("a")
        stamps.append(network_stamp(run))
    assert stamps[0] == stamps[1] != stamps[2]
    (run.path / WEIGHTS).write_bytes(b"w")
    (run.path / TOKENIZER / "vocab.txt").write_text("b")
    assert network_stamp(run) not in stamps
