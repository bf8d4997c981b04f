"""The sizes of the network, which a run keeps in ``network.json``."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.mutualsl.model import MutualSL
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import EncoderConfig, Flag, NetworkSizes, Part, Width


@dataclass(frozen=True, slots=True)
class Network(NetworkSizes):
    """The constructor values of `MutualSL`, the encoder's configuration (``text_config``) as a plain dictionary.

    The defaults are the literals of the published code. ``frame_mask``: padded frames take no part. ``text_fusion``:
    the textual predictor has a projection and is given the mean of the frames.
    """

    encoder_field = "text_config"
    needs = (
        'It needs {"text_config": {...}}, and where they differ from the published ones: visual_dim, dim, max_pos_len, '
        "encoder_heads, predictor_heads, encoder_conv_layers, predictor_conv_layers, kernel_size, drop_rate."
    )
    text_config: EncoderConfig
    visual_dim: Width = 1024
    dim: Width = 1024
    max_pos_len: Width = 1024
    encoder_heads: Width = 32
    predictor_heads: Width = 16
    encoder_conv_layers: Width = 6
    predictor_conv_layers: Width = 4
    kernel_size: Width = 7
    drop_rate: Part = 0.2
    frame_mask: Flag = False
    text_fusion: Flag = False

    def build(self) -> MutualSL:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        for name in ("encoder_heads", "predictor_heads"):
            if self.dim % getattr(self, name):
                raise UserError(
                    f"{getattr(self, name)} {name} cannot share out {self.dim} channels",
                    f"Give a divisor of {self.dim}, in training: --set visual.{name}=...",
                )
        if self.kernel_size % 2 == 0:
            raise UserError(f"kernel_size = {self.kernel_size} is even", "Give an odd one: --set visual.kernel=7")
        return MutualSL(
            self.encoder_config, self.visual_dim, self.dim, self.max_pos_len, self.encoder_heads, self.predictor_heads,
            self.encoder_conv_layers, self.predictor_conv_layers, self.kernel_size, self.drop_rate, self.frame_mask,
            self.text_fusion,
        )  # fmt: skip
