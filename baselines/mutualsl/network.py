"""What a run keeps of its network: ``network.json`` with every size, and the tokenizer's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from baselines.mutualsl.model import MutualSL
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import config_of, plain, whole_number
from cmivqa_kit.runs.directory import NETWORK, RunDirectory

WIDTHS = ("visual_dim", "dim", "max_pos_len", "encoder_heads", "predictor_heads", "encoder_conv_layers",
          "predictor_conv_layers", "kernel_size")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """The constructor values of `MutualSL`, the encoder's configuration (``text_config``) as a plain dictionary.

    The defaults are the literals of the published code. ``frame_mask``: padded frames take no part. ``text_fusion``:
    the textual predictor has a projection and is given the mean of the frames.
    """

    text_config: Mapping[str, Any]
    visual_dim: int = 1024
    dim: int = 1024
    max_pos_len: int = 1024
    encoder_heads: int = 32
    predictor_heads: int = 16
    encoder_conv_layers: int = 6
    predictor_conv_layers: int = 4
    kernel_size: int = 7
    drop_rate: float = 0.2
    frame_mask: bool = False
    text_fusion: bool = False

    @property
    def encoder_config(self) -> Any:
        """The Hugging Face configuration.

        Raises:
            UserError: values that no configuration of this type takes.
        """
        return config_of(self.text_config)

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

    def write(self, run: RunDirectory) -> None:
        """Keep it in a run."""
        run.write(NETWORK, {**asdict(self), "text_config": plain(self.encoder_config)})

    @classmethod
    def read(cls, run: RunDirectory) -> Network:
        """Of a run.

        Raises:
            UserError: it is missing or damaged.
        """
        return cls.of(run.read(NETWORK), str(run.path / NETWORK))

    @classmethod
    def of(cls, sizes: Any, where: str) -> Network:
        """From decoded JSON; keys of other systems' tools are left alone.

        Raises:
            UserError: a size is no whole number, or the encoder is missing.
        """
        known = {name: sizes[name] for name in cls.__dataclass_fields__ if name in sizes} if sizes else {}
        wrong = [name for name in WIDTHS if name in known and not whole_number(known[name])]
        if not isinstance(known.get("text_config"), Mapping):
            wrong.append("text_config")
        rate = known.get("drop_rate", 0.0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
            wrong.append("drop_rate")
        wrong += [name for name in ("frame_mask", "text_fusion") if not isinstance(known.get(name, False), bool)]
        if wrong:
            raise UserError(
                f"{where}: {', '.join(wrong)} missing or unusable",
                'It needs {"text_config": {...}}, and where they differ from the published ones: '
                f"{', '.join(WIDTHS)}, drop_rate.",
            )
        return cls(**known)
