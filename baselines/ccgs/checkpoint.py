"""Official checkpoints, and the loading of every run's network: one code for users and for the golden replays.

Source: specs/ccgs.md, section 3.1. A checkpoint is a bare ``state_dict``, with the tokenizer beside it and without the
encoder's configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import MUSIC, OFFICIAL, VISUAL_ENCODER, Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import (
    HOW_TO_GET,
    PUBLISHED_ENCODER,
    add_tokens,
    open_tokenizer,
    plain,
)
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

OLD_BUFFER = "P_Encoder.embeddings.position_ids"  # saved by the pinned transformers 4.15, no longer a parameter
TEXT_PARTS = ("P_Encoder.", "dense.")
BRANCH = ("video_affine.", "cq_attention.", "cq_concat.", "highlight_layer.", "fusion.")
SLACK = 1.01  # half precision may round a weight beyond its bound


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run's network in evaluation mode, its tokenizer (``None`` where the run has none), and its sizes."""

    model: GlobalSpanModel
    tokenizer: Any | None
    network: Network


def convert(request: CheckpointRequest, run: RunDirectory) -> CheckpointReport:
    """Write an official checkpoint into ``run``: ``model.safetensors``, ``network.json``, ``tokenizer/``.

    Raises:
        UserError: no weights, weights of another network, or no configuration of the encoder.
    """
    path = weights_file(request.files)
    weights = read_weights(path)
    ignored = [OLD_BUFFER] if weights.pop(OLD_BUFFER, None) is not None else []
    network = _network(request, path, weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # what the file lacks is the same in every conversion
        model = network.build()
    missing, unexpected = _fit(model, weights, path, (*TEXT_PARTS, *BRANCH) if network.visual else TEXT_PARTS)
    save_weights(model, run.path / WEIGHTS)
    network.write(run)
    remarks = [f"{len(missing)} weights are not in the file and stay random"] if missing else []
    if network.visual and "variant" not in (request.sizes or {}):
        remarks.append('taken for the visual variant: its branch is trained. Else: --config with {"variant": "task23"}')
    source = tokenizer_source(request, path)
    if source is None:
        remarks.append("no tokenizer: predict needs one; convert again with --tokenizer DIR")
    else:
        _tokenizer(source, network).save_pretrained(run.path / TOKENIZER)
    sizes = {"encoder": dict(network.encoder), "inner_dim": network.inner_dim, "dim": network.dim}
    sizes["visual_dim"] = network.visual_dim
    return CheckpointReport(network.variant, sizes, tuple(ignored + unexpected), tuple(missing), tuple(remarks))


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


def is_visual(weights: Mapping[str, Tensor]) -> bool:
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


def _network(request: CheckpointRequest, path: Path, weights: Mapping[str, Tensor]) -> Network:
    """Sizes as given, or from the weights, with the encoder's configuration from where there is one."""
    variant = {"variant": OFFICIAL["visual" if is_visual(weights) else "text"]}
    if request.sizes is not None and "encoder" in request.sizes:
        return Network.of({**variant, **request.sizes}, "--config")
    try:
        sizes: dict[str, Any] = {
            **variant,
            "inner_dim": weights["dense.weight"].shape[0] // 2,
            "dim": weights["cq_attention.w4C"].shape[0],
            "visual_dim": weights["video_affine.linear.conv1d.weight"].shape[1],
        }
    except KeyError as error:
        raise UserError(
            f"{path}: lacks {error.args[0]}; it is no CCGS checkpoint", "Give the official file, or --config JSON."
        ) from None
    config = encoder_config(request, path)
    if config is None:
        raise UserError(
            f"{path}: the configuration of its encoder is not in the checkpoint",
            f"Give --encoder {VISUAL_ENCODER if is_visual(weights) else PUBLISHED_ENCODER}, if that is the one it was "
            f"trained with. {HOW_TO_GET}",
        )
    return Network.of({"encoder": plain(config), **sizes, **(request.sizes or {})}, str(path))


def _fit(
    model: GlobalSpanModel, weights: dict[str, Tensor], path: Path, needed: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """Load the weights; names the file lacks and names it has too many. Only a branch that is not used may differ."""
    own = model.state_dict()
    missing = [name for name in own if name not in weights]
    unexpected = [name for name in weights if name not in own]
    published = f"{PUBLISHED_ENCODER} for text, {VISUAL_ENCODER} for the visual variant"
    require_fit(own, weights, path, published, needed)
    model.load_state_dict({name: value for name, value in weights.items() if name in own}, strict=False)
    return missing, unexpected


def _tokenizer(source: Path | str, network: Network) -> Any:
    """The tokenizer; that of the visual variant has one token more, which an encoder's own tokenizer lacks."""
    tokenizer = open_tokenizer(source)
    room = len(tokenizer) < network.encoder_config.vocab_size  # official tools do not grow the table of embeddings
    return add_tokens(tokenizer, [MUSIC]) if network.visual and room else tokenizer
