"""Replays of MLCMR."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from baselines.nrccr.checkpoint import convert_mlcmr
from baselines.nrccr.network import MLCMRNetwork
from baselines.nrccr.settings import MLCMRSettings
from baselines.nrccr.task import MLCMRTask, contrasts
from cmivqa_kit.metrics.benchmarks.retrieval import mixed, of_embeddings
from tests.golden.replay import Case, Comparison, procedure
from tests.golden.retrieval_networks import gradients, in_training, loaded, named_batch, trainable

TEXTS = {"en": "source", "zh": "translation", "en_mask": "source_masked", "zh_mask": "translation_masked"}


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8"))


@procedure("mlcmr", "forward_encoders")
@torch.inference_mode()
def forward_encoders(case: Case) -> list[str]:
    """The levels of videos, pooled texts, embeddings, and raw cosines of two languages mixed."""
    check, model = Comparison(case), loaded(case, convert_mlcmr, MLCMRNetwork)
    inputs = load_file(case.folder / "inputs.safetensors")
    rows: dict[str, list[np.ndarray]] = {"video": [], "en": [], "zh": []}
    for name in _json(case, "inputs")["batches"]:
        batch = named_batch(inputs, name, TEXTS)
        frames = batch["frames"], batch["frame_mask"], batch["mean"]
        check.tensor(f"{name}.video_features", model.video_encoder(*frames))
        rows["video"].append(model.videos(*frames).numpy())
        check.tensor(f"{name}.video_emb", rows["video"][-1])
        for language in ("en", "zh"):
            text = batch[f"{TEXTS[language]}_ids"], batch[f"{TEXTS[language]}_mask"]
            check.tensor(f"{name}.pooled_{language}", model.text_encoder(*text))
            rows[language].append(model.texts(*text).numpy())
            check.tensor(f"{name}.emb_{language}", rows[language][-1])
    whole = {name: np.concatenate(parts) for name, parts in rows.items()}
    errors = {language: of_embeddings(whole[language], whole["video"]) for language in ("en", "zh")}
    for name in [name for name in check.tensors if name.startswith("errors.")]:
        _, target, weight = name.split(".", 2)
        other = "en" if target == "zh" else "zh"
        both = mixed(errors[target], errors[other], float(weight))
        check.tensor(name, both.rows(0, both.captions))
    return check.result()


@procedure("mlcmr", "loss_train_steps")
def loss_train_steps(case: Case) -> list[str]:
    """Whole training steps: terms, gradients, norms, and what is frozen."""
    check, config = Comparison(case), case.config
    model = in_training(loaded(case, convert_mlcmr, MLCMRNetwork))
    inputs, wanted = load_file(case.folder / "inputs.safetensors"), _json(case, "outputs")
    train = {
        "lr": config["learning_rate"],
        **{name: config[name] for name in ("margin", "max_violation", "cost_style", "direction")},
    }
    settings = MLCMRSettings.of({"train": train}).train
    task = MLCMRTask(model, (), {}.__getitem__, 0, settings, 0, lambda _: {}, 103)  # type: ignore[arg-type]
    for number, (name, expected) in enumerate(zip(_json(case, "inputs")["batches"], wanted["steps"], strict=True)):
        batch = named_batch(inputs, name, TEXTS)
        figures = _terms(task, model, batch) if "loss_en_vid" in expected else {}
        loss = task.loss(model, batch)
        loss.backward()
        if number == 0:
            for key, slope in gradients(model, wrapped=False).items():
                check.tensor(f"grad.{key}", slope)
        figures |= {"loss": loss, "grad_norm": nn.utils.clip_grad_norm_(model.parameters(), config["grad_clip"])}
        task.optimizer.step()
        task.optimizer.zero_grad()
        check.same(f"step {number}", sorted(figures), sorted(expected))
        for key, value in expected.items():
            check.number(f"step {number}.{key}", figures[key], value)
    check.same("trainable", trainable(model, wrapped=False), sorted(wanted["trainable"]))
    return check.result()


@torch.no_grad()
def _terms(task: MLCMRTask, model: nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, Any]:
    statistics = {key: value.clone() for key, value in model.state_dict().items() if ".bn_1." in key}
    views = model.views(batch)  # type: ignore[operator]
    model.load_state_dict(statistics, strict=False)
    figures: dict[str, Any] = {}
    for short, name in (("en", "source"), ("zh", "translation")):
        figures[f"loss_{short}_{short}_mask"], figures[f"loss_{short}_mask_{short}"] = contrasts(views, name)
        figures[f"loss_{short}_vid"] = task.triplet(views[name], views["video"], None)
    # The published names of the videos' terms: `vid_mask_vid` is I(v, v').
    figures["loss_vid_mask_vid"], figures["loss_vid_vid_mask"] = contrasts(views, "video")
    return figures
