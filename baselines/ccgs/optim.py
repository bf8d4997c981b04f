"""Parameter groups; AdamW and schedule are in `cmivqa_kit.neural.optimizers`.

Source: docs/spec/ccgs.md, section 4.5.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from cmivqa_kit.runs.settings import Recipe


def parameter_names(model: nn.Module, recipe: Recipe) -> tuple[list[str], list[str]]:
    """Names of the parameters at the encoder's learning rate and at the head's, each in the order of the model.

    Published: the substring ``encoder`` in lower case decides, which ``P_Encoder.embeddings.*`` misses, so the
    embedding table trains at the head's rate. Kit: the whole encoder trains at the encoder's rate.
    """
    mark = "encoder" if recipe == "published" else "P_Encoder."
    names = [name for name, _ in model.named_parameters()]
    return [name for name in names if mark in name], [name for name in names if mark not in name]


def parameter_groups(model: nn.Module, recipe: Recipe, lr: float, lr_head: float) -> list[dict[str, Any]]:
    """The two groups of the optimizer: ``lr`` for the encoder, ``lr_head`` for the rest."""
    by_name = dict(model.named_parameters())
    encoder, head = parameter_names(model, recipe)
    return [
        {"params": [by_name[name] for name in encoder], "lr": lr},
        {"params": [by_name[name] for name in head], "lr": lr_head},
    ]
