"""Replays of ``q2a``'s networks: forward passes, losses, training steps, submissions, the initial state.

Weights go the user's way: a Lightning file through `checkpoint.convert` into a run, then `load_network`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from baselines.q2a import DECLARATION
from baselines.q2a.answers import scored_questions
from baselines.q2a.checkpoint import convert
from baselines.q2a.examples import Example
from baselines.q2a.initial_state import first_gpu_normals, philox_words
from baselines.q2a.model import BEST, LABEL, NEVER, Sample, Step, StepNetwork
from baselines.q2a.network import Network
from baselines.q2a.settings import Settings, TrainSettings
from baselines.q2a.task import Q2ATask, steps_loss
from cmivqa_kit.bench.tasks.step_choice.predictions import write_scored_folders
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointRequest
from cmivqa_kit.runs.directory import make_run
from tests.golden.replay import Case, Comparison, procedure


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8"))


def _network(case: Case, inputs: Mapping[str, Tensor]) -> StepNetwork:
    """The network of a case, converted from the file that Lightning writes; its initial state stands in the inputs."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "epoch=5-step=155.ckpt"
        weights = load_file(case.folder / "weights.safetensors")
        torch.save({"epoch": 5, "global_step": 155, "state_dict": weights, "optimizer_states": [{"state": {}}]}, path)
        run = make_run(
            Path(folder) / "run", DECLARATION.name, settings(DECLARATION, recipe="published"), 0, "published"
        )
        convert(CheckpointRequest((path,), {**case.config, "state": inputs["state"].tolist()}), run)
        model: StepNetwork = load_network(run, Network).model
    return model


def _samples(inputs: Mapping[str, Tensor], steps: Sequence[int], images: int) -> list[Sample]:
    return [
        Sample(
            inputs[f"sample{at}.video"], inputs[f"sample{at}.script"], inputs[f"sample{at}.question"],
            tuple(
                Step(inputs[f"sample{at}.step{k}.texts"],
                     inputs[f"sample{at}.step{k}.buttons"].unflatten(1, (images, -1)))
                for k in range(count)
            ),
            inputs.get(f"sample{at}.label"),
        )
        for at, count in enumerate(steps)
    ]  # fmt: skip


def _history(name: str) -> str:
    return {"gt": LABEL, "max": BEST}.get(name, NEVER)


@procedure("q2a", "forward")
@torch.no_grad()
def forward(case: Case) -> list[str]:
    """Attentions, candidate vectors, what enters the head, and logits with and without history."""
    check, inputs = Comparison(case), load_file(case.folder / "inputs.safetensors")
    model, asked = _network(case, inputs), _json(case, "inputs")
    seen: dict[str, list[Tensor]] = {}

    def keep(name: str, part: Any, before: bool = False) -> None:
        def hook(module: Any, given: Any, output: Any) -> None:
            value = given[0] if before else output
            for key, tensor in zip(name.split("+"), value if isinstance(value, tuple) else (value,), strict=False):
                seen.setdefault(key, []).append(tensor)

        part.register_forward_hook(hook)

    keep("video_ctx", model.s2v)
    keep("script_ctx+attn", model.qa2s)
    keep("fused", model.mlp_pre)
    keep("head_in", model.proj, before=True)
    chosen = []
    samples = _samples(inputs, [one["steps"] for one in asked], case.config["NUM_MASKS"])
    for at, sample in enumerate(samples):
        seen.clear()
        scores = model(sample, _history(case.config["HISTORY_VAL"]))
        check.tensor(f"sample{at}.video_ctx", seen.pop("video_ctx")[0])
        parts = {**seen, "scores": list(scores)}
        fixed = model(sample, NEVER)
        for k, logits in enumerate(fixed):
            check.tensor(f"sample{at}.step{k}.scores_fixed_state", logits)
            for key, values in parts.items():
                check.tensor(f"sample{at}.step{k}.{key}", values[k])
        chosen.append([int(logits.argmax()) for logits in scores])
    check.same("argmax", chosen, _json(case, "outputs")["argmax"])
    if "train_loss" in check.tensors:
        check.tensor("train_loss", steps_loss(model.train(), samples, _history(case.config["HISTORY_TRAIN"])))
    return check.result()


class _Planned(Q2ATask):
    """A task whose batches are those of a case."""

    planned: Sequence[Sequence[int]]

    def numbers(self, epoch: int) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(batch) for batch in self.planned)


@procedure("q2a", "loss")
def loss(case: Case) -> list[str]:
    """Losses of the three histories, gradients, learning rates, and the weights after several epochs."""
    check, inputs, config = Comparison(case), load_file(case.folder / "inputs.safetensors"), case.config
    given, wanted = _json(case, "inputs"), _json(case, "outputs")
    samples = _samples(inputs, [one["steps"] for one in given["samples"]], config["NUM_MASKS"])
    model = _network(case, inputs).train()
    for name, history in (("max", BEST), ("fixed_state", NEVER), ("gt", LABEL)):
        value = steps_loss(model, samples, history)
        check.tensor(f"loss_{name}", value)
    value.backward()
    for name, parameter in model.named_parameters():
        check.tensor(f"grad.model.{name}", parameter.grad)
        parameter.grad = None
    task = _Planned(model, [Example("", "", sample) for sample in samples], _train_settings(config), 0, lambda _: {})
    task.planned = given["batches"]
    rates, losses, step = [], [], 0
    for epoch in range(given["epochs"]):
        losses.append([])
        rates.append(config["LR"] * task.multiplier(step))
        for index in range(task.batches(epoch)):
            task.optimizer.param_groups[0]["lr"] = config["LR"] * task.multiplier(step)
            value = task.loss(model, task.batch(epoch, index))
            value.backward()
            task.optimizer.step()
            task.optimizer.zero_grad()
            losses[-1].append(float(value.detach()))
            step += 1
    for name, parameter in model.named_parameters():
        check.tensor(f"final.model.{name}", parameter)
    for name, numbers in (("learning_rate_per_epoch", rates), ("loss_per_step", losses)):
        check.number(name, torch.tensor(numbers), torch.tensor(wanted[name]))
    return check.result()


def _train_settings(config: Mapping[str, Any]) -> TrainSettings:
    table = settings(DECLARATION, recipe="published")
    changed = {
        "lr": config["LR"], "warmup": config["WARMUP_EPOCHS"], "epochs": config["MAX_EPOCHS"],
        "history": _history(config["HISTORY_TRAIN"]), "batch": 1,
        **{name: config[name] for name in ("momentum", "weight_decay") if name in config},
    }  # fmt: skip
    return Settings.of({**table, "train": {**table["train"], **changed}}).train


@procedure("q2a", "decode_submission")
@torch.no_grad()
def decode_submission(case: Case) -> list[str]:
    """The submission of all samples: its name, its order, its scores."""
    check, inputs = Comparison(case), load_file(case.folder / "inputs.safetensors")
    asked, wanted = _json(case, "inputs")["samples"], _json(case, "outputs")
    samples = _samples(inputs, [one["steps"] for one in asked], case.config["NUM_MASKS"])
    examples = [
        Example(one["meta"]["folder"], one["meta"]["question"], sample)
        for one, sample in zip(asked, samples, strict=True)
    ]
    answers = scored_questions(_network(case, inputs), examples, _history(case.config["HISTORY_VAL"]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"submit_test_{case.config['current_epoch']}e.json"
        write_scored_folders(path, answers)
        check.same("filename", path.name, wanted["filename"])
        found = json.loads(path.read_text(encoding="utf-8"))
    check.same("folders", list(found), list(wanted["submission"]))
    for name, expected in wanted["submission"].items():
        for got, one in zip(found[name], expected, strict=True):
            check.same(f"{name}: keys", (list(got), got["question"]), (list(one), one["question"]))
            check.same(f"{name}: sizes", list(map(len, got["scores"])), list(map(len, one["scores"])))
            for row, scores in zip(got["scores"], one["scores"], strict=True):
                check.number(f"{name}, {one['question']}", torch.tensor(row), torch.tensor(scores))
    return check.result()


@procedure("q2a", "initial_state")
def initial_state(case: Case) -> list[str]:
    """The two initial states that no checkpoint holds."""
    check, config, wanted = Comparison(case), case.config, _json(case, "outputs")
    seed, size = config["seed"], config["DIM_STATE"]
    words = [[int(word) for word in both] for both in zip(*philox_words(seed, size), strict=True)]
    check.same("words", words[: len(wanted["philox_words"])], wanted["philox_words"])
    numbers = first_gpu_normals(seed, size)
    for name in check.tensors:
        variant = "context_ground" if name.startswith("context_ground") else "baseline"
        sizes = {**config, "variant": variant, "NUM_HEADS": config[f"NUM_HEADS_{variant}"]}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            state = Network.of(sizes, "case").build().state
        check.tensor(name, state)
    for name, part in (("first12", numbers[:12]), ("last3", numbers[-3:])):
        check.number(name, part, torch.tensor(wanted[name]))
    tolerance = config["DIM_STATE"] * case.about["tolerance"]["atol"]
    check.same("sum", math.isclose(float(numbers.double().sum()), wanted["sum"], abs_tol=tolerance), True)
    return check.result()
