"""A data root that is read once: the same values as without remembering, and the same errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_questions, load_split, truth_records
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.errors import UserError
from tests.submission.small import root_2023, root_2024


@pytest.mark.parametrize("make", [root_2023, root_2024])
def test_it_gives_what_reading_gives(tmp_path: Path, make: object) -> None:
    files = catalogue(make(tmp_path))  # type: ignore[operator]
    root = OpenRoot(files)
    for _ in range(2):
        for split in files.splits:
            for track in TRACKS:
                assert root.questions(split, track) == load_questions(files, split, track)
                read = load_split(files, split, track)
                assert dict(root.split(split, track).videos) == dict(read.videos)
                assert root.split(split, track).questions == read.questions
                assert root.answers(split, track) == truth_records(files, split, track)


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    root = OpenRoot(catalogue(root_2023(tmp_path, answers=True)))
    before = root.split("testA", 2), root.questions("testA", 2), root.answers("testA", 2)
    for path in tmp_path.rglob("*.json"):
        path.write_text("[]", encoding="utf-8")
    assert root.split("testA", 2) is before[0]
    assert root.questions("testA", 2) is before[1]
    assert root.answers("testA", 2) is before[2]


def test_an_error_is_remembered(tmp_path: Path) -> None:
    (root_2023(tmp_path) / "dataset_testA_for_track23.json").write_text("[{", encoding="utf-8")
    root = OpenRoot(catalogue(tmp_path))
    errors = []
    for _ in range(2):
        with pytest.raises(UserError) as caught:
            root.questions("testA", 2)
        errors.append(caught.value)
        (tmp_path / "dataset_testA_for_track23.json").unlink(missing_ok=True)
    assert str(errors[0]) == str(errors[1]) and "not JSON" in errors[0].message
