"""The official checkpoints of Q2A (Lightning): what differs between their files and ours.

Names below ``state_dict`` begin with ``model.``. The initial state is in none of them: it is drawn again by the rule of
the published program, or given by ``--config`` as a list of numbers named ``state``.

Source: docs/spec/q2a.md, sections 3.3, 3.4 and 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from baselines.q2a.network import BASELINE, CONTEXT_GROUND, Network
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.plugin.types import CheckpointRequest

STATE = "state"
PUBLISHED_HEADS = {BASELINE: 1, CONTEXT_GROUND: 3}


class Q2ACheckpoints(CheckpointFormat[Network]):
    """Checkpoints of the baseline and of the second place."""

    title, network = "Q2A", Network
    reported = ("variant", "dim", "dim_state", "num_masks", "num_heads", "history_arch")
    unstored = (STATE,)
    state_dicts = (StateDict(("state_dict",), strip="model."),)
    fix = "Give the official .ckpt file, or --config JSON with the sizes that it was trained with."

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """All sizes but the number of heads, which the weights do not tell: the published one unless given."""
        variant = CONTEXT_GROUND if "ab2at.in_proj_weight" in weights else BASELINE
        dim = weights["mlp_v.fc1.weight"].shape[1]
        last = "fc3" if variant == CONTEXT_GROUND else "fc2"
        return {
            "variant": variant,
            "dim": dim,
            "num_masks": weights["mlp_pre.fc1.weight"].shape[1] // max(dim, 1) - 3,
            "dim_state": weights[f"mlp_pre.{last}.weight"].shape[0],
            "num_heads": PUBLISHED_HEADS[variant],
            "history_arch": "gru" if "gru.weight_ih" in weights else "mlp",
        }

    def supplement(self, request: CheckpointRequest, model: nn.Module) -> Weights:
        """The initial state: as given, else as the published program draws it, which seeds with 0 too.

        Raises:
            UserError: what is given is no list of as many numbers.
        """
        given = next((value for name, value in (request.sizes or {}).items() if name.lower() == STATE), None)
        if given is None:
            return super().supplement(request, model)
        size = len(model.get_buffer(STATE))
        if not isinstance(given, list) or len(given) != size or not all(map(is_finite, given)):
            raise UserError(
                f"--config: {STATE} is not a list of {size} numbers",
                "Give the initial state of the training, or leave it away: it is drawn as the published program does.",
            )
        return {STATE: torch.tensor(given, dtype=torch.float32)}

    def variant(self, network: Network) -> str:
        """The variant."""
        return network.variant

    def remarks(self, request: CheckpointRequest, network: Network) -> tuple[str, ...]:
        """Where the initial state is from, and the number of heads where nobody said it."""
        names = {name.lower() for name in request.sizes or {}}
        drawn = "the initial state is in no checkpoint: drawn as the published program does after seed 0"
        assumed = f"num_heads is {network.num_heads}, as published: the weights do not tell"
        return tuple(text for name, text in ((STATE, drawn), ("num_heads", assumed)) if name not in names)


convert = Q2ACheckpoints().convert
