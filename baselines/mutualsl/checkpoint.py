"""The official checkpoints of MutualSL: what differs between their files and ours.

A checkpoint is a folder as transformers saves it: ``pytorch_model.bin``, the encoder's ``config.json``, the tokenizer.
The paper's code and the Track 1 baseline write the same layout. Source: docs/spec/mutualsl.md, section 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baselines.mutualsl.network import Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoder_errors import PUBLISHED_ENCODER
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights

OLD_BUFFER = "deberta.embeddings.position_ids"  # saved by the pinned transformers 4.15, no longer kept
LAYER = "feature_encoder.conv_block.depthwise_separable_conv"
INNER_LAYER = "predictor.encoder.conv_block.depthwise_separable_conv"


class MutualSLCheckpoints(CheckpointFormat[Network]):
    """Checkpoints of the paper and of the Track 1 baseline."""

    title, network = "MutualSL", Network
    reported = ("text_config", "dim", "visual_dim", "max_pos_len")
    old_buffers = (OLD_BUFFER,)
    encoders = f"{PUBLISHED_ENCODER}; the paper: microsoft/deberta-v3-large"

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """All sizes but the numbers of heads, which are not in the weights: the published ones unless given."""
        return {
            "dim": weights["cq_attention.w4C"].shape[0],
            "visual_dim": weights["video_affine.linear.conv1d.weight"].shape[1],
            "max_pos_len": weights["feature_encoder.pos_embedding.position_embeddings.weight"].shape[0],
            "kernel_size": weights[f"{LAYER}.0.0.weight"].shape[2],
            "encoder_conv_layers": _layers(weights, LAYER),
            "predictor_conv_layers": _layers(weights, INNER_LAYER),
        }

    def require_official(self, network: Network, path: Path) -> None:
        """Refuse the projection of ``text_fusion``.

        Raises:
            UserError: it is asked for.
        """
        if network.text_fusion:
            raise UserError(
                f"{path}: no official checkpoint has the projection that text_fusion needs",
                "Leave text_fusion away; to have it, train: --set visual.paper_text_fusion=true",
            )


convert = MutualSLCheckpoints().convert


def _layers(weights: Weights, prefix: str) -> int:
    return sum(name.startswith(f"{prefix}.") and name.endswith(".0.weight") for name in weights)
