"""Which language a text is of: small networks over the states of the pretrained encoder, against which NRCCR learns.

Source: docs/spec/nrccr.md, section 2.5.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from baselines.nrccr.layers import mean_over

CHANNELS = 128  # of the strong one
RESIDUAL = 0.3  # weight of the convolutions beside the skip path
REAL, FAKE = 1, 0  # labels of the source and of the translation


class Weak(nn.Module):
    """No body and one linear layer: (N, L, H) -> (N, 2)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.model: nn.Module = nn.Linear(hidden, 2)

    def body(self, states: Tensor) -> Tensor:
        """(N, L, H) -> (N, L, width of the head)."""
        return states

    def forward(self, states: Tensor, mask: Tensor, masked: bool) -> Tensor:
        """Logits (N, 2) of states (N, L, H) with their mask (N, L)."""
        return cast(Tensor, self.model(mean_over(self.body(states), mask, masked)))


class NotSoWeak(Weak):
    """No body and three linear layers."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden)
        widths = (hidden, 256, 128, 2)
        first, second, third = (nn.Linear(a, b) for a, b in pairwise(widths))
        self.model = nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), third)


class ResidualBlock(nn.Module):
    """Two convolutions along time beside a skip path, which carries relu(x): (N, channels, L) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(channels, channels, 5, padding=2)
        self.conv2 = nn.Conv1d(channels, channels, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, L) -> (N, channels, L)."""
        x = torch.relu(x)
        return x + RESIDUAL * cast(Tensor, self.conv2(torch.relu(self.conv1(x))))


class Strong(Weak):
    """Residual convolutions along time and one linear layer."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden)
        blocks = (ResidualBlock(CHANNELS) for _ in range(3))
        self.convolve = nn.Sequential(nn.Conv1d(hidden, CHANNELS, 1), *blocks)
        self.model = nn.Linear(CHANNELS, 2)

    def body(self, states: Tensor) -> Tensor:
        """(N, L, H) -> (N, L, `CHANNELS`)."""
        return cast(Tensor, self.convolve(states.transpose(1, 2))).transpose(1, 2)


KINDS: dict[str, type[Weak]] = {"weak": Weak, "not-so-weak": NotSoWeak, "strong": Strong}


class LanguageDiscriminator(nn.Module):
    """Logits of a text's states; with ``masked`` padding is neither seen nor averaged."""

    def __init__(self, kind: str, hidden: int, masked: bool) -> None:
        super().__init__()
        self.masked = masked
        self.discriminator = KINDS[kind](hidden)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """(N, L, H) states with their mask (N, L) -> logits (N, 2)."""
        states = states * mask[:, :, None] if self.masked else states
        return cast(Tensor, self.discriminator(states, mask, self.masked))


def label_loss(logits: Tensor, label: int) -> Tensor:
    """Binary cross-entropy of both logits of every row against one label: (N, 2) -> scalar."""
    return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def told(logits: Tensor, label: int) -> float:
    """The share of rows whose larger logit is that of the label, as the published log has it."""
    return float((logits.argmax(dim=1) == label).float().mean())
