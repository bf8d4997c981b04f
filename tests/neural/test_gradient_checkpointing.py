"""Gradient checkpointing: the same training for less memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import AutoModel, BertConfig

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tiny_encoder import tiny_config
from tests.baselines.encoders import deberta


def dropping(vocabulary: int, pad: int) -> Any:
    return BertConfig(vocab_size=vocabulary, hidden_size=32, num_hidden_layers=3, num_attention_heads=2,
                      intermediate_size=64, pad_token_id=pad)  # fmt: skip


@pytest.mark.parametrize("kind", [deberta, dropping, tiny_config])
def test_states_and_slopes_are_the_same_with_dropout_too(kind: Any) -> None:
    """The masks of dropout are drawn again as they were, and what is drawn afterwards is drawn the same."""

    def run(checkpointing: bool) -> tuple[Tensor, float, int, dict[str, Tensor]]:
        torch.manual_seed(1)
        encoder = AutoModel.from_config(kind(40, 0)).train()
        if checkpointing:
            checkpoint_layers(encoder)
        kept = 0

        def pack(tensor: Tensor) -> Tensor:
            nonlocal kept
            kept += tensor.numel()
            return tensor

        torch.manual_seed(2)
        ids = torch.arange(1, 33).reshape(2, 16)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            states = encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        states.square().mul(torch.linspace(0, 1, states.numel()).reshape(states.shape)).sum().backward()
        slopes = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
        return states.detach(), float(torch.rand(1)), kept, slopes

    plain, checkpointed = run(False), run(True)
    assert torch.equal(plain[0], checkpointed[0]) and plain[1] == checkpointed[1]
    assert checkpointed[2] < 2 * plain[2] / 3
    assert checkpointed[3].keys() == plain[3].keys() and len(plain[3]) > 10
    for name, slope in plain[3].items():
        torch.testing.assert_close(checkpointed[3][name], slope, atol=1e-6, rtol=1e-4)


def test_an_encoder_without_checkpointing_is_refused() -> None:
    with pytest.raises(UserError, match="knows no gradient checkpointing"):
        checkpoint_layers(nn.Linear(2, 2))
