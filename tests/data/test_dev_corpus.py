"""The dev corpus: drawn once by the seed, stored beside dev.json, used by whatever reads dev."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import data_fingerprint, open_split
from cmivqa_kit.data.dev_corpus import ALL, DEV_CORPUS, LIKE_TEST, corpus_size, draw, read_dev_corpus
from cmivqa_kit.data.intake import gather
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.split import Divided, divide
from cmivqa_kit.errors import UserError
from tests.data.corpora import TEST_A_VIDEOS, TRAIN_VIDEOS, annotated, cmivqa_2023, read, subtitles, write

IDS = st.sets(st.text("abcXYZ_-019", min_size=1, max_size=11), min_size=1, max_size=40)


def many(root: Path, train: int = 20, test: int = 7) -> Path:
    """An annotated file over many videos, and testA over its own few."""
    videos, asked = [f"train{n:06d}" for n in range(train)], [f"testa{n:06d}" for n in range(test)]
    write(root / "train" / "CMIVQA_Train_Dev.json", annotated(videos))
    write(root / "train" / "subtitle.json", subtitles(videos))
    write(root / "testA" / "dataset_testA_for_track1.json", annotated(asked))
    write(root / "testA" / "subtitle.json", subtitles(asked))
    return root


def split(root: Path, size: Any = None, fraction: float = 0.2, **options: Any) -> Divided:
    return divide(catalogue(root), fraction, size=size, **options)


def dev(root: Path) -> set[str]:
    return set(open_split(root, "dev").videos)


@given(IDS, st.data(), st.integers(0, 60), st.integers(0, 99))
def test_the_dev_videos_are_always_in_it_and_the_rest_depends_on_the_seed_alone(
    ids: set[str], data: st.DataObject, count: int, seed: int
) -> None:
    asked = data.draw(st.sets(st.sampled_from(sorted(ids)), min_size=1))
    drawn = draw(asked, ids, count, count, seed)
    assert asked <= set(drawn.videos) <= ids
    assert len(drawn.videos) == min(len(ids), max(count, len(asked)))
    assert drawn == draw(sorted(asked), sorted(ids, reverse=True), count, count, seed)


def test_the_drawn_videos_stay_what_they_are() -> None:
    """A change here would silently change everybody's dev figures."""
    drawn = draw({"video3"}, {f"video{n}" for n in range(20)}, 4, LIKE_TEST, 0)
    assert drawn.videos == ("video11", "video13", "video15", "video3")


def test_dev_is_as_large_as_the_test_corpus(tmp_path: Path) -> None:
    done = split(many(tmp_path))
    stored = read(done.dev.with_name(DEV_CORPUS))
    assert list(stored) == ["videos", "corpus_size", "seed", "drawn_from"]
    assert (len(stored["videos"]), stored["corpus_size"], stored["seed"], stored["drawn_from"]) == (
        7,
        "like-test",
        0,
        20,
    )
    assert dev(tmp_path) == set(stored["videos"]) >= {row["video_id"] for row in read(done.dev)}
    assert [len(open_split(tmp_path, name).videos) for name in ("train", "testA")] == [20, 7]
    assert OpenRoot(catalogue(tmp_path)).videos("dev") == dev(tmp_path)
    (note,) = [note for note in open_split(tmp_path, "dev").notes if note.subject == DEV_CORPUS]
    assert note.why == "the dev corpus is 7 of 20 videos"


def test_another_corpus_is_other_data(tmp_path: Path) -> None:
    split(many(tmp_path), 9)
    nine = data_fingerprint(open_split(tmp_path, "dev"))
    (tmp_path / "train" / DEV_CORPUS).unlink()
    assert len(dev(tmp_path)) == 20 and data_fingerprint(open_split(tmp_path, "dev")) != nine


@pytest.mark.parametrize("size", [ALL, 20])
def test_all_videos_need_no_file(tmp_path: Path, size: Any) -> None:
    assert split(many(tmp_path), size).corpus is None
    assert not (tmp_path / "train" / DEV_CORPUS).exists() and len(dev(tmp_path)) == 20


def test_a_test_corpus_that_is_larger_or_the_same_leaves_all(tmp_path: Path) -> None:
    assert split(many(tmp_path / "larger", test=30)).corpus is None
    flat = tmp_path / "flat"
    write(flat / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS))
    write(flat / "dataset_testA_for_track1.json", annotated(TEST_A_VIDEOS))
    write(flat / "subtitle.json", subtitles([*TRAIN_VIDEOS, *TEST_A_VIDEOS]))  # one corpus for all splits
    assert split(flat).corpus is None


def test_a_test_corpus_smaller_than_dev_leaves_the_dev_videos(tmp_path: Path) -> None:
    done = split(many(tmp_path, test=2), fraction=0.25)
    assert done.corpus is not None and len(done.corpus.videos) == done.videos[1] == 5


def test_without_a_test_corpus_dev_has_all(tmp_path: Path) -> None:
    write(tmp_path / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS))
    write(tmp_path / "subtitle.json", subtitles(TRAIN_VIDEOS))
    with pytest.raises(UserError, match="no test split whose corpus dev could be like\nGive --corpus-size all"):
        split(tmp_path, LIKE_TEST)
    assert split(tmp_path).corpus is None


@pytest.mark.parametrize("size", [3, 21])
def test_a_number_that_cannot_be(tmp_path: Path, size: int) -> None:
    with pytest.raises(UserError, match="about 4 videos, and there are 20\nGive a number from 4 to 20"):
        split(many(tmp_path), size)
    assert sorted(path.name for path in (tmp_path / "train").iterdir()) == ["CMIVQA_Train_Dev.json", "subtitle.json"]


def test_a_division_that_stands_keeps_what_it_has(tmp_path: Path) -> None:
    split(many(tmp_path), ALL)
    assert split(tmp_path).corpus is None and not (tmp_path / "train" / DEV_CORPUS).exists()
    drawn = split(tmp_path, 9)
    assert split(tmp_path) == split(tmp_path, 9) == drawn and len(dev(tmp_path)) == 9
    for size in (ALL, 10, LIKE_TEST):
        with pytest.raises(UserError, match=r"dev_corpus.json: exists and is different; it is not overwritten"):
            split(tmp_path, size)
    assert len(dev(tmp_path)) == 9


def test_the_file_goes_where_the_division_goes(tmp_path: Path) -> None:
    done = split(many(tmp_path / "root"), out=tmp_path / "root" / "train" / "divided")
    assert done.dev.with_name(DEV_CORPUS).is_file() and len(dev(tmp_path / "root")) == 7


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"videos": []}', '{"videos": [1]}', '{"videos": ["a"], "corpus_size": 3}', "{", ""]
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str) -> None:
    path = split(many(tmp_path)).dev.with_name(DEV_CORPUS)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=DEV_CORPUS):
        open_split(tmp_path, "dev")
    assert len(open_split(tmp_path, "train").videos) == 20


def test_videos_that_are_gone_are_told(tmp_path: Path) -> None:
    done = split(many(tmp_path))
    path = done.dev.with_name(DEV_CORPUS)
    known = read_dev_corpus(path)
    write(path, {**known.document(), "videos": [*known.videos, "nobody"]})
    (note,) = [note for note in open_split(tmp_path, "dev").notes if note.subject == DEV_CORPUS]
    assert note.why == "the dev corpus is 7 of 20 videos; it names 1 more that are not there"


def test_the_official_tree(tmp_path: Path) -> None:
    done = split(cmivqa_2023(tmp_path), fraction=0.34)
    assert done.corpus is not None and len(done.corpus.videos) == len(open_split(tmp_path, "testA").videos) == 3


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "like", "ALL", "²", "9" * 30])
def test_no_size(text: str) -> None:
    with pytest.raises(UserError, match="not a number of videos"):
        corpus_size(text)


def test_sizes() -> None:
    assert [corpus_size(text) for text in ("all", "like-test", "200")] == ["all", "like-test", 200]


def test_a_new_data_root_keeps_it(tmp_path: Path) -> None:
    """`init --from` of a divided root: dev is ranked over the same videos there, and once more changes nothing."""
    source, new = many(tmp_path / "source"), tmp_path / "new"
    split(source)
    for _ in range(2):
        placed = {place.kind: place.target for place in gather([source], new).placements}
        assert placed["dev corpus"] == new / "dev" / DEV_CORPUS
        assert dev(new) == dev(source) and len(dev(new)) == 7
    assert data_fingerprint(open_split(new, "dev")) == data_fingerprint(open_split(source, "dev"))
    split(many(tmp_path / "other"), 9)
    with pytest.raises(UserError, match=r"dev_corpus.json: exists and differs"):
        gather([tmp_path / "other" / "train" / DEV_CORPUS], new)


def test_a_file_of_it_alone_joins_the_dev_questions_that_are_there(tmp_path: Path) -> None:
    source = many(tmp_path / "source")
    corpus = split(source).dev.with_name(DEV_CORPUS)
    loose = corpus.rename(tmp_path / "videos of dev.json")  # known by its content
    gather([loose], source)
    assert len(dev(source)) == 7 and corpus.is_file()
    undivided = many(tmp_path / "undivided")
    with pytest.raises(UserError, match="no dev questions are there that it would belong to"):
        gather([loose], undivided)
    write(loose, {**read(loose), "videos": []})
    with pytest.raises(UserError, match="no list of video ids under 'videos'"):
        gather([loose], source)
