"""What a data root has beside the answers, and that what is missing is said and does no harm."""

from __future__ import annotations

from pathlib import Path

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import truth_records
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.diagnosis.context import NOTHING, Asked, context_of, what_was_asked
from tests.data.corpora import TEST_A_VIDEOS, annotated, cmivqa_2023, mmivqa_2024, write
from tests.diagnosis.made import target


def test_a_held_back_split_has_its_texts_and_videos(tmp_path: Path) -> None:
    files = catalogue(cmivqa_2023(tmp_path))
    found = context_of(OpenRoot(files), "testA", 3)
    assert found.corpus is not None and found.prior is not None and found.remarks == ()
    assert found.prior.answers == 12
    targets = [{**row, "question": ""} for row in annotated(TEST_A_VIDEOS)]
    first, *_, last = what_was_asked(targets, found)
    assert first == Asked(f"{TEST_A_VIDEOS[0]} 的第 1 个问题？", None, 12.0)  # its features have 12 rows
    assert last.duration == 10.0  # no features: the end of the last of four subtitles


def test_what_the_answers_say_goes_first(tmp_path: Path) -> None:
    files = catalogue(mmivqa_2024(tmp_path))
    found = context_of(OpenRoot(files), "dev", 3)
    records = truth_records(files, "dev", 3)
    assert records is not None
    targets = [{key: value for key, value in row.items() if key != "language_type"} for row in records[0]]
    targets[0] = {**targets[0], "question": "其他？", "language_type": "Other"}
    first, second, *_ = what_was_asked(targets, found)
    assert (first.text, first.language) == ("其他？", "Other")
    assert second.language == "Chinese" and second.text


def test_no_training_split(tmp_path: Path) -> None:
    write(tmp_path / "dev.json", annotated(TEST_A_VIDEOS))
    found = context_of(OpenRoot(catalogue(tmp_path)), "dev", 3)
    assert found.corpus is not None and found.prior is None
    assert found.remarks == (f"no trivial prior: no training split in {tmp_path}",)


def test_a_prior_of_the_answers_themselves(tmp_path: Path) -> None:
    found = context_of(OpenRoot(catalogue(cmivqa_2023(tmp_path))), "train", 3)
    assert found.prior is not None
    assert found.remarks == ("the trivial prior was learnt from these very answers",)


def test_too_little_to_learn(tmp_path: Path) -> None:
    """No subtitles, no features: no video has a known duration."""
    write(tmp_path / "train.json", annotated(TEST_A_VIDEOS))
    found = context_of(OpenRoot(catalogue(tmp_path)), "train", 3)
    assert found.prior is None
    assert found.remarks == ("no trivial prior: too few training answers lie in a video of known duration",)


def test_a_damaged_corpus_is_a_remark(tmp_path: Path) -> None:
    files = catalogue(cmivqa_2023(tmp_path))
    (tmp_path / "NLPCC_2023_CMIVQA_TESTA" / "subtitle.json").write_text("{", encoding="utf-8")
    found = context_of(OpenRoot(files), "testA", 3)
    assert found.corpus is None and found.prior is not None
    assert found.remarks[0].startswith("no video lengths and no subtitles: ")
    assert what_was_asked([target(0)], found) == (Asked("", None, None),)


def test_nothing_at_hand() -> None:
    row = target(0, question="why?", language_type="English")
    assert what_was_asked([row, target(1)], NOTHING) == (Asked("why?", "English", None), Asked("", None, None))
    assert "--data DIR" in NOTHING.remarks[0]
