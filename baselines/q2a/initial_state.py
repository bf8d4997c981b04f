"""The numbers that a GPU's generator gives first after a seed: the initial state of the published baseline.

The published program draws its initial state on the GPU and stores it nowhere; whoever reads its checkpoints has to
draw it again, on whatever machine. Source: docs/spec/q2a.md, section 3.6 (Philox-4x32-10, Box-Muller).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
ROUNDS = 10
LOW = 0xFFFFFFFF  # the low 32 bits
Words = NDArray[np.uint64]


def first_gpu_normals(seed: int, count: int) -> Tensor:
    """The first ``count`` standard-normal numbers of torch's CUDA generator, (count,) float32.

    True for as many numbers as a launch has threads, which are tens of thousands: each is the first of its own thread.
    """
    first, second = philox_words(seed, count)
    uniform, angle = (words / 2**32 + 2.0**-33 for words in (first, second))
    return torch.from_numpy((np.sqrt(-2 * np.log(uniform)) * np.sin(2 * np.pi * angle)).astype(np.float32))


def philox_words(seed: int, count: int) -> tuple[Words, Words]:
    """The first two 32-bit words of each of ``count`` threads, (count,) each."""
    zeros = np.zeros(count, np.uint64)
    words = [zeros, zeros, np.arange(count, dtype=np.uint64), zeros]
    keys = [seed & LOW, (seed >> 32) & LOW]
    for _ in range(ROUNDS):
        products = [words[0] * np.uint64(MULTIPLIERS[0]), words[2] * np.uint64(MULTIPLIERS[1])]
        (high, low), (other_high, other_low) = (
            (product >> np.uint64(32), product & np.uint64(LOW)) for product in products
        )
        words = [other_high ^ words[1] ^ np.uint64(keys[0]), other_low, high ^ words[3] ^ np.uint64(keys[1]), low]
        keys = [(key + step) & LOW for key, step in zip(keys, KEY_STEPS, strict=True)]
    return words[0], words[1]
