"""The re-creation of the published predictor that benchmarks measure: same lists as the kit's engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.ccgs.examples import sequence
from baselines.ccgs.model import GlobalSpanModel
from benchmarks.reference_predictor import collate, predict_reference, rank_reference, score, seconds
from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.prediction.pairs.cells import best_cells
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.types import Times
from tests.baselines.encoders import deberta

TEXTS = ("打开 药盒", "how to bandage", "", "press here for ten seconds", "再 按 一下", "good")
QUESTIONS = ("how to press?", "怎么 打开 药盒")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer([*TEXTS, *QUESTIONS])


@pytest.fixture(scope="module")
def model(tokenizer: Any) -> GlobalSpanModel:
    torch.manual_seed(0)
    return GlobalSpanModel(deberta(len(tokenizer), tokenizer.pad_token_id), inner_dim=16, dim=8, visual_dim=4).eval()


def corpus() -> list[Video]:
    """Videos of 2, 4 and 6 lines; lines overlap, so that an adjacent lower cell is a short span."""
    return [
        Video(name, tuple(Subtitle(TEXTS[(at + k) % 6], 3.0 * k, 4.25) for k in range(count)))
        for at, (name, count) in enumerate((("b", 2), ("a", 4), ("c", 6)))
    ]


def by_engine(logits: list[Tensor], videos: list[Video], count: int) -> list[list[Any]]:
    """The same ranking by the kit: `best_cells` of each video, one sort, seconds by `LineTimes`."""
    line_times = LineTimes.of([Times.of(video.subtitles) for video in videos])
    rows = []
    for at, matrix in enumerate(logits):
        scores, cells, _ = best_cells(matrix[None], count, ordered_spans=False)
        rows += [(-s, at, *divmod(c, len(matrix))) for s, c in zip(scores[0].tolist(), cells[0].tolist(), strict=True)]
    _, video, row, column = (np.array(part) for part in zip(*sorted(rows)[:count], strict=True))
    starts, ends = line_times.span(video, row, column)
    return [[videos[v].id, float(s), float(e)] for v, s, e in zip(video, starts, ends, strict=True)]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(2, 50))
def test_ranking_is_the_engines_on_the_same_logits(seed: int, count: int, levels: int) -> None:
    generator = np.random.default_rng(seed)
    videos = corpus()
    logits = [
        torch.tensor(generator.integers(levels, size=(n, n)) - levels / 2, dtype=torch.float32)
        for n in (len(video.subtitles) for video in videos)
    ]
    ids = [[9, 2, *(token for line in range(len(video.subtitles)) for token in (7, 2))] for video in videos]
    found = [[videos[v].id, *seconds(ids[v], 2, videos[v], i, j)] for _, (v, i, j) in rank_reference(logits, count)]
    assert found == by_engine(logits, videos, count)
    assert len(found) == min(count, sum(matrix.numel() for matrix in logits))


def test_rows_are_those_of_the_kit(tokenizer: Any) -> None:
    tokens, special = tokenize_with(tokenizer), Special.of(tokenizer)
    for video in corpus():
        row = sequence(tokens(QUESTIONS[0]), [tokens(line.text) for line in video.subtitles], special)
        ids, marks = collate(tokenizer, QUESTIONS[0], [line.text for line in video.subtitles])
        assert (tuple(ids), tuple(marks)) == (row.ids, row.marks)


@pytest.mark.parametrize("copies", [False, True])
def test_logits_are_those_of_the_network(model: GlobalSpanModel, tokenizer: Any, copies: bool) -> None:
    ids, marks = collate(tokenizer, QUESTIONS[1], TEXTS)
    with torch.no_grad():
        ours = model(torch.tensor([ids]), torch.ones(1, len(ids), dtype=torch.long), torch.tensor([marks]))[0]
        assert torch.allclose(score(model, ids, marks, copies), ours, atol=1e-5)


def test_whole_procedure(model: GlobalSpanModel, tokenizer: Any) -> None:
    videos = corpus()
    found = predict_reference(model, tokenizer, QUESTIONS, videos, count=20)
    for question, answers in zip(QUESTIONS, found, strict=True):
        logits = []
        for video in videos:
            ids, marks = (torch.tensor([x]) for x in collate(tokenizer, question, [s.text for s in video.subtitles]))
            with torch.no_grad():
                logits.append(model(ids, torch.ones_like(ids), marks)[0])
        assert answers == by_engine(logits, videos, 20)
        assert len(answers) == 20
    assert found[0] != found[1]
