"""Replays of NRCCR's losses and of its training steps."""

from __future__ import annotations

import json
from typing import Any

import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from torch import Tensor, nn

from baselines.nrccr.checkpoint import convert
from baselines.nrccr.discriminators import FAKE, KINDS, REAL, LanguageDiscriminator, label_loss, told
from baselines.nrccr.examples import Example
from baselines.nrccr.losses import feature_distillation, similarity_distillation, triplet
from baselines.nrccr.network import NRCCRNetwork
from baselines.nrccr.settings import NRCCRSettings
from baselines.nrccr.task import NRCCRTask
from cmivqa_kit.training.rivals import Rivals
from tests.golden.nrccr_networks import SLOTS
from tests.golden.replay import Case, Comparison, procedure
from tests.golden.retrieval_networks import gradients, in_training, loaded, named_batch, trainable

TERMS = {"source": "Le_tri", "translation": "Le_tri_trans", "similarity": "loss_dtl", "features": "loss_feat",
         "back": "loss_contrastive", "adversarial": "others_loss"}  # fmt: skip
EMBEDDED = ("src", "trans", "cross", "back", "video")


def _json(case: Case, name: str) -> Any:
    return json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8"))


@procedure("nrccr", "loss_terms")
def loss_terms(case: Case) -> list[str]:
    """Triplet losses of every kind, the distillations with their gradients, and three discriminators."""
    check, config = Comparison(case), case.config
    inputs, wanted = load_file(case.folder / "inputs.safetensors"), _json(case, "outputs")
    rows = {name: inputs[f"emb.{name}"].requires_grad_() for name in EMBEDDED}
    for number, about in enumerate(_json(case, "inputs")["triplet"]):
        options = {name: about[name] for name in ("margin", "max_violation", "cost_style", "direction")}
        value = triplet(rows[about["s"]], rows[about["im"]], **options)
        check.number(f"triplet {number}", value, wanted["triplet"][number])
    options = {name: config[name] for name in ("margin", "max_violation", "cost_style", "direction")}
    video, source, translation, cross = rows["video"], rows["src"], rows["trans"], rows["cross"]
    terms = {
        "loss_tri": triplet(source, video, **options),
        "loss_tri_trans": config["tri_alpha"] * triplet(translation, video, **options),
        "loss_dtl": config["dtl_beta"] * similarity_distillation(video, cross, translation),
        "loss_feat": config["l1_gama"] * feature_distillation(translation, cross),
        "loss_contrastive": config["back_w"] * triplet(source, rows["back"], **options),
    }
    for name, value in terms.items():
        check.number(name, value, wanted["terms"][name])
    total = torch.stack(list(terms.values())).sum()
    check.number("total", total, wanted["total_without_adversarial"])
    for prefix, value in (("grad", total), *((f"grad.{name}", terms[name]) for name in ("loss_dtl", "loss_feat"))):
        slopes = torch.autograd.grad(value, list(rows.values()), retain_graph=True, allow_unused=True)
        for name, slope in zip(rows, slopes, strict=True):
            if slope is not None:
                check.tensor(f"{prefix}.{name}", slope)
    weights = load_file(case.folder / "weights.safetensors")
    for kind in wanted["adversarial"]:
        _adversarial(check, case, kind, weights, inputs, wanted["adversarial"][kind])
    check.same("adversarial", sorted(wanted["adversarial"]), sorted(KINDS))
    return check.result()


def _adversarial(
    check: Comparison, case: Case, kind: str, weights: dict[str, Tensor], inputs: dict[str, Tensor], wanted: Any
) -> None:
    model = LanguageDiscriminator(kind, case.config["text_hidden_size"], masked=False)
    own = {name.removeprefix(f"{kind}/"): value for name, value in weights.items() if name.startswith(f"{kind}/")}
    model.load_state_dict(own)
    states = {name: inputs[f"bert.{name}"] for name in ("src", "trans")}
    fooled = states["trans"].clone().requires_grad_()
    real, fake = (model(rows, torch.ones(rows.shape[:2])) for rows in (states["src"], states["trans"]))
    check.tensor(f"logits.{kind}.real", real)
    check.tensor(f"logits.{kind}.fake", fake)
    generator = case.config["scale"] * label_loss(model(fooled, torch.ones(fooled.shape[:2])), REAL)
    check.tensor(f"grad.gen.{kind}", torch.autograd.grad(generator, fooled)[0])
    got = {
        "real_loss": label_loss(real, REAL),
        "fake_loss": label_loss(fake, FAKE),
        "disc_loss": 0.5 * (label_loss(real, REAL) + label_loss(fake, FAKE)),
        "gen_loss": generator,
        "real_acc": told(real, REAL),
        "fake_acc": told(fake, FAKE),
    }
    check.same(f"{kind} figures", sorted(got), sorted(wanted))
    for name, value in got.items():
        check.number(f"{kind}.{name}", value, wanted[name])


@procedure("nrccr", "loss_train_steps")
def loss_train_steps(case: Case) -> list[str]:
    """Whole training steps through the kit's rivals: terms, gradients, norms, statistics, and what is frozen."""
    check, config = Comparison(case), case.config
    model = in_training(loaded(case, convert, NRCCRNetwork))
    inputs, wanted = load_file(case.folder / "inputs.safetensors"), _json(case, "outputs")
    task = _task(model, config)
    rivals = Rivals(task, Accelerator(cpu=True))
    for number, (name, expected) in enumerate(zip(_json(case, "inputs")["batches"], wanted["steps"], strict=True)):
        given = named_batch(inputs, name, SLOTS)
        with torch.no_grad():
            statistics = {key: value.clone() for key, value in model.state_dict().items() if ".bn_1." in key}
            before = task.encode(model, given)
            logits = {
                at: model.discriminator(before[f"{at}_states"], given[f"{at}_mask"]) for at in ("source", "translation")
            }
            model.load_state_dict(statistics, strict=False)  # this look was one too many for them
        figures: dict[str, Any] = {
            "real_loss": label_loss(logits["source"], REAL), "fake_loss": label_loss(logits["translation"], FAKE),
            "real_acc": told(logits["source"], REAL), "fake_acc": told(logits["translation"], FAKE),
        }  # fmt: skip
        batch = rivals.update(model, given)
        with rivals.constant():
            terms = task.terms(model, batch)
            total = torch.stack(list(terms.values())).sum()
        total.backward()
        check.number(f"step {number} discriminator", rivals.losses["discriminator"],
                     0.5 * (expected["real_loss"] + expected["fake_loss"]))  # fmt: skip
        if number == 0:
            for key, slope in gradients(model, wrapped=True).items():
                check.tensor(f"grad.{key}", slope)
            for at, part in ((2, "visual_mapping"), (3, "text_mapping")):
                for key in ("running_mean", "running_var"):
                    key = f"mapping.bn_1.{key}"
                    check.tensor(f"after_step1.{at}/{key}", model.state_dict()[f"{part}.{key}"])
        figures |= {TERMS[key]: value for key, value in terms.items()} | {"Le": total}
        figures["grad_norm"] = nn.utils.clip_grad_norm_(model.parameters(), config["grad_clip"])
        task.optimizer.step()
        task.optimizer.zero_grad()
        check.same(f"step {number}", sorted(figures), sorted(expected))
        for key, value in expected.items():
            check.number(f"step {number}.{key}", figures[key], value)
    own = [name for name in trainable(model, wrapped=True) if not name.startswith("4/")]
    check.same("trainable", own, sorted(wanted["trainable"]))
    return check.result()


def _task(model: nn.Module, config: Any) -> NRCCRTask:
    same = ["frozen", "margin", "max_violation", "cost_style", "direction"]
    same += ["tri_alpha", "dtl_beta", "l1_gama", "back_w", "scale", "glr"]
    train = {"lr": config["learning_rate"], "layers": config["layer_list"], **{name: config[name] for name in same}}
    settings = NRCCRSettings.of({"train": train})
    examples = [Example("", "", (1,), (1,))]
    return NRCCRTask(model, examples, {}.__getitem__, 0, settings.train, 0, lambda _: {})  # type: ignore[arg-type]
