"""Pretrained vision models: pictures to one vector each. A local folder, or a name on the Hugging Face hub.

Any model of transformers that takes ``pixel_values``; where timm is installed, those of timm too (``timm/NAME``).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import AutoConfig, AutoImageProcessor, AutoModel
from transformers.utils import logging as transformers_logging

from cmivqa_kit.damage import failing_as, short_reason
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.encoder_code import EncoderFiles
from cmivqa_kit.neural.encoder_errors import refuse_missing_folder, refuse_stand_ins
from cmivqa_kit.neural.encoder_folder import require_possible_weights

TIMM = "timm/"
CLASS_TOKENS = ("cls_token", "class_embedding", "class_token")  # what models call the parameter of such a token
HOW_TO_GET = (
    "Name a folder with config.json, weights and preprocessor_config.json, or a vision model of the Hugging Face hub, "
    "such as google/vit-base-patch16-224 or openai/clip-vit-base-patch32. Behind a firewall set HF_ENDPOINT to a "
    "mirror, or download it elsewhere."
)
Pictures = Sequence[NDArray[np.uint8]]  # (rows, columns, 3) each, RGB


class Transform(Protocol):
    """Pictures as a model takes them."""

    def __call__(self, pictures: Pictures) -> Tensor:
        """(N, 3, height, width) of N pictures."""
        ...


@dataclass(frozen=True, slots=True)
class VisionEncoder:
    """A vision model in evaluation mode and how pictures are prepared for it.

    Attributes:
        name: as it was asked for.
        revision: of the hub; empty for a folder.
        model: on its device.
        transform: what its own configuration says; resizing, cropping, normalising.
        reads: what of its output is taken, in words.
    """

    name: str
    revision: str
    model: nn.Module
    transform: Transform
    reads: str

    @torch.inference_mode()
    def encode(self, pixels: Tensor) -> NDArray[np.float32]:
        """Vectors of pictures, (N, width), of what a transform made of them.

        Raises:
            RunFailed: they do not fit into the device's memory.
        """
        device = next(self.model.parameters()).device
        try:
            vectors: NDArray[np.float32] = vectors_of(self.model, pixels.to(device)).float().cpu().numpy()
        except torch.OutOfMemoryError:
            raise RunFailed(
                f"{len(pixels)} pictures at once do not fit into the memory of {device}",
                "Give a smaller --batch, and --resume to keep what is done.",
            ) from None
        return vectors


def open_vision_encoder(name: str, device: torch.device) -> VisionEncoder:
    """The vision model called ``name``.

    Args:
        name: a folder, or a name on the hub.
        device: where it runs.

    Raises:
        UserError: it cannot be read or fetched, or is no vision model.
    """
    refuse_missing_folder(name, HOW_TO_GET)
    if name.startswith(TIMM) and find_spec("timm") is None and not Path(name).exists():
        raise UserError(f"vision model {name!r} needs timm, which is not installed here", "pip install timm")
    files = EncoderFiles.of(name)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would cut through our own output
    with failing_as(lambda error: _unusable(name, error)):
        options: dict[str, Any] = {"revision": files.revision, "trust_remote_code": False}
        refuse_stand_ins(name)
        config = AutoConfig.from_pretrained(files.name, **options)
        require_possible_weights(Path(files.name), lambda: _untyped(AutoModel).from_config(config))
        processor = _untyped(AutoImageProcessor).from_pretrained(files.name, **options)
        model: nn.Module = AutoModel.from_pretrained(files.name, dtype=torch.float32, **options)
        if "pixel_values" not in inspect.signature(model.forward).parameters:
            raise ValueError(f"{type(model).__name__} takes no pictures")
    model.eval().to(device)
    return VisionEncoder(name, files.revision or "", model, _of_processor(processor), output_read(model))


def output_read(model: nn.Module) -> str:
    """What of a model's output is its vector, in words; see `vectors_of`."""
    if hasattr(model, "get_image_features"):
        return "image features"
    return "class token" if _has_class_token(model) else "pooled output"


def vectors_of(model: nn.Module, pixels: Tensor) -> Tensor:
    """Vectors (N, width) of prepared pictures (N, 3, height, width).

    Of a model of pictures and texts what it compares with texts; of one with a class token that token behind the last
    norm; else what it pools, or the mean over all positions.
    """
    if hasattr(model, "get_image_features"):
        features: Any = _untyped(model).get_image_features(pixel_values=pixels)
        return cast(Tensor, features if isinstance(features, Tensor) else features.pooler_output)
    output: Any = model(pixel_values=pixels)
    if _has_class_token(model):
        return cast(Tensor, output.last_hidden_state[:, 0])
    if getattr(output, "pooler_output", None) is not None:
        return cast(Tensor, output.pooler_output.flatten(1))
    states: Tensor = output.last_hidden_state
    return states.flatten(2).mean(2) if states.ndim == 4 else states.mean(1)  # of a convolution: channels come first


def _has_class_token(model: nn.Module) -> bool:
    return any(name.rpartition(".")[2] in CLASS_TOKENS for name, _ in model.named_parameters())


def _untyped(thing: Any) -> Any:
    return thing


def _of_processor(processor: Any) -> Transform:
    def transform(pictures: Pictures) -> Tensor:
        pixels: Tensor = processor(images=list(pictures), return_tensors="pt")["pixel_values"]
        return pixels

    return transform


def _unusable(name: str, error: BaseException) -> UserError:
    return UserError(f"vision model {name!r}: cannot be used ({short_reason(error)})", HOW_TO_GET)
