"""Who finds the videos: baselines, runs, submission files, and what is said of those that cannot."""

from __future__ import annotations

import errno
import json
import logging
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.bm25 import DECLARATION as BM25
from baselines.bm25 import baseline
from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction import retrieval
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.ranked_list import by_rank, in_order, of_list, within
from cmivqa_kit.prediction.retrieval import BaselineFinder, FileFinder, open_finder
from cmivqa_kit.prediction.types import Ranking
from cmivqa_kit.runs.directory import RunDirectory, make_run, start_run
from tests.prediction import fake
from tests.prediction.pairs import paired
from tests.prediction.pairs.scorers import split_of, video
from tests.submission.small import VIDEOS, put, root_2023

OPTIONS = PredictOptions(limit=50)
MOST = sys.float_info.max
CLINIC = split_of(
    [video("a", ("press the wound", 0, 5)), video("b", ("check the pulse", 0, 5)), video("c", ("the pulse", 0, 5))],
    [Question(1, "check the pulse", "English", "b"), Question(2, "nothing of it", "English", "c")],
)


def entry(name: str, start: float = 0.0) -> list[Any]:
    return [name, start, start + 1]


def item(identity: object, text: str | None, *videos: str) -> dict[str, Any]:
    asked = {} if text is None else {"question": text}
    return {"id": identity, **asked, "output": [entry(name, 3.0 * n) for n, name in enumerate(videos)]}


def ids(found: Sequence[Ranking]) -> list[list[str]]:
    return [[name for name, _ in ranking] for ranking in found]


# Rankings


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1.0, -1.0, 0.0, -math.inf, math.inf])), max_size=9))
def test_videos_in_order_each_once(videos: list[tuple[str, float]]) -> None:
    found = in_order(videos)
    best = {name: max(score for other, score in videos if other == name) for name, _ in videos}
    assert [name for name, _ in found] == sorted(best, key=lambda name: (-best[name], name))
    assert all(math.isfinite(score) for _, score in found)


def test_scores_that_json_could_not_hold_are_numbers() -> None:
    found = in_order([("a", np.float32(0.5)), ("b", -np.inf), ("c", np.inf)])
    assert found == (("c", MOST), ("a", 0.5), ("b", -MOST))
    assert json.loads(json.dumps(found, allow_nan=False)) == [list(one) for one in found]
    with pytest.raises(UserError, match="score of video 'b' is no number") as caught:
        in_order([("a", 1.0), ("b", math.nan)])
    assert "give another --retriever" in caught.value.fix


def test_the_videos_of_a_list() -> None:
    def listed(*scores: tuple[str, float]) -> Ranking:
        return of_list(Candidate(name, Span(0, 1), score) for name, score in scores)

    assert listed(("b", 3.0), ("a", 2.0), ("b", 1.0)) == (("b", 3.0), ("a", 2.0))
    assert listed(("b", 2.0), ("a", 2.0), ("c", 1.0)) == (("a", 2.0), ("b", 2.0), ("c", 1.0))  # ties by id
    ranked = (("b", -1.0), ("a", -2.0), ("c", -3.0))
    assert listed(("b", 0.0), ("a", 0.0), ("c", 0.0)) == ranked  # they say nothing
    assert listed(("b", 1.0), ("a", 3.0), ("c", 0.0)) == ranked
    assert listed(("b", 1.0), ("a", math.nan), ("c", 0.0)) == ranked
    assert listed(("b", 7.0)) == (("b", 7.0),)
    assert listed() == ()
    assert by_rank("aabac") == (("a", -1.0), ("b", -2.0), ("c", -3.0))


def test_what_the_corpus_lacks_is_left_out_and_a_list_is_never_empty() -> None:
    assert within((("x", 3.0), ("b", 2.0), ("a", 1.0)), CLINIC.videos, 1) == (("b", 2.0),)
    assert within((("x", 3.0),), CLINIC.videos, 2) == within((), CLINIC.videos, 2) == (("a", 0.0), ("b", 0.0))


# Baselines and runs


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_bm25_needs_no_run(runs: Path) -> None:
    finder = open_finder("bm25", runs, OPTIONS)
    assert finder.name == "bm25"
    assert finder.facts == {"name": "bm25", "baseline": "bm25", "recipe": None, "weights": None, "run": None}
    assert finder.quick(CLINIC)
    found = finder.rank(CLINIC, 2)
    assert ids(found) == [["b", "c"], ["a", "b"]]  # nothing in common: by id
    assert found[0][0][1] > found[0][1][1] > 0
    for count in 3, 10**30:
        assert [len(one) for one in finder.rank(CLINIC, count)] == [3, 3]
    assert [one[:2] for one in finder.rank(CLINIC, 3)] == found
    assert finder.recall(CLINIC, 2) == 0.5
    assert finder.recall(CLINIC, 3) == 1.0
    assert finder.recall(None, 3) is None
    assert finder.recall(replace(CLINIC, questions=(Question(1, "?"),)), 3) is None


def test_a_run_by_its_folder_or_the_newest_of_a_baseline(
    runs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answered = replace(CLINIC, questions=(replace(CLINIC.questions[0], answer=Span(0, 5)),))
    for _ in range(2):
        run = start_run(runs, "bm25", settings(BM25, None, ["lists.video_weight=2.5"]), 0)
        baseline.BM25().fit(answered, None, run)
        run.finish()
    by_folder = open_finder(str(runs / "bm25-1"), runs, OPTIONS)
    assert (by_folder.name, by_folder.facts["baseline"]) == ("bm25-1", "bm25")
    assert by_folder.facts["run"] != open_finder(str(runs / "bm25-2"), runs, OPTIONS).facts["run"]
    assert ids(by_folder.rank(CLINIC, 2)) == [["b", "c"], ["a", "b"]]
    assert by_folder.rank(CLINIC, 2)[0] != open_finder("bm25", runs, OPTIONS).rank(CLINIC, 2)[0]  # its own settings
    monkeypatch.chdir(runs / "bm25-2")
    assert open_finder(".", runs, OPTIONS).name == "bm25-2"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retrieval, "find_declaration", lambda name: replace(BM25, trains=True))
    assert open_finder("bm25", runs, OPTIONS).name == "bm25-2"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("bm52", "'bm52': no baseline, run or file is called so. Did you mean 'bm25'?", "Give bm25, another baseline"),
        ("", "'': no baseline, run or file", "Give bm25"),
        ("no/such/file.json", "no baseline, run or file", "a submission file of Track 2"),
        ("a\0b", "no baseline, run or file", "Give bm25"),
        ("x" * 5000, "no baseline, run or file", "Give bm25"),
        ("runs", "no baseline, run or file", "the folder of a run"),
        ("prior", "baseline prior does not rank videos", "Give one that serves Track 2"),
        ("mutualsl", "baseline mutualsl does not rank videos", "cmivqa baselines"),
        ("ccgs", "no finished run of ccgs", "cmivqa train -m ccgs"),
        ("runs/ccgs-1", "did not finish", "cmivqa train"),
        ("runs/prior-1", "baseline prior does not rank videos", "Give one that serves Track 2"),
    ],
)
def test_what_is_no_retriever(runs: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str, fix: str) -> None:
    monkeypatch.chdir(runs.parent)
    start_run(runs, "ccgs", {}, 0)
    start_run(runs, "prior", {}, 0).finish()
    with pytest.raises(UserError) as caught:
        open_finder(text, runs, OPTIONS)
    assert message in caught.value.message
    assert fix in caught.value.fix


class Lists:
    """A participant's Track 2 system: lists, as they are told; it knows no `rank_videos`."""

    def __init__(self, scores: dict[str, float], asked: list[PredictOptions], first: int = 0) -> None:
        self.scores, self.asked, self.first = scores, asked, first

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        self.asked.append(options)
        for question in split.questions[self.first :]:
            assert question.answer is None and question.video_id is None and track == 2
            listed = tuple(Candidate(name, Span(0, 1), score) for name, score in self.scores.items())
            yield Prediction(question.id, listed[: options.limit])


class Ranks(Lists):
    """The same with `rank_videos`."""

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[Sequence[tuple[str, float]]]:
        for _ in split.questions[self.first :]:
            yield list(self.scores.items())


def other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists], scores: dict[str, float],
          first: int = 0, limit: int = 50) -> tuple[BaselineFinder, list[PredictOptions]]:  # fmt: skip
    """A finder in front of one, and the options it was asked with."""
    fake.install(monkeypatch, tmp_path)
    asked: list[PredictOptions] = []
    monkeypatch.setattr(retrieval, "create", lambda found: kind(scores, asked, first))
    return BaselineFinder(replace(fake.DECLARATION, trains=False), None, PredictOptions(limit=limit)), asked


@pytest.mark.parametrize("kind", [Lists, Ranks])
def test_others_are_asked_for_lists_or_for_videos(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists]
) -> None:
    finder, asked = other(monkeypatch, tmp_path, kind, {"c": 3.0, "unknown": 2.0, "a": 1.0, "b": 1.0})
    assert finder.rank(CLINIC, 2) == [(("c", 3.0), ("a", 1.0))] * 2
    assert finder.quick(CLINIC) is (kind is Ranks)
    assert finder.recall(CLINIC, 1) == (0.5 if kind is Ranks else None)  # a long wait is not worth the figure
    assert len(asked) == (kind is Lists)


def test_a_shorter_list_is_the_beginning_of_a_longer_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finder, asked = other(monkeypatch, tmp_path, Lists, {"c": 1.0, "b": 1.0, "a": 0.5}, limit=2)
    assert [finder.rank(CLINIC, count)[0] for count in (1, 2)] == [(("c", -1.0),), (("c", -1.0), ("b", -2.0))]
    finder.rank(CLINIC, 10**9)
    assert [one.limit for one in asked] == [2, 2, 3]  # as many as there are videos: systems make room for all of them


def test_others_that_say_nothing_give_the_corpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for number, kind in enumerate((Lists, Ranks)):
        finder, _ = other(monkeypatch, tmp_path / str(number), kind, {})
        assert finder.rank(CLINIC, 2) == [(("a", 0.0), ("b", 0.0))] * 2


@pytest.mark.parametrize("kind", [Lists, Ranks])
def test_others_that_answer_something_else_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type[Lists]
) -> None:
    finder, _ = other(monkeypatch, tmp_path, kind, {"a": 1.0}, first=1)
    with pytest.raises(UserError, match="--retriever fake: not one answer per question") as caught:
        finder.rank(CLINIC, 2)
    assert "Mend baseline fake" in caught.value.fix


def test_a_score_that_is_no_number_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    finder, _ = other(monkeypatch, tmp_path, Ranks, {"a": 1.0, "b": math.nan})
    with pytest.raises(UserError, match="video 'b' is no number"):
        finder.rank(CLINIC, 2)
    endless, _ = other(monkeypatch, tmp_path / "again", Ranks, {"a": -math.inf, "b": math.inf, "c": 0.0})
    assert endless.rank(CLINIC, 3)[0] == (("b", MOST), ("c", 0.0), ("a", -MOST))


def test_lists_name_every_video_where_the_baseline_can(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fake, "CONFIG", paired.SETTINGS.replace("by_video = true", "by_video = false"))
    finder, asked = other(monkeypatch, tmp_path, Lists, {"a": 1.0})
    finder.rank(CLINIC, 1)
    assert asked[0].config["decode"]["by_video"]


# A kept pass of a run


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: Catalogue, runs: Path) -> RunDirectory:
    """A run of a system that scores pairs, with a finished pass over testA."""
    paired.install(monkeypatch, tmp_path)
    run = make_run(runs / "fake-1", "fake", paired.CONFIG, seed=0)
    run.write("learnt.json", {})
    run.finish()
    paired.ask(files, run, tmp_path / "submission.json", PassOptions())
    return run


def test_a_kept_pass_is_used_and_gives_the_same(
    scored: RunDirectory, files: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    split = load_split(files, "testA", 2)
    finder = BaselineFinder(paired.DECLARATION, scored, OPTIONS)
    paired.Paired.made.clear()
    assert finder.quick(split)
    found = finder.rank(split, 3)
    assert not paired.Paired.made  # nothing was scored
    assert [sorted(one) for one in ids(found)] == [sorted(VIDEOS)] * 4
    renamed = replace(split, name="elsewhere")
    assert not finder.quick(renamed)
    assert finder.rank(renamed, 3) == found
    assert len(paired.Paired.made) == 1
    more = replace(split, questions=(*split.questions, Question(99, "如何?")))
    with caplog.at_level(logging.INFO):
        assert len(finder.rank(more, 3)) == 5  # the pass lacks one: asked anew
    assert "1 of 5 questions are not in this pass" in caplog.text
    assert finder.recall(load_split(files, "dev", 2), 3) is None


# Submission files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "my 提交.json"


PULSE, OTHER = (question.text for question in CLINIC.questions)


def test_a_file_ranks_by_first_appearance(path: Path) -> None:
    finder = FileFinder(put(path, [item(1, PULSE, "c", "c", "a", "c", "b"), item(2, OTHER, "b")]))
    assert finder.rank(CLINIC, 9) == [(("c", -1.0), ("a", -2.0), ("b", -3.0)), (("b", -1.0),)]
    assert finder.rank(CLINIC, 2)[0] == (("c", -1.0), ("a", -2.0))
    assert (finder.name, finder.quick(CLINIC), finder.recall(CLINIC, 9)) == ("my 提交.json", True, None)
    found = open_finder(str(path), path.parent, OPTIONS)
    assert found.facts == finder.facts and set(found.facts) == {"name", "sha256"}


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
    assert ids(FileFinder(put(path, rows)).rank(CLINIC, 9)) == [["c"], ["b"]]


def test_empty_lists_and_unknown_videos(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [item(1, PULSE, "nowhere", "c", "\x1b[31m"), item(2, OTHER)]
    finder = FileFinder(put(path, rows))
    found = finder.rank(CLINIC, 2)
    assert found == [(("c", -1.0),), (("a", 0.0), ("b", 0.0))]
    assert "2 video ids are not in the corpus and left out" in caplog.text
    assert "\x1b" not in caplog.text


def test_a_file_that_misses_questions_is_refused(path: Path) -> None:
    finder = FileFinder(put(path, [item(2, OTHER, "b"), item(1, "another?", "a")]))
    with pytest.raises(UserError, match=r"1 of 2 questions of testA are not in it, e\.g\. 1") as caught:
        finder.rank(CLINIC, 9)
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
        open_finder(str(path), path.parent, OPTIONS)
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
        FileFinder(path)


def test_a_huge_file_is_not_read(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a hole: nothing of it is on the disk
    with pytest.raises(UserError, match=r"more than .* MiB"):
        open_finder(str(path), path.parent, OPTIONS)


def test_a_file_that_may_not_be_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, [item(1, PULSE, "a")])

    def refused(self: Path, *mode: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(UserError, match="cannot be read"):
        FileFinder(path)
