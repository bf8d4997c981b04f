"""The official checkpoints of MESM: what differs between their files and ours.

A checkpoint is a dict with the weights under ``model`` and the options of its training under ``opt``. It never holds
the frozen text encoder, nor what reads sentences; ``--encoder`` and ``--tokenizer`` name these:

* CLIP: its folder, for both.
* the vectors of ``glove.pkl``: that file as the tokenizer.
* GloVe: ``GloVe_tokenized_count.txt`` as the tokenizer, the text file of GloVe as the encoder.

Source: docs/spec/mesm.md, sections 2.2 and 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from baselines.mesm.clip_weights import clip_sizes, clip_weights
from baselines.mesm.glove import read_glove_pickle, read_glove_text, vocabulary, word_table
from baselines.mesm.network import CLIP, CLIP_SIZES, GLOVE, NONE, PUBLISHED, SPECIAL_CLASSES, Network
from baselines.mesm.text import FOLDER, ClipText, Text, VectorText, VocabularyText
from baselines.mesm.word_rows import read_counts
from cmivqa_kit.damage import failing_as, short_reason
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.clip_tokens import ClipTokens
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.neural.weight_files import weights_file
from cmivqa_kit.neural.weights import save_weights
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import WEIGHTS, RunDirectory

TEXT_ENCODER = "text_encoder."
MASKED_ONLY = ("enhance_encoder.", "output_txt_proj.", "masked_token", "unknown_token")
NEEDED = (
    "global_rep_", "t2v_encoder.", "transformer.", "ss_reconstructor.", "input_txt_proj.", "input_vid_proj.",
    "saliency_proj", "span_embed.", "class_embed.", "query_embed.", *MASKED_ONLY,
)  # fmt: skip
ENCODERS = {CLIP: "CLIP_FOLDER", GLOVE: "glove.6B.300d.txt"}
TOKENIZERS = {CLIP: "CLIP_FOLDER", GLOVE: "GloVe_tokenized_count.txt", NONE: "glove.pkl"}


class MESMCheckpoints(CheckpointFormat[Network]):
    """Checkpoints of the five published configurations."""

    title, network = "MESM", Network
    reported = ("dataset_name", "v_feat_dim", "t_feat_dim", "hidden_dim", "text_encoder", "vocab_size")
    state_dicts = (StateDict(("model",)),)
    options = ("opt",)

    def stated_sizes(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of the training that are sizes and are not in the weights, by the same names."""
        names = {field.name for field in fields(Network)} - {"v_feat_dim", "text_encoder", "clip", "cross_sample_mask"}
        stated = {name: value for name, value in options.items() if name in names}
        if "tokenizer_type" in options:
            stated["text_encoder"] = _text_encoder(str(options["tokenizer_type"]), options.get("load_vocab_pkl"))
        return stated

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """All sizes but heads, dropout and dataset, which are not in the weights: the published ones unless given."""
        enhancer, expanded = "enhance_encoder.t2v_encoder.layers", "ss_reconstructor.masked_sent_token" in weights
        width = weights["masked_token"].shape[0]
        shared = f"{enhancer}.0.linear1_1.weight" not in weights
        text = given.get("text_encoder") or _guessed_encoder(weights, width, shared)
        table = weights["txt_position_embed.position_embeddings.weight"].shape[0]
        classes = weights["output_txt_proj.1.bias"].shape[0] if "output_txt_proj.1.bias" in weights else 0
        told: dict[str, Any] = {
            "v_feat_dim": weights["input_vid_proj.0.net.1.weight"].shape[1],
            "t_feat_dim": width,
            "hidden_dim": weights["global_rep_token"].shape[0],
            "dim_feedforward": weights["transformer.encoder.layers.0.linear1.weight"].shape[0],
            "num_queries": weights["query_embed.weight"].shape[0],
            "max_words_l": table - expanded,
            "vocab_size": max(classes - SPECIAL_CLASSES.get(text, 1), 0),
            "num_recfw_layers": _layers(weights, enhancer),
            "num_recss_layers": _layers(weights, "ss_reconstructor.recon_trans.layers") or 1,
            "t2v_layers": _layers(weights, "t2v_encoder.t2v_encoder.layers"),
            "enc_layers": _layers(weights, "transformer.encoder.layers"),
            "dec_layers": _layers(weights, "transformer.decoder.layers"),
            "n_input_proj": sum(f"input_vid_proj.{number}.net.1.weight" in weights for number in range(len(weights))),
            "share_MLP": shared,
            "rec_fw": bool(classes),
            "rec_ss": expanded,
            "text_encoder": text,
            "cross_sample_mask": PUBLISHED,
        }
        if text == GLOVE and f"{TEXT_ENCODER}emb.weight" in weights and "glove_vocab" not in given:
            told["glove_vocab"] = weights[f"{TEXT_ENCODER}emb.weight"].shape[0]
        if text == CLIP:
            told["clip"] = (
                clip_sizes(weights, TEXT_ENCODER) if f"{TEXT_ENCODER}ln_final.weight" in weights else CLIP_SIZES
            )
        return told

    def needed(self, network: Network) -> tuple[str, ...]:
        """Everything but the text encoder, and without ``rec_fw`` what only masked words go through."""
        return NEEDED if network.rec_fw else tuple(name for name in NEEDED if name not in MASKED_ONLY)

    def convert(self, request: CheckpointRequest, run: RunDirectory) -> CheckpointReport:
        """As every conversion, and the frozen text encoder and what reads sentences go into the run.

        Raises:
            UserError: as `CheckpointFormat.convert`, or a text encoder that is needed is not given.
        """
        text = text_to_convert(request.tokenizer)
        sizes = dict(request.sizes or {})
        if isinstance(text, VocabularyText):
            sizes.setdefault("glove_vocab", len(text.words))
        alone = CheckpointRequest((weights_file(request.files),), sizes or None)
        report = super().convert(alone, run)
        network = Network.read(run)
        if any(name.startswith(TEXT_ENCODER) for name in report.missing):
            fill_text_encoder(run, network, request, text)
            report = replace(report, missing=(), remarks=())
        if text is None:
            told = TOKENIZERS[network.text_encoder]
            remark = f"nothing that reads sentences: predict needs it; convert again with --tokenizer {told}"
            return replace(report, remarks=(*report.remarks, remark))
        (run.path / FOLDER).mkdir()
        text.save(run.path / FOLDER)
        return report

    def require_official(self, network: Network, path: Path) -> None:
        """Refuse the corrected mask: no official checkpoint was trained with it.

        Raises:
            UserError: it is asked for.
        """
        if network.cross_sample_mask != PUBLISHED:
            raise UserError(
                f"{path}: official checkpoints were trained with cross_sample_mask = {PUBLISHED}",
                "Leave cross_sample_mask away.",
            )


convert = MESMCheckpoints().convert


def fill_text_encoder(run: RunDirectory, network: Network, request: CheckpointRequest, text: Text | None) -> None:
    """Put the frozen text encoder, which is not in the checkpoint, into the run's network.

    Raises:
        UserError: it is not given, or another one than the network needs.
    """
    if request.encoder is None or (network.text_encoder == GLOVE and not isinstance(text, VocabularyText)):
        needed = f"--encoder {ENCODERS[network.text_encoder]} --tokenizer {TOKENIZERS[network.text_encoder]}"
        raise UserError(
            f"the checkpoint was trained beside a frozen text encoder ({network.text_encoder}), which it does not hold",
            f"Give both it and what reads sentences: {needed}",
        )
    source = Path(request.encoder)
    model = load_network(run, Network).model
    if isinstance(text, VocabularyText):
        width = network.t_feat_dim
        weights = {"emb.weight": word_table(text.words, read_glove_text(source, text.words, width), width)}
    else:
        weights = clip_weights(source).weights
    with failing_as(lambda error: UserError(
        f"{source}: not the text encoder that the network needs ({short_reason(error)})", "Give the published one."
    )):  # fmt: skip
        model.text_encoder.load_state_dict(weights)
    save_weights(model, run.path / WEIGHTS)


def text_to_convert(source: Path | None) -> Text | None:
    """What reads sentences, of what ``--tokenizer`` names; ``None`` where it names nothing.

    Raises:
        UserError: it is none of the three.
    """
    if source is None:
        return None
    if source.is_dir():
        return ClipText(ClipTokens(source))
    if source.suffix == ".txt":
        return VocabularyText(vocabulary(row[0] for row in read_counts(source)))
    return VectorText(read_glove_pickle(source))


def _text_encoder(tokenizer: str, given_vectors: object) -> str:
    """The text encoder of an official configuration."""
    if tokenizer == "CLIP":
        return CLIP
    return NONE if given_vectors else GLOVE


def _guessed_encoder(weights: Weights, width: int, shared: bool) -> str:
    if f"{TEXT_ENCODER}emb.weight" in weights:
        return GLOVE
    if f"{TEXT_ENCODER}ln_final.weight" in weights or width == CLIP_SIZES["width"]:
        return CLIP
    return NONE


def _layers(weights: Weights, prefix: str) -> int:
    start = len(prefix) + 1
    return len({name[start:].partition(".")[0] for name in weights if name.startswith(f"{prefix}.")})
