"""The sizes of both networks, which a run keeps in ``network.json``; their names are the published options'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from baselines.nrccr.discriminators import KINDS
from baselines.nrccr.layers import QUERY_WIDTH
from baselines.nrccr.mlcmr import MLCMR, MultiLevelEncoder
from baselines.nrccr.model import NRCCR, ImageEncoder, VideoEncoder
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import config_of, whole_number
from cmivqa_kit.neural.networks import EncoderConfig, NetworkSizes, Part, Width, one_name_of

PUBLISHED_BERT = "bert-base-multilingual-cased"
PADDING = ("published", "masked")
CLIP = "clip"


def _are_widths(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and all(map(whole_number, value))


def _are_two_widths(value: Any) -> bool:
    return _are_widths(value) and len(value) == 2


Padding = Annotated[str, one_name_of(*PADDING)]
Widths = Annotated[Sequence[int], _are_widths]
TwoWidths = Annotated[Sequence[int], _are_two_widths]


@dataclass(frozen=True, slots=True)
class CommonSpace(NetworkSizes):
    """What the networks of both systems have.

    Attributes:
        bert: configuration of the pretrained text encoder; a BERT unless it says otherwise.
        visual_feat_dim: D.
        visual_mapping_layers: widths in and out of the videos' mapping.
        text_mapping_layers: widths in and out of the texts' mapping.
        dropout: of the mappings.
        padding: "published": padding counts in every mean; "masked": it does not.
    """

    encoder_field = "bert"
    bert: EncoderConfig
    visual_feat_dim: Width
    visual_mapping_layers: TwoWidths
    text_mapping_layers: TwoWidths
    dropout: Part = 0.2
    padding: Padding = "published"

    @property
    def encoder_config(self) -> Any:
        """The Hugging Face configuration of the text encoder.

        Raises:
            UserError: values that no configuration of this type takes.
        """
        return config_of({"model_type": "bert", **self.bert})

    @property
    def masked(self) -> bool:
        """True where padding has no part in means."""
        return self.padding == "masked"

    @property
    def mappings(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The widths of the mappings of videos and of texts."""
        (video, space), (text, other) = self.visual_mapping_layers, self.text_mapping_layers
        return (video, space), (text, other)


@dataclass(frozen=True, slots=True)
class NRCCRNetwork(CommonSpace):
    """The constructor values of `NRCCR`.

    Attributes:
        model_type: "video" or "img".
        img_encoder: "clip" for rows of CLIP; any other name for rows that are projected with a ReLU behind.
        video_pooling: "mean", or the largest.
        disc_type: the discriminator.
    """

    needs = (
        'It needs {"bert": {...}, "visual_feat_dim": D, "visual_mapping_layers": [1024, 1536], "text_mapping_layers": '
        "[768, 1536]}; model_type: video, img; disc_type: weak, not-so-weak, strong; padding: published, masked."
    )
    text_hidden_size: Width = 768
    text_num_attention: Width = 8
    video_hidden_size: Width = 1024
    video_num_attention: Width = 8
    model_type: Annotated[str, one_name_of("video", "img")] = "video"
    img_encoder: str = "resnet_152"
    video_pooling: str = "mean"
    disc_type: Annotated[str, one_name_of(*KINDS)] = "weak"

    def build(self) -> NRCCR:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        visual, text = self.mappings
        self._check_heads("text", self.text_hidden_size, self.text_num_attention)
        if self.model_type == "video":
            self._check_heads("video", self.video_hidden_size, self.video_num_attention)
        return NRCCR(
            self.encoder_config, self._visual_encoder(), self.text_hidden_size, self.text_num_attention, visual, text,
            self.disc_type, self.dropout, self.masked,
        )  # fmt: skip

    def _visual_encoder(self) -> VideoEncoder | ImageEncoder:
        if self.model_type == "img":
            return ImageEncoder(self.visual_feat_dim, self.visual_mapping_layers[0], self.img_encoder != CLIP)
        hidden, heads = self.video_hidden_size, self.video_num_attention
        return VideoEncoder(self.visual_feat_dim, hidden, heads, self.video_pooling, self.masked)

    @staticmethod
    def _check_heads(of: str, hidden: int, heads: int) -> None:
        if hidden % heads or QUERY_WIDTH % heads:
            raise UserError(
                f"{of}_num_attention = {heads}: must divide {of}_hidden_size ({hidden}) and {QUERY_WIDTH}",
                f"Give a divisor of both; published: 8 with {of}_hidden_size {768 if of == 'text' else 1024}.",
            )


@dataclass(frozen=True, slots=True)
class MLCMRNetwork(CommonSpace):
    """The constructor values of `MLCMR`.

    Attributes:
        visual_rnn_size: hidden size of the recurrent network, per direction.
        visual_kernel_num: filters per kernel.
        visual_kernel_sizes: of the convolutions, in frames.
        gru_pool: "mean" or "max".
    """

    needs = (
        'It needs {"bert": {...}, "visual_feat_dim": D, "visual_mapping_layers": [3072 + D, 1536], '
        '"text_mapping_layers": [768, 1536]}; gru_pool: mean, max; padding: published, masked.'
    )
    visual_rnn_size: Width = 512
    visual_kernel_num: Width = 512
    visual_kernel_sizes: Widths = (2, 3, 4, 5)
    gru_pool: Annotated[str, one_name_of("mean", "max")] = "mean"

    def build(self) -> MLCMR:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        visual, text = self.mappings
        sizes = tuple(self.visual_kernel_sizes)
        width = levels_width(self.visual_feat_dim, self.visual_rnn_size, self.visual_kernel_num, len(sizes))
        if visual[0] != width:
            raise UserError(
                f"visual_mapping_layers begins with {visual[0]}; the levels of a video make {width}", self.needs
            )
        encoder = MultiLevelEncoder(
            self.visual_feat_dim, self.visual_rnn_size, self.visual_kernel_num, sizes, self.gru_pool, self.dropout,
            self.masked,
        )  # fmt: skip
        return MLCMR(self.encoder_config, encoder, visual, text, self.dropout, self.masked)


def levels_width(features: int, recurrent: int, kernels: int, sizes: int) -> int:
    """The width of a video's levels side by side."""
    return 2 * recurrent + kernels * sizes + features
