"""Made-up visual features that look like I3D and carry a faint trace of what is being shown.

A row is a fixed random projection of the topic and of the words of the current step, plus noise. Only integer sums and
single correctly rounded operations are used (no matrix product, no logarithm), and the randomness is SHAKE-256: that is
what makes the bytes equal on every machine and numpy.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from functools import cache
from hashlib import shake_256

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.demo.text import Passage
from cmivqa_kit.data.types import Subtitle

WIDTH = 1024
MEAN, SPREAD = 0.3, 0.25
TOPIC, STEP, VIDEO, NOISE = 0.3, 0.3, 0.4, 1.2  # parts of each source in a row: one row alone often misleads
_UNIT = 256 / math.sqrt(12)  # standard deviation of a uniform byte
_WORD = re.compile(r"[a-z]+|[\u4e00-\u9fff]{2}")


def feature_rows(
    video_id: str, topic: str, passages: Sequence[Passage], placed: Sequence[Sequence[Subtitle]]
) -> NDArray[np.float32]:
    """The (T, 1024) float32 features of a video, one row per started second, T = ceil(end of the last line)."""
    seconds = math.ceil(placed[-1][-1].end)
    starts = [lines[0].start for lines in placed]
    base = TOPIC * _bytes(f"topic {topic}", 1)[0] + VIDEO * _bytes(f"video {video_id}", 1)[0]
    shown = [base + STEP * _words_pattern(passage) for passage in passages]
    noise = NOISE * _bytes(f"noise {video_id}", seconds)
    rows = np.empty((seconds, WIDTH), np.float64)
    current = 0
    for second in range(seconds):
        while current + 1 < len(starts) and starts[current + 1] <= second + 0.5:
            current += 1
        rows[second] = shown[current] + noise[second]
    return np.maximum(MEAN + rows * (SPREAD / _UNIT), 0.0).astype("<f4")


def npy_bytes(array: NDArray[np.float32]) -> bytes:
    """``array`` as the content of an .npy file (format 1.0, little-endian)."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array, dtype="<f4"), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _words_pattern(passage: Passage) -> NDArray[np.float64]:
    """The bag of words of a step, projected; talk between the steps looks alike everywhere."""
    text = " ".join(passage.lines).lower() if passage.step else "talking to the camera"
    words = _WORD.findall(text)
    total = np.zeros(WIDTH, np.int64)
    for word in words:
        total += _word(word)
    return total / math.sqrt(len(words))


@cache
def _word(word: str) -> NDArray[np.int8]:
    pattern: NDArray[np.int8] = _bytes(f"word {word}", 1)[0]
    return pattern


def _bytes(key: str, rows: int) -> NDArray[np.int8]:
    """(rows, 1024) uniform signed bytes that depend on ``key`` alone."""
    data = shake_256(key.encode()).digest(rows * WIDTH)
    return np.frombuffer(data, np.int8).reshape(rows, WIDTH)
