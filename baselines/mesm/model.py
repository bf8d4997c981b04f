"""The network: a query's words and a video's clips become windows with scores, and a saliency for each clip.

Letters: B queries, G videos, L clips, V width of a clip's features, W word positions, T width of a word's, D channels,
S slots. Masks are True on valid positions. The names of the modules are those of the official checkpoints. Source:
docs/spec/mesm.md, sections 2.3 to 2.5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from baselines.mesm.decoder import Decoder, DetectionTransformer, Encoder, Memory, Slots, logit
from baselines.mesm.layers import (
    MLP,
    CrossEncoder,
    CrossLayers,
    LinearLayer,
    TextPositions,
    projection,
    sine_positions,
)
from baselines.mesm.text_encoders import ClipText, PretrainedText, TextFeatures, WordTable, given_features

FOREGROUND = 0  # the class of a slot that holds an answer (Q10)


class MaskedWords(NamedTuple):
    """What the masked-word branch is asked: it sees the clips of the moment, and guesses all words.

    Attributes:
        clips: (B, L), True within the moment.
        masked: (B, W), True on words that are covered.
        unknown: (B, W), True on words without a label.
    """

    clips: Tensor
    masked: Tensor
    unknown: Tensor


class Heads(NamedTuple):
    """Logits (B, S, 2), of which the first is the foreground, and windows (B, S, 2), centre and width in (0, 1)."""

    logits: Tensor
    windows: Tensor


class Encoded(NamedTuple):
    """The clips of a video beside the words of a query.

    Attributes:
        enhanced: (B, L, D), clips after they looked at the words.
        aligned: (B, L, D), after they looked at words and reconstructed sentence.
        memory: after they looked at each other.
        saliency: (B, L), how well a clip shows what is asked for.
    """

    enhanced: Tensor
    aligned: Tensor
    memory: Memory
    saliency: Tensor


class Output(NamedTuple):
    """What the network says.

    Attributes:
        layers: heads on every layer of the decoder; the last one is the prediction.
        positive: clips beside the words of their own query.
        slots: states of the decoder.
        clips: (B, L, D), projected video.
        positions: (B, L, D), of the clips.
        words: (B, W, D), projected words.
        sentence: (B, D) reconstructed from the video; ``None`` without ``rec_ss``.
        expanded: (B, 1 + W, D), the sentence in front of the words; without it the words.
        expanded_mask: (B, 1 + W).
        negative: clips beside the words of a query of another video; ``None`` where none were given.
        word_logits: (B, W, classes); ``None`` where no words were masked.
    """

    layers: tuple[Heads, ...]
    positive: Encoded
    slots: Slots
    clips: Tensor
    positions: Tensor
    words: Tensor
    sentence: Tensor | None
    expanded: Tensor
    expanded_mask: Tensor
    negative: Encoded | None = None
    word_logits: Tensor | None = None


class SentenceReconstructor(nn.Module):
    """SS-MESM: the sentence of a query from the video alone.

    The published network lays a learned token over the query's own sentence, in a row of all sentences of the video.
    Rows do not see each other, so the token's row is all that there is to compute (Q3).
    """

    def __init__(self, layers: CrossLayers, dim: int, dropout: float) -> None:
        super().__init__()
        self.recon_trans = layers
        self.output_sent_proj = nn.Sequential(  # in every official checkpoint, used by nothing (Q5)
            LinearLayer(dim, dim, dropout, relu=True), LinearLayer(dim, dim, dropout, relu=False)
        )
        self.masked_sent_token = nn.Parameter(torch.zeros(dim))

    def forward(self, clips: Tensor, mask: Tensor, counts: Tensor) -> Tensor:
        """(B, K, D) clips of each query's video -> (B, D), of length 1; ``counts`` (G,) are the queries of a video."""
        size = len(clips)
        total = counts.repeat_interleave(counts)  # queries of the video of each query
        place = torch.cat([torch.arange(count, device=clips.device) for count in counts.tolist()])
        tokens = self.masked_sent_token.expand(size, 1, -1)
        rows = self.recon_trans(tokens, (place[:, None] < total)[..., None], clips, mask)
        return functional.normalize(rows[:, 0], dim=-1)


class MESM(nn.Module):
    """Modal-enhanced semantic modeling: clips are enhanced by words, words by a reconstructed sentence, then aligned.

    Args:
        v_feat_dim: V, the two temporal channels included.
        t_feat_dim: T.
        hidden_dim: D.
        nheads: of attention.
        dim_feedforward: of all feed-forward branches.
        num_queries: S.
        max_words_l: W.
        classes: of masked words.
        num_recfw_layers: of the enhancer.
        num_recss_layers: of the reconstructor.
        t2v_layers: of the aligner.
        enc_layers: of the transformer's encoder.
        dec_layers: of its decoder.
        n_input_proj: linear layers of the projections.
        dropout: of everything but the projections.
        input_dropout: of the projections.
        share_mlp: False: the enhancer has a second feed-forward branch for masked words.
        rec_fw: clips are enhanced by words, and masked words are guessed from clips.
        rec_ss: the sentence is reconstructed.
        use_txt_pos: words have learned positions.
        normalize_txt: vectors of words are divided by their length.
        whole_source: the sentence is reconstructed from all clips of all queries of a video (QVHighlights, where a
            query has a segment of it), not from those of the query.
        correct_mask: padding hides itself alone; False as published: padding of other queries is hidden too (Q1).
        text_encoder: what makes features of word ids; ``None`` where features are given.
    """

    def __init__(
        self,
        v_feat_dim: int,
        t_feat_dim: int,
        hidden_dim: int,
        nheads: int,
        dim_feedforward: int,
        num_queries: int,
        max_words_l: int,
        classes: int,
        num_recfw_layers: int,
        num_recss_layers: int,
        t2v_layers: int,
        enc_layers: int,
        dec_layers: int,
        n_input_proj: int,
        dropout: float,
        input_dropout: float,
        share_mlp: bool,
        rec_fw: bool,
        rec_ss: bool,
        use_txt_pos: bool,
        normalize_txt: bool,
        whole_source: bool,
        correct_mask: bool,
        text_encoder: ClipText | PretrainedText | WordTable | None = None,
    ) -> None:
        super().__init__()
        dim = self.dim = hidden_dim
        self.max_words_l, self.rec_fw, self.use_txt_pos = max_words_l, rec_fw, use_txt_pos
        self.normalize_txt, self.whole_source = normalize_txt, whole_source
        self.text_encoder = text_encoder

        def cross(layers: int, branches: int = 1) -> CrossLayers:
            return CrossLayers(layers, dim, nheads, dim_feedforward, dropout, correct_mask, branches)

        self.global_rep_token = nn.Parameter(torch.randn(dim))
        self.global_rep_pos = nn.Parameter(torch.randn(dim))
        self.masked_token = nn.Parameter(torch.zeros(t_feat_dim))
        self.unknown_token = nn.Parameter(torch.zeros(t_feat_dim))
        self.enhance_encoder = CrossEncoder(cross(num_recfw_layers, 1 if share_mlp else 2))
        self.t2v_encoder = CrossEncoder(cross(t2v_layers))
        self.transformer = DetectionTransformer(
            Encoder(enc_layers, dim, nheads, dim_feedforward, dropout),
            Decoder(dec_layers, dim, nheads, dim_feedforward, dropout),
        )
        self.txt_position_embed = TextPositions(max_words_l + rec_ss, dim, input_dropout)
        self.span_embed = MLP(dim, dim, 2, 3)
        self.class_embed = nn.Linear(dim, 2)
        self.query_embed = nn.Embedding(num_queries, 2)
        self.input_txt_proj = projection(t_feat_dim, dim, n_input_proj, input_dropout)
        self.input_vid_proj = projection(v_feat_dim, dim, n_input_proj, input_dropout)
        self.saliency_proj1, self.saliency_proj2 = nn.Linear(dim, dim), nn.Linear(dim, dim)
        if rec_fw:
            self.output_txt_proj = nn.Sequential(
                LinearLayer(dim, dim, input_dropout, relu=True), nn.Linear(dim, classes)
            )
        self.ss_reconstructor = SentenceReconstructor(cross(num_recss_layers), dim, input_dropout) if rec_ss else None
        for module in (self.enhance_encoder, self.t2v_encoder, self.transformer):
            for parameter in module.parameters():  # the zeros of bbox_embed are overwritten too (Q6)
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)

    def encode_text(self, words: Tensor) -> TextFeatures:
        """Features of (B, W) ids, or of (B, W, T) vectors where the network has no text encoder."""
        if self.text_encoder is None:
            return given_features(words, self.normalize_txt)
        return self.text_encoder.encode(words, self.max_words_l, self.normalize_txt)

    def forward(
        self, video: Tensor, video_mask: Tensor, words: Tensor, word_mask: Tensor, counts: Tensor,
        negatives: Tensor | None = None, masked_words: MaskedWords | None = None,
    ) -> Output:  # fmt: skip
        """Windows and saliency of queries.

        Args:
            video: (B, L, V), the clips of each query's video.
            video_mask: (B, L).
            words: (B, W, T), of `encode_text`.
            word_mask: (B, W).
            counts: (G,), how many of the B queries, one after the other, ask about the same video.
            negatives: (B,), for each query the number of one about another video; a loss learns from them, predictions
                do not depend on them.
            masked_words: what only a loss learns from either.
        """
        clips, text = self.input_vid_proj(video), self.input_txt_proj(words)
        positions = sine_positions(video_mask, self.dim)
        word_positions = self.txt_position_embed(text) if self.use_txt_pos else None
        sentence, expanded, expanded_mask = None, text, word_mask
        if self.ss_reconstructor is not None:
            # projected once more: in training another half of the channels is dropped
            source = self._sources(self.input_vid_proj(video), video_mask, counts)
            sentence = self.ss_reconstructor(*source, counts)
            expanded = torch.cat((sentence[:, None], text), dim=1)
            expanded_mask = functional.pad(word_mask, (1, 0), value=True)
        expanded_positions = self.txt_position_embed(expanded) if self.use_txt_pos else None

        def encoded(text: Tensor, mask: Tensor, embedded: Tensor | None, all_text: Tensor, all_mask: Tensor,
                    all_embedded: Tensor | None) -> Encoded:  # fmt: skip
            enhanced = clips
            if self.rec_fw:
                enhanced = self.enhance_encoder(clips, video_mask, text, mask, positions, embedded)
            aligned = self.t2v_encoder(enhanced, video_mask, all_text, all_mask, positions, all_embedded)
            memory = self.transformer.encode(aligned, video_mask, positions, self.global_rep_token, self.global_rep_pos)
            return Encoded(enhanced, aligned, memory, self._saliency(memory))

        positive = encoded(text, word_mask, word_positions, expanded, expanded_mask, expanded_positions)
        slots = self.transformer.decoder(self.query_embed.weight, positive.memory.clips, video_mask, positions)
        negative = None
        if negatives is not None:
            first = 0 if sentence is None else 1
            other, mask = expanded[negatives], expanded_mask[negatives]
            places = None if expanded_positions is None else expanded_positions[negatives]
            # the enhancer takes the positions of the expanded words: one further than before (Q29)
            negative = encoded(
                other[:, first:], mask[:, first:], None if places is None else places[:, first:], other, mask, places
            )
        return Output(
            tuple(self._heads(states, windows) for states, windows in zip(*slots, strict=True)), positive, slots, clips,
            positions, text, sentence, expanded, expanded_mask, negative,
            None if masked_words is None else self._guessed(
                clips, positions, text, word_mask, word_positions, masked_words
            ),
        )  # fmt: skip

    def _heads(self, states: Tensor, references: Tensor) -> Heads:
        return Heads(self.class_embed(states), (self.span_embed(states) + logit(references)).sigmoid())

    def _saliency(self, memory: Memory) -> Tensor:
        products: Tensor = self.saliency_proj1(memory.clips) * self.saliency_proj2(memory.video)[:, None]
        return products.sum(-1) / math.sqrt(self.dim)

    def _sources(self, clips: Tensor, mask: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Keys of the reconstructor and their mask: a query's clips, or those of all queries about its source."""
        if not self.whole_source:
            return clips, mask
        sizes = counts.tolist()
        groups = zip(torch.split(clips, sizes), torch.split(mask, sizes), strict=True)
        sources = [rows[valid] for rows, valid in groups]
        repeated = [rows for rows, count in zip(sources, sizes, strict=True) for _ in range(count)]
        return pad_sequence(repeated, batch_first=True), _mask_of([len(rows) for rows in repeated], mask.device)

    def _guessed(
        self, clips: Tensor, positions: Tensor, words: Tensor, word_mask: Tensor, word_positions: Tensor | None,
        asked: MaskedWords,
    ) -> Tensor:  # fmt: skip
        """(B, W, classes): all words of a query, guessed from those not masked and from the clips of the moment."""
        covers = [self.input_txt_proj(token[None, None]) for token in (self.unknown_token, self.masked_token)]
        for cover, places in zip(covers, (asked.unknown, asked.masked), strict=True):
            words = torch.where(places[..., None], cover, words)
        shown = pad_sequence([rows[own] for rows, own in zip(clips, asked.clips, strict=True)], batch_first=True)
        shown_positions = pad_sequence(
            [rows[own] for rows, own in zip(positions, asked.clips, strict=True)], batch_first=True
        )
        shown_mask = _mask_of(asked.clips.sum(1).tolist(), clips.device)
        rows = self.enhance_encoder(words, word_mask, shown, shown_mask, word_positions, shown_positions, branch=1)
        logits: Tensor = self.output_txt_proj(rows)
        return logits


def _mask_of(lengths: list[int], device: torch.device) -> Tensor:
    """(B, longest), True before each length."""
    counts = torch.tensor(lengths, device=device)
    return torch.arange(max(lengths), device=device) < counts[:, None]
