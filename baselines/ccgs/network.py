"""What a run keeps of its network: ``network.json`` with every size, and the tokenizer's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from baselines.ccgs.model import GlobalSpanModel
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import config_of, plain, whole_number
from cmivqa_kit.runs.directory import NETWORK, RunDirectory

VISUAL_ENCODER = "microsoft/deberta-v3-base"
MUSIC = "[Music]"  # the visual variant's tokenizer has this token beyond its vocabulary: subtitles of YouTube say it
OFFICIAL = {"text": "task23", "visual": "ccgs"}  # the official names of the variants
VARIANTS = tuple(OFFICIAL.values())
FUSIONS = ("published", "pooled")
ROWS = 768  # most feature rows of a video, as published


@dataclass(frozen=True, slots=True)
class Network:
    """The constructor values of `GlobalSpanModel`, the encoder's configuration as a plain dictionary, the variant.

    ``fusion``: how features reach the boundaries in the visual variant, "published" or "pooled" (README.md). ``rows``:
    the most feature rows of a video; 0: 768, or with the published fusion the encoder's hidden size.
    """

    encoder: Mapping[str, Any]
    inner_dim: int
    dim: int
    visual_dim: int
    variant: str = "task23"
    mask_lower: bool = False
    rope: bool = False
    fusion: str = "published"
    rows: int = 0

    @property
    def visual(self) -> bool:
        """True for the variant that needs features."""
        return self.variant == OFFICIAL["visual"]

    @property
    def pooled(self) -> bool:
        """True where the network has the weights of the kit's fusion; the text variant never does."""
        return self.visual and self.fusion == "pooled"

    @property
    def encoder_config(self) -> Any:
        """The Hugging Face configuration.

        Raises:
            UserError: values that no configuration of this type takes.
        """
        return config_of(self.encoder)

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
        """M, the most feature rows of a video."""
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

    def write(self, run: RunDirectory) -> None:
        """Keep it in a run."""
        run.write(NETWORK, {**asdict(self), "encoder": plain(self.encoder_config)})

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
            UserError: a size is missing or no whole number, the encoder is no object, or the variant is unknown.
        """
        known = {name: sizes[name] for name in cls.__dataclass_fields__ if name in sizes} if sizes else {}
        wrong = [name for name in ("inner_dim", "dim", "visual_dim") if not whole_number(known.get(name))]
        if not isinstance(known.get("encoder"), Mapping):
            wrong.append("encoder")
        if known.get("variant", VARIANTS[0]) not in VARIANTS:
            wrong.append("variant")
        if known.get("fusion", FUSIONS[0]) not in FUSIONS:
            wrong.append("fusion")
        if known.get("rows", 0) != 0 and not whole_number(known["rows"]):
            wrong.append("rows")
        if wrong:
            raise UserError(
                f"{where}: {', '.join(wrong)} missing or unusable",
                'It needs {"encoder": {...}, "inner_dim": 768, "dim": 768, "visual_dim": 1024}; variant: task23, '
                "ccgs; fusion: published, pooled; rows: 0 or more.",
            )
        return cls(**known)
