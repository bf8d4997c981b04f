"""A submission file that finds the videos, and what is said of one that cannot."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.file_retriever import FileRetriever
from cmivqa_kit.prediction.retrieval import open_retriever
from cmivqa_kit.prediction.types import Ranking
from tests.prediction.pairs.scorers import split_of, video
from tests.submission.small import put

OPTIONS = PredictOptions(limit=50)
CLINIC = split_of(
    [video("a", ("press the wound", 0, 5)), video("b", ("check the pulse", 0, 5)), video("c", ("the pulse", 0, 5))],
    [Question(1, "check the pulse", "English", "b"), Question(2, "nothing of it", "English", "c")],
)


def entry(name: str, start: float = 0.0) -> list[Any]:
    return [name, start, start + 1]


def item(identity: object, text: str | None, *videos: str) -> dict[str, Any]:
    asked = {} if text is None else {"question": text}
    return {"id": identity, **asked, "output": [entry(name, 3.0 * n) for n, name in enumerate(videos)]}


def ids(rankings: Sequence[Ranking]) -> list[list[str]]:
    return [[name for name, _ in ranking] for ranking in rankings]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "my 提交.json"


PULSE, OTHER = (question.text for question in CLINIC.questions)


def test_a_file_ranks_by_first_appearance(path: Path) -> None:
    retriever = FileRetriever(put(path, [item(1, PULSE, "c", "c", "a", "c", "b"), item(2, OTHER, "b")]))
    assert retriever.rank(CLINIC, 9) == [(("c", -1.0), ("a", -2.0), ("b", -3.0)), (("b", -1.0),)]
    assert retriever.rank(CLINIC, 2)[0] == (("c", -1.0), ("a", -2.0))
    assert retriever.name == "my 提交.json"
    assert not retriever.costs_network(CLINIC)
    assert retriever.recall(CLINIC, 9) is None
    found = open_retriever(str(path), path.parent, OPTIONS)
    assert found.facts == retriever.facts and set(found.facts) == {"name", "sha256"}


@pytest.mark.parametrize(
    "rows",
    [
        [item(0, PULSE, "c"), item(1, OTHER, "b")],  # the running index that the released CCGS script writes
        [item(2, PULSE, "c"), item(1, OTHER, "b")],
        [item("1", PULSE, "c"), item("2", OTHER, "b")],
        [item("NLPCC_Task2_1", f" {PULSE}\u3000", "c"), item("NLPCC_Task2_2", OTHER, "b")],
        [item(1, None, "c"), item(2, None, "b")],
        [item(1, None, "a"), item(2, None, "b"), item(1, None, "c")],  # the last counts, as in the official program
        [item(8, PULSE, "a"), item(2, OTHER, "b"), item(9, PULSE, "c")],
        [item(2, OTHER, "b"), item(1, PULSE, "c"), item(3, "another?", "a")],
        [{**item(1, PULSE, "c"), "output": [["c"]]}, {**item(2, OTHER), "output": [["b", "x", None, {}]]}],
    ],
)
def test_items_belong_to_the_question_they_answer(path: Path, rows: list[Any]) -> None:
    assert ids(FileRetriever(put(path, rows)).rank(CLINIC, 9)) == [["c"], ["b"]]


def test_empty_lists_and_unknown_videos(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [item(1, PULSE, "nowhere", "c", "\x1b[31m"), item(2, OTHER)]
    retriever = FileRetriever(put(path, rows))
    found = retriever.rank(CLINIC, 2)
    assert found == [(("c", -1.0),), ()]
    assert "2 video ids are not in the corpus and left out" in caplog.text
    assert "of 2 questions 0 lose their whole list, 1 a part" in caplog.text
    assert "\x1b" not in caplog.text


def test_a_file_that_misses_questions_is_refused(path: Path) -> None:
    retriever = FileRetriever(put(path, [item(2, OTHER, "b"), item(1, "another?", "a")]))
    with pytest.raises(UserError, match=r"1 of 2 questions of testA are not in it, e\.g\. 1") as caught:
        retriever.rank(CLINIC, 9)
    assert "cmivqa validate" in caught.value.fix


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "no answers in it"),
        ({}, "an object; put the answers into an array"),
        (3, "a number; put the answers"),
        ([3], "/0 is no item of Track 2 or 3"),
        ([item(1, PULSE, "a"), {"id": 2, "video_id": "a", "start_second": 0, "end_second": 1}], "/1 is no item"),
        ([{"id": 1, "output": "a"}], "/0 is no item"),
        ([{"id": 1, "output": ["a"]}], "/0 is no item"),
        ([{"id": 1, "output": [[]]}], "/0 is no item"),
        ([{"id": 1, "output": [[7, 0, 1]]}], "/0 is no item"),
        ([item(None, PULSE, "a")], "/0 is no item"),
        ([item(1.0, PULSE, "a")], "/0 is no item"),
        ([item(True, PULSE, "a")], "/0 is no item"),
        ([item([1], PULSE, "a")], "/0 is no item"),
    ],
)
def test_a_file_without_lists_is_refused(path: Path, document: Any, message: str) -> None:
    put(path, document)
    with pytest.raises(UserError, match=message) as caught:
        open_retriever(str(path), path.parent, OPTIONS)
    assert str(path) in caught.value.message
    assert f"cmivqa validate '{path}'" in caught.value.fix  # as a shell takes it


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"[{", "cut off"),
        (b"\xef\xbb\xbf{}", "an object"),  # not that it has a byte-order mark
        ("[]".encode("utf-16"), "UTF-16"),
        (b"[" * 100_000 + b"]" * 100_000, "nest"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(path: Path, data: bytes, message: str) -> None:
    path.write_bytes(data)
    with pytest.raises(UserError, match=message):
        FileRetriever(path)


def test_a_huge_file_is_not_read(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: nothing of it is on the disk
    with pytest.raises(UserError, match=r"more than .* MiB"):
        open_retriever(str(path), path.parent, OPTIONS)


def test_a_file_that_may_not_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, [item(1, PULSE, "a")])

    def refused(self: Path, *mode: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(UserError, match="cannot be read"):
        FileRetriever(path)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([item(1, PULSE, "a.mp4"), item(2, OTHER, "v_b", "c.mp4")], r"3 ids not in the corpus, e\.g\. 'a\.mp4' \(in "),
        ([item(1, PULSE), item(2, OTHER)], "2 empty lists"),
        ([item(1, PULSE), item(2, OTHER, "nowhere")], r"1 empty list; 1 id not in the corpus, e\.g\. 'nowhere'"),
    ],
)
def test_a_file_of_another_corpus_is_refused(path: Path, rows: list[Any], reason: str) -> None:
    retriever = FileRetriever(put(path, rows))
    with pytest.raises(UserError, match=f"for 2 of 2 questions of testA it names no video of the corpus .*{reason}"):
        retriever.rank(CLINIC, 9)


def test_what_a_file_lacks_is_counted_and_ranked_by_words(
    path: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    put(path, [item(1, PULSE, "a.mp4", "b.mp4"), item(2, OTHER, "a", "v_b")])
    retriever = open_retriever(str(path), tmp_path / "runs", OPTIONS)
    first, second = retriever.rank(CLINIC, 9)
    assert ids([first])[0][:2] == ["b", "c"]  # who says "pulse"; the alphabet would say a
    assert second == (("a", -1.0),)
    assert retriever.without == 1
    assert "of 2 questions 1 lose their whole list, 1 a part" in caplog.text
    assert "for 1 of 2 questions (id 1); for these the list is that of bm25" in caplog.text
