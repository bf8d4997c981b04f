"""Late interaction in a corpus: each line against each question, videos in groups, videos that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.hybrid import late
from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.late import Late, late_in, line_ids, token_idf
from baselines.hybrid.settings import Settings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.encoders import open_encoder
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from tests.baselines import corpora

SAID = (["press the wound", "now take the cloth", "cool the burn"], [], ["量血压", "fold the cloth"])
ASKED = [Question(n, text) for n, text in enumerate(("how to cool a burn?", "cloth", "", "怎么量血压"))]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def corpus() -> Corpus:
    videos = [corpora.video(f"v{number}", list(lines), 60.0) for number, lines in enumerate(SAID)]
    return Corpus.of(corpora.split(videos, ()), None, Learnt("trained", 3, 100.0, 6.0), Settings.of({}))


@pytest.fixture
def embedding() -> SentenceEmbedding:
    texts = [line for lines in SAID for line in lines] + [question.text for question in ASKED]
    encoder = open_encoder("tiny", [*texts, "query: passage: "], 0)
    return SentenceEmbedding(encoder, "tiny", Settings.of({}).encoder, torch.device("cpu"))


@pytest.fixture
def opened(corpus: Corpus, embedding: SentenceEmbedding) -> Late:
    return late_in(corpus, embedding, Settings.of({}))


def test_every_line_is_held_against_every_question(corpus: Corpus, embedding: SentenceEmbedding, opened: Late) -> None:
    scores, at = opened.of_lines(ASKED), 0
    assert scores.shape == (4, 5)
    ids = [[embedding.reader.tokens(line) for line in lines] for lines in SAID]
    assert line_ids(corpus, embedding.reader.tokens) == ids
    for video, lines in enumerate(ids):
        begin, tokens = 0, embedding.lines({"v": list(SAID[video])})["v"].tokens / 127
        for own in lines:
            for number, question in enumerate(ASKED):
                asked, vectors = embedding.question_tokens([question.text])
                weights = np.array([opened.idf(token) for token in asked[0]])
                nearest = [max([0.0, *(tokens[begin : begin + len(own)] @ vector)]) for vector in vectors]
                expected = weights @ nearest / weights.sum() if len(own) and len(weights) else 0.0
                assert scores[number, at] == pytest.approx(expected, abs=1e-5)
            begin, at = begin + len(own), at + 1
    assert not scores[2].any()  # nothing is asked


def test_videos_are_looked_at_in_groups_with_the_same_scores(
    opened: Late, corpus: Corpus, embedding: SentenceEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late, "TOKENS", 1)
    apart = late_in(corpus, embedding, Settings.of({})).of_lines(ASKED)
    assert apart == pytest.approx(opened.of_lines(ASKED), abs=1e-6)
    assert opened.of_videos(ASKED, [2, 0]) == pytest.approx(np.roll(apart, 2, axis=1), abs=1e-6)
    assert opened.of_videos(ASKED, [1]).shape == (4, 0)


def test_the_best_line_of_a_video_and_of_one_that_says_nothing(opened: Late) -> None:
    lines = opened.of_lines(ASKED)
    best = opened.best_lines(ASKED[0])
    assert best(np.arange(3)).tolist() == pytest.approx([lines[0, :3].max(), 0.0, lines[0, 3:].max()], abs=1e-6)
    assert best(np.array([1])).tolist() == [0.0]
    assert best(np.arange(3)).tolist() == best(np.arange(3)).tolist()


def test_tokens_are_as_rare_as_the_windows_that_say_them(corpus: Corpus, embedding: SentenceEmbedding) -> None:
    tokens = embedding.reader.tokens
    idf = token_idf(corpus, line_ids(corpus, tokens), 30.0)
    (cloth,), (burn,) = tokens("cloth"), tokens("burn")
    assert idf.having[cloth] > idf.having[burn]
    assert idf(cloth) < idf(burn)
