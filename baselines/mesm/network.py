"""The sizes of the network, which a run keeps in ``network.json``; they have the names of the official options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from baselines.mesm.model import MESM
from baselines.mesm.text_encoders import ClipText, PretrainedText, WordTable
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import new_encoder, whole_number
from cmivqa_kit.neural.networks import EncoderConfig, Flag, NetworkSizes, Part, Width, WidthOrZero, one_name_of
from cmivqa_kit.runs.directory import NETWORK, RunDirectory

NONE, GLOVE, CLIP, PRETRAINED = "none", "glove", "clip", "pretrained"
PUBLISHED, CORRECT = "published", "correct"
QVHIGHLIGHTS, CHALLENGE = "qvhighlights", "cmivqa"
SPECIAL_CLASSES = {
    NONE: 1,
    GLOVE: 1,
    CLIP: 3,
    PRETRAINED: 1,
}  # beside the labelled words: unknown; for CLIP also start and end
# CLIP ViT-B/32, as OpenAI published it; its heads are not in the weights.
CLIP_SIZES = {"embed_dim": 512, "context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}


def _is_clip(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and value.keys() >= CLIP_SIZES.keys() and all(
        whole_number(value[name]) for name in CLIP_SIZES
    ))  # fmt: skip


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


@dataclass(frozen=True, slots=True)
class Network(NetworkSizes):
    """The constructor values of `MESM`.

    The defaults are those of the five published configurations. ``v_feat_dim`` counts the two temporal channels.
    ``dataset_name``: with ``qvhighlights`` a sentence is reconstructed from all segments of a source.
    ``text_encoder``: ``none`` (vectors are given), ``glove`` (ids of ``glove_vocab`` words) or ``clip`` (token ids;
    ``clip`` has its sizes). ``cross_sample_mask``: ``published`` lets the padding of other queries hide clips.
    """

    needs = (
        'It needs {"v_feat_dim": ..., "t_feat_dim": ...}, and where they differ from the published ones the other '
        "options by their official names."
    )
    v_feat_dim: Width
    t_feat_dim: Width
    dataset_name: Annotated[str, _is_text] = "charades"
    hidden_dim: Width = 256
    nheads: Width = 8
    dim_feedforward: Width = 1024
    num_queries: Width = 10
    max_words_l: Width = 16
    vocab_size: WidthOrZero = 1111
    num_recfw_layers: Width = 2
    num_recss_layers: Width = 4
    t2v_layers: Width = 2
    enc_layers: Width = 2
    dec_layers: Width = 2
    n_input_proj: Width = 2
    dropout: Part = 0.1
    input_dropout: Part = 0.5
    share_MLP: Flag = True  # noqa: N815 - the official option
    rec_fw: Flag = True
    rec_ss: Flag = True
    use_txt_pos: Flag = False
    normalize_txt: Flag = True
    text_encoder: Annotated[str, one_name_of(NONE, GLOVE, CLIP, PRETRAINED)] = NONE
    glove_vocab: WidthOrZero = 0
    clip: Annotated[Mapping[str, int] | None, _is_clip] = None
    cross_sample_mask: Annotated[str, one_name_of(PUBLISHED, CORRECT)] = PUBLISHED

    @property
    def classes(self) -> int:
        """Classes of masked words."""
        return self.vocab_size + SPECIAL_CLASSES[self.text_encoder]

    def build(self) -> MESM:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """
        if self.hidden_dim % self.nheads or self.hidden_dim % 4:
            raise UserError(
                f"hidden_dim = {self.hidden_dim} cannot be shared out among {self.nheads} heads and 4 kinds of waves",
                "Give a multiple of both, in training: --set model.dim=256",
            )
        return MESM(
            self.v_feat_dim, self.t_feat_dim, self.hidden_dim, self.nheads, self.dim_feedforward, self.num_queries,
            self.max_words_l, self.classes, self.num_recfw_layers, self.num_recss_layers, self.t2v_layers,
            self.enc_layers, self.dec_layers, self.n_input_proj, self.dropout, self.input_dropout, self.share_MLP,
            self.rec_fw, self.rec_ss, self.use_txt_pos, self.normalize_txt, self.dataset_name == QVHIGHLIGHTS,
            self.cross_sample_mask == CORRECT, self._text_encoder(),
        )  # fmt: skip

    def _text_encoder(self) -> ClipText | PretrainedText | WordTable | None:
        if self.text_encoder == NONE:
            return None
        if self.text_encoder == GLOVE:
            if not self.glove_vocab:
                raise UserError("text_encoder = glove, and glove_vocab is 0", "Give the number of its words.")
            return WordTable(self.glove_vocab, self.t_feat_dim)
        sizes = {name: (self.clip or CLIP_SIZES)[name] for name in CLIP_SIZES}
        if sizes["width"] != self.t_feat_dim or sizes["width"] % sizes["heads"]:
            raise UserError(
                f"CLIP's width {sizes['width']} is not t_feat_dim {self.t_feat_dim}, or no multiple of its "
                f"{sizes['heads']} heads", "Give the sizes of the CLIP it was trained with."
            )  # fmt: skip
        return ClipText(**sizes)


@dataclass(frozen=True, slots=True)
class ChallengeNetwork(Network):
    """The constructor values of a `MESM` of the challenge: its words are the states of a frozen pretrained encoder."""

    encoder_field: ClassVar[str] = "text_config"
    text_config: EncoderConfig = field(default_factory=dict)

    def _text_encoder(self) -> PretrainedText:
        return PretrainedText(new_encoder(self.encoder_config))


def sizes_of(run: RunDirectory) -> type[Network]:
    """The class of a run's sizes: those with a pretrained encoder were trained on a corpus of the challenge."""
    document = run.read(NETWORK)
    challenge = isinstance(document, Mapping) and document.get("text_encoder") == PRETRAINED
    return ChallengeNetwork if challenge else Network
