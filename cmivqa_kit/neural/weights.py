"""The weights of a network as a safetensors file, written whole and read with errors that name the file."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cmivqa_kit.damage import COPY_AGAIN, reading, short_reason
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path
from cmivqa_kit.neural.bounded_building import Shapes


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights of a network as safetensors, whole or not at all.

    Raises:
        RunFailed: the disk is full.
    """
    with atomic_path(path) as temporary:
        write_tensors(plain_tensors(model.state_dict()), temporary, {"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Read weights written by `save_weights`.

    Raises:
        UserError: the file is missing, damaged, or of another network.
    """
    tensors = read_tensors(path)
    try:
        model.load_state_dict(tensors)
    except Exception as error:  # names, shapes and types that are not the network's
        raise UserError(f"{path}: cannot be loaded into this network ({short_reason(error)})", COPY_AGAIN) from error


def read_tensors(path: Path, fix: str = COPY_AGAIN) -> dict[str, Tensor]:
    """The tensors of a safetensors file; its reader holds every size against the file before it takes memory.

    Raises:
        UserError: the file is missing or damaged; it says ``fix``.
    """
    with reading(path, "weights", fix):
        return load_file(path)


def read_shapes(path: Path, fix: str = COPY_AGAIN) -> Shapes:
    """The shapes of the tensors of a safetensors file, by name; only its header is read.

    Raises:
        UserError: the file is missing or damaged; it says ``fix``.
    """
    with reading(path, "weights", fix), safe_open(path, framework="pt") as stream:
        return {name: torch.Size(stream.get_slice(name).get_shape()) for name in stream.keys()}  # noqa: SIM118


def write_tensors(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write tensors as a safetensors file.

    Raises:
        OSError: the disk is full.
    """
    try:
        save_file(tensors, path, metadata=metadata)
    except SafetensorError as error:  # its own name for a full disk
        raise OSError(str(error)) from error


def plain_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the CPU; safetensors refuses tensors that share memory."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
