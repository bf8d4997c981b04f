"""Texts and lines as vectors: what they are means of, that each is computed once, that nothing beside it matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cmivqa_kit.neural.encoders import Encoder, open_encoder
from cmivqa_kit.neural.late_interaction import SCALE
from cmivqa_kit.neural.line_reading import line_blocks
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding, question_ids

TEXTS = ["press the wound with a cloth", "cool it", "量血压", "now take the pulse and count"]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return open_encoder("tiny", [*TEXTS, "query: passage: "], 0)


def settings(pooling: str = "mean", prefix: str = "", tokens: int = 32, line_tokens: int = 12) -> PoolingSettings:
    return PoolingSettings(pooling, "query: ", prefix, 8, tokens, line_tokens)


def states(encoder: Encoder, ids: tuple[int, ...]) -> torch.Tensor:
    with torch.no_grad():
        row = torch.tensor([ids])
        given: torch.Tensor = encoder.model.eval()(input_ids=row, attention_mask=torch.ones_like(row)).last_hidden_state
        return given[0]


def unit(vector: torch.Tensor) -> list[float]:
    values: list[float] = torch.nn.functional.normalize(vector, dim=0).tolist()
    return values


def test_lines_are_embedded_beside_their_neighbours(encoder: Encoder) -> None:
    chosen = settings(prefix="passage: ")
    made = SentenceEmbedding(encoder, "a", chosen, CPU).lines({"v": TEXTS, "w": []})
    assert made["v"].dtype == np.float16
    assert made["w"].shape == (0, encoder.config.hidden_size)
    reader = encoder.reader
    blocks = line_blocks([reader.tokens(text) for text in TEXTS], reader, 12, reader.tokens("passage: "))
    assert len(blocks) > 1
    expected = [
        unit(states(encoder, block.ids)[begin:stop].mean(dim=0))
        for block in blocks
        for begin, stop in zip(block.bounds, block.bounds[1:], strict=False)
    ]
    assert made["v"].astype(float) == pytest.approx(np.array(expected), abs=2e-3)


def test_the_tokens_of_lines_are_those_of_their_rows(encoder: Encoder) -> None:
    embedding, reader = SentenceEmbedding(encoder, "a", settings(prefix="passage: "), CPU), encoder.reader
    made = embedding.tokens({"v": TEXTS, "w": []})
    assert made["v"].dtype == np.int8
    assert made["w"].shape == (0, encoder.config.hidden_size)
    ids = [reader.tokens(text) for text in TEXTS]
    blocks = line_blocks(ids, reader, 12, reader.tokens("passage: "))
    expected = [
        unit(state) for block in blocks for state in states(encoder, block.ids)[block.bounds[0] : block.bounds[-1]]
    ]
    assert made["v"] / SCALE == pytest.approx(np.array(expected), abs=0.51 / SCALE)
    assert embedding.token_counts(ids).tolist() == [min(len(one), 12 - 2 - blocks[0].bounds[0] + 1) for one in ids]
    assert embedding.token_counts(ids).sum() == len(made["v"])


def test_the_tokens_of_a_question_are_without_special_ones_and_prefix(encoder: Encoder) -> None:
    embedding, tokens = SentenceEmbedding(encoder, "a", settings(), CPU), encoder.reader.tokens
    prefix = len(tokens("query: "))
    for text in (TEXTS[1], "", TEXTS[3]):
        ids, vectors = embedding.question_tokens(text)
        assert ids == tokens(text)[: 6 - prefix]
        row = states(encoder, question_ids(text, encoder.reader, embedding.settings))
        expected = [unit(state) for state in row[1 + prefix : -1]]
        assert vectors.shape == (len(ids), embedding.size)
        assert vectors.ravel().tolist() == pytest.approx(np.array(expected).ravel(), abs=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_passages_and_questions_are_pooled_as_asked(pooling: str, encoder: Encoder) -> None:
    embedding = SentenceEmbedding(encoder, "a", settings(pooling), CPU)
    made = embedding.passages({"v": TEXTS[:2], "w": TEXTS})["w"]
    special, tokens = encoder.reader.special, encoder.reader.tokens
    for text, vector in zip(TEXTS, made.astype(float).tolist(), strict=True):
        given = states(encoder, (special.cls, *tokens(text), special.sep))
        assert vector == pytest.approx(unit(given[0] if pooling == "cls" else given.mean(dim=0)), abs=2e-3)
    ids = question_ids(TEXTS[3], encoder.reader, embedding.settings)
    assert len(ids) == 8
    given = states(encoder, ids)
    expected = unit(given[0] if pooling == "cls" else given.mean(dim=0))
    assert embedding.questions([TEXTS[3]])[0].tolist() == pytest.approx(expected, abs=1e-4)


def test_what_was_embedded_is_not_embedded_again(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    first = SentenceEmbedding(encoder, "a", settings(), CPU, lambda title, done, total: told.append((done, total)))
    before = first.passages({"v": TEXTS}), first.lines({"v": TEXTS})
    assert told == [(0, 1), (1, 1)] * 2
    again = SentenceEmbedding(encoder, "a", settings(), CPU)
    other = SentenceEmbedding(encoder, "b", settings(), CPU)
    longer = SentenceEmbedding(encoder, "a", settings(tokens=64), CPU)

    def refused(*given: object) -> None:
        raise AssertionError

    for embedding in (again, other, longer):
        monkeypatch.setattr(embedding, "_states", refused)
    assert again.passages({"x": TEXTS})["x"].tolist() == before[0]["v"].tolist()
    assert longer.lines({"x": TEXTS})["x"].tolist() == before[1]["v"].tolist()
    for embedding in (other, longer):
        with pytest.raises(AssertionError):
            embedding.passages({"v": TEXTS})
    with pytest.raises(AssertionError):
        again.lines_now({"v": TEXTS})


def test_a_vector_does_not_depend_on_what_is_embedded_beside_it(encoder: Encoder) -> None:
    embedding = SentenceEmbedding(encoder, "a", settings(), CPU)
    alone = [embedding.questions([text])[0].tolist() for text in TEXTS]
    assert embedding.questions(TEXTS).tolist() == pytest.approx(np.array(alone), abs=1e-6)
    assert embedding.lines_now({"v": TEXTS})["v"].tolist() == embedding.lines({"v": TEXTS})["v"].tolist()
