"""The branch that CCGS and MutualSL share: the same weights say the same in both, and padding has no part in it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from baselines.ccgs import visual
from cmivqa_kit.neural import context_query

DIM, FRAMES, WORDS = 8, 7, 5
PAIRS: dict[str, tuple[nn.Module, nn.Module]] = {
    "projection": (visual.VideoProjection(DIM, 6, 0.1), context_query.VideoProjection(DIM, 6, 0.1)),
    "attention": (visual.CrossAttention(DIM, 0.1), context_query.ContextQueryAttention(DIM, 0.1)),
    "question": (visual.ConcatenateQuestion(DIM), context_query.ContextQueryConcat(DIM)),
    "highlight": (visual.Highlight(DIM), context_query.Highlight(DIM)),
}


def inputs(name: str, frames: Tensor, words: Tensor, seen: Tensor, read: Tensor) -> tuple[Tensor, ...]:
    of = {"projection": (frames,), "attention": (frames, words, seen, read), "question": (frames, words, read)}
    return of.get(name, (frames, seen))


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_weights_say_the_same(name: str) -> None:
    torch.manual_seed(0)
    ours, shared = (module.eval() for module in PAIRS[name])
    shared.load_state_dict(ours.state_dict())
    frames, words = torch.randn(3, FRAMES, DIM), torch.randn(3, WORDS, DIM)
    seen, read = torch.ones(3, FRAMES, dtype=torch.long), torch.ones(3, WORDS, dtype=torch.long)
    seen[1, 4:], read[2, 2:] = 0, 0
    said = shared(*inputs(name, frames, words, seen, read))
    torch.testing.assert_close(ours(*inputs(name, frames, words, seen, read)), said, rtol=1e-5, atol=1e-6)
    frames[1, 4:], words[2, 2:] = 9.0, 9.0  # padding
    again = shared(*inputs(name, frames, words, seen, read))
    torch.testing.assert_close(again[0], said[0])
    torch.testing.assert_close(again[1, :4], said[1, :4])
    torch.testing.assert_close(again[2], said[2])
    if name == "highlight":
        assert (again[1, 4:] == 0).all() and ((said[0] > 0) & (said[0] < 1)).all()
