"""What is drawn at random: how often each cluster is in a resample, and which clusters change sides.

Everything is made from the raw 64-bit words of one generator (SFC64), whose stream NumPy promises never to change
(NEP 19), unlike what its distributions make of it: a seed gives the same intervals with every NumPy. All functions
yield blocks of rows small enough for the processor's cache, and the rows do not depend on the size of the blocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 18  # entries of a block
ROWS = 16  # of a block at least: what the block is multiplied with is read once per block
EXACT = 1000  # clusters up to which resamples are drawn as in the textbook
_BOOTSTRAP, _SIGNS = 1, 2  # streams of one seed
Weights = NDArray[np.float64] | NDArray[np.float32]


def weights(clusters: int, resamples: int, seed: int) -> Iterator[Weights]:
    """How often each cluster is drawn: blocks (rows, ``clusters``), ``resamples`` rows in all.

    Up to `EXACT` clusters: as many draws with replacement as there are clusters (Efron, 1979). Above, each cluster is
    drawn a Poisson(1) number of times by itself, which takes a third of the time; with so many clusters the two give
    the same standard error to one part in a thousand, as long as a statistic is a ratio and does not mind that the
    number of draws varies (Hanley & MacGibbon, 2006; Chamandy et al., 2012).
    """
    yield from (_multinomial if clusters <= EXACT else _poisson)(clusters, resamples, seed)


def signs(clusters: int, arrangements: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Which clusters change sides: blocks (rows, ``clusters``) of 0.0 and 1.0, ``arrangements`` rows in all."""
    for words in _rows(clusters, 64, arrangements, np.random.SFC64([seed, _SIGNS])):
        bits = np.unpackbits(words.view(np.uint8), axis=1)
        yield bits[:, :clusters].astype(np.float64)


def _multinomial(clusters: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    for words in _rows(clusters, 2, resamples, np.random.SFC64([seed, _BOOTSTRAP])):
        # A 32-bit number times the number of clusters, without its lower half, is an even choice among them: uneven
        # by one part in four million at most.
        drawn = np.multiply(words.view(np.uint32)[:, :clusters], np.uint64(clusters), dtype=np.uint64)
        drawn >>= np.uint64(32)
        drawn += np.arange(len(drawn), dtype=np.uint64)[:, None] * np.uint64(clusters)
        counts = np.bincount(drawn.astype(np.intp).ravel(), minlength=len(drawn) * clusters)
        yield counts.reshape(len(drawn), clusters).astype(np.float64)


def _poisson(clusters: int, resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    for words in _rows(clusters, 4, resamples, np.random.SFC64([seed, _BOOTSTRAP])):
        yield _poisson_table().take(words.view(np.uint16)[:, :clusters]).astype(np.float32)


@cache
def _poisson_table() -> NDArray[np.uint8]:
    """The Poisson(1) number that each of the 65,536 values of 16 random bits stands for (0 to 8)."""
    chances = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(8)])
    limits = np.round(chances * 65536)
    return np.searchsorted(limits, np.arange(65536), side="right").astype(np.uint8)


def _rows(clusters: int, per_word: int, rows: int, generator: np.random.BitGenerator) -> Iterator[NDArray[np.uint64]]:
    """``rows`` rows of as many random words as ``clusters`` entries need; every row begins with a word of its own."""
    words = -(-clusters // per_word)
    at_once = max(ROWS, BLOCK // max(1, clusters))
    for done in range(0, rows, at_once):
        now = min(at_once, rows - done)
        yield np.asarray(generator.random_raw(now * words), dtype=np.uint64).reshape(now, words)
