"""What an encoder's folder asks for before its files are trusted: weights, and the memory of a network."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from torch import nn

from cmivqa_kit.damage import reading
from cmivqa_kit.neural.bounded_building import Shapes, shapes_of, state_shapes
from cmivqa_kit.neural.torch_files import load_torch_file
from cmivqa_kit.neural.weights import read_shapes

FIX = "Download the encoder again."
MORE = 4  # a network has at most so many times the numbers of its files, and `SPARE` beyond: what a checkpoint lacks
SPARE = 10_000_000


def require_possible_weights(folder: Path, build: Callable[[], nn.Module]) -> None:
    """Refuse a folder whose weights are damaged, or whose configuration asks for far more memory than they have.

    A name on the hub is left to its download.

    Raises:
        UserError: naming the file.
    """
    if not folder.is_dir():
        return
    shapes: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in (".safetensors", ".bin") and "training_args" not in path.name:
            shapes.update(_shapes(path))
    if not shapes:
        return
    with reading(folder / "config.json", "the configuration of these weights", FIX):
        own = shapes_of(build, len(shapes))
        asked, stored = (sum(map(math.prod, some.values())) for some in (own, shapes))
        if asked > MORE * stored + SPARE:
            raise ValueError(f"it asks for {asked:,} numbers, the weights have {stored:,}")


def _shapes(path: Path) -> Shapes:
    if path.suffix == ".safetensors":
        return read_shapes(path, FIX)
    with reading(path, "weights", FIX):
        content = load_torch_file(path)
        return state_shapes({name: value for name, value in content.items() if hasattr(value, "shape")})
