"""Texts and lines as vectors: what they are means of, that each is computed once, that nothing beside it matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cmivqa_kit.neural.encoders import Encoder, open_encoder
from cmivqa_kit.neural.pooling import PoolingSettings
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding, line_blocks, line_parts, mean_weights, question_ids
from cmivqa_kit.neural.tokens import Special, TextReader

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


READER = TextReader(lambda text: tuple(map(ord, text)), Special(1, 2, 0), None)


def test_lines_are_read_in_rows_of_at_most_so_many_tokens() -> None:
    lines = [(10, 11, 12), (13,), (), (14, 15, 16, 17, 18, 19, 20, 21), (22, 23)]
    blocks = line_blocks(lines, READER, 8, (9,))
    assert [block.ids for block in blocks] == [
        (1, 9, 10, 11, 12, 13, 2), (1, 9, 14, 15, 16, 17, 18, 2), (1, 9, 22, 23, 2)
    ]  # fmt: skip
    assert [block.bounds for block in blocks] == [(2, 5, 6, 6), (2, 7), (2, 4)]
    shifted = line_blocks(lines, READER, 8, (9,), shift=2)
    assert shifted[0].ids == (1, 9, 10, 11, 12, 2)
    assert sum(len(block.bounds) - 1 for block in shifted) == 5
    assert line_blocks([], READER, 8) == []


def test_the_vector_of_a_line_is_the_mean_of_its_tokens() -> None:
    blocks = line_blocks([(10, 11), (12,), ()], READER, 8)
    weights = mean_weights(line_parts(blocks), 6, 1)
    assert weights.tolist() == [[0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0] * 6]


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
