"""Editions: their facts, split names in the wild, and edition files of one's own."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.editions import Edition, edition_names, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission import write

EDITIONS = [load_edition(name) for name in edition_names()]
# Words of real download names that name no split, though "test", "val", "dev" and "train" stand in some of them.
NOISE = ["NLPCC", "2023", "CMIVQA", "dataset", "for", "track1", "latest", "evaluation", "devices", "constraint",
         "contest", "release", "v2", "(3)", "json", "Download"]  # fmt: skip


def test_the_editions_come_oldest_first() -> None:
    assert edition_names() == ("cmivqa-2023", "mmivqa-2024", "m4ivqa-2025", "medvidqa")  # the last is no edition
    assert [edition.year for edition in EDITIONS[:-1]] == [2023, 2024, 2025]


def test_the_facts_of_2023() -> None:
    edition = load_edition()
    assert {name: (facts.questions, facts.videos, facts.answers) for name, facts in edition.splits.items()} == {
        "train": (2937, 1228, "public"),
        "dev": (None, None, "public"),
        "testA": (492, 200, "organizers"),
        "testB": (511, 200, "organizers"),
    }
    assert edition.reissued_videos == ("LILVsv4Ft_E", "D_igZblZVp0")
    assert (edition.id_form, edition.entries, edition.cutoffs) == ("integer", 50, (1, 10, 50))


@pytest.mark.parametrize(
    ("name", "split"),
    [("testA", "testA"), ("TESTA", "testA"), ("test-a", "testA"), ("test", "testA"), ("Train_Dev", "train"),
     ("val", "dev"), ("testB", "testB"), ("testC", None), ("", None), ("测试", None)],
)  # fmt: skip
def test_canonical_names_of_2023(name: str, split: str | None) -> None:
    assert load_edition().canonical_split(name) == split


@pytest.mark.parametrize("alias", ["test", "TESTA", "testB"])
def test_later_editions_have_one_test_split(alias: str) -> None:
    assert [edition.canonical_split(alias) for edition in EDITIONS[1:]] == ["test"] * 3


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("NLPCC_2023_CMIVQA_TRAIN_DEV", "train"),
        ("CMIVQATrainDev2", "train"),
        ("Trainset2023", "train"),
        ("training", "train"),
        ("development", "dev"),
        ("validation.json", "dev"),
        ("dataset_testB_for_task_1.json", "testB"),
        ("TESTBtrack1", "testB"),
        ("test_batch_3", "testA"),
        ("test A", "testA"),
        ("latest", None),
        ("evaluation", None),
        ("contest_devices_values", None),
        ("constraint", None),
    ],
)
def test_names_in_the_wild(text: str, split: str | None) -> None:
    assert load_edition().split_in(text) == split


@given(
    st.sampled_from([(edition, alias, split) for edition in EDITIONS for split, facts in edition.splits.items()
                     for alias in (split, *facts.aliases)]),
    st.lists(st.sampled_from(NOISE), max_size=4),
    st.lists(st.sampled_from(NOISE), max_size=4),
    st.sampled_from([str.lower, str.upper, str]),
)  # fmt: skip
def test_a_split_is_found_among_any_other_words(
    case: tuple[Edition, str, str], before: list[str], after: list[str], style: type[str]
) -> None:
    edition, alias, split = case
    assert edition.split_in("_".join([*before, style(alias), *after])) == split


@given(st.lists(st.sampled_from(NOISE), max_size=8), st.sampled_from(["_", "-", " ", "."]))
def test_no_split_is_found_where_none_is_named(words: list[str], separator: str) -> None:
    assert all(edition.split_in(separator.join(words)) is None for edition in EDITIONS)


def test_the_nearest_name_decides_unless_a_farther_one_is_more_precise() -> None:
    edition = load_edition()
    assert edition.split_in("dev.json", "NLPCC_TRAIN_DEV") == "dev"
    assert edition.split_in("test.json", "NLPCC_TESTB") == "testB"
    assert edition.split_in("subtitle.json", "TESTA", "release_train_dev") == "testA"
    assert edition.split_in("subtitle.json", "data") is None


def test_track_of_id() -> None:
    assert [edition.track_of_id("NLPCC2024_Task2_17") for edition in EDITIONS] == [None, 2, 2, None]
    assert load_edition("mmivqa-2024").track_of_id("x_Task2_1") is None
    assert load_edition("mmivqa-2024").track_of_id(7) is None


def test_an_edition_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\ntitle = "T"\nyear = 2030\nid_form = "any"\nid_pattern = ""\nlanguage_column = false\n'
        'corpus_files = "shared"\nentries = 10\ncutoffs = [1, 5]\nboard_decimals = 4\n'
        '[splits.train]\naliases = ["Lern_Satz"]\n',
        encoding="utf-8",
    )
    edition = load_edition(str(file))
    assert (edition.name, edition.cutoffs) == ("mine", (1, 5))
    assert edition.canonical_split("lernsatz") == "train"
    assert edition.split_in("x_LernSatz_2") == "train"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", "not TOML"),
        (b'name = "x"\n', "missing or unknown"),
        (b'name = "x"\n[splits.a]\ncolour = "red"\n', "missing or unknown"),
        (b"name = '\xff'", "cannot be read"),
    ],
)
def test_a_damaged_edition_file(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    with pytest.raises(UserError, match=message) as caught:
        load_edition(str(file))
    assert str(file) in caught.value.message


def test_an_unknown_edition_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"Did you mean 'cmivqa-2023'\?"):
        load_edition("cmivqa2023")
    with pytest.raises(UserError, match="cannot be read"):
        load_edition("nowhere.toml")


def test_an_edition_from_a_file_serves_the_whole_way(tmp_path: Path) -> None:
    """A new year is one file outside the package: the split it opens carries its name, and the writer finds it."""
    own = tmp_path / "next-year.toml"
    text = (resources.files("cmivqa_kit.editions") / "mmivqa-2024.toml").read_text(encoding="utf-8")
    own.write_text(text.replace('name = "mmivqa-2024"', 'name = "next-year"'), encoding="utf-8")
    question = {"id": "q1", "question": "how", "language_type": "English", "video_id": "v"}
    (tmp_path / "dev.json").write_text(json.dumps([question]), encoding="utf-8")
    (tmp_path / "subtitle.json").write_text('{"v": [{"text": "so", "start": 0, "duration": 3}]}', encoding="utf-8")
    split = open_split(tmp_path, "dev", edition=str(own))
    assert split.edition == "next-year"
    written = write([("q1", [("v", 0.0, 1.0)])], split, 3, tmp_path / "out.json")
    assert json.loads(written.read_text(encoding="utf-8"))[0]["language_type"] == "English"


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("训练集.json", "train"), ("CMIVQA训练验证集.json", "train"), ("验证集.json", "dev"), ("开发集", "dev"),
        ("测试集A 答案.json", "testA"), ("测试B.json", "testB"), ("B榜_答案.json", "testB"), ("测试集.json", "testA"),
        ("康复训练视频.json", None), ("开发.json", None), ("测试ABC.json", None),
    ],
)  # fmt: skip
def test_chinese_names_of_splits(name: str, split: str | None) -> None:
    assert load_edition("cmivqa-2023").split_in(name) == split
