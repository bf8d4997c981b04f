"""Heads become windows in seconds: scores, order, the grid and the limit of a benchmark, temporal NMS.

Source: docs/spec/mesm.md, sections 4.1 and 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.mesm.model import FOREGROUND

Windows = NDArray[np.float64]  # (w, 3): start and end in seconds, score


@dataclass(frozen=True, slots=True)
class WindowRules:
    """How a benchmark's windows are finished.

    Attributes:
        clip: seconds of a clip; windows begin and end between clips. -1: anywhere.
        limit: seconds; no window reaches beyond.
    """

    clip: float = -1.0
    limit: float = 150.0


@dataclass(frozen=True, slots=True)
class NmsRules:
    """Temporal non-maximum suppression: ``threshold`` of overlap, how many windows go in and out."""

    threshold: float
    before: int = 10
    after: int = 10


def decode(
    logits: NDArray[np.float32], windows: NDArray[np.float32], duration: float, in_order: bool = True
) -> Windows:
    """The windows of a query, to four decimals as the published program writes them.

    Args:
        logits: (S, 2), the foreground first.
        windows: (S, 2), centre and width in shares of the video.
        duration: of the video in seconds.
        in_order: best first; else as the slots stand.
    """
    shifted = logits - logits.max(-1, keepdims=True)
    shares = np.exp(shifted) / np.exp(shifted).sum(-1, keepdims=True)
    centre, half = windows[:, 0], windows[:, 1] * np.float32(0.5)
    edges = np.stack((centre - half, centre + half), axis=1) * np.float32(duration)
    table = np.concatenate((edges, shares[:, FOREGROUND : FOREGROUND + 1]), axis=1).astype(np.float64)
    if in_order:
        table = table[np.argsort(-table[:, 2], kind="stable")]
    return four_decimals(table)


def finish(windows: Windows, rules: WindowRules) -> Windows:
    """Windows within the limit and on the grid of clips; times become float32, as published (Q11)."""
    times = windows[:, :2].astype(np.float32).clip(0, np.float32(rules.limit))
    if rules.clip != -1:
        clip = np.float32(rules.clip)
        times = np.round(times / clip) * clip
    return np.concatenate((times.astype(np.float64), four_decimals(windows[:, 2:])), axis=1)


def suppress(windows: Windows, rules: NmsRules) -> Windows:
    """Windows without those that a better one overlaps by more than the threshold: intersection by hull."""
    windows = windows[: rules.before]
    if len(windows) <= 1:
        return windows
    rest = windows[np.argsort(-windows[:, 2], kind="stable")]
    chosen: list[NDArray[np.float64]] = []
    while len(rest) and len(chosen) < rules.after:
        best, rest = rest[0], rest[1:]
        chosen.append(best)
        inner = (np.minimum(best[1], rest[:, 1]) - np.maximum(best[0], rest[:, 0])).clip(0)
        hull = np.maximum(best[1], rest[:, 1]) - np.minimum(best[0], rest[:, 0])
        overlap = np.divide(inner, hull, out=np.zeros_like(inner), where=hull != 0)
        rest = rest[overlap <= rules.threshold]
    return np.stack(chosen)


def four_decimals(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every value as its text of four decimals says."""
    rounded = np.array([float(f"{value:.4f}") for value in values.ravel()])
    return rounded.reshape(values.shape)
