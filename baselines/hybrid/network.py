"""The sizes of the networks, which every member of a run keeps in ``network.json``."""

from __future__ import annotations

from dataclasses import dataclass

from baselines.hybrid.line_features import FEATURES
from baselines.hybrid.model import BUCKETS, HeadSizes, SpanScorer
from cmivqa_kit.neural.networks import EncoderConfig, NetworkSizes, Part, Width


@dataclass(frozen=True, slots=True)
class FrozenNetwork(NetworkSizes):
    """A head on lines of a frozen encoder."""

    width: Width
    projected: Width
    hidden: Width
    context: Width
    product: Width
    dropout: Part
    features: Width = FEATURES
    buckets: Width = BUCKETS

    @property
    def head(self) -> HeadSizes:
        """The sizes of the head."""
        return HeadSizes(
            self.width, self.features, self.projected, self.hidden, self.context, self.product, self.buckets,
            self.dropout,
        )  # fmt: skip

    def build(self) -> SpanScorer:
        """The network with random weights."""
        return SpanScorer(self.head)


@dataclass(frozen=True, slots=True)
class TunedNetwork(NetworkSizes):
    """A head and the encoder that is trained with it, its configuration as a plain dictionary."""

    encoder_field = "encoder"
    encoder: EncoderConfig
    projected: Width
    hidden: Width
    context: Width
    product: Width
    dropout: Part
    features: Width = FEATURES
    buckets: Width = BUCKETS

    @property
    def head(self) -> HeadSizes:
        """The sizes of the head."""
        return HeadSizes(
            self.encoder_config.hidden_size, self.features, self.projected, self.hidden, self.context, self.product,
            self.buckets, self.dropout,
        )  # fmt: skip

    def build(self) -> SpanScorer:
        """The network with random weights.

        Raises:
            UserError: a configuration that no encoder has.
        """
        return SpanScorer(self.head, self.encoder_config)
