"""The weights of a network as a safetensors file, written whole and read with errors that name the file."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from cmivqa_kit.errors import UserError, reason_of
from cmivqa_kit.files import atomic_path
from cmivqa_kit.foreign_content import stand_in


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
    try:
        model.load_state_dict(load_file(path))
    except (OSError, RuntimeError, ValueError) as error:
        _refuse_stand_in(path)
        raise UserError(
            f"{path}: cannot be loaded into this network ({reason_of(error)})", "Train again, or copy the run again."
        ) from error
    except Exception as error:  # safetensors raises an exception type of its own for damaged files
        _refuse_stand_in(path)
        raise UserError(f"{path}: damaged ({reason_of(error)})", "Train again, or copy the run again.") from error


def _refuse_stand_in(path: Path) -> None:
    content = stand_in(path)
    if content is not None:
        raise UserError(f"{path}: is {content.noun}", content.fix)


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
