"""Late interaction in a corpus: the best line of each video, videos in groups, videos that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.hybrid import late
from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.late import LateInteraction
from baselines.hybrid.settings import Settings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.encoders import open_encoder
from cmivqa_kit.neural.late_interaction import SCALE
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
from tests.baselines import corpora

SAID = (["press the wound", "now take the cloth", "cool the burn"], [], ["量血压", "fold the cloth"])
ASKED = [Question(n, text) for n, text in enumerate(("how to cool a burn?", "cloth", "", "怎么量血压"))]
ALL = np.arange(3)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    videos = [corpora.video(f"v{number}", list(lines), 60.0) for number, lines in enumerate(SAID)]
    return Corpus.of(corpora.split(videos, ()), None, Learnt("untrained", 3, 100.0, 6.0), Settings.of({}))


@pytest.fixture
def embedding() -> SentenceEmbedding:
    texts = [line for lines in SAID for line in lines] + [question.text for question in ASKED]
    encoder = open_encoder("tiny", [*texts, "query: passage: "], 0)
    return SentenceEmbedding(encoder, "tiny", Settings.of({}).encoder, torch.device("cpu"))


def test_the_best_line_of_a_video_is_the_one_that_says_most_of_a_question(
    corpus: Corpus, embedding: SentenceEmbedding
) -> None:
    opened = LateInteraction(corpus, embedding, 30.0)
    for question in ASKED:
        asked, vectors = embedding.question_tokens(question.text)
        weights, expected = np.array([opened.idf(token) for token in asked]), []
        for lines in SAID:
            begin, tokens, scores = 0, embedding.tokens({"v": lines})["v"] / SCALE, [0.0]
            for line in lines:
                stop = begin + len(embedding.reader.tokens(line))
                nearest = [max(0.0, *(tokens[begin:stop] @ vector)) for vector in vectors]
                scores.append(float(weights @ nearest / weights.sum()) if len(weights) else 0.0)
                begin = stop
            expected.append(max(scores))
        assert opened.best_lines(question)(ALL).tolist() == pytest.approx(expected, abs=1e-5)
    assert opened.best_lines(ASKED[0])(ALL)[1] == 0
    assert opened.best_lines(ASKED[0])(np.array([2, 0])).tolist() == pytest.approx(
        opened.best_lines(ASKED[0])(ALL)[[2, 0]], abs=1e-6
    )


def test_videos_are_looked_at_in_groups_with_the_same_scores(
    corpus: Corpus, embedding: SentenceEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = [LateInteraction(corpus, embedding, 30.0).best_lines(question)(ALL) for question in ASKED]
    monkeypatch.setattr(late, "TOKENS", 1)
    apart = [LateInteraction(corpus, embedding, 30.0).best_lines(question)(ALL) for question in ASKED]
    assert np.array(apart) == pytest.approx(np.array(together), abs=1e-6)


def test_a_question_that_is_asked_again_is_not_read_again(
    corpus: Corpus, embedding: SentenceEmbedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = LateInteraction(corpus, embedding, 30.0)
    before = opened.best_lines(ASKED[0])(ALL)

    def refused(*given: object) -> None:
        raise AssertionError

    monkeypatch.setattr(embedding, "question_tokens", refused)
    assert opened.best_lines(ASKED[0])(ALL) is before
    with pytest.raises(AssertionError):
        opened.best_lines(ASKED[0])(ALL[:2])


def test_tokens_are_as_rare_as_the_windows_that_say_them(corpus: Corpus, embedding: SentenceEmbedding) -> None:
    idf, tokens = LateInteraction(corpus, embedding, 30.0).idf, embedding.reader.tokens
    (cloth,), (burn,) = tokens("cloth"), tokens("burn")
    assert idf.having[cloth] > idf.having[burn]
    assert idf(cloth) < idf(burn)
