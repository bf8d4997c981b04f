"""The files of a collection: joined by ids, in the published order, features of videos and of images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from baselines.nrccr.collection import Collection
from baselines.nrccr.mlcmr_collection import MLCMRCollection
from baselines.nrccr.texts import Reader
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Special, TextReader
from tests.baselines.cross_lingual import write_collection, write_halves

READER = Reader(TextReader(lambda text: tuple(map(ord, text)), Special(1, 2, 0), None))


def captions(folder: Path, name: str, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.caption.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_captions_are_joined_by_their_ids(tmp_path: Path) -> None:
    write_collection(tmp_path)
    collection = Collection.of(tmp_path, "", "videos", "i3d_kinetics", "google_enc2zh", usual=("vatex", "VATEX"))
    records = collection.training()
    assert (len(records), collection.name, collection.target) == (48, "vatex", "zh")
    for record in records:
        assert record.back is not None
        assert record.source.id.split("#")[0] == record.translation.id.split("#")[0] == record.video
        assert len(record.translation.text) == 3 and record.back.text == record.source.text
    asked = collection.questions("test")
    assert [record.source.tag for record in asked[:1]] == ["zh2enc"]
    assert collection.videos(asked) == tuple(f"test{number:03}_000_010" for number in range(6))
    assert collection.features("test").rows("test000_000_010").shape[1] == collection.features("test").width == 16


def test_every_caption_without_its_translation_is_named(tmp_path: Path) -> None:
    captions(tmp_path / "a/TextData", "atrain", "v1#enc#0 one", "v2#enc#0 two", "v2#enc#1 three")
    captions(tmp_path / "a/TextData", "atrain_google_enc2zh", "v2#enc2zh#0 二")
    with pytest.raises(UserError) as raised:
        Collection.of(tmp_path, "a", "videos", "x", "google_enc2zh").training()
    assert "no v1#enc2zh#0" in raised.value.message and "no v2#enc2zh#1" in raised.value.message


def mlcmr(root: Path, data_type: str, mode: str = "parallel", target: str = "") -> MLCMRCollection:
    found = MLCMRCollection.of(root, "vatex", "videos", "i3d_kinetics", data_type)
    return replace(found, mode=mode, asked_in=target)


@pytest.mark.parametrize(
    ("data_type", "target", "trained", "asked"),
    [("zh", "", ["enc", "zh"], ["zh2enc", "zh"]), ("zh", "en", ["enc", "zh"], ["enc2zh", "enc"]),
     ("google_enc2zh", "", ["enc", "enc2zh"], ["zh2enc", "zh"]),
     ("google_zhc2en", "", ["zhc2en", "zh"], ["enc2zh", "enc"]),
     ("google_zhc2en", "zh", ["zhc2en", "zh"], ["zh2enc", "zh"])],
)  # fmt: skip
def test_mlcmr_reads_either_language_as_the_one_that_asks(
    tmp_path: Path, data_type: str, target: str, trained: list[str], asked: list[str]
) -> None:
    write_collection(tmp_path)
    collection = mlcmr(tmp_path, data_type, target=target)
    records = {"train": collection.training(), "test": collection.questions("test")}
    assert (len(records["train"]), len(records["test"])) == (48, 12)
    for split, tags in (("train", trained), ("test", asked)):
        for record in records[split]:
            assert [caption.tag for caption in record.captions] == tags
            assert {caption.video for caption in record.captions} == {record.video}
            texts = collection.example(record, READER, trained=split == "train")
            for caption, tokens in zip(record.captions, (texts.source, texts.translation), strict=True):
                cleaned = caption.text.capitalize() + "." if caption.text.isascii() else caption.text
                assert tokens == (1, *map(ord, cleaned), 2)
    assert records["test"][0].asked.tag == asked[1]


def test_mlcmr_learns_one_language_per_caption(tmp_path: Path) -> None:
    write_halves(write_collection(tmp_path))
    records = mlcmr(tmp_path, "zh", "unparallel").training()
    assert [record.source.tag for record in records] == ["enc"] * 24 + ["zh"] * 24
    assert not {record.video for record in records[:24]} & {record.video for record in records[24:]}
    assert all(record.captions == (record.source,) for record in records)
    assert mlcmr(tmp_path, "zh", "unparallel").questions("val")[0].asked.tag == "zh"
    (tmp_path / "vatex/TextData/vatextrain_zh_half.caption.txt").unlink()
    with pytest.raises(UserError, match=r"vatextrain_zh_half\.caption\.txt"):
        mlcmr(tmp_path, "zh", "unparallel").training()


def test_images_in_several_languages_have_their_own_lists(tmp_path: Path) -> None:
    texts, folder = tmp_path / "mscoco/TextData", tmp_path / "mscoco/FeatureData/clip"
    folder.mkdir(parents=True)
    for name, tag in (("train_enc", "enc"), ("train_google_enc2zh", "enc2zh"), ("train_google_enc2ja", "enc2ja")):
        captions(texts, f"mscoco{name}", f"1.jpg#{tag}#0 one", f"2.jpg#{tag}#0 two")
    for language, images in (("zh", "34"), ("ja", "56")):
        for name, tag in ((f"test_{language}", language), (f"test_google_{language}2enc", f"{language}2enc")):
            captions(texts, f"mscoco{name}", *(f"{image}.jpg#{tag}#0 text" for image in images))
        np.save(folder / f"{language}_test.npy", np.full((2, 3), float(images), np.float32))
        (folder / f"{language}_test_id.txt").write_text("\n".join(images))
    np.save(folder / "train.npy", np.zeros((2, 3), np.float32))
    (folder / "train_id.txt").write_text("1 2")
    for language, images in (("zh", "34"), ("ja", "56")):
        collection = Collection.of(tmp_path, "", "images", "clip", f"google_enc2{language}", usual=("coco", "mscoco"))
        assert (len(collection.training()), collection.training()[0].back) == (2, None)
        assert collection.videos(collection.questions("test")) == tuple(images)
        assert collection.features("test").rows(images[0]).tolist() == [[float(images)] * 3]
        assert "1" in collection.features("train")


def test_images_of_german_and_their_matrices(tmp_path: Path) -> None:
    texts = tmp_path / "multi30k/TextData"
    for name, tag in (
        ("train_enc", "enc"), ("train_google_enc2de", "enc2de"), ("train_google_enc2de2enc", "enc2de2enc"),
        ("val_google_de2enc_task1", "de2enc"), ("val_de_task1", "de"),
        ("test_google_de2enc_2016_task1", "de2enc"), ("test_de_2016_task1", "de"),
    ):  # fmt: skip
        order = (1, 0) if name.startswith("test_de") else (0, 1)
        captions(texts, f"multi30k{name}", *(f"{at}.jpg#{tag}#0 text {at}" for at in order))
    captions(texts, "Flickr30ktrain_enc", *(f"{at}.jpg#enc#{n} text {n}" for at in range(2) for n in range(5)))
    captions(texts, "Flickr30ktrain_google_enc2de", *(f"{at}.jpg#enc2de#{n} t" for at in range(2) for n in range(5)))
    folder = tmp_path / "multi30k/FeatureData/resnet_152"
    folder.mkdir(parents=True)
    for split, ids in (("train", "train_id.txt"), ("test", "test_id_2016.txt")):
        np.save(folder / f"{split}_resnet.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
        (folder / ids).write_text("0.jpg\n1.jpg\n")
    settings = ("multi30k", "images", "resnet_152", "google_enc2de")
    collection = Collection.of(tmp_path, *settings)
    assert [record.back is not None for record in collection.training()] == [True, True]
    assert collection.videos(collection.questions("test")) == ("1", "0")  # of images the target's file leads
    assert len(collection.questions("val")) == 2
    assert collection.features("train").rows("1").tolist() == [[3.0, 4.0, 5.0]]
    assert len(Collection.of(tmp_path, *settings, task=2).training()) == 10
    (folder / "test_id_2016.txt").write_text("0.jpg\n")
    with pytest.raises(UserError, match=r"test_resnet\.npy: 2 rows, where test_id_2016\.txt names 1 images"):
        collection.features("test")


def test_damaged_features_are_named(tmp_path: Path) -> None:
    folder = write_collection(tmp_path) / "FeatureData/i3d_kinetics"
    collection = Collection.of(tmp_path, "vatex", "videos", "i3d_kinetics", "google_enc2zh")
    rows = np.fromfile(folder / "feature.bin", "<f4")
    whole = rows.copy()
    rows[3] = np.nan
    rows.tofile(folder / "feature.bin")
    with pytest.raises(UserError, match=r"feature\.bin, video 'train000_000_010': NaN or infinite numbers"):
        collection.features("train").rows("train000_000_010")
    whole[:-1].tofile(folder / "feature.bin")
    with pytest.raises(UserError, match="it is cut off"):
        _ = collection.features("train").width


@pytest.mark.parametrize(
    ("name", "feature", "message"),
    [("vatx", "i3d_kinetics", "no folder vatx with TextData in it"),
     ("vatex", "i3d", r"FeatureData/i3d: no such features \(there are: i3d_kinetics\)")],
)  # fmt: skip
def test_what_is_not_there_is_said(tmp_path: Path, name: str, feature: str, message: str) -> None:
    write_collection(tmp_path)
    with pytest.raises(UserError, match=message):
        Collection.of(tmp_path, name, "videos", feature, "google_enc2zh").features("train")
