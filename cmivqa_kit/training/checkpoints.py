"""What official checkpoints of every system have in common: files of weights, and a tokenizer somewhere near."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import CheckpointRequest
from cmivqa_kit.training.encoders import TOKENIZER_FILES

NAMES = ("pytorch_model.bin", "model.safetensors")
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
