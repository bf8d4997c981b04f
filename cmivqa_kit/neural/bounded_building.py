"""A network is built only where the weights that belong into it fit: sizes are checked before memory is taken.

The sizes of a network are numbers in a file, and any of them may be damaged. So the network is first built on torch's
``meta`` device, which takes no memory, and its parameters are counted on the way; the weights are held against it; and
only then it is built for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

M = TypeVar("M", bound=nn.Module)
Shapes = Mapping[str, torch.Size]
SPARE = 64  # parameters that a network may have more than twice those of its file: what official files lack


class TooManyParameters(ValueError):
    """A network of these sizes has far more parameters than its file has tensors."""


def shapes_of(build: Callable[[], nn.Module], tensors: int) -> Shapes:
    """The shapes of the state of the network that ``build`` makes; no memory is taken for it.

    Args:
        build: makes the network.
        tensors: how many tensors lie in the file of its weights.

    Raises:
        TooManyParameters: the network has more than twice as many.
        Exception: whatever sizes that do not fit together end in.
    """
    with torch.random.fork_rng(devices=[]), _counted(2 * tensors + SPARE), torch.device("meta"):
        return {name: value.shape for name, value in build().state_dict().items()}


def state_shapes(state: Mapping[str, Tensor]) -> Shapes:
    """The shapes of tensors by name."""
    return {name: tensor.shape for name, tensor in state.items()}


@contextmanager
def _counted(most: int) -> Iterator[None]:
    count = 0

    def registered(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal count
        count += parameter is not None
        if count > most:
            raise TooManyParameters(f"a network of these sizes has more than {most} parameters")

    hook = register_module_parameter_registration_hook(registered)
    try:
        yield
    finally:
        hook.remove()
