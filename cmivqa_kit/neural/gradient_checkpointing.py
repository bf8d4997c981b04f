"""Gradient checkpointing of a Hugging Face encoder: memory for time, the same training."""

from __future__ import annotations

from typing import Any

from torch import nn

from cmivqa_kit.errors import UserError


def checkpoint_layers(encoder: nn.Module) -> None:
    """Keep only what enters each layer of the encoder; the way back computes the rest again. Loss and slopes stay.

    Raises:
        UserError: this kind of encoder cannot do it.
    """
    known: Any = encoder
    try:
        enable = getattr(known, "activation_checkpointing_enable", None) or known.gradient_checkpointing_enable
        enable({"use_reentrant": False})  # torch's other form loses slopes where no input of a layer needs one
    except (AttributeError, ValueError) as error:
        raise UserError(
            f"this encoder knows no gradient checkpointing ({error})", "Give --set train.checkpointing=false."
        ) from error
