"""BM25 over spans, the window nearest to a span, scores of a corpus: against the definitions, span by span."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import tokenizer
from cmivqa_kit.prediction.spans import candidates
from cmivqa_kit.prediction.spans.candidates import SpanCorpus, SpanLimits
from cmivqa_kit.prediction.spans.lexical import SpanBM25
from cmivqa_kit.prediction.spans.scores import SpanScores, look_through
from cmivqa_kit.prediction.spans.windows import LineWindows, window_starts

USUAL = UsualSpan(0.25, 0.5, 9.0)
WORDS = ("layer", "mask", "brush", "血压")
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=6)


def corpus_of(texts: list[list[str]]) -> SpanCorpus:
    videos = [
        Video(str(number), tuple(Subtitle(text or "-", 10.0 * n, 10.0) for n, text in enumerate(lines)))
        for number, lines in enumerate(texts)
    ]
    return SpanCorpus.of(videos, None, SpanLimits(4, 100, 6), USUAL)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=3), st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=4))
def test_bm25_is_that_of_every_span_by_itself(texts: list[list[str]], asked: list[str]) -> None:
    corpus, tokens, k1, b = corpus_of(texts), tokenizer(), 2.0, 0.5
    index = SpanBM25(corpus, tokens, k1, b, 20.0)
    (block,) = corpus.blocks()
    said = [tokens(line.text) for spoken in corpus.lines for line in spoken]
    runs = []  # windows of 20 s are two lines, one where a video ends
    for low, high in zip(corpus.first_line[:-1].tolist(), corpus.first_line[1:].tolist(), strict=True):
        runs += [(n, min(n + 2, high)) for n in range(low, max(low + 1, high - 1) if high > low else low)]
    sizes = [sum(map(len, said[first:stop])) for first, stop in runs]
    mean = sum(sizes) / len(sizes) if sum(sizes) else 1.0
    question = tokens(" ".join(asked))
    known = {word for line in said for word in line}
    idf = {}
    for word in question:
        having = sum(any(word in line for line in said[first:stop]) for first, stop in runs)
        idf[word] = math.log(1 + (len(runs) - having + 0.5) / (having + 0.5))
    scores, coverage = index.asked(" ".join(asked)).spans(block)
    for number, (first, stop) in enumerate(zip(block.first.tolist(), block.stop.tolist(), strict=True)):
        words = [word for line in said[first:stop] for word in line]
        expected = 0.0
        for word in question:
            if word in known:
                times = words.count(word)
                expected += idf[word] * (k1 + 1) * times / (times + k1 * (1 - b + b * len(words) / mean))
        assert scores[number] == pytest.approx(expected)
        held = {word: idf[word] for word in set(question) if word in known}
        total = sum(held.values()) or 1.0
        assert coverage[number] == pytest.approx(sum(w for word, w in held.items() if word in words) / total)


def test_a_question_without_a_known_word_scores_nothing() -> None:
    corpus = corpus_of([["layer mask", "brush"], []])
    asked = SpanBM25(corpus, tokenizer(), 2.0, 0.5, 30.0).asked("how do I")
    (block,) = corpus.blocks()
    assert not asked.spans(block).bm25.any()
    assert not asked.spans(block).coverage.any()
    assert asked.lines(np.arange(2)).tolist() == [0, 0]


def test_a_said_word_counts_whole_where_nothing_saturates_and_an_unsaid_one_not_at_all() -> None:
    corpus = corpus_of([["layer mask", "brush", "the"]])  # a line of stop words alone has no length
    (block,) = corpus.blocks()
    for k1, b in ((0.0, 0.5), (2.0, 1.0)):
        asked = SpanBM25(corpus, tokenizer(), k1, b, 30.0).asked("layer")
        scores, coverage = asked.spans(block)
        assert ((scores > 0) == (block.first == 0)).all()
        assert coverage.tolist() == (block.first == 0).tolist()
        assert asked.bm25(block).tolist() == scores.tolist()
        if not k1:
            assert scores.max() == asked.idf[0]


def test_a_line_is_scored_as_the_span_of_itself() -> None:
    corpus = corpus_of([["layer mask", "brush", "layer"]])
    asked = SpanBM25(corpus, tokenizer(), 2.0, 0.5, 30.0).asked("layer brush")
    (block,) = corpus.blocks()
    single = asked.spans(block).bm25[block.stop - block.first == 1]
    assert asked.lines(np.arange(3)).tolist() == single.tolist()


def test_a_corpus_where_nothing_is_said_scores_nothing() -> None:
    corpus = corpus_of([[], []])
    index = SpanBM25(corpus, tokenizer(), 2.0, 0.5, 30.0)
    (block,) = corpus.blocks()
    assert index.asked("layer").spans(block).bm25.tolist() == [0, 0]
    assert [scores.tolist() for scores in index.videos(["layer"])] == [[0, 0]]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.sets(st.integers(1, 6), min_size=1, max_size=3))
def test_the_nearest_window_shares_most_lines(lines: list[int], sizes: set[int]) -> None:
    corpus = corpus_of([["x"] * count for count in lines])
    windows = LineWindows.of(corpus, sorted(sizes))
    (block,) = corpus.blocks()
    nearest = windows.nearest(corpus, block).tolist()

    def iou(window: int, span: int) -> float:
        common = min(windows.stop[window], block.stop[span]) - max(windows.first[window], block.first[span])
        hull = max(windows.stop[window], block.stop[span]) - min(windows.first[window], block.first[span])
        return max(0.0, float(common)) / float(hull)

    for span, window in enumerate(nearest):
        video = int(block.video[span])
        begin, stop = corpus.first_line[video : video + 2].tolist()
        inside = [n for n in range(len(windows.first)) if begin <= windows.first[n] < stop]
        if not inside:
            assert window == -1
        else:
            assert window in inside
            assert iou(window, span) == pytest.approx(max(iou(n, span) for n in inside))


def test_windows_lie_half_a_window_apart_and_reach_the_last_line() -> None:
    assert window_starts(10, 4) == [0, 2, 4, 6]
    assert window_starts(10, 7) == [0, 3]
    assert window_starts(3, 7) == [0]
    assert window_starts(0, 7) == []
    texts = LineWindows.of(corpus_of([["layer", "mask"], [], ["brush"]]), (1, 2)).texts(
        corpus_of([["layer", "mask"], [], ["brush"]])
    )
    assert texts == {"0": ["layer", "mask", "layer mask"], "1": [], "2": ["brush", "brush"]}


def test_scores_of_a_corpus_are_the_same_whether_its_spans_are_kept_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [["layer mask", "brush", "layer"] * 3, [], ["brush"], ["mask", "layer"] * 4]

    def scored() -> SpanScores:
        corpus = corpus_of(texts)
        asked = SpanBM25(corpus, tokenizer(), 2.0, 0.5, 30.0).asked("layer brush")
        scores = SpanScores(corpus, lambda block: asked.spans(block).bm25)
        look_through(corpus, [scores])
        return scores

    kept = scored()
    monkeypatch.setattr(candidates, "BLOCK", 20)
    monkeypatch.setattr(candidates, "KEPT", 20)
    made = scored()
    assert made.best.tolist() == kept.best.tolist()
    assert made.total == pytest.approx(kept.total)
    for number in range(4):
        spans = kept.of_video(number)
        assert [side.tolist() for side in made.of_video(number)] == [side.tolist() for side in spans]
        assert kept.best[number] == spans.score.max()
        assert kept.total[number] == pytest.approx(np.log(np.exp(spans.score).sum()))
