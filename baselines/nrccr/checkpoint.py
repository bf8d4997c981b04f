"""The official checkpoints of NRCCR and MLCMR (``model_best.pth.tar``): what differs between their files and ours.

A file holds a list of state dicts under ``model`` and the options of its training under ``opt``; a flat file of the
same weights names them ``0/...`` to ``4/...``. The networks' names are the official ones below the name of each part.

Source: docs/spec/nrccr.md, section 2.6 and appendix A.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

from baselines.nrccr.network import CLIP, PUBLISHED_BERT, CommonSpace, MLCMRNetwork, NRCCRNetwork
from baselines.nrccr.texts import lower_cased
from cmivqa_kit.neural.encoders import open_tokenizer
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.plugin.types import CheckpointRequest

HEAD_WIDTH = 64  # of the published BERT
PARTS = ("video_encoder.", "text_encoder.", "visual_mapping.", "text_mapping.", "discriminator.")
OLD_BUFFER = "text_encoder.text_bert.text_bert.embeddings.position_ids"  # written by transformers 3.4.0
CLIP_ENCODER = "video_encoder.encoder."
BERT = "text_encoder.text_bert.text_bert."


def _parts(count: int) -> tuple[StateDict, ...]:
    return tuple(StateDict(("model", at), name, "module.", f"{at}/") for at, name in enumerate(PARTS[:count]))


class _Checkpoints(CheckpointFormat[Any]):
    """What both systems' files have in common."""

    reported: ClassVar[tuple[str, ...]] = (
        "visual_feat_dim", "visual_mapping_layers", "text_mapping_layers", "padding",
    )  # fmt: skip
    options = ("opt",)
    old_buffers = (OLD_BUFFER,)
    encoders = PUBLISHED_BERT
    fix = "Give the official model_best.pth.tar, or --config JSON."
    network: type[CommonSpace]

    def stated_sizes(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options that are sizes; the padding is always the published one."""
        names = {field.name for field in fields(self.network)} - {"padding", "bert"}
        return {name: options[name] for name in names if name in options}

    def encoder(self, weights: Weights) -> str:
        """Multilingual BERT."""
        return PUBLISHED_BERT

    def open_tokenizer(self, source: Path | str, network: Any) -> Any:
        """The tokenizer, lower-casing as published."""
        return lower_cased(open_tokenizer(source))

    def common_sizes(self, weights: Weights) -> dict[str, Any]:
        """The sizes that both systems' weights tell."""
        shapes = {name: tuple(weights[f"{name}_mapping.mapping.fc1.weight"].shape) for name in ("visual", "text")}
        mappings = {f"{name}_mapping_layers": [shape[1], shape[0]] for name, shape in shapes.items()}
        return {**mappings, **_published_bert(weights)}


class NRCCRCheckpoints(_Checkpoints):
    """Of videos, of image features, and of CLIP, whose own frozen weights are left out."""

    title = "NRCCR"
    network = NRCCRNetwork
    reported = (*_Checkpoints.reported, "model_type", "text_hidden_size", "video_hidden_size", "disc_type")
    state_dicts = _parts(5)

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """The widths and the kinds of encoder and discriminator; the number of heads is the published one."""
        return {
            **self.common_sizes(weights),
            **_visual_sizes(weights),
            "text_hidden_size": weights["text_encoder.pos_embed_layer.LayerNorm.weight"].shape[0],
            "disc_type": _discriminator(weights),
        }

    def needed(self, network: NRCCRNetwork) -> tuple[str, ...]:
        """All that answers, but CLIP's own weights; the discriminator does not."""
        return ("video_encoder.proj.", *PARTS[1:4]) if network.model_type == "img" else PARTS[:4]

    def variant(self, network: NRCCRNetwork) -> str:
        """``video``, or ``img`` with its encoder."""
        return network.model_type if network.model_type == "video" else f"{network.model_type}, {network.img_encoder}"

    def remarks(self, request: CheckpointRequest, network: NRCCRNetwork) -> tuple[str, ...]:
        """Where rows of CLIP are needed."""
        if network.model_type == "video" or network.img_encoder != CLIP:
            return ()
        return ("CLIP itself (ViT-B/32) was frozen and is left out: give its image vectors as features",)


class MLCMRCheckpoints(_Checkpoints):
    """Of MLCMR: four parts, without a discriminator."""

    title = "MLCMR"
    network = MLCMRNetwork
    reported = (*_Checkpoints.reported, "visual_rnn_size", "visual_kernel_num", "visual_kernel_sizes", "gru_pool")
    state_dicts = _parts(4)

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """The widths of the levels of a video, and of the mappings."""
        kernels = [name for name in weights if name.startswith("video_encoder.convs1.") and name.endswith(".weight")]
        shapes = [weights[f"video_encoder.convs1.{number}.weight"].shape for number in range(len(kernels))]
        return {
            **self.common_sizes(weights),
            "visual_feat_dim": weights["video_encoder.rnn.weight_ih_l0"].shape[1],
            "visual_rnn_size": weights["video_encoder.rnn.weight_hh_l0"].shape[1],
            "visual_kernel_num": weights["video_encoder.convs1.0.weight"].shape[0],
            "visual_kernel_sizes": [shape[2] for shape in shapes],
        }

    def needed(self, network: MLCMRNetwork) -> tuple[str, ...]:
        """All four parts."""
        return PARTS[:4]


convert = NRCCRCheckpoints().convert
convert_mlcmr = MLCMRCheckpoints().convert


def _visual_sizes(weights: Weights) -> dict[str, Any]:
    projection = weights.get("video_encoder.proj.weight")
    if projection is not None:
        clip = any(name.startswith(CLIP_ENCODER) for name in weights)
        kind = {"img_encoder": CLIP} if clip or projection.shape[0] != projection.shape[1] else {}
        return {"model_type": "img", "visual_feat_dim": projection.shape[1], **kind}
    width, hidden = (
        weights[f"video_encoder.{name}.LayerNorm.weight"] for name in ("input_proj_layer", "pos_embed_layer")
    )
    return {"visual_feat_dim": width.shape[0], "video_hidden_size": hidden.shape[0]}


def _discriminator(weights: Weights) -> str:
    below = "discriminator.discriminator."
    if any(name.startswith(f"{below}convolve.") for name in weights):
        return "strong"
    return "not-so-weak" if f"{below}model.0.weight" in weights else "weak"


def _published_bert(weights: Weights) -> dict[str, Any]:
    """The configuration of a BERT with the published width of heads; of other widths nothing is told."""
    table = weights[f"{BERT}embeddings.word_embeddings.weight"]
    if table.shape[1] % HEAD_WIDTH:
        return {}
    layers = {name.split(".")[5] for name in weights if name.startswith(f"{BERT}encoder.layer.")}
    config = {
        "model_type": "bert",
        "vocab_size": table.shape[0],
        "hidden_size": table.shape[1],
        "num_hidden_layers": len(layers),
        "num_attention_heads": table.shape[1] // HEAD_WIDTH,
        "intermediate_size": weights[f"{BERT}encoder.layer.0.intermediate.dense.weight"].shape[0],
        "max_position_embeddings": weights[f"{BERT}embeddings.position_embeddings.weight"].shape[0],
    }
    return {"bert": config}
