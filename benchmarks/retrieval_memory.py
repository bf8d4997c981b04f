"""Measures of retrieval in both directions on a large test set: processor time and memory, from embeddings.

Run: ``python benchmarks/retrieval_memory.py [--size 12000] [--width 512]``. The matrix of all errors is never whole in
memory; ``--whole`` makes it, as the published program does (numpy's sort of every row and column), for comparison.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.benchmarks.retrieval import RetrievalRanks, normalised, of_embeddings, retrieval_ranks

MIB = 1 << 20


def whole(captions: NDArray[np.float64], videos: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks in both directions by sorting the whole matrix; caption i is of video i."""
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (captions, videos))
    scores = left @ right.T
    scores -= scores.min()
    scores /= scores.max()
    ranks = []
    for matrix in (-scores, -scores.T):
        order = np.argsort(matrix, axis=1, kind="stable")
        ranks.append(np.array([int(np.flatnonzero(row == at)[0]) + 1 for at, row in enumerate(order)]))
    return ranks[0], ranks[1]


def streamed(captions: NDArray[np.float64], videos: NDArray[np.float64]) -> RetrievalRanks:
    """Ranks in both directions by the kit."""
    return retrieval_ranks(normalised(of_embeddings(captions, videos)), np.arange(len(captions)))


def timed(function: Callable[[], object]) -> tuple[float, object]:
    """Processor seconds of a call, and its result."""
    begin = time.process_time()
    result = function()
    return time.process_time() - begin, result


def main() -> None:
    """Print one line per way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=12_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    drawn = np.random.default_rng(0)
    captions, videos = (drawn.standard_normal((options.size, options.width)) for _ in range(2))
    seconds, ranks = timed(lambda: streamed(captions, videos))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    matrix = options.size**2 * 8 / MIB
    size = f"{options.size:,} x {options.size:,}"
    print(f"kit, in blocks   {size}: {seconds:6.1f} s, peak {peak:,.0f} MiB (the matrix alone: {matrix:,.0f} MiB)")
    if options.whole:
        seconds_whole, (of_videos, of_captions) = timed(lambda: whole(captions, videos))  # type: ignore[misc]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
        same = np.array_equal(of_videos, ranks.of_videos) and np.array_equal(of_captions, ranks.of_captions)  # type: ignore[attr-defined]
        print(f"whole, by sorting {size}: {seconds_whole:6.1f} s, peak {peak:,.0f} MiB; the same ranks: {same}")
        print(f"ratio {seconds_whole / seconds:.2f}")


if __name__ == "__main__":
    main()
