"""The sizes of the network, which a run keeps in ``network.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from baselines.q2a.model import Q2A, ContextGround, StepNetwork
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import Flag, NetworkSizes, Width, one_name_of

BASELINE, CONTEXT_GROUND = "baseline", "context_ground"
VARIANTS = (BASELINE, CONTEXT_GROUND)
HEADS = ("gru", "mlp")
CARRIES = ("candidate", "hidden")


@dataclass(frozen=True, slots=True)
class Network(NetworkSizes):
    """The constructor values, named as in the published configurations (``MODEL.DIM_STATE`` is ``dim_state``).

    ``num_masks`` counts the button images of a candidate: one, or two where both maskings are used. ``carry`` and
    ``fix_history`` are the kit's own (docs/spec/q2a.md, section 7).
    """

    needs = "It needs dim, num_masks, dim_state, num_heads, history_arch (gru or mlp) and variant, all as trained."
    variant: Annotated[str, one_name_of(*VARIANTS)] = BASELINE
    dim: Width = 768
    num_masks: Width = 1
    dim_state: Width = 768
    num_heads: Width = 1
    history_arch: Annotated[str, one_name_of(*HEADS)] = "gru"
    carry: Annotated[str, one_name_of(*CARRIES)] = "candidate"
    fix_history: Flag = False

    @classmethod
    def of(cls, document: Any, source: str) -> Self:
        """The sizes in decoded JSON; names in capitals, as published, are the same names.

        Raises:
            UserError: naming every size that fails its check.
        """
        given = {str(name).lower(): value for name, value in document.items()} if isinstance(document, Mapping) else {}
        return super(Network, cls).of(given, source)

    def build(self) -> StepNetwork:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        if self.dim % self.num_heads:
            raise UserError(
                f"{self.num_heads} num_heads cannot share out {self.dim} channels",
                f"Give a divisor of {self.dim}, in training: --set model.heads=...",
            )
        if self.variant == CONTEXT_GROUND and self.num_masks != 1:
            raise UserError(
                f"{CONTEXT_GROUND} takes one image of a button, not {self.num_masks}",
                "Encode the buttons with one masking: --masks -1",
            )
        if self.carry == "hidden" and self.history_arch != "gru":
            raise UserError("only the GRU has a hidden state to carry", "Train with --set model.carry=candidate")
        build = ContextGround if self.variant == CONTEXT_GROUND else Q2A
        return build(
            self.dim, self.dim_state, self.num_heads, self.num_masks, self.history_arch, self.carry,
            self.variant == BASELINE or self.fix_history,
        )  # fmt: skip
