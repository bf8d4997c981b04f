"""A localizer that returns windows in seconds, through all that the engine does for matrices of line pairs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction import answer
from cmivqa_kit.prediction.answer import predict
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.given_videos import in_given_videos
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, OnlyPlanned, PassOptions
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from cmivqa_kit.prediction.pairs.video_corpus import best_windows
from cmivqa_kit.prediction.pipeline import UNFOUND
from cmivqa_kit.prediction.types import Localizer, ScoredWindows
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.prediction.localized import Stopped, behind, stop_at
from tests.prediction.pairs.paired import CONFIG, ask
from tests.prediction.pairs.proposals import SLOTS, Proposals, Proposing, install, proposed
from tests.prediction.pairs.scorers import split_of, video
from tests.prediction.plain_pipeline import plainly
from tests.prediction.second_process import Second
from tests.submission.small import VIDEOS, put, root_2023

SILENT = "vidS_______"  # without a line
QUESTIONS = [Question(n, f"how {n}") for n in range(5)]
CORPUS = [video(f"vid{letter}{'x' * n}", ("a line", 0.0, 4.0), ("more", 5.0, 9.0)) for n, letter in enumerate("CABD")]
Entry = tuple[str, float, float]


def slots(name: str) -> int:
    return SLOTS - len(name) % 3


def listed(text: str, names: Sequence[str], count: int, once: bool = False) -> list[Entry]:
    """The list of a question by the rule: (-score, video in the corpus' order, start, end)."""
    rows = [(-score, number, start, end) for number, name in enumerate(names)
            for score, start, end in proposed(text, name, slots(name))[: 1 if once else None]]  # fmt: skip
    return [(names[number], start, end) for _, number, start, end in sorted(rows)][:count]


@pytest.mark.parametrize(("tokens", "together"), [(1, 1), (40, 2), (8192, 16)])
@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_lists_are_those_of_the_rule_however_pairs_are_batched(tokens: int, together: int, count: int) -> None:
    localizer = Proposals()
    assert isinstance(localizer, Localizer)
    corpus_pass = CorpusPass(
        localizer, split_of(CORPUS, QUESTIONS), QUESTIONS, TopK(count, 2), tokens, together=together
    )
    found = list(in_memory(corpus_pass, "corpus", PredictOptions(limit=count)))
    names = [one.id for one in CORPUS]
    for question, prediction in zip(QUESTIONS, found, strict=True):
        entries = [(one.video_id, one.span.start, one.span.end) for one in prediction.candidates]
        assert entries == listed(question.text, names, count)
    assert all(len(some) == 1 for some in localizer.batches) == (tokens == 1)


WINDOW = st.tuples(st.sampled_from([-3.0, -1.0, -0.0, 0.0, -np.inf]), st.integers(-2, 3), st.integers(-2, 4))


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.lists(WINDOW, min_size=3, max_size=3), min_size=1, max_size=4), count=st.integers(1, 4))
def test_the_best_windows_of_a_row(rows: list[list[tuple[float, int, int]]], count: int) -> None:
    score, start, end = torch.tensor(rows, dtype=torch.float64).unbind(dim=2)
    found = best_windows(ScoredWindows(score.float(), start, end), count)
    for at, row in enumerate(rows):
        best: dict[tuple[int, int], float] = {}
        for value, begin, stop in row:
            if value > -np.inf and max(0, begin) < stop:
                best[max(0, begin), stop] = max(value, best.get((max(0, begin), stop), -np.inf))
        expected = sorted(((value, *window) for window, value in best.items()), key=lambda one: (-one[0], *one[1:]))
        made = zip(*(side[at].tolist() for side in found[:3]), strict=True)
        assert [one for one in made if one[0] > -np.inf] == expected[:count]
    assert not found.unsound.any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_numbers_that_are_none_end_the_pass(number: int, value: float) -> None:
    spoilt = Proposals(spoilt=(CORPUS[2].id, number, value))
    corpus_pass = CorpusPass(spoilt, split_of(CORPUS, QUESTIONS), QUESTIONS, TopK())
    with pytest.raises(RunFailed, match=f"video '{CORPUS[2].id}': the network's scores are no numbers"):
        list(in_memory(corpus_pass, "corpus", PredictOptions()))


def test_where_memory_runs_out_batches_are_halved() -> None:
    small, questions = Proposals(most=30), [Question(n, f"how {n}") for n in range(9)]
    halved = CorpusPass(small, split_of(CORPUS, questions), questions, TopK(), 512)
    whole = CorpusPass(Proposals(), split_of(CORPUS, questions), questions, TopK())
    options = PredictOptions()
    assert list(in_memory(halved, 3, options)) == list(in_memory(whole, 3, options))
    assert len(small.batches[0]) == 36 and max(map(len, small.batches[1:])) < 30


def test_a_corpus_in_which_nothing_can_be_found_is_refused() -> None:
    corpus_pass = CorpusPass(Proposals(), split_of([video(SILENT)], QUESTIONS), QUESTIONS, TopK())
    with pytest.raises(UserError, match="no video in which anything can be found"):
        list(in_memory(corpus_pass, "corpus", PredictOptions()))


def test_track_1_is_the_best_window_of_the_given_video() -> None:
    silent = video(SILENT)
    asked = [Question(n, f"how {n}", None, [*(one.id for one in CORPUS), SILENT, "unknown"][n % 6]) for n in range(13)]
    localizer = Proposals(silent=CORPUS[1].id)
    found = list(in_given_videos(localizer, split_of([*CORPUS, silent], asked), PredictOptions()))
    assert [prediction.question_id for prediction in found] == list(range(13))
    for question, prediction in zip(asked, found, strict=True):
        (best,) = prediction.candidates
        assert best.video_id == question.video_id
        if best.video_id in (SILENT, "unknown"):
            assert (best.span, best.score) == (Span(0.0, 1.0), round(UNFOUND, 6))
        elif best.video_id == CORPUS[1].id:
            assert (best.span, best.score) == (Span(0.0, 9.0), round(UNFOUND, 6))  # all that is said
        else:
            score, start, end = proposed(question.text, best.video_id, slots(best.video_id))[0]
            assert (best.score, best.span) == (score, Span(start, end))
    assert sum(map(len, localizer.batches)) == sum(question.video_id not in (SILENT, "unknown") for question in asked)


def test_track_1_without_any_usable_video_and_without_a_given_one() -> None:
    split = split_of([video(SILENT)], [Question(1, "how", None, SILENT)])
    (found,) = in_given_videos(Proposals(), split, PredictOptions())
    assert found.candidates[0].span == Span(0.0, 1.0)
    assert list(in_given_videos(Proposals(), replace(split, questions=()), PredictOptions())) == []
    with pytest.raises(UserError, match="question 7: no video given"):
        list(in_given_videos(Proposals(), replace(split, questions=(Question(7, "how"),)), PredictOptions()))


# ------------------------------------------------------------------------------------------- passes on disk


@pytest.fixture
def proposing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Proposing]:
    return install(monkeypatch, tmp_path, bm25="baselines.bm25:DECLARATION")


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    root = root_2023(tmp_path / "root")
    spoken = [{"text": f"line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(12)]
    put(root / "subtitle.json", {**dict.fromkeys(VIDEOS, spoken), SILENT: []})
    return catalogue(root)


@pytest.fixture
def run(tmp_path: Path, proposing: type[Proposing]) -> RunDirectory:
    made = make_run(tmp_path / "runs" / "fake-1", "fake", CONFIG, seed=0)
    made.finish()
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "submission.json"


def folder(run: RunDirectory, name: str = "testA") -> Path:
    return run.path / "predictions" / name


def rows(path: Path) -> list[list[Any]]:
    return [row["output"] for row in json.loads(path.read_text(encoding="utf-8"))]


def expected(split: Split, once: bool = False) -> list[list[list[Any]]]:
    return [[list(entry) for entry in listed(question.text, VIDEOS, 50, once)] for question in split.questions]


def test_a_pass_over_the_corpus_is_kept_in_seconds_and_lists_are_cut_again(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(files, run, out, PassOptions())
    split = load_split(files, "testA", 2)
    assert rows(out) == expected(split)
    assert sorted(path.name for path in folder(run).iterdir()) == [
        *(f"chunk-{n:05}.npz" for n in range(4)),
        "pass.json",
    ]
    with np.load(folder(run) / "chunk-00000.npz") as arrays:
        assert {name: (array.shape[:2], array.dtype.name) for name, array in arrays.items()} == {
            "score": ((1, 50), "float32"), "video": ((1, 50), "int32"),
            "start": ((1, 50), "float64"), "end": ((1, 50), "float64"),
            "video_score": ((1, 3), "float32"), "video_start": ((1, 3), "float64"), "video_end": ((1, 3), "float64"),
        }  # fmt: skip
    monkeypatch.setattr(answer, "create", None)
    again = out.with_name("again.json")
    ask(files, run, again, PassOptions(), finished_pass=folder(run))
    assert again.read_bytes() == out.read_bytes()
    ask(files, run, again, PassOptions(), finished_pass=folder(run), spans_per_video=1)
    assert rows(again) == expected(split, once=True)
    damaged = folder(run) / "chunk-00002.npz"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(UserError, match=r"chunk-00002\.npz: missing or damaged"):
        ask(files, run, again, PassOptions(), finished_pass=folder(run))


def test_killed_and_resumed_bit_for_bit(files: Catalogue, run: RunDirectory, out: Path) -> None:
    ask(files, run, out, PassOptions())
    whole = {path.name: path.read_bytes() for path in folder(run).iterdir()}
    answers = out.read_bytes()
    out.unlink()
    words = [str(files.root), str(run.path), str(out), "2"]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.prediction.pairs.proposals", *words], check=False, cwd=Path(__file__).parents[3]
    )
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    kept = folder(run, "testA.partial")
    assert sorted(path.name for path in kept.glob("chunk-*")) == ["chunk-00000.npz", "chunk-00001.npz"]
    Proposing.made.clear()
    ask(files, run, out, PassOptions(resume=True))
    assert sum(map(len, Proposing.made[0].batches)) == 3 * (2 + 6)  # two questions, and the measured batches
    assert out.read_bytes() == answers
    assert {path.name: path.read_bytes() for path in folder(run).iterdir()} == whole


def test_the_cost_alone(files: Catalogue, run: RunDirectory, out: Path) -> None:
    told: list[CostEstimate] = []
    with pytest.raises(OnlyPlanned):
        ask(files, run, out, PassOptions(plan_only=True, announce=lambda cost, first: told.append(cost)))
    (cost,) = told
    assert (cost.questions, cost.videos, cost.pairs, cost.rows) == (4, 3, 12, 12)
    texts = [question.text for question in load_split(files, "testA", 2).questions]
    assert cost.tokens == sum(len(text) + 12 + ord(name[3]) % 7 for text in texts for name in VIDEOS)
    assert not folder(run).exists()


def test_a_budget_leaves_videos_out(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = CostEstimate(4, 3, 12, 12, 1000, 12.0, 0, 400, "cpu")  # a pair takes a second
    monkeypatch.setattr("cmivqa_kit.prediction.pairs.run_pass.estimate", lambda corpus_pass: second)
    (written,) = ask(files, run, out, PassOptions(budget=9.0))
    assert "bm25 passed on 2 of 3 videos" in written.remark
    assert sum(map(len, Proposing.made[0].batches)) == 8
    assert all(len({entry[0] for entry in row}) == 2 for row in rows(out))


def test_track_1_goes_its_own_way(files: Catalogue, run: RunDirectory, out: Path) -> None:
    def first(pass_options: PassOptions) -> None:
        options = PredictOptions(config=CONFIG)
        predict(AnswerPlan.in_root(files, "testA", (1,), out), run, options, True, pass_options=pass_options)

    first(PassOptions())
    asked = load_split(files, "testA", 1).questions
    best = [proposed(question.text, str(question.video_id), slots(str(question.video_id)))[0] for question in asked]
    given = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["start_second"], row["end_second"]) for row in given] == [entry[1:] for entry in best]
    assert not folder(run).exists()
    with pytest.raises(UserError, match="does not score question-video pairs for Track 1"):
        first(PassOptions(plan_only=True))


@pytest.mark.parametrize(("track", "per_video"), [(2, 1), (3, 1), (3, 3)])
def test_behind_a_retriever(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch, track: Any, per_video: int
) -> None:
    names = [VIDEOS[2], SILENT, VIDEOS[0]]
    split = load_split(files, "testA", 2)
    records = [
        {"id": q.id, "question": q.text, "output": [[name, 0.0, 1.0] for name in names]} for q in split.questions
    ]
    lists = str(put(out.with_name("lists.json"), records))
    behind(files, run, out, lists, tracks=(track,), spans_per_video=per_video)
    assert {pair[1] for some in Proposing.made[0].batches[6:] for pair in some} == {VIDEOS[0], VIDEOS[2]}
    ranking = [(name, -float(rank)) for rank, name in enumerate(names, 1)]
    for question, row in zip(split.questions, rows(out), strict=True):
        spans = {
            name: [(score, Span(start, end)) for score, start, end in proposed(question.text, name, slots(name))]
            for name in names
        } | {SILENT: [(UNFOUND, Span(0.0, 1.0))]}
        plain = plainly(ranking, spans, track, per_video=per_video)
        assert row == [[name, span.start, span.end] for name, span, _ in plain]
    monkeypatch.setattr(answer, "create", None)
    again = out.with_name("again.json")
    kept = folder(run, "testA-behind-lists-json")
    behind(files, run, again, tracks=(track,), finished_pass=kept, spans_per_video=per_video)
    assert again.read_bytes() == out.read_bytes()


def test_two_processes_share_a_pass_and_one_goes_on_with_it(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(files, run, out, "bm25")
    whole = out.read_bytes()
    with monkeypatch.context() as patch:
        stop_at(patch, 1)
        with pytest.raises(Stopped):
            behind(files, run, out, "bm25")

    class First(Second):
        """Does its part after the second one, so that the pass is whole."""

        def first(self, action: Callable[[], Any]) -> Any:
            settled = action()
            second = PassOptions(resume=True, group=Second(1, 2, "cpu", settled))
            assert behind(files, run, out, "bm25", pass_options=second) == []
            return settled

    behind(files, run, out, "bm25", pass_options=PassOptions(resume=True, group=First(0, 2)))
    assert out.read_bytes() == whole
