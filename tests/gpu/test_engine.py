"""The prediction engine on a GPU gives the lists that it gives on the CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.scorer import SpanScorer
from baselines.ccgs.settings import Settings
from cmivqa_kit.data.types import Question
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from tests.baselines.corpora import split, video
from tests.baselines.encoders import deberta
from tests.gpu.device import DEVICE

pytestmark = pytest.mark.gpu


def lists(device: torch.device) -> list[list[Any]]:
    """Per question its best spans in 8 videos."""
    videos = [video(f"v{n}", [f"step {i} of lesson {n}" for i in range(3 + n)]) for n in range(8)]
    data = split(videos, [Question(n, f"how to do step {n}?", "English") for n in range(4)])
    tokenizer = tiny_tokenizer(["step of lesson how to do ? 0 1 2 3 4 5 6 7 8 9 10 11"])
    torch.manual_seed(0)
    model = GlobalSpanModel(deberta(len(tokenizer), tokenizer.pad_token_id), 16, 8, 4).eval().to(device)
    chosen = PredictOptions({"decode": {"precision": "no"}}, 20, device=str(device))
    decode = Settings.of(chosen.config).decode
    scorer = SpanScorer(model, data, TextReader.of(tokenizer, 512), decode)
    corpus_pass = CorpusPass(scorer, data, data.questions, TopK(20))
    corpus_pass.use(512)
    made = in_memory(corpus_pass, "corpus", chosen)
    return [[(c.video_id, c.span.start, c.span.end) for c in prediction.candidates] for prediction in made]


def test_lists_are_those_of_the_cpu() -> None:
    expected = lists(torch.device("cpu"))
    assert all(len(answers) > 5 for answers in expected)
    assert lists(DEVICE) == expected
