"""Official checkpoints, and the loading of every run's network: one code for users and for the golden replays.

A checkpoint is a folder as transformers saves it: ``pytorch_model.bin``, the encoder's ``config.json``, the tokenizer.
The paper's code and the Track 1 baseline write the same layout. Source: specs/mutualsl.md, section 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from baselines.mutualsl.model import MutualSL
from baselines.mutualsl.network import Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import HOW_TO_GET, PUBLISHED_ENCODER, open_tokenizer, plain
from cmivqa_kit.neural.official_checkpoints import (
    encoder_config,
    read_weights,
    require_fit,
    tokenizer_source,
    weights_file,
)
from cmivqa_kit.neural.weights import load_weights, save_weights
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import TOKENIZER, WEIGHTS, RunDirectory

OLD_BUFFER = "deberta.embeddings.position_ids"  # saved by the pinned transformers 4.15, no longer kept
LAYER = "feature_encoder.conv_block.depthwise_separable_conv"
INNER_LAYER = "predictor.encoder.conv_block.depthwise_separable_conv"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run's network in evaluation mode, its tokenizer (``None`` where the run has none), and its sizes."""

    model: MutualSL
    tokenizer: Any | None
    network: Network


def convert(request: CheckpointRequest, run: RunDirectory) -> CheckpointReport:
    """Write an official checkpoint into ``run``: ``model.safetensors``, ``network.json``, ``tokenizer/``.

    Raises:
        UserError: no weights, weights of another network, no configuration of the encoder, or a part asked for that no
            official network has.
    """
    path = weights_file(request.files)
    weights = read_weights(path)
    ignored = (OLD_BUFFER,) if weights.pop(OLD_BUFFER, None) is not None else ()
    network = _network(request, path, weights)
    if network.text_fusion:
        raise UserError(
            f"{path}: no official checkpoint has the projection that text_fusion needs",
            "Leave text_fusion away; to have it, train: --set visual.paper_text_fusion=true",
        )
    model = network.build()
    require_fit(model.state_dict(), weights, path, f"{PUBLISHED_ENCODER}; the paper: microsoft/deberta-v3-large")
    model.load_state_dict(weights)
    save_weights(model, run.path / WEIGHTS)
    network.write(run)
    remarks = []
    source = tokenizer_source(request, path)
    if source is None:
        remarks.append("no tokenizer: predict needs one; convert again with --tokenizer DIR")
    else:
        open_tokenizer(source).save_pretrained(run.path / TOKENIZER)
    sizes = {"text_config": dict(network.text_config), "dim": network.dim, "visual_dim": network.visual_dim,
             "max_pos_len": network.max_pos_len}  # fmt: skip
    return CheckpointReport("published", sizes, ignored, (), tuple(remarks))


def load(run: RunDirectory) -> Loaded:
    """The network of a run, trained or converted, ready to predict.

    Raises:
        UserError: the run lacks a part, or a part is damaged.
    """
    network = Network.read(run)
    model = network.build()
    load_weights(model, run.path / WEIGHTS)
    folder = run.path / TOKENIZER
    tokenizer = open_tokenizer(folder) if folder.is_dir() else None
    return Loaded(model.eval(), tokenizer, network)


def _network(request: CheckpointRequest, path: Path, weights: Mapping[str, Tensor]) -> Network:
    """Sizes as given, else from the weights, with the encoder's configuration from where there is one.

    The numbers of heads are not in the weights: they are the published ones unless given.
    """
    given = dict(request.sizes or {})
    try:
        sizes: dict[str, Any] = {
            "dim": weights["cq_attention.w4C"].shape[0],
            "visual_dim": weights["video_affine.linear.conv1d.weight"].shape[1],
            "max_pos_len": weights["feature_encoder.pos_embedding.position_embeddings.weight"].shape[0],
            "kernel_size": weights[f"{LAYER}.0.0.weight"].shape[2],
            "encoder_conv_layers": _layers(weights, LAYER),
            "predictor_conv_layers": _layers(weights, INNER_LAYER),
        }
    except KeyError as error:
        raise UserError(
            f"{path}: lacks {error.args[0]}; it is no MutualSL checkpoint", "Give the official file."
        ) from None
    if "text_config" in given:
        return Network.of({**sizes, **given}, "--config")
    config = encoder_config(request, path)
    if config is None:
        raise UserError(
            f"{path}: the configuration of its encoder (config.json) does not lie beside it",
            f"Convert the whole folder, or give --encoder {PUBLISHED_ENCODER}, if it was trained with that one. "
            f"{HOW_TO_GET}",
        )
    return Network.of({"text_config": plain(config), **sizes, **given}, str(path))


def _layers(weights: Mapping[str, Tensor], prefix: str) -> int:
    return sum(name.startswith(f"{prefix}.") and name.endswith(".0.weight") for name in weights)
