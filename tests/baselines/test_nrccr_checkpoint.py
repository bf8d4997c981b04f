"""Official checkpoints of NRCCR and MLCMR: ``model_best.pth.tar`` with its options beside the weights."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from baselines.nrccr.checkpoint import OLD_BUFFER, PARTS, convert, convert_mlcmr
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.baselines.test_nrccr_model import MLCMR_SIZES, NRCCR_SIZES

PUBLISHED = {"hidden_size": 64, "num_attention_heads": 1}  # as wide as one head of the published BERT


def official(model: nn.Module, folder: Path, options: dict[str, Any], wrapped: bool = True, parts: int = 5) -> Path:
    """The file that the published program writes."""
    states: list[dict[str, torch.Tensor]] = [{} for _ in range(parts)]
    for name, tensor in model.state_dict().items():
        at = next(number for number, part in enumerate(PARTS) if name.startswith(part))
        states[at][("module." if wrapped and at < 2 else "") + name.removeprefix(PARTS[at])] = tensor
    buffer = OLD_BUFFER.removeprefix(PARTS[1])
    states[1][("module." if wrapped else "") + buffer] = torch.arange(64)[None]
    path = folder / "model_best.pth.tar"
    content = {"epoch": 9, "model": states, "best_rsum": 2.0, "opt": Namespace(**options), "Eiters": 99}
    torch.save(content, path)
    return path


def converted(path: Path, sizes: dict[str, Any] | None, function: Any) -> tuple[RunDirectory, CheckpointReport]:
    run = make_run(path.parent / "run", "nrccr", {}, 0, "published")
    report = function(CheckpointRequest((path,), sizes), run)
    run.finish()
    return run, report


def test_the_options_beside_the_weights_are_the_sizes(tmp_path: Path) -> None:
    sizes = {**NRCCR_SIZES, "disc_type": "strong", "video_pooling": "max"}
    model = NRCCRNetwork.of(sizes, "").build()
    options = {name: value for name, value in sizes.items() if name != "bert"}
    path = official(model, tmp_path, {**options, "padding": "masked", "visual_feature": "i3d_kinetics"})
    run, report = converted(path, {"bert": sizes["bert"]}, convert)
    assert (report.variant, report.ignored, report.missing) == ("video", (OLD_BUFFER,), ())
    assert report.remarks == ("no tokenizer: predict needs one; convert again with --tokenizer DIR",)
    loaded = load_network(run, NRCCRNetwork)
    assert (loaded.network.video_pooling, loaded.network.padding) == ("max", "published")
    assert all(torch.equal(tensor, loaded.model.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_without_options_the_weights_tell_the_sizes(tmp_path: Path) -> None:
    bert = {**NRCCR_SIZES["bert"], **PUBLISHED}
    sizes = {**NRCCR_SIZES, "bert": bert, "text_hidden_size": 64, "text_mapping_layers": [64, 8],
             "text_num_attention": 8, "video_num_attention": 8, "disc_type": "not-so-weak"}  # fmt: skip
    run, _ = converted(official(NRCCRNetwork.of(sizes, "").build(), tmp_path, {}), None, convert)
    network = load_network(run, NRCCRNetwork).network
    assert (network.disc_type, network.text_hidden_size, network.encoder_config.num_attention_heads) == (
        "not-so-weak", 64, 1,
    )  # fmt: skip


def test_a_named_encoder_says_more_than_the_weights(tmp_path: Path) -> None:
    bert = {**NRCCR_SIZES["bert"], "hidden_size": 64, "num_attention_heads": 4}  # its heads are not 64 wide
    sizes = {**NRCCR_SIZES, "bert": bert, "text_hidden_size": 64, "text_mapping_layers": [64, 8]}
    path = official(NRCCRNetwork.of(sizes, "").build(), tmp_path, {})
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder/config.json").write_text(json.dumps({"model_type": "bert", **bert}))
    run = make_run(tmp_path / "run", "nrccr", {}, 0, "published")
    tokenizer = tiny_tokenizer(["a few words"])
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    convert(CheckpointRequest((path,), None, str(tmp_path / "encoder"), tmp_path / "tokenizer"), run)
    assert json.loads((run.path / "network.json").read_text())["bert"]["num_attention_heads"] == 4


def test_clip_itself_is_left_out(tmp_path: Path) -> None:
    sizes = {**NRCCR_SIZES, "model_type": "img", "img_encoder": "clip"}
    path = official(NRCCRNetwork.of(sizes, "").build(), tmp_path, {})
    with torch.serialization.safe_globals([Namespace]):
        content = torch.load(path, weights_only=True)
    content["model"][0]["module.encoder.visual.proj"] = torch.zeros(4, 4)
    torch.save(content, path)
    run, report = converted(path, {"bert": sizes["bert"], "text_num_attention": 4}, convert)
    assert report.variant == "img, clip"
    assert "video_encoder.encoder.visual.proj" in report.ignored
    assert any("give its image vectors" in remark for remark in report.remarks)
    assert load_network(run, NRCCRNetwork).network.img_encoder == "clip"


def test_mlcmr_has_four_parts(tmp_path: Path) -> None:
    model = MLCMRNetwork.of(MLCMR_SIZES, "").build()
    path = official(model, tmp_path, {}, wrapped=False, parts=4)
    run, report = converted(path, {"bert": MLCMR_SIZES["bert"]}, convert_mlcmr)
    assert report.sizes["visual_kernel_sizes"] == [2, 3, 4, 5]
    assert load_network(run, MLCMRNetwork).network.visual_rnn_size == 5


def test_the_other_systems_file_is_refused(tmp_path: Path) -> None:
    path = official(MLCMRNetwork.of(MLCMR_SIZES, "").build(), tmp_path, {}, wrapped=False, parts=4)
    with pytest.raises(UserError, match=r"no state_dict \(names to tensors\) at model\[4\]"):
        converted(path, {"bert": MLCMR_SIZES["bert"]}, convert)


def test_a_bert_of_unknown_heads_is_asked_for(tmp_path: Path) -> None:
    path = official(NRCCRNetwork.of(NRCCR_SIZES, "").build(), tmp_path, {})
    with pytest.raises(UserError, match=r"config\.json") as raised:
        converted(path, None, convert)
    assert "--encoder bert-base-multilingual-cased" in raised.value.fix
