"""Replays of the network of ``mesm``, its losses and its decoding, through the code of training and prediction.

Weights go the user's way: `checkpoint.convert` into a run, then `load_network`; the case's configuration is the
``--config`` of that conversion.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from baselines.mesm.checkpoint import convert
from baselines.mesm.decode import NmsRules, WindowRules, decode, finish, suppress
from baselines.mesm.decoder import Memory, Slots
from baselines.mesm.losses import Targets, Weights, losses, total
from baselines.mesm.matching import Costs, Matching, match
from baselines.mesm.model import MESM, Encoded, Heads, MaskedWords, Output
from baselines.mesm.network import Network
from baselines.mesm.predictions import record
from baselines.mesm.text_encoders import TextFeatures
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.plugin.types import CheckpointRequest
from cmivqa_kit.runs.directory import make_run
from tests.golden.replay import Case, Comparison, procedure, without_dropout

Tensors = Mapping[str, Tensor]
WEIGHTS = {  # of a loss: the official option
    "span": "loss_span_coef", "giou": "loss_giou_coef", "label": "loss_label_coef", "saliency": "loss_saliency_coef",
    "rec_fw": "loss_recfw_coef", "rec_ss": "loss_recss_coef", "background": "eos_coef", "rank": "rank_coef",
    "margin": "saliency_margin", "same_moment": "iou_gamma", "temperature": "recss_tau", "triplet": "use_triplet",
    "every_layer": "aux_loss",
}  # fmt: skip


@procedure("mesm", "forward")
def forward(case: Case) -> list[str]:
    """Everything that the network says of each batch; where the case has them, with positions of words too."""
    check, model = Comparison(case), _model(case).eval()
    given = load_file(case.folder / "inputs.safetensors")
    for batch in sorted({name.partition(".")[0] for name in given}):
        inputs = _below(given, f"{batch}.")
        for prefix in (f"{batch}.", f"txtpos.{batch}."):
            if any(name.startswith(prefix) for name in check.tensors):
                model.use_txt_pos = case.config["use_txt_pos"] or prefix.startswith("txtpos")
                with torch.no_grad():
                    text, output = _output(model, inputs)
                    _compare(check, prefix, model, inputs, text, output)
    return check.result()


@procedure("mesm", "train")
def train(case: Case) -> list[str]:
    """The forward pass of training, every loss, the matching, and the norm of every gradient."""
    check, model = Comparison(case), without_dropout(_model(case)).train()
    inputs = load_file(case.folder / "inputs.safetensors")
    wanted = json.loads((case.folder / "outputs.json").read_text(encoding="utf-8"))
    weights = _weights(case.config)
    text, output = _output(model, inputs)
    _compare(check, "", model, inputs, text, output)
    targets = _targets(inputs)
    terms = losses(output, targets, inputs["video_mask"], text.mask, weights)
    loss = total(terms, weights)
    check.tensor("total", loss[None])
    _compare_losses(check, "", terms, loss, wanted["losses"], wanted["total"])
    check.same("weights", {name: weights.of(name) for name in wanted["weight_dict"]}, wanted["weight_dict"])
    _compare_matching(check, "", output.layers, targets, weights.costs, wanted["matching"])
    loss.backward()
    norms = {name: _norm(parameter) for name, parameter in model.named_parameters() if parameter.requires_grad}
    check.same("parameters", sorted(norms), sorted(wanted["grad_norms"]))
    for name, norm in wanted["grad_norms"].items():
        if norm is None:
            check.same(f"gradient of {name}", norms[name], None)
        else:
            check.number(f"gradient of {name}", norms[name] or 0.0, float(norm))
    squares = sum(norm**2 for norm in norms.values() if norm is not None)
    check.number("gradient", squares**0.5, float(wanted["grad_total_norm"]))
    return check.result()


@procedure("mesm", "criterion_matcher")
def criterion_matcher(case: Case) -> list[str]:
    """Losses and matching of given outputs, in training and in evaluation."""
    check = Comparison(case)
    given = load_file(case.folder / "inputs.safetensors")
    wanted = json.loads((case.folder / "outputs.json").read_text(encoding="utf-8"))
    check.same("blocks", sorted({name.partition(".")[0] for name in given}), sorted(wanted))
    for block, expected in wanted.items():
        weights = _weights(case.config[block])
        said, inputs = _below(given, f"{block}.out."), _below(given, f"{block}.tgt.")
        targets = _targets(inputs)
        for mode in ("train", "eval"):
            output = _given_output(said, words=mode == "train")
            terms = losses(output, targets, inputs["video_mask"], said["words_mask"], weights)
            _compare_losses(
                check, f"{block}.{mode}.", terms, total(terms, weights), expected[f"losses_{mode}"],
                expected[f"total_{mode}"],
            )  # fmt: skip
        names = expected["weight_dict"]
        check.same(f"{block}.weights", {name: weights.of(name) for name in names}, names)
        _compare_matching(check, f"{block}.", output.layers, targets, weights.costs, expected["matching"])
    return check.result()


@procedure("mesm", "decode_post_nms")
def decode_post_nms(case: Case) -> list[str]:
    """Records of predictions, windows in the order of slots, and windows after temporal NMS."""
    check = Comparison(case)
    given = load_file(case.folder / "inputs.safetensors")
    wanted = json.loads((case.folder / "outputs.json").read_text(encoding="utf-8"))
    check.same("blocks", sorted(case.config["settings"]), sorted(wanted))
    for block, settings in case.config["settings"].items():
        rules = WindowRules(settings["clip_len"], settings["max_ts_val"])
        inputs, expected = _below(given, f"{block}."), wanted[block]
        for number, record_wanted in enumerate(expected["sorted"]):
            heads = (inputs[name][number].numpy() for name in ("pred_logits", "pred_spans"))
            arrays = (*heads, float(inputs["duration"][number]))
            windows = finish(decode(*arrays), rules)
            clips = inputs["saliency_scores"][number][inputs["video_mask"][number]].numpy()
            names = ("qid", "query", "vid")
            got = record(*(record_wanted[name] for name in names), windows, clips)
            check.same(f"{block}.{number} keys", list(got), list(record_wanted))
            for name in got:
                _compare_value(check, f"{block}.{number}.{name}", got[name], record_wanted[name])
            slots = finish(decode(*arrays, in_order=False), rules)
            _compare_value(check, f"{block}.{number}.unsorted", slots, expected["unsorted_windows"][number])
            for nms in case.config["nms"]:
                name = f"nms_thd_{nms['nms_thd']}_before_{nms['max_before_nms']}_after_{nms['max_after_nms']}"
                rest = suppress(windows, NmsRules(nms["nms_thd"], nms["max_before_nms"], nms["max_after_nms"]))
                _compare_value(check, f"{block}.{number}.{name}", rest, expected[name][number])
    return check.result()


# ------------------------------------------------------------------------------------------------ helpers


def _model(case: Case) -> MESM:
    """The network of a case, converted and loaded as a user's checkpoint is."""
    with TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", "mesm", {}, 0, "published")
        convert(CheckpointRequest((case.folder / "weights.safetensors",), case.config), run)
        model: MESM = load_network(run, Network).model
        return model


def _output(model: MESM, inputs: Tensors) -> tuple[TextFeatures, Output]:
    text = model.encode_text(inputs["words_id"])
    masked = None
    if "masked_words" in inputs:
        masked = MaskedWords(inputs["clip_mask"], inputs["masked_words"], inputs["unknown_mask"])
    names = ("video_feat", "video_mask")
    return text, model(
        *(inputs[name] for name in names), text.words, text.mask, inputs["num_clips"], inputs["neg_index"], masked
    )


def _compare(check: Comparison, prefix: str, model: MESM, inputs: Tensors, text: TextFeatures, output: Output) -> None:
    """Compare all that the case has under a prefix with what the network says."""
    negative = output.negative
    assert negative is not None
    last = output.layers[-1]
    got: dict[str, Any] = {
        "pred_logits": last.logits, "pred_spans": last.windows, "saliency_scores": output.positive.saliency,
        "neg_saliency_scores": negative.saliency, "projed_video_feat": output.clips, "recon_feat": output.sentence,
        "expanded_words_feat": output.expanded, "expanded_words_mask": output.expanded_mask,
        "enhanced_video_feat": output.positive.enhanced, "projed_words_feat": output.words, "words_mask": text.mask,
        "recfw_words_logit": output.word_logits, "mid.encoded_video_feat": output.positive.aligned,
        "mid.enhanced_video_feat": output.positive.enhanced, "mid.neg_encoded_video_feat": negative.aligned,
        "mid.projed_video_feat": output.clips, "mid.projed_words_feat": output.words,
        "mid.vid_position": output.positions, "mid.words_feat": text.words, "mid.words_mask": text.mask,
        "mid.sentence_feat": text.sentences,
    }  # fmt: skip
    for number, heads in enumerate(output.layers[:-1]):
        got |= {f"aux_outputs.{number}.pred_logits": heads.logits, f"aux_outputs.{number}.pred_spans": heads.windows}
    if model.ss_reconstructor is not None:
        got["projed_recon_feat"] = model.ss_reconstructor.output_sent_proj(output.sentence)
    # Predictions beside foreign words are of no use: training leaves them out.
    foreign = model.transformer.decoder(
        model.query_embed.weight, negative.memory.clips, inputs["video_mask"], output.positions
    )
    for name, slots, memory in (("pos", output.slots, output.positive.memory), ("neg", foreign, negative.memory)):
        got |= {f"mid.{name}.hs": slots.states, f"mid.{name}.reference": slots.references}
        got |= {f"mid.{name}.memory": memory.clips, f"mid.{name}.memory_global": memory.video}
    if "mid.recfw_out" in check.tensors:  # what stands before the projection to classes
        got["mid.recfw_out"] = _guessing_rows(model, inputs, text, output)
    for name in sorted(check.tensors):
        if name.startswith(prefix) and (own := name[len(prefix) :]) in got:
            check.tensor(name, got[own])


def _guessing_rows(model: MESM, inputs: Tensors, text: TextFeatures, output: Output) -> Tensor:
    rows: list[Tensor] = []
    handle = model.output_txt_proj.register_forward_pre_hook(lambda module, given: rows.append(given[0]))
    with torch.no_grad():
        _output(model, inputs)
    handle.remove()
    return rows[0]


def _weights(config: Mapping[str, Any]) -> Weights:
    costs = Costs(*(float(config[f"set_cost_{name}"]) for name in ("span", "giou", "class")))
    return Weights(costs=costs, **{name: config[option] for name, option in WEIGHTS.items()})


def _targets(inputs: Tensors) -> Targets:
    moments = inputs["norm_moment"]
    numbers = inputs.get("n_windows", torch.ones(len(moments), dtype=torch.long))
    return Targets(
        moments.split(numbers.tolist()), inputs["clip_mask"],
        inputs.get("saliency_label", inputs["clip_mask"].float()), inputs["num_clips"], inputs["pos_idx"],
        inputs["neg_idx"], inputs["words_label"],
    )  # fmt: skip


def _given_output(said: Tensors, words: bool) -> Output:
    """What a network said, as far as losses read it."""
    names = [""] + [
        f"aux_outputs.{number}." for number in range(len(said)) if f"aux_outputs.{number}.pred_spans" in said
    ]
    layers = [Heads(said[f"{name}pred_logits"], said[f"{name}pred_spans"]) for name in names]
    nothing = torch.empty(0)

    def beside(saliency: Tensor) -> Encoded:
        return Encoded(nothing, nothing, Memory(nothing, nothing), saliency)

    return Output(
        (*layers[1:], layers[0]), beside(said["saliency_scores"]), Slots(nothing, nothing), said["projed_video_feat"],
        nothing, nothing, nothing, said["expanded_words_feat"], said["expanded_words_mask"],
        beside(said["neg_saliency_scores"]), said["recfw_words_logit"] if words else None,
    )  # fmt: skip


def _compare_losses(
    check: Comparison, prefix: str, terms: Tensors, loss: Tensor, wanted: Mapping[str, float], wanted_total: float
) -> None:
    check.same(f"{prefix}terms", sorted(terms), sorted(wanted))
    for name in sorted(terms.keys() & wanted.keys()):
        check.number(f"{prefix}{name}", terms[name], torch.tensor(float(wanted[name])))
    check.number(f"{prefix}total", loss, torch.tensor(float(wanted_total)))


def _compare_matching(
    check: Comparison, prefix: str, layers: tuple[Heads, ...], targets: Targets, costs: Costs,
    wanted: Mapping[str, Any],
) -> None:  # fmt: skip
    found = [match(heads, targets.windows, costs) for heads in layers]
    for name, matching, expected in zip(
        ["final", *(f"aux {number}" for number in range(len(layers) - 1))],
        [found[-1], *found[:-1]],
        [wanted["final"], *wanted["aux"]],
        strict=True,
    ):
        check.same(f"{prefix}matching {name}", _as_written(matching, expected), expected)


def _as_written(matching: Matching, wanted: Any) -> Any:
    """[slot, 0] for each query where each has one window, else slots and windows."""
    pairs = [matching.pairs(number) for number in range(len(wanted))]
    if all(isinstance(each[0], int) for each in wanted):
        return [[slots[0], windows[0]] for slots, windows in pairs]
    return [list(each) for each in pairs]


def _compare_value(check: Comparison, name: str, got: Any, wanted: Any) -> None:
    if isinstance(wanted, list):
        check.number(name, np.array(got, dtype=np.float64), torch.tensor(np.array(wanted, dtype=np.float64)))
    else:
        check.same(name, got, wanted)


def _below(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def _norm(parameter: Tensor) -> float | None:
    return None if parameter.grad is None else float(parameter.grad.norm())
