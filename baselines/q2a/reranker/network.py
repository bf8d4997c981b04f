"""The re-ranker's network: a frozen text encoder, frames brought to its width, and Q2A's network behind them.

Letters as in `baselines.q2a.model`; F numbers in a frame of the features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from baselines.q2a.model import Context, Step, StepNetwork
from baselines.q2a.network import Network
from cmivqa_kit.neural.encoders import new_encoder
from cmivqa_kit.neural.networks import EncoderConfig, Width

ENCODER = "encoder"  # the module, and the field of `RerankerSizes`


class Watched(NamedTuple):
    """A video as candidates meet it: its script and the frames that the script attends, (S, D) each."""

    script: Tensor
    video: Tensor


class Group(NamedTuple):
    """The candidates of a list that lie in one video.

    Attributes:
        video: its id.
        texts: (A, D), what is said in each.
        frames: (A, F), what is seen in each.
        places: (A,), where each stands in the list.
    """

    video: str
    texts: Tensor
    frames: Tensor
    places: Tensor

    def to(self, device: torch.device) -> Group:
        """The group on a device."""
        return Group(self.video, self.texts.to(device), self.frames.to(device), self.places.to(device))


class RerankerNetwork(nn.Module):
    """Scores candidates of several videos with Q2A's network, each video a sample of one step.

    Everything that an official checkpoint has lies below ``model``.
    """

    def __init__(self, encoder: nn.Module, frame_dim: int, dim: int, model: StepNetwork) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.frames = nn.Linear(frame_dim, dim) if frame_dim != dim else nn.Identity()
        self.model = model

    def watched(self, frames: Tensor, script: Tensor) -> Watched:
        """A video of (T, F) frames and (S, D) lines; the same for every question."""
        said, seen = self.model.watched(self.frames(frames), script)
        return Watched(said, seen)

    def forward(self, question: Tensor, groups: Sequence[Group], videos: Mapping[str, Watched]) -> Tensor:
        """Logits of the candidates of a list, (N,), comparable across its videos.

        Args:
            question: (1, D).
            groups: the candidates by video.
            videos: those of all groups.
        """
        asked = self.model.mlp_t(question)
        logits, places = [], []
        for group in groups:
            step = Step(group.texts, self.frames(group.frames)[:, None])
            vectors = self.model.candidates(Context(*videos[group.video], asked), step)
            logits.append(self.model.scored(vectors, self.model.state)[0])
            places.append(group.places)
        joined = torch.cat(logits)
        return torch.empty_like(joined).scatter(0, torch.cat(places), joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankerSizes(Network):
    """Sizes of a re-ranker: those of Q2A's network, the encoder's configuration, and F."""

    encoder_field = ENCODER
    encoder: EncoderConfig
    frame_dim: Width

    def build(self) -> RerankerNetwork:  # type: ignore[override]  # another network around that of the base
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        own: dict[str, Any] = {name: value for name, value in asdict(self).items() if name in Network.__slots__}
        return RerankerNetwork(new_encoder(self.encoder_config), self.frame_dim, self.dim, Network(**own).build())
