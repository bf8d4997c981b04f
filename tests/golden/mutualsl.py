"""Replays of the official Track 1 baseline, ``mutualsl``, through the code of training, conversion and prediction.

Weights go the user's way: `checkpoint.convert` into a run, then `checkpoint.load`; those of ``layers``, which are a
part of a network, are loaded into the modules. Labels are made with the published settings.
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
from torch import Tensor, nn

from baselines.mutualsl import DECLARATION, decode, examples, losses
from baselines.mutualsl.checkpoint import convert
from baselines.mutualsl.layers import ConditionedPredictor, FrameEncoder, best_pair
from baselines.mutualsl.model import MutualSL, Output
from baselines.mutualsl.network import Network
from baselines.mutualsl.settings import Settings, TrainSettings
from baselines.mutualsl.text import TextRow, batch, text_row
from baselines.mutualsl.token_frame_table import TokenFrameTable, line_times, nearest
from baselines.mutualsl.video_rows import frame_inputs
from cmivqa_kit.data.feature_sampling import sample
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.context_query import ContextQueryAttention, ContextQueryConcat, Highlight, VideoProjection
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.tokens import Special, Tokenize
from cmivqa_kit.neural.video_rows import VideoRows, pad
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointRequest
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.submission.write import write
from tests.golden import published_validation
from tests.golden.replay import Case, Comparison, procedure, without_dropout

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
UNKNOWN = 3
REFERENCE_WIDTH = 1024


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / name).read_text(encoding="utf-8"))


def _groups(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """``group.field`` -> group -> field."""
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = tensor
    return groups


def _tokens(case: Case, vocabulary: Mapping[str, int]) -> Tokenize:
    """The toy tokenizer: one id per character that is no space."""
    unknown = case.config.get("unk_token_id", UNKNOWN)
    return lambda text: tuple(vocabulary.get(character, unknown) for character in text if not character.isspace())


def _special(case: Case) -> Special:
    return Special(case.config.get("cls_token_id", 1), case.config["sep_token_id"], 0)


def _published(**changed: Any) -> TrainSettings:
    """The published recipe's training settings, with the sizes of a case."""
    config = settings(DECLARATION, recipe="published")
    return Settings.of({**config, "train": {**config["train"], **changed}}).train


def _lines(records: Any) -> tuple[Subtitle, ...]:
    return tuple(Subtitle(one["text"], one["start"], one["duration"]) for one in records)


def _row(tokens: Tokenize, special: Special, question: str, lines: tuple[Subtitle, ...]) -> TextRow:
    return text_row(tokens(question), [tokens(line.text) for line in lines], special)


# ------------------------------------------------------------------------------------------------ data


@procedure("mutualsl", "sampling")
def sampling(case: Case) -> list[str]:
    """Feature rows averaged down and padded."""
    check = Comparison(case)
    given = load_file(case.folder / "inputs.safetensors")
    for pair in case.config["pairs"]:
        most = pair["max_num_clips"]
        name = f"n{pair['clips']}_max{most}"
        sampled = sample(given[name].numpy(), most)
        check.tensor(f"{name}.sampled", sampled)
        check.tensor(f"{name}.length", torch.tensor([len(sampled)]))
        check.tensor(f"{name}.padded", pad([sampled], most)[0][0])
    return check.result()


@procedure("mutualsl", "examples")
def data_examples(case: Case) -> list[str]:
    """Which questions are loaded, their text, labels, highlighted frames and features."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    tokens, special, config = _tokens(case, given["vocab"]), _special(case), case.config
    subtitles = {video: _lines(records) for video, records in given["subtitle"].items()}
    asked = tuple(
        Question(one["id"], one["question"], None, one["video_id"], Span(one["start_second"], one["end_second"]))
        for one in given["dataset"]
    )
    ids = sorted({str(question.video_id) for question in asked})
    with TemporaryDirectory() as folder:
        for video, rows in load_file(case.folder / "inputs.safetensors").items():
            np.save(Path(folder) / f"{video}.npy", rows.numpy())
        frames = VideoRows(SplitFeatures([Path(folder)]), config["max_num_clips"], config["visual_dim"])
        videos = {video: Video(video, subtitles.get(video, ())) for video in ids}
        split = Split("golden", asked, videos, frames.store)
        found = examples.build_examples(split, tokens, special, _published(maxlen=config["max_len"]), frames, None)
        loaded = [one.question.id for one in found.usable]
        got = {
            "loaded_ids": loaded,
            "skipped_ids": [question.id for question in asked if question.id not in loaded],
            "n_videos": len(ids),
            "n_valid_videos": published_validation.validation_videos(len(ids), config["valid_fraction"]),
            "examples": [_described(one, frames, check) for one in found.usable],
        }
    for one, expected in zip(got["examples"], wanted["examples"], strict=False):
        for name in sorted({*one, *expected}):
            check.same(f"{expected['id']}.{name}", one.get(name), expected.get(name))
    for name in sorted({*got, *wanted}):
        check.same(name, got.get(name), wanted.get(name))
    return check.result()


def _described(example: examples.Example, frames: VideoRows, check: Comparison) -> dict[str, Any]:
    """An example as the case writes it; its features are compared on the way."""
    features = frame_inputs(frames, [example.video], padded=True)["features"][0]
    missing = frames.count(example.video) is None
    if not missing:
        check.tensor(f"features.{example.video}", features)
    elif bool(features.any()):
        check.deviations.append(f"{example.video}: missing features are not zero")
    assert example.question.answer is not None
    labels = examples.highlight_labels(*example.highlight, len(features))
    return {
        "id": example.question.id,
        "video_id": example.video,
        "input_ids": list(example.row.ids),
        "token_type_ids": list(example.row.types),
        "start_label": example.gold.start_label,
        "end_label": example.gold.end_label,
        "start_time": example.gold.start_row,
        "end_time": example.gold.end_row,
        "highlight_ones": np.flatnonzero(labels).tolist(),
        # The reference stands in for a missing file with rows as wide as its I3D features, whatever the others have.
        "features_shape": [len(features), REFERENCE_WIDTH] if missing else list(features.shape),
        "features_missing": missing,
    }


# ------------------------------------------------------------------------------------------------ decoding


@procedure("mutualsl", "decode")
def decode_seconds(case: Case) -> list[str]:
    """Seconds from logits, the written file, the published validation figures."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    tokens, special = _tokens(case, given["vocab"]), _special(case)
    groups = _groups(load_file(case.folder / "inputs.safetensors"))
    found, ious = [], []
    for number, asked in enumerate(given["examples"]):
        group, lines = groups[f"ex{number}"], _lines(asked["video_sub_title"])
        row = _row(tokens, special, asked["question"], lines)
        check.same(f"ex{number}.input_ids", list(row.ids), group["input_ids"].tolist())
        scored = decode.Scored(group["start_logits"].numpy(), group["end_logits"].numpy(), row.separators)
        best = decode.reference([scored], len(lines))
        start, end = decode.seconds(best.first, best.last, lines)
        found.append({"id": asked["id"], "video_id": asked["video_id"], "start_second": start, "end_second": end})
        ious.append(losses.iou((start, end), (asked["start_second"], asked["end_second"])))
    check.same("predictions", len(found), len(wanted["predictions"]))
    for one, expected in zip(found, wanted["predictions"], strict=False):
        for name in expected:
            if isinstance(expected[name], float):
                check.number(f"{expected['id']}.{name}", one[name], expected[name])
            else:
                check.same(f"{expected['id']}.{name}", one[name], expected[name])
    figures = dict(zip(("r1i3", "r1i5", "r1i7", "miou"), published_validation.rates(ious), strict=True))
    for name, value in {**figures, "ious": ious}.items():
        number = torch.tensor(wanted["metrics"][name], dtype=torch.double)
        check.number(f"metrics.{name}", torch.tensor(value, dtype=torch.double), number)
    check.same("metrics", sorted(wanted["metrics"]), sorted({**figures, "ious": ious}))
    # The published program writes the whole input, its subtitles too; the kit what the organizers ask for.
    check.same("written_keys", [*_written_keys(given["examples"][0]), "video_sub_title"], wanted["written_keys"])
    return check.result()


def _written_keys(asked: Mapping[str, Any]) -> list[str]:
    question = Question(asked["id"], asked["question"], None, asked["video_id"])
    split = Split("golden", (question,), {asked["video_id"]: Video(asked["video_id"])}, SplitFeatures())
    with TemporaryDirectory() as folder:
        path = write([(question.id, [(asked["video_id"], 0.0, 1.0)])], split, 1, Path(folder) / "one.json")
        return list(json.loads(path.read_text(encoding="utf-8"))[0])


# ------------------------------------------------------------------------------------------------ network


def _model(case: Case) -> MutualSL:
    """The network of a case, converted and loaded as a user's checkpoint is."""
    with TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", "mutualsl", {}, 0, "published")
        convert(CheckpointRequest((case.folder / "weights.safetensors",), case.config), run)
        model: MutualSL = load_network(run, Network).model
        return model


def _call(model: MutualSL, group: Mapping[str, Tensor]) -> Output:
    output: Output = model(*(group[name] for name in INPUTS), group["video_features"])
    return output


def _compare(check: Comparison, group: str, output: Output) -> None:
    check.tensor(f"{group}.start_logits", output.start_logits)
    check.tensor(f"{group}.end_logits", output.end_logits)
    check.tensor(f"{group}.start_logits_v", output.start_rows)
    check.tensor(f"{group}.end_logits_v", output.end_rows)
    check.tensor(f"{group}.h_scores", output.highlight)


@procedure("mutualsl", "forward")
def forward(case: Case) -> list[str]:
    """Logits of both predictors, highlight, and what the frame encoder and the question fusion give on the way."""
    check = Comparison(case)
    model = _model(case)
    recorded: dict[str, Tensor] = {}

    def record(name: str) -> Any:
        def hook(module: nn.Module, arguments: Any, output: Tensor) -> None:
            recorded[name] = output

        return hook

    model.feature_encoder.register_forward_hook(record("video_encoded"))
    model.cq_concat.register_forward_hook(record("fused"))
    for name, group in _groups(load_file(case.folder / "inputs.safetensors")).items():
        recorded.clear()
        with torch.no_grad():
            _compare(check, name, _call(model, group))
            text = model(*(group[one] for one in INPUTS))  # as predicted: without the visual branch
        check.number(f"{name}.start_logits as predicted", text.start_logits, check.tensors[f"{name}.start_logits"])
        check.number(f"{name}.end_logits as predicted", text.end_logits, check.tensors[f"{name}.end_logits"])
        for inner, value in recorded.items():
            check.tensor(f"{name}.{inner}", value)
    return check.result()


@procedure("mutualsl", "layers")
def layers(case: Case) -> list[str]:
    """Every block of the visual branch, with real masks."""
    check, config = Comparison(case), case.config
    dim, frames, drop = config["dim"], config["max_pos_len"], config["drop_rate"]

    def encoder(kind: str) -> FrameEncoder:
        heads, count = config[f"{kind}_heads"], config[f"{kind}_conv_layers"]
        return FrameEncoder(dim, frames, heads, count, config["kernel_size"], drop)

    blocks = nn.ModuleDict(
        {
            "video_affine": VideoProjection(config["visual_dim"], dim, drop),
            "feature_encoder": encoder("encoder"),
            "cq_attention": ContextQueryAttention(dim, drop),
            "cq_concat": ContextQueryConcat(dim),
            "highlight_layer": Highlight(dim),
            "predictor": ConditionedPredictor(encoder("predictor"), dim),
        }
    ).eval()
    blocks.load_state_dict(load_file(case.folder / "weights.safetensors"))
    given = load_file(case.folder / "inputs.safetensors")
    mask, query, query_mask = given["video_mask"], given["query"], given["query_mask"].float()
    with torch.no_grad():
        affine = blocks["video_affine"](given["video"])
        encoded = blocks["feature_encoder"](affine, mask)
        mixed = blocks["cq_attention"](encoded, query, mask, query_mask)
        joined = blocks["cq_concat"](mixed, query, query_mask)
        scores = blocks["highlight_layer"](joined, mask)
        start, end = blocks["predictor"](joined * scores[:, :, None], mask)
        check.tensor("video_affine", affine)
        check.tensor("feature_encoder_nomask", blocks["feature_encoder"](affine))
        check.tensor("feature_encoder", encoded)
        check.tensor("cq_attention", mixed)
        check.tensor("cq_concat", joined)
        check.tensor("h_scores", scores)
        check.tensor("highlight_loss", losses.highlight_loss(scores, given["highlight_labels"].float(), mask))
    for name, logits in (("start_logits", start), ("end_logits", end)):
        check.seen.add(name)  # padding holds about -1e30
        check.number(name, logits[mask.bool()], check.tensors[name][mask.bool()])
    labels = zip(given["start_labels"].tolist(), given["end_labels"].tolist(), strict=True)
    each = [losses.entropies((s, e), label) for s, e, label in zip(start, end, labels, strict=True)]
    check.tensor("span_ce_loss", torch.stack([first + last for first, last in each]).mean())
    first, last = best_pair(start, end)
    check.tensor("extract_start", first)
    check.tensor("extract_end", last)
    return check.result()


@procedure("mutualsl", "loss")
def loss(case: Case) -> list[str]:
    """Labels from text and seconds, every loss, the look-ups, and the gradient of every parameter."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    groups = _groups(load_file(case.folder / "inputs.safetensors"))
    tokens, special = _tokens(case, given["vocab"]), _special(case)
    for text, ids in given["tokenized"].items():
        check.same(f"ids of {text}", [special.cls, *tokens(text), special.sep], ids)
    model = without_dropout(_model(case))
    check.same("examples", len(given["examples"]), len(wanted["examples"]))
    for number, (asked, expected) in enumerate(zip(given["examples"], wanted["examples"], strict=False)):
        name = f"ex{number}"
        group, lines = groups[name], _lines(asked["video_sub_title"])
        row = _row(tokens, special, asked["question"], lines)
        for field, value in batch([row], special.pad).items():
            check.same(f"{name}.{field}", value.tolist(), group[field].tolist())
        gold = _gold(case, asked, row, lines, group["video_features"].shape[1])
        check.same(f"{name}.labels", [gold.start_label, gold.end_label, gold.start_row, gold.end_row],
                   [int(group[one]) for one in ("start_label", "end_label", "start_time", "end_time")])  # fmt: skip
        sampled = sample(group["video_features_raw"].numpy(), case.config["max_pos_len"])
        check.number(f"{name}.video_features", pad([sampled], gold.frames)[0], group["video_features"])
        highlight = examples.highlighted(gold.start_row, gold.end_row, len(sampled))
        labels = torch.from_numpy(examples.highlight_labels(*highlight, gold.frames))
        check.number(f"{name}.h_label", labels[None], group["h_label"].float())
        with torch.no_grad():
            _compare(check, name, _call(model.eval(), group))
        model.train().zero_grad(set_to_none=True)
        output = _call(model, group)
        (terms,) = losses.batch_terms(output, [gold])
        assert output.highlight is not None
        lit = losses.highlight_loss(output.highlight[0], labels, torch.ones_like(labels))
        total = terms.total() + lit
        total.backward()
        got = {**_terms(terms), "loss_model": terms.total(), "loss_highlight": lit, "loss_total": total}
        check.same(name, sorted({*got, "kind"}), sorted(expected))
        for field, value in got.items():
            if isinstance(expected[field], float) and value is not None:
                check.number(f"{name}.{field}", torch.as_tensor(value).detach(), expected[field])
            else:
                check.same(f"{name}.{field}", value, expected[field])
        _gradients(check, name, model, wanted["grad_norms"][number])
    return check.result()


def _gold(
    case: Case, asked: Mapping[str, Any], row: TextRow, lines: tuple[Subtitle, ...], frames: int
) -> examples.Gold:
    published = _published()
    starts, ends = line_times(lines)
    begin, end = asked["start_second"], asked["end_second"]
    labels = examples.text_labels(row, *nearest(starts, ends, begin, end), published)
    table = TokenFrameTable(starts, ends, examples.start_tokens(row, published), row.separators)
    return examples.Gold(*labels, begin, end, case.config["time_limit"], len(row.ids), frames, table)


def _terms(terms: losses.Terms) -> dict[str, Any]:
    """The terms under the names of the case, ``None`` where one was skipped."""

    def pair(name: str, ends: losses.Pair | None) -> dict[str, Tensor | None]:
        return {
            f"{name}_start": ends[0] if ends else None,
            f"{name}_end": ends[1] if ends else None,
        }

    def shown(value: Any) -> Any:
        return list(value) if value is not None else None

    return {
        **pair("ce_visual", terms.visual),
        **pair("ce_text", terms.text),
        **pair("ce_v2t", terms.to_text),
        **pair("ce_t2v", terms.to_visual),
        "text_label": shown(terms.text_label),
        "lookup_text_label": shown(terms.text_lookup),
        "visual_pred": shown(terms.visual_said),
        "iou_visual": terms.visual_iou if terms.to_text is not None else None,
        "lookup_visual_label": shown(terms.text_said),
        "iou_text": terms.text_iou if terms.to_visual is not None else None,
    }


def _gradients(check: Comparison, name: str, model: MutualSL, wanted: Mapping[str, float | None]) -> None:
    got = {one: value.grad for one, value in model.named_parameters()}
    check.same(f"{name} parameters", sorted(got), sorted(wanted))
    for one, expected in wanted.items():
        gradient = got.get(one)
        if expected is None or gradient is None:
            check.same(f"{name}.grad {one}", gradient is None, expected is None)
        else:
            check.number(f"{name}.grad {one}", float(gradient.norm()), expected)
