"""The weights of CLIP's text encoder by OpenAI's names, from its own file or from one of transformers.

Source: docs/spec/mesm.md, section 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from baselines.mesm.network import CLIP_SIZES
from cmivqa_kit.damage import reading
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json
from cmivqa_kit.neural.official_checkpoints import Weights, read_checkpoint

FILES = ("clip_text_encoder.pth", "model.safetensors", "pytorch_model.bin")
GET = (
    "Give the folder of a CLIP model: model.safetensors or pytorch_model.bin of transformers, or clip_text_encoder.pth."
)
HEAD = 64  # channels of a head in every published CLIP
WHOLE = {  # of transformers: by OpenAI
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
PARTS = {
    "self_attn.out_proj": "attn.out_proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
BLOCKS = "transformer.resblocks"


@dataclass(frozen=True, slots=True, eq=False)
class ClipWeights:
    """Weights by OpenAI's names, and the sizes of the network (`text_encoders.ClipText`)."""

    weights: dict[str, Tensor]
    sizes: dict[str, int]


def clip_weights(source: Path) -> ClipWeights:
    """The text encoder of a CLIP model.

    Args:
        source: a folder or a file.

    Raises:
        UserError: there is none, it is damaged, or another model.
    """
    path = source if source.is_file() else next((source / name for name in FILES if (source / name).is_file()), None)
    if path is None:
        raise UserError(f"{source}: no weights of CLIP", GET)
    stored = read_checkpoint(path).weights
    weights = {name.removeprefix("text_encoder."): value.float() for name, value in stored.items()}
    with reading(path, "CLIP's text encoder", GET):
        if "ln_final.weight" not in weights:
            weights = _renamed(weights)
        weights = {name: value for name, value in weights.items() if not name.startswith("visual.")}
        weights.pop("logit_scale", None)
        return ClipWeights(weights, clip_sizes(weights, "", _heads(path.parent / "config.json")))


def clip_sizes(weights: Weights, prefix: str, heads: int = 0) -> dict[str, int]:
    """The sizes of a text encoder; its heads are not in the weights: 0 for one per `HEAD` channels."""
    positions, projected = weights[f"{prefix}positional_embedding"], weights[f"{prefix}text_projection"]
    start = f"{prefix}{BLOCKS}."
    blocks = {name.removeprefix(start).partition(".")[0] for name in weights if name.startswith(start)}
    return {
        "embed_dim": projected.shape[1],
        "context_length": positions.shape[0],
        "vocab_size": weights[f"{prefix}token_embedding.weight"].shape[0],
        "width": positions.shape[1],
        "heads": heads or max(positions.shape[1] // HEAD, 1),
        "layers": len(blocks),
    }


def _heads(path: Path) -> int:
    """The heads that a ``config.json`` of transformers states; 0 where there is none."""
    if not path.is_file():
        return 0
    config = read_json(path, "configuration")
    text = config.get("text_config", config) if isinstance(config, Mapping) else {}
    heads = text.get("num_attention_heads", CLIP_SIZES["heads"]) if isinstance(text, Mapping) else 0
    return heads if isinstance(heads, int) else 0


def _renamed(weights: Weights) -> dict[str, Tensor]:
    """Weights of transformers by OpenAI's names; queries, keys and values become one."""
    own = {name.removeprefix("text_model."): value for name, value in weights.items()
           if not name.startswith(("vision_model.", "visual_projection."))}  # fmt: skip
    renamed = {new: own[old] for old, new in WHOLE.items()}
    width = renamed["ln_final.weight"].shape[0]
    projected = own.get("text_projection.weight")  # used by nothing; a text model alone has none
    renamed["text_projection"] = torch.zeros(width, width) if projected is None else projected.T.contiguous()
    layers = sum(name.startswith("encoder.layers.") and name.endswith(".layer_norm1.weight") for name in own)
    for layer in range(layers):
        old, new = f"encoder.layers.{layer}", f"{BLOCKS}.{layer}"
        for kind in ("weight", "bias"):
            parts = [own[f"{old}.self_attn.{part}_proj.{kind}"] for part in ("q", "k", "v")]
            renamed[f"{new}.attn.in_proj_{kind}"] = torch.cat(parts)
            renamed |= {f"{new}.{theirs}.{kind}": own[f"{old}.{ours}.{kind}"] for ours, theirs in PARTS.items()}
    return renamed
