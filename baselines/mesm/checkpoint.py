"""The official checkpoints of MESM: what differs between their files and ours.

A checkpoint is a dict with the weights under ``model`` and the options of its training under ``opt``. It never holds
the frozen text encoder: CLIP's comes from ``--encoder`` (a folder of transformers, or OpenAI's names in a file). Source:
docs/spec/mesm.md, sections 2.2 and 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import Tensor

from baselines.mesm.network import CLIP, CLIP_SIZES, GLOVE, NONE, PUBLISHED, SPECIAL_CLASSES, Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.plugin.types import CheckpointRequest

TEXT_ENCODER = "text_encoder."
TEMPORAL = 2  # channels that are added to the features
CLIP_NAMES = {  # of transformers: those of OpenAI
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
CLIP_PARTS = {
    "self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}  # fmt: skip


class MESMCheckpoints(CheckpointFormat[Network]):
    """Checkpoints of the five published configurations."""

    title, network = "MESM", Network
    reported = ("dataset_name", "v_feat_dim", "t_feat_dim", "hidden_dim", "text_encoder", "vocab_size")
    state_dicts = (StateDict(("model",)),)
    options = ("opt",)

    def stated_sizes(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of the training that are sizes and are not in the weights, by the same names."""
        names = {field.name for field in fields(Network)} - {"v_feat_dim", "text_encoder", "clip", "cross_sample_mask"}
        stated = {name: value for name, value in options.items() if name in names}
        if "tokenizer_type" in options:
            stated["text_encoder"] = _text_encoder(str(options["tokenizer_type"]), options.get("load_vocab_pkl"))
        return stated

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """All sizes but heads, dropout and dataset, which are not in the weights: the published ones unless given."""
        enhancer, expanded = "enhance_encoder.t2v_encoder.layers", "ss_reconstructor.masked_sent_token" in weights
        width = weights["masked_token"].shape[0]
        shared = f"{enhancer}.0.linear1_1.weight" not in weights
        text = given.get("text_encoder") or _guessed_encoder(weights, width, shared)
        table = weights["txt_position_embed.position_embeddings.weight"].shape[0]
        classes = weights["output_txt_proj.1.bias"].shape[0] if "output_txt_proj.1.bias" in weights else 0
        told: dict[str, Any] = {
            "v_feat_dim": weights["input_vid_proj.0.net.1.weight"].shape[1],
            "t_feat_dim": width,
            "hidden_dim": weights["global_rep_token"].shape[0],
            "dim_feedforward": weights["transformer.encoder.layers.0.linear1.weight"].shape[0],
            "num_queries": weights["query_embed.weight"].shape[0],
            "max_words_l": table - expanded,
            "vocab_size": max(classes - SPECIAL_CLASSES.get(text, 1), 0),
            "num_recfw_layers": _layers(weights, enhancer),
            "num_recss_layers": _layers(weights, "ss_reconstructor.recon_trans.layers") or 1,
            "t2v_layers": _layers(weights, "t2v_encoder.t2v_encoder.layers"),
            "enc_layers": _layers(weights, "transformer.encoder.layers"),
            "dec_layers": _layers(weights, "transformer.decoder.layers"),
            "n_input_proj": sum(f"input_vid_proj.{number}.net.1.weight" in weights for number in range(len(weights))),
            "share_MLP": shared,
            "rec_fw": bool(classes),
            "rec_ss": expanded,
            "text_encoder": text,
            "cross_sample_mask": PUBLISHED,
        }
        if text == GLOVE and f"{TEXT_ENCODER}emb.weight" in weights:
            told["glove_vocab"] = weights[f"{TEXT_ENCODER}emb.weight"].shape[0]
        if text == CLIP:
            told["clip"] = clip_sizes(weights) if f"{TEXT_ENCODER}ln_final.weight" in weights else CLIP_SIZES
        return told

    def needed(self, network: Network) -> tuple[str, ...]:
        """Everything but the text encoder."""
        return tuple(
            f"{name}." if "." not in name else name
            for name in ("enhance_encoder", "t2v_encoder", "transformer", "ss_reconstructor", "input_txt_proj",
                         "input_vid_proj", "output_txt_proj", "saliency_proj1", "saliency_proj2", "span_embed",
                         "class_embed", "query_embed", "txt_position_embed")
        ) + ("global_rep_token", "global_rep_pos", "masked_token", "unknown_token")  # fmt: skip

    def require_official(self, network: Network, path: Path) -> None:
        """Refuse the corrected mask: no official checkpoint was trained with it.

        Raises:
            UserError: it is asked for.
        """
        if network.cross_sample_mask != PUBLISHED:
            raise UserError(
                f"{path}: official checkpoints were trained with cross_sample_mask = {PUBLISHED}",
                "Leave cross_sample_mask away.",
            )


convert = MESMCheckpoints().convert


def _text_encoder(tokenizer: str, given_vectors: object) -> str:
    """The text encoder of an official configuration."""
    if tokenizer == "CLIP":
        return CLIP
    return NONE if given_vectors else GLOVE


def _guessed_encoder(weights: Weights, width: int, shared: bool) -> str:
    if f"{TEXT_ENCODER}emb.weight" in weights:
        return GLOVE
    if f"{TEXT_ENCODER}ln_final.weight" in weights or width == CLIP_SIZES["width"]:
        return CLIP
    return NONE


def clip_sizes(weights: Weights, prefix: str = TEXT_ENCODER) -> dict[str, int]:
    """The sizes of a CLIP text encoder; its heads are not in the weights: one for 64 channels, as CLIP has."""
    positions, projected = weights[f"{prefix}positional_embedding"], weights[f"{prefix}text_projection"]
    width = positions.shape[1]
    return {
        "embed_dim": projected.shape[1],
        "context_length": positions.shape[0],
        "vocab_size": weights[f"{prefix}token_embedding.weight"].shape[0],
        "width": width,
        "heads": max(width // 64, 1),
        "layers": _layers(weights, f"{prefix}transformer.resblocks"),
    }


def _layers(weights: Weights, prefix: str) -> int:
    start = len(prefix) + 1
    return len({name[start:].partition(".")[0] for name in weights if name.startswith(f"{prefix}.")})
