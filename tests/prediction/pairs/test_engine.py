"""The engine beside the rule of the spec, written out cell by cell; batches, windows, memory and faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Question, Subtitle, Video
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.plugin.types import PredictOptions, Target
from cmivqa_kit.prediction.pairs.cells import best_cells
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK, ahead
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from cmivqa_kit.prediction.settings import ListOptions
from tests.prediction.pairs.scorers import KnownScorer, plainly, split_of, video

OPTIONS = PredictOptions(config={"decode": {"spans_per_video": 0}}, limit=50)
SECONDS = st.integers(0, 6).map(float)  # few different ones: lines share starts and ends, some have no length
LINES = st.lists(st.tuples(st.text("ab", max_size=4), SECONDS, st.integers(-1, 3).map(float)), max_size=7)
CORPORA = st.lists(LINES, min_size=1, max_size=5).filter(any)


def ask(
    corpus_pass: CorpusPass, options: PredictOptions = OPTIONS, target: Target = "corpus"
) -> list[list[tuple[str, float, float, float]]]:
    """The lists of a pass."""
    found = in_memory(corpus_pass, target, options)
    return [[(c.video_id, c.span.start, c.span.end, c.score) for c in p.candidates] for p in found]


def made(lines: list[tuple[str, float, float]]) -> tuple[Subtitle, ...]:
    """Subtitles; a last line always has a length, so that every fallback is an answer."""
    found = [Subtitle(text, start, max(0.0, length)) for text, start, length in lines]
    return (*found[:-1], replace(found[-1], start=9.0, duration=2.0)) if found else ()


@settings(max_examples=150, deadline=None)
@given(
    corpus=CORPORA,
    ordered_spans=st.booleans(),
    levels=st.sampled_from([2, 5, 50]),
    count=st.sampled_from([1, 3, 50]),
    tokens=st.sampled_from([1, 40, 8192]),
    texts=st.lists(st.text("xyz", min_size=1, max_size=6), min_size=1, max_size=4),
)
def test_the_lists_are_those_of_the_rule(
    corpus: list[list[tuple[str, float, float]]],
    ordered_spans: bool,
    levels: int,
    count: int,
    tokens: int,
    texts: list[str],
) -> None:
    videos = [Video(f"v{n}", made(lines), 20.0) for n, lines in enumerate(corpus)]
    questions = [Question(n, text) for n, text in enumerate(texts)]
    scorer = KnownScorer(ordered_spans=ordered_spans, levels=levels)
    one = CorpusPass(scorer, split_of(videos, questions), questions, TopK(count, 2), tokens, together=3)
    expected = [plainly(scorer, question, videos, count) for question in questions]
    assert ask(one, replace(OPTIONS, limit=count)) == expected


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(12, 60), corpus=CORPORA, ordered_spans=st.booleans(), text=st.text("xy", min_size=1, max_size=5)
)
def test_windows_change_nothing_but_the_spans_that_fit_none(
    limit: int, corpus: list[list[tuple[str, float, float]]], ordered_spans: bool, text: str
) -> None:
    videos = [Video(f"v{n}", made(lines), 20.0) for n, lines in enumerate(corpus)]
    question = Question(1, text)
    whole, windows = KnownScorer(ordered_spans=ordered_spans), KnownScorer(limit=limit, ordered_spans=ordered_spans)
    found = ask(CorpusPass(windows, split_of(videos, [question]), [question], TopK(5000, 1), 64),
                replace(OPTIONS, limit=5000))[0]  # fmt: skip
    everything = plainly(whole, question, videos, 5000)
    if ordered_spans:
        best = {(v, start, end): score for v, start, end, score in everything}
        assert all(best[v, start, end] >= score for v, start, end, score in found)
        assert len({entry[:3] for entry in found}) == len(found)
    else:
        assert sorted(found) == sorted(set(found) & set(everything)) or len(found) <= len(everything)
    assert {entry[0] for entry in found} == {entry[0] for entry in everything}  # every video keeps an answer
    assert all(longest <= limit or rows == 1 for rows, longest in windows.batches)


def test_everything_at_once_or_one_by_one_is_the_same() -> None:
    videos = [
        video(f"v{n}", *((("word" * (n % 3 + 1)), 2.0 * k, 2.0 * k + 1.5) for k in range(3 + n))) for n in range(6)
    ]
    questions = [Question(n, "q" * (n + 1)) for n in range(7)]
    lists = [
        ask(CorpusPass(KnownScorer(), split_of(videos, questions), questions, TopK(), tokens, together=together))
        for tokens, together in ((1, 1), (300, 2), (8192, 16))
    ]
    assert lists[0] == lists[1] == lists[2]


def test_batches_hold_the_budget_and_begin_with_the_longest() -> None:
    videos = [video(f"v{n}", ("x" * (10 * n + 1), 0.0, 1.0), ("y", 1.0, 2.0)) for n in range(8)]
    scorer = KnownScorer()
    ask(CorpusPass(scorer, split_of(videos, [Question(1, "q")]), [Question(1, "q")], TopK(), 120))
    assert all(rows * longest <= 120 or rows == 1 for rows, longest in scorer.batches)
    assert sum(rows for rows, _ in scorer.batches) == 8
    assert [longest for _, longest in scorer.batches] == sorted((size for _, size in scorer.batches), reverse=True)


def test_a_video_is_encoded_once() -> None:
    videos = [video("a", ("x", 0.0, 1.0)), video("b", ("y", 0.0, 1.0))]
    questions = [Question(n, "q" * (n + 1)) for n in range(40)]
    scorer = KnownScorer()
    ask(CorpusPass(scorer, split_of(videos, questions), questions, TopK(), together=4))
    assert scorer.encoded == ["a", "b"]


def test_languages_have_their_own_corpus_and_answers_keep_the_order() -> None:
    said = {"zh": (Subtitle("是", 0.0, 5.0),), "en": (Subtitle("yes", 1.0, 5.0), Subtitle("no", 6.0, 1.0))}
    videos = [Video("v", said["zh"], 20.0, "given", said)]
    questions = [Question(n, f"q{n}", ("zh", "en")[n % 2]) for n in range(5)]
    one = CorpusPass(KnownScorer(), split_of(videos, questions), questions, TopK(), together=2)
    found = list(in_memory(one, "corpus", OPTIONS))
    assert [p.question_id for p in found] == [0, 1, 2, 3, 4]
    assert [len(p.candidates) for p in found] == [1, 3, 1, 3, 1]


def test_each_video_once_and_so_many_spans_of_each() -> None:
    videos = [video(f"v{n}", *((("w"), 2.0 * k, 2.0 * k + 1.5) for k in range(5))) for n in range(4)]
    question = Question(1, "q")
    everything = plainly(KnownScorer(levels=50), question, videos, 1000)

    def cut(target: int, **decode: object) -> list[tuple[str, float, float, float]]:
        one = CorpusPass(KnownScorer(levels=50), split_of(videos, [question]), [question], TopK(50, 6))
        return ask(one, replace(OPTIONS, config={"decode": decode}), target)[0]

    def first_of_each(most: int) -> list[tuple[str, float, float, float]]:
        taken: dict[str, int] = {}
        kept = []
        for entry in everything:
            taken[entry[0]] = taken.get(entry[0], 0) + 1
            if taken[entry[0]] <= most:
                kept.append(entry)
        return kept

    assert cut(2, by_video=True) == first_of_each(1)
    assert cut(3, by_video=True) == everything[:50]
    assert cut("corpus", spans_per_video=2) == first_of_each(2)
    with pytest.raises(UserError, match="kept 6 spans"):
        cut("corpus", spans_per_video=7)


def test_memory_that_runs_out_once_halves_the_batches() -> None:
    videos = [video(f"v{n}", ("x" * 20, 0.0, 1.0)) for n in range(30)]
    question = Question(1, "q")
    whole = ask(CorpusPass(KnownScorer(), split_of(videos, [question]), [question], TopK(), 4000))
    short = KnownScorer(most=700)
    one = CorpusPass(short, split_of(videos, [question]), [question], TopK(), 1200)
    assert ask(one) == whole
    assert one.engine(None).tokens == 600


def test_memory_that_runs_out_twice_ends_it() -> None:
    videos = [video(f"v{n}", ("x" * 20, 0.0, 1.0)) for n in range(30)]
    one = CorpusPass(KnownScorer(most=10), split_of(videos, [Question(1, "q")]), [Question(1, "q")], TopK(), 1200)
    with pytest.raises(RunFailed, match="out of memory with batches of 600 tokens") as caught:
        ask(one)
    assert "--batch-tokens 150" in caught.value.fix


def test_scores_that_are_no_numbers_name_question_and_video() -> None:
    videos = [video("a", ("x", 0.0, 1.0)), video("b", ("y", 0.0, 1.0))]
    questions = [Question("first", "q"), Question("second", "r")]
    scorer = KnownScorer(nan_at=(ord("r"), "b"))
    with pytest.raises(RunFailed, match="question 'second', video 'b'"):
        ask(CorpusPass(scorer, split_of(videos, questions), questions, TopK()))


def test_a_question_longer_than_the_row_is_cut_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    scorer = KnownScorer(limit=20)
    question = Question("long", "q" * 100)
    found = ask(CorpusPass(scorer, split_of([video("a", ("x", 0.0, 1.0))], [question]), [question], TopK()))
    assert found[0]
    assert "question 'long': 100 tokens are cut to 10" in caplog.text


def test_a_video_without_subtitles_is_left_out_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    question = Question(1, "q")
    videos = [Video("silent"), video("a", ("x", 0.0, 1.0))]
    found = ask(CorpusPass(KnownScorer(), split_of(videos, [question]), [question], TopK()))
    assert {entry[0] for entry in found[0]} == {"a"}
    assert "1 of 2 videos are not scored, having no subtitles: 'silent'" in caplog.text


def test_no_video_with_subtitles() -> None:
    with pytest.raises(UserError, match="no video with usable subtitles"):
        ask(CorpusPass(KnownScorer(), split_of([Video("a")], [Question(1, "q")]), [Question(1, "q")], TopK()))


@settings(max_examples=100, deadline=None)
@given(size=st.integers(1, 9), rows=st.integers(1, 4), levels=st.integers(1, 4), count=st.integers(1, 60),
       ordered_spans=st.booleans(), seed=st.integers(0, 1000))  # fmt: skip
def test_best_cells_break_ties_by_row_and_column(
    size: int, rows: int, levels: int, count: int, ordered_spans: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.integers(-levels, levels, size=(rows, size, size)).astype(np.float32)
    logits[rng.random(logits.shape) < 0.2] = -np.inf
    logits[rng.random(logits.shape) < 0.1] = -0.0
    scores, cells, unsound = best_cells(torch.from_numpy(logits), count, ordered_spans)
    assert not unsound.any()
    for matrix, score, cell in zip(logits, scores.tolist(), cells.tolist(), strict=True):
        counted = [
            (-float(matrix[i, j]), i * size + j) for i in range(size) for j in range(i if ordered_spans else 0, size)
        ]
        wanted = sorted(one for one in counted if one[0] < np.inf)[:count]
        assert [c for c in cell if c >= 0] == [c for _, c in wanted]
        assert score[: len(wanted)] == [-s for s, _ in wanted]


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_best_cells_tell_what_is_no_number(wrong: float) -> None:
    logits = torch.zeros(3, 2, 2)
    logits[1, 1, 0] = wrong
    assert best_cells(logits, 4, True)[2].tolist() == [False, True, False]


def test_ahead_gives_everything_in_order_and_raises_what_its_thread_raises() -> None:
    assert list(ahead(iter(range(100)), 2)) == list(range(100))

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("inside")

    found = ahead(failing(), 2)
    assert next(found) == 1
    with pytest.raises(ValueError, match="inside"):
        next(found)


def test_ahead_leaves_no_thread_behind_when_nobody_listens() -> None:
    before = threading.active_count()
    found = ahead(iter(range(1000)), 2)
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_what_a_list_is_cut_to() -> None:
    assert ListOptions.of({"decode": {"by_video": True}}, 2, 50) == ListOptions(50, True, 0)
    assert ListOptions.of({"decode": {"by_video": True, "spans_per_video": 3}}, "corpus", 50) == ListOptions(
        50, False, 3
    )
