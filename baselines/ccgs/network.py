"""The sizes of the network, which a run keeps in ``network.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from baselines.ccgs.model import GlobalSpanModel
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import EncoderConfig, NetworkSizes, Width, WidthOrZero, one_name_of

VISUAL_ENCODER = "microsoft/deberta-v3-base"
MUSIC = "[Music]"  # the visual variant's tokenizer has this token beyond its vocabulary: subtitles of YouTube say it
OFFICIAL = {"text": "task23", "visual": "ccgs"}  # the official names of the variants
ROWS = 768  # most feature rows of a video, as published


@dataclass(frozen=True, slots=True)
class Network(NetworkSizes):
    """The constructor values of `GlobalSpanModel`, the encoder's configuration as a plain dictionary, the variant.

    ``fusion``: how features reach the boundaries in the visual variant, "published" or "pooled" (README.md). ``rows``:
    the most feature rows of a video; 0: 768, or with the published fusion the encoder's hidden size.
    """

    encoder_field = "encoder"
    needs = (
        'It needs {"encoder": {...}, "inner_dim": 768, "dim": 768, "visual_dim": 1024}; variant: task23, ccgs; '
        "fusion: published, pooled; rows: 0 or more."
    )
    encoder: EncoderConfig
    inner_dim: Width
    dim: Width
    visual_dim: Width
    variant: Annotated[str, one_name_of(*OFFICIAL.values())] = "task23"
    mask_lower: bool = False
    rope: bool = False
    fusion: Annotated[str, one_name_of("published", "pooled")] = "published"
    rows: WidthOrZero = 0

    @property
    def visual(self) -> bool:
        """True for the variant that needs features."""
        return self.variant == OFFICIAL["visual"]

    @property
    def pooled(self) -> bool:
        """True where the network has the weights of the kit's fusion; the text variant never does."""
        return self.visual and self.fusion == "pooled"

    def build(self) -> GlobalSpanModel:
        """The network with random weights.

        Raises:
            UserError: sizes that the visual variant cannot have.
        """
        config = self.encoder_config
        if self.visual:
            self._check(config.hidden_size)
        return GlobalSpanModel(
            config, self.inner_dim, self.dim, self.visual_dim, self.mask_lower, self.rope, self.pooled
        )

    def video_rows(self) -> int:
        """The most feature rows of a video."""
        return self.rows or (ROWS if self.pooled else int(self.encoder_config.hidden_size))

    def _check(self, hidden: int) -> None:
        if self.dim != hidden:
            raise UserError(
                f"the visual variant needs a branch as wide as the encoder ({hidden}), not dim = {self.dim}",
                "Give dim = 0 (that is the encoder's size), or another encoder; both are 768 as published.",
            )
        if not self.pooled and self.rows > hidden:
            raise UserError(
                f"the published fusion adds one score per row to the encoder's {hidden} channels: {self.rows} rows do "
                "not fit",
                f'Give rows = 0 (that is {hidden}), or fusion = "pooled".',
            )
