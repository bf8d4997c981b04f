"""Replays of the official Track 2/3 baseline: ``ccgs``, through the code that training, conversion and prediction use.

Weights go the user's way: `checkpoint.convert` into a run, then `load_network`. One number is not reproduced: the
published MRR is 1.0 for every question because of a defect (docs/spec/ccgs.md, section 6.2); the replay checks that the
files say so.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import BertTokenizer

from baselines.ccgs import examples, losses, optim
from baselines.ccgs.checkpoint import convert
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import Network
from baselines.ccgs.projected import ProjectedVideos
from cmivqa_kit.data.feature_sampling import sample
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.optimizers import multiplier, schedule_steps
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.neural.video_rows import VideoRows, pad
from cmivqa_kit.plugin.types import Candidate, CheckpointRequest, PredictOptions
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from cmivqa_kit.prediction.types import EncodedVideo, Row, Times
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.training.usable_examples import joined_length, published_drop
from tests.golden import published_validation
from tests.golden.replay import Case, Comparison, procedure, without_dropout

ROW = ("input_ids", "attention_mask", "token_types")
VISUAL = ("vfeats", "vfeats_mask")
FEW = 2  # a video with at most this many lines is not in the published corpus


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / name).read_text(encoding="utf-8"))


def _tokenizer(case: Case) -> Any:
    about = case.config["tokenizer"]
    assert about["class"] == "BertTokenizer"
    lines = (case.folder / about["vocab_file"]).read_text(encoding="utf-8").split("\n")
    special = {key: value for key, value in about.items() if key.endswith("_token")}
    return BertTokenizer(
        vocab={token: number for number, token in enumerate(lines) if token},
        do_lower_case=about["do_lower_case"],
        tokenize_chinese_chars=about["tokenize_chinese_chars"],
        strip_accents=about["strip_accents"],
        **special,
    )


def _lines(records: Iterable[Mapping[str, Any]]) -> tuple[Subtitle, ...]:
    return tuple(Subtitle(one["text"], one["start"], one["duration"]) for one in records)


def _groups(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """``group.field`` -> group -> field."""
    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = tensor
    return groups


# ------------------------------------------------------------------------------------------------ data


@procedure("ccgs", "example")
def example(case: Case) -> list[str]:
    """Training pairs and corpus sequences from text and seconds."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    tokenizer = _tokenizer(case)
    tokens, special = tokenize_with(tokenizer), Special.of(tokenizer)
    subtitles = {video: _lines(records) for video, records in given["subtitle"].items()}
    visual = load_file(case.folder / "inputs.safetensors")
    questions = given["train_questions"]
    check.same("examples", len(wanted["examples"]), len(given["examples"]))
    for number, (asked, expected) in enumerate(zip(given["examples"], wanted["examples"], strict=False)):
        name = f"ex{number}"
        lines = subtitles[asked["video_id"]]
        answer = Span(asked["start_second"], asked["end_second"])
        negative = examples.reference_negative(random.Random(asked["random_seed"]), len(questions))
        line_tokens = [tokens(line.text) for line in lines]
        rows = [
            examples.sequence(tokens(text), line_tokens, special) for text in (asked["question"], questions[negative])
        ]
        for field, tensor in examples.batch(rows, special.pad).items():
            check.tensor(f"{name}.{field}", tensor)
        ious = examples.iou_matrix(lines, answer)
        check.tensor(f"{name}.ious", ious)
        sampled = sample(visual[f"visual.{asked['video_id']}"].numpy(), case.config["max_video_len"])
        (padded,), (mask,) = pad([sampled], case.config["max_video_len"])
        check.tensor(f"{name}.vfeats", torch.stack((padded, padded)))
        check.tensor(f"{name}.vfeats_mask", torch.stack((mask, mask)))
        row, column = examples.target(ious)
        first, last = published_validation.nearest_lines(lines, answer)
        got = {
            "negative_index": negative,
            "negative_question": questions[negative],
            "closest_start_subtitle": first,
            "closest_end_subtitle": last,
            "start_label": first,
            "end_label": last + 1,
            "n_subtitles": len(lines),
            "ce_target_flat": row * len(lines) + column,
            "ce_target_cell": [row, column],
        }
        check.number(f"{name}.max_iou", float(ious.max()), expected.pop("max_iou"))
        check.same(name, got, expected)
    corpus = [video for video in given["corpus_video_order"] if len(subtitles.get(video, ())) > FEW]
    question = tokens(given["corpus_question"])
    rows = [examples.sequence(question, [tokens(line.text) for line in subtitles[v]], special) for v in corpus]
    got = {
        "video_ids": corpus,
        "input_ids": [list(row.ids) for row in rows],
        "token_types": [list(row.marks) for row in rows],
    }
    check.same("corpus", got, wanted["corpus"])
    return check.result()


@procedure("ccgs", "loading")
def loading(case: Case) -> list[str]:
    """Which annotations survive loading; sampled and padded features."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    tokens = tokenize_with(_tokenizer(case))
    subtitles = {video: _lines(records) for video, records in given["subtitle"].items()}
    asked = given["annotations"]
    videos = {one["video_id"] for one in asked}
    found = []
    for limit in given["filters"]:
        why = {v: published_drop(subtitles.get(v), tokens, limit["maxlen"]) for v in videos}
        kept = [one["id"] for one in asked if why[one["video_id"]] is None]
        found.append(
            {
                **limit,
                "kept_ids": kept,
                "n_dropped": len(asked) - len(kept),
                "n_videos": len(videos),
                "n_videos_drawn_for_valid": published_validation.validation_videos(len(videos)),
            }
        )
    lengths = {video: joined_length(lines, tokens) for video, lines in subtitles.items()}
    check.same("filter", found, wanted["filter"])
    check.same("joined_token_lengths", lengths, wanted["joined_token_lengths"])
    for name, rows in load_file(case.folder / "inputs.safetensors").items():
        sampled = sample(rows.numpy(), case.config["max_video_len"])
        (padded,), (mask,) = pad([sampled], case.config["max_video_len"])
        check.tensor(f"{name}.sampled", sampled)
        check.tensor(f"{name}.padded", padded[None])
        check.tensor(f"{name}.mask", mask[None])
    return check.result()


# ------------------------------------------------------------------------------------------------ ranking


@dataclass
class _Given:
    """A `PairScorer` whose logits are given, by video: the engine ranks them as it ranks a network's."""

    matrices: Mapping[str, Tensor]
    limit: int | None = None
    special_tokens: int = 0
    overlap: float = 0.0
    ordered_spans: bool = False

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def encode_question(self, question: Question) -> Any:
        return np.zeros(1, np.int32)

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo:
        return EncodedVideo.of(video.id, [(0,)] * len(video.subtitles), video.subtitles)

    def collate(self, rows: Sequence[Row]) -> Mapping[str, Tensor]:
        return {str(at): self.matrices[row.video.id] for at, row in enumerate(rows)}

    def score(self, batch: Mapping[str, Tensor]) -> Tensor:
        size = max(len(matrix) for matrix in batch.values())
        logits = torch.full((len(batch), size, size), -torch.inf)
        for row, matrix in zip(logits, batch.values(), strict=True):
            row[: len(matrix), : len(matrix)] = matrix
        return logits


def _rank(
    matrices: Mapping[str, Tensor], corpus: list[str], lines: Mapping[str, Sequence[Subtitle]], count: int
) -> tuple[tuple[Candidate, ...], list[str]]:
    """The ranked spans of a question, and the videos by their best cell."""
    asked = (Question(0, "?"),)
    split = Split("golden", asked, {video: Video(video, tuple(lines[video])) for video in corpus}, SplitFeatures())
    lists = []
    for target, limit in (("corpus", count), (2, len(corpus))):
        one = CorpusPass(_Given(matrices), split, asked, TopK(max(count, limit), 1))
        options = PredictOptions({"decode": {"by_video": True}}, limit)
        (found,) = in_memory(one, target, options)  # type: ignore[arg-type]
        lists.append(found.candidates)
    return lists[0], [one.video_id for one in lists[1]]


@procedure("ccgs", "decode_corpus")
def decode_corpus(case: Case) -> list[str]:
    """Ranked lists from span logits, with the fall-back to the video's end and with repeats."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    subtitles = {video: _lines(records) for video, records in given["subtitle"].items()}
    few = case.config["min_subtitles_exclusive"]
    corpus = [video for video in given["video_order"] if len(subtitles.get(video, ())) > few]
    check.same("corpus_video_ids", corpus, wanted["corpus_video_ids"])
    groups = _groups(load_file(case.folder / "inputs.safetensors"))
    check.same("questions", len(given["questions"]), len(wanted["output"]))
    for number, (asked, expected) in enumerate(zip(given["questions"], wanted["output"], strict=False)):
        ranked, _ = _rank(groups[f"q{number}"], corpus, subtitles, case.config["top_k"])
        check.same(f"q{number}.id", asked["id"], expected["id"])
        check.same(f"q{number}.question", asked["question"], expected["question"])
        check.same(f"q{number} videos", [one.video_id for one in ranked], [row[0] for row in expected["output"]])
        seconds = np.array([(one.span.start, one.span.end) for one in ranked])
        check.number(f"q{number} seconds", seconds, np.array([row[1:] for row in expected["output"]], float))
    return check.result()


@procedure("ccgs", "metrics_validation")
def metrics_validation(case: Case) -> list[str]:
    """The published validation figures, without its MRR."""
    check = Comparison(case)
    given, wanted = _json(case, "inputs.json"), _json(case, "outputs.json")
    ks, thresholds = case.config["ks"], case.config["thresholds"]
    corpus = list(dict.fromkeys(one["video_id"] for one in given["valid"]))
    check.same("corpus_video_ids", corpus, wanted["corpus_video_ids"])
    lines = {video: _lines(given["subtitle"][video]) for video in corpus}
    groups = _groups(load_file(case.folder / "inputs.safetensors"))
    judged = []
    for number, asked in enumerate(given["valid"]):
        ranked, videos = _rank(groups[f"q{number}"], corpus, lines, max(ks))
        answer = Span(asked["start_second"], asked["end_second"])
        judged.append(published_validation.judge(ranked, videos, asked["video_id"], answer, ks))
    for k in ks:
        check.number(f"iou_{k}s", torch.tensor([one.best_iou[k] for one in judged], dtype=torch.double),
                     torch.tensor(wanted[f"iou_{k}s"], dtype=torch.double))  # fmt: skip
    check.same("acc", [one.right_video for one in judged], wanted["acc"])
    figures = published_validation.summary(judged, ks, thresholds)
    del figures["MRR"]  # the right one; the published one is the constant of section 6.2
    check.same("mrr_as_computed_by_reference", [1.0] * len(judged), wanted["mrr_as_computed_by_reference"])
    figures["MRR (reference, always 1)"] = 1.0
    check.same("summary", sorted(figures), sorted(wanted["summary"]))
    for name, value in wanted["summary"].items():
        check.number(f"summary.{name}", figures.get(name, np.nan), value)
    expected = {"corpus_video_ids", "acc", "summary", "mrr_as_computed_by_reference", *(f"iou_{k}s" for k in ks)}
    check.same("outputs.json", sorted(expected), sorted(wanted))
    return check.result()


# ------------------------------------------------------------------------------------------------ network


def _model(case: Case) -> GlobalSpanModel:
    """The network of a case, converted and loaded as a user's checkpoint is."""
    with TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", "ccgs", {}, 0, "published")
        convert(CheckpointRequest((case.folder / "weights.safetensors",), case.config), run)
        model: GlobalSpanModel = load_network(run, Network).model
        return model


def _inputs(group: Mapping[str, Tensor], variant: str) -> dict[str, Tensor]:
    return {name: group[name] for name in ((*ROW, *VISUAL) if variant == "ccgs" else ROW)}


def _as_predicted(model: GlobalSpanModel, group: Mapping[str, Tensor]) -> Tensor:
    """Span logits as prediction makes them: features from files by id, projected once, padded to the longest."""
    with TemporaryDirectory() as folder:
        names = [f"row{number}" for number in range(len(group["vfeats"]))]
        for name, vfeats, mask in zip(names, group["vfeats"], group["vfeats_mask"], strict=True):
            np.save(Path(folder) / f"{name}.npy", vfeats[mask.bool()].numpy())
        _, rows, size = group["vfeats"].shape
        videos = ProjectedVideos(VideoRows(SplitFeatures([Path(folder)]), rows, size), model)
        times = [Times.of([Subtitle("", 0.0, 1.0)])] * len(names)  # the published fusion asks for none
        batch = {**{name: group[name] for name in ROW}, **videos.collate(names, times)}
        with torch.inference_mode():
            logits: Tensor = model(**videos.inputs(batch))
    return logits


def _losses(logits: Tensor, ious: Tensor) -> tuple[Tensor, Tensor]:
    row, column = examples.target(ious.numpy())
    return losses.contrastive_loss(logits, row, column), losses.ranking_iou_loss(logits[0], ious)


@procedure("ccgs", "forward")
def forward(case: Case) -> list[str]:
    """Span logits of single sequences and of pairs, both losses, the encoder's output and the visual branch."""
    check = Comparison(case)
    model, variant = _model(case), case.config["variant"]
    recorded: dict[str, Tensor] = {}

    def record(name: str) -> Any:
        def hook(module: Any, arguments: Any, output: Tensor) -> None:
            recorded[name] = output

        return hook

    for name in ("video_affine", "cq_attention", "cq_concat", "highlight_layer"):
        getattr(model, name).register_forward_hook(record(name))
    for group, given in _groups(load_file(case.folder / "inputs.safetensors")).items():
        inputs = _inputs(given, variant)
        if variant == "ccgs":
            predicted = _as_predicted(model, given)
            wanted = ("logits_pos", "logits_neg") if "ious" in given else ("logits",)
            for row, name in enumerate(wanted):
                check.number(f"{group}.{name} as predicted", predicted[row], check.tensors[f"{group}.{name}"])
        recorded.clear()
        with torch.no_grad():
            logits = model(**inputs)
            recorded["last_hidden_state"] = (
                model.encode(given["input_ids"], given["attention_mask"]) * given["attention_mask"][..., None]
            )
        if "ious" in given:
            contrastive, ranking = _losses(logits, given["ious"])
            recorded |= {"logits_pos": logits[0], "logits_neg": logits[1]}
            recorded |= {"CEloss": contrastive[None], "IOUloss": ranking[None]}
        else:
            recorded["logits"] = logits[0]
        recorded["best"] = torch.tensor(divmod(int(logits[0].argmax()), logits.shape[2]))
        for name, value in recorded.items():
            check.tensor(f"{group}.{name}", value)
    return check.result()


@procedure("ccgs", "loss_matrices")
def loss_matrices(case: Case) -> list[str]:
    """Both losses and their gradients on bare matrices."""
    check = Comparison(case)
    scale = case.config["scale_of_ranking_loss"]
    for group, given in _groups(load_file(case.folder / "inputs.safetensors")).items():
        logits = torch.stack((given["pos"], given["neg"])).requires_grad_()
        row, column = examples.target(given["ious"].numpy())
        contrastive = losses.contrastive_loss(logits, row, column)
        (slope,) = torch.autograd.grad(contrastive, logits)
        ranking = losses.ranking_iou_loss(logits[0], given["ious"], scale)
        (ranking_slope,) = torch.autograd.grad(ranking, logits)
        check.tensor(f"{group}.target", torch.tensor([row * logits.shape[2] + column]))
        check.tensor(f"{group}.CEloss", contrastive[None])
        check.tensor(f"{group}.IOUloss", ranking[None])
        check.tensor(f"{group}.grad_CE_pos", slope[0])
        check.tensor(f"{group}.grad_CE_neg", slope[1])
        check.tensor(f"{group}.grad_IOU_pos", ranking_slope[0])
    return check.result()


@procedure("ccgs", "train_step")
def train_step(case: Case) -> list[str]:
    """Gradients of both losses through the network, parameter groups, schedules."""
    check = Comparison(case)
    wanted = _json(case, "outputs.json")
    model = without_dropout(_model(case)).train()
    names = dict(model.named_parameters())
    without = set(names)
    for group, given in _groups(load_file(case.folder / "inputs.safetensors")).items():
        contrastive, ranking = _losses(model(**_inputs(given, case.config["variant"])), given["ious"])
        for name, loss in (("CEloss", contrastive), ("IOUloss", ranking)):
            check.tensor(f"{group}.{name}", loss[None])
            model.zero_grad(set_to_none=True)
            loss.backward(retain_graph=name == "CEloss")
            slopes = {parameter: value.grad for parameter, value in names.items() if value.grad is not None}
            without -= set(slopes)
            prefix = f"{group}.grad_{name}."
            for full in [full for full in check.tensors if full.startswith(prefix)]:
                check.tensor(full, slopes[full.removeprefix(prefix)])
    encoder, rest = optim.parameter_names(model, "published")
    check.same("group_lr_arg", encoder, wanted["group_lr_arg"])
    check.same("group_lr_1e-4", rest, wanted["group_lr_1e-4"])
    check.same("parameters_without_gradient", [n for n in names if n in without], wanted["parameters_without_gradient"])
    given_schedules = _json(case, "inputs.json")["schedules"]
    check.same("schedules", len(given_schedules), len(wanted["schedules"]))
    for number, (asked, expected) in enumerate(zip(given_schedules, wanted["schedules"], strict=False)):
        for name, value in _schedule(asked):
            check.seen.add(name)
            if isinstance(value, list):
                check.number(f"schedule {number}: {name}", torch.tensor(value, dtype=torch.double),
                             torch.tensor(expected[name], dtype=torch.double))  # fmt: skip
            else:
                check.same(f"schedule {number}: {name}", value, expected[name])
        check.same(f"schedule {number}", sorted(name for name, _ in _schedule(asked)), sorted(expected))
    return check.result()


def _schedule(asked: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    batches, accumulation, epochs = asked["len_train_loader"], asked["accum_iter"], asked["epochs"]
    warmup, total = schedule_steps([batches] * epochs, accumulation, "published")
    steps = epochs * -(-batches // accumulation)
    yield from asked.items()
    yield "warmup_steps", warmup
    yield "total_steps", total
    yield "optimizer_steps", steps
    rates = [multiplier(step, warmup, total, clamp=False) for step in range(steps)]
    yield "lr_multiplier_used_at_each_optimizer_step", rates
