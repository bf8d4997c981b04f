"""A very small encoder of the published kind."""

from __future__ import annotations

from typing import Any

from transformers import DebertaV2Config


def deberta(vocabulary: int, pad: int) -> Any:
    """DeBERTa-v2 with bucketed relative positions, which takes any length."""
    return DebertaV2Config(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=32,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pad_token_id=pad,
    )
