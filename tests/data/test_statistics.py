"""The sizes of a corpus as the organizers' table has them."""

from __future__ import annotations

from pathlib import Path

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.statistics import corpus_statistics
from tests.data.corpora import cmivqa_2023, write


def test_means_and_counts(tmp_path: Path) -> None:
    write(tmp_path / "train.json", [
        {"id": 1, "video_id": "a", "question": "怎么消毒", "start_second": 1, "end_second": 5},
        {"id": 2, "video_id": "a", "question": "怎么包扎伤口", "start_second": 2, "end_second": 4},
        {"id": 3, "video_id": "b", "question": "怎么做", "start_second": 4, "end_second": 4},
    ])  # fmt: skip
    line = {"text": "按住", "start": 0, "duration": 10}
    write(tmp_path / "subtitle.json", {
        "a": [line, {**line, "start": 10}], "b": [{**line, "duration": 40, "text": "按"}], "c": []
    })  # fmt: skip
    size = corpus_statistics(open_split(tmp_path, "train"))
    assert (size.videos, size.videos_asked, size.questions) == (3, 2, 3)
    assert size.question_characters == (4 + 6 + 3) / 3
    assert (size.video_seconds, size.videos_timed) == (30.0, 2)
    assert (size.answer_seconds, size.answers) == (3.0, 2)  # a span without length is none
    assert (size.subtitle_lines, size.line_characters) == (1.5, 5 / 3)


def test_hidden_answers(tmp_path: Path) -> None:
    size = corpus_statistics(open_split(cmivqa_2023(tmp_path), "testA", 2))
    assert (size.videos, size.videos_asked, size.questions, size.answer_seconds, size.answers) == (3, 0, 6, None, 0)
