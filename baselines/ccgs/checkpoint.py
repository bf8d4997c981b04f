"""The official checkpoints of CCGS: what differs between their files and ours.

Source: docs/spec/ccgs.md, section 3.1. A checkpoint is a bare ``state_dict``, with the tokenizer beside it and without
the encoder's configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.ccgs.network import MUSIC, OFFICIAL, VISUAL_ENCODER, Network
from cmivqa_kit.neural.encoder_errors import PUBLISHED_ENCODER
from cmivqa_kit.neural.encoders import add_tokens, open_tokenizer
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.plugin.types import CheckpointRequest

OLD_BUFFER = "P_Encoder.embeddings.position_ids"  # saved by the pinned transformers 4.15, no longer a parameter
TEXT_PARTS = ("P_Encoder.", "dense.")
BRANCH = ("video_affine.", "cq_attention.", "cq_concat.", "highlight_layer.", "fusion.")
SLACK = 1.01  # half precision may round a weight beyond its bound


class CCGSCheckpoints(CheckpointFormat[Network]):
    """Checkpoints of both variants; only a branch that is not used may differ."""

    title = "CCGS"
    network = Network
    reported = ("encoder", "inner_dim", "dim", "visual_dim")
    old_buffers = (OLD_BUFFER,)
    encoders = f"{PUBLISHED_ENCODER} for text, {VISUAL_ENCODER} for the visual variant"
    fix = "Give the official file, or --config JSON."

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """The variant and the widths; of an encoder that is given, whose file has all widths, the variant alone."""
        variant = {"variant": OFFICIAL["visual" if is_visual(weights) else "text"]}
        if "encoder" in given:
            return variant
        return {
            **variant,
            "inner_dim": weights["dense.weight"].shape[0] // 2,
            "dim": weights["cq_attention.w4C"].shape[0],
            "visual_dim": weights["video_affine.linear.conv1d.weight"].shape[1],
        }

    def encoder(self, weights: Weights) -> str:
        """The published text encoder of the variant."""
        return VISUAL_ENCODER if is_visual(weights) else PUBLISHED_ENCODER

    def needed(self, network: Network) -> tuple[str, ...]:
        """The parts that the variant uses."""
        return (*TEXT_PARTS, *BRANCH) if network.visual else TEXT_PARTS

    def variant(self, network: Network) -> str:
        """The official name of the variant, ``task23`` or ``ccgs``."""
        return network.variant

    def remarks(self, request: CheckpointRequest, network: Network) -> tuple[str, ...]:
        """A remark where the visual variant was told from the weights alone."""
        if not network.visual or "variant" in (request.sizes or {}):
            return ()
        return ('taken for the visual variant: its branch is trained. Else: --config with {"variant": "task23"}',)

    def open_tokenizer(self, source: Path | str, network: Network) -> Any:
        """The tokenizer; that of the visual variant has one token more, which an encoder's own tokenizer lacks."""
        tokenizer = open_tokenizer(source)
        room = len(tokenizer) < network.encoder_config.vocab_size  # official tools do not grow the table of embeddings
        return add_tokens(tokenizer, [MUSIC]) if network.visual and room else tokenizer


convert = CCGSCheckpoints().convert


def is_visual(weights: Weights) -> bool:
    """True for weights of the visual variant, as far as they tell.

    Text checkpoints carry the visual branch too, as it was drawn at the start: 1x1 convolutions, uniform between
    -1 / sqrt(inputs) and 1 / sqrt(inputs). Training leaves some weights beyond. Without a width that fits the encoder's
    there was no visual training either: the official text network is 1024 wide, its branch 768.
    """
    dense, branch = weights.get("dense.weight"), weights.get("cq_attention.w4C")
    if dense is None or branch is None or dense.shape[1:] != branch.shape[:1]:
        return False
    names = [name for name in weights if name.startswith(BRANCH) and name.endswith("conv1d.weight")]
    drawn = [weights[name] for name in names if weights[name].numel() and weights[name].ndim]
    return any(bool((value.float().abs() > SLACK / value[0].numel() ** 0.5).any()) for value in drawn)
