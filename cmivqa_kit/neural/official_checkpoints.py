"""What official checkpoints of every system have in common: files of weights, and a tokenizer somewhere near."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import TOKENIZER_FILES, open_config
from cmivqa_kit.plugin.types import CheckpointRequest
from cmivqa_kit.runs.directory import WEIGHTS

NAMES = ("pytorch_model.bin", WEIGHTS)
ENDINGS = (".safetensors", ".bin", ".pt", ".pth")


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a ``.safetensors`` file or of a ``torch.save`` file; nothing else is ever unpickled.

    Raises:
        UserError: damaged, or it holds more than tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"{path}: cannot be read as weights ({reason})", "Download it again; only a plain state_dict is read."
        ) from error
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise UserError(f"{path}: not a plain state_dict (names to tensors)", "Give the official pytorch_model.bin.")
    return dict(found)


def weights_file(files: tuple[Path, ...]) -> Path:
    """The one file of weights in a download.

    Raises:
        UserError: there is none, or there are several.
    """
    found = [path for path in files if path.suffix in ENDINGS]
    named = [path for path in found if path.name in NAMES] or found
    if not named:
        raise UserError("no weights in the download", f"It should hold one of {', '.join(NAMES)}.")
    if len(named) > 1:
        listed = ", ".join(str(path) for path in named[:5])
        raise UserError(f"{len(named)} files of weights: {listed}", "Name the one to convert.")
    return named[0]


def encoder_config(request: CheckpointRequest, path: Path) -> Any | None:
    """The encoder's configuration: of the encoder that was named, else the one beside the weights, if any.

    Raises:
        UserError: it cannot be read or fetched.
    """
    beside = next((f for f in request.files if f.name == "config.json" and f.parent == path.parent), None)
    if request.encoder is not None:
        return open_config(request.encoder)
    return open_config(str(beside.parent)) if beside is not None else None


def require_fit(
    own: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    path: Path,
    published: str,
    needed: tuple[str, ...] = ("",),
) -> None:
    """Refuse weights of another network.

    Args:
        own: what the network has.
        weights: what the file has.
        path: of the file.
        published: which encoders were published with such networks.
        needed: how the names begin that must be in both; others may be in one alone, but not of another shape.

    Raises:
        UserError: naming the first faults.
    """
    faults = [f"lacks {name}" for name in own if name not in weights and name.startswith(needed)]
    faults += [f"has {name}" for name in weights if name not in own and name.startswith(needed)]
    faults += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(own[name].shape)}"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise UserError(
            f"{path}: the weights do not fit the network: {'; '.join(faults[:3])}{more}",
            f"Give the encoder it was trained with: --encoder NAME|DIR (published: {published}).",
        )


def tokenizer_source(request: CheckpointRequest, path: Path) -> Path | str | None:
    """Where the tokenizer is: as given, beside the weights, or with the encoder."""
    if request.tokenizer is not None:
        return request.tokenizer
    if any(f.name in TOKENIZER_FILES and f.parent == path.parent for f in request.files):
        return path.parent
    if request.encoder is None:
        return None
    folder = Path(request.encoder)
    if folder.is_dir() and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        return None
    return request.encoder
