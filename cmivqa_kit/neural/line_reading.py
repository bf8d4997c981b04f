"""The lines of a video as rows of tokens: each is read beside its neighbours, and is a run of its row's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.neural.tokens import Ids, TextReader


class LineBlock(NamedTuple):
    """Neighbouring lines of a video as one row of tokens; ``bounds`` (lines + 1,) say where each begins in ``ids``."""

    ids: Ids
    bounds: tuple[int, ...]


class TokenPart(NamedTuple):
    """The tokens ``begin`` to ``stop - 1`` of a row of a batch."""

    row: int
    begin: int
    stop: int


def line_blocks(
    lines: Sequence[Ids], reader: TextReader, tokens: int, prefix: Ids = (), shift: int = 0
) -> list[LineBlock]:
    """The lines of a video in rows of at most ``tokens`` tokens, special ones included; a longer line is cut.

    Args:
        lines: token ids of each.
        reader: of the encoder.
        tokens: of a row at most.
        prefix: stands before the lines of each row.
        shift: tokens by which the first row is shorter: other lines then stand together.
    """
    begin = 1 + len(prefix)
    room = max(1, min(tokens, reader.limit or tokens) - begin - 1)
    blocks: list[LineBlock] = []
    ids: list[int] = []
    bounds = [begin]

    def close() -> None:
        if len(bounds) > 1:
            blocks.append(LineBlock((reader.special.cls, *prefix, *ids, reader.special.sep), tuple(bounds)))

    most = max(1, room - shift)
    for line in lines:
        if ids and len(ids) + len(line) > most:
            close()
            ids, bounds, most = [], [begin], room
        ids += line[: room - len(ids)]
        bounds.append(begin + len(ids))
    close()
    return blocks


def line_parts(blocks: Sequence[LineBlock]) -> list[TokenPart]:
    """Where the tokens of every line stand, block by block."""
    return [TokenPart(row, begin, stop) for row, block in enumerate(blocks) for begin, stop in pairwise(block.bounds)]


def lengths_of(parts: Sequence[TokenPart]) -> NDArray[np.int64]:
    """(parts,) how many tokens each has."""
    return np.array([part.stop - part.begin for part in parts], np.int64)


def token_places(parts: Sequence[TokenPart], length: int) -> Tensor:
    """(tokens,) int64: where the tokens of all parts stand in padded rows of ``length`` that lie end to end."""
    runs = [np.arange(part.row * length + part.begin, part.row * length + part.stop) for part in parts]
    return torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *runs]))


def mean_weights(parts: Sequence[TokenPart], length: int, rows: int) -> Tensor:
    """(parts, rows * length): what each token of padded rows adds to the mean of each part; zeros for an empty one."""
    weights = torch.zeros(len(parts), rows * length)
    for number, (row, begin, stop) in enumerate(parts):
        weights[number, row * length + begin : row * length + stop] = 1 / max(1, stop - begin)
    return weights
