"""Official checkpoints: what is read, what is refused, what a run keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.mutualsl import DECLARATION
from baselines.mutualsl.baseline import MutualSLBaseline
from baselines.mutualsl.checkpoint import OLD_BUFFER, convert
from baselines.mutualsl.model import MutualSL
from baselines.mutualsl.network import Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.conversion import convert_checkpoint
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.official_checkpoints import read_checkpoint
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest, PredictOptions
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.baselines.encoders import deberta
from tests.baselines.mutualsl_corpus import corpus, sizes

VOCABULARY = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "洗", "手", "wash"]
CONFIG = deberta(len(VOCABULARY), 0)
HEADS = {"encoder_heads": 4, "predictor_heads": 2}


@pytest.fixture
def model() -> MutualSL:
    torch.manual_seed(3)
    return Network(plain(CONFIG), **sizes()).build()


def download(folder: Path, weights: Any, config: bool = True, vocabulary: bool = True) -> tuple[Path, ...]:
    """A folder as the official program saves it."""
    folder.mkdir()
    torch.save(weights, folder / "pytorch_model.bin")
    if config:
        CONFIG.save_pretrained(folder)
    if vocabulary:
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    return tuple(sorted(folder.iterdir()))


def converted(tmp_path: Path, request: CheckpointRequest) -> tuple[RunDirectory, CheckpointReport]:
    run = make_run(tmp_path / "run", "mutualsl", {}, 0, "published")
    report = convert(request, run)
    run.finish()
    return run, report


def test_an_official_download_becomes_a_run(tmp_path: Path, model: MutualSL) -> None:
    weights = {**model.state_dict(), OLD_BUFFER: torch.arange(512)[None]}
    run, report = converted(tmp_path, CheckpointRequest(download(tmp_path / "official", weights), HEADS))
    assert (report.variant, report.ignored, report.missing, report.remarks) == ("published", (OLD_BUFFER,), (), ())
    assert (report.sizes["dim"], report.sizes["visual_dim"], report.sizes["max_pos_len"]) == (16, 8, 64)
    loaded = load_network(run, Network)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.model.state_dict().items())
    assert loaded.tokenizer is not None
    assert loaded.tokenizer("洗WASH")["input_ids"] == [1, 5, 7, 2]
    assert not loaded.network.frame_mask and not loaded.model.training
    assert type(loaded.model.deberta).__module__.startswith("transformers.")
    MutualSLBaseline().load(run)


def test_half_precision_is_read_and_an_encoder_may_be_named(tmp_path: Path, model: MutualSL) -> None:
    encoder = tmp_path / "encoder"
    CONFIG.save_pretrained(encoder)
    half = {name: value.half() for name, value in model.state_dict().items()}
    files = download(tmp_path / "official", half, config=False, vocabulary=False)
    run, report = converted(tmp_path, CheckpointRequest(files, HEADS, str(encoder)))
    assert {value.dtype for value in load_network(run, Network).model.state_dict().values()} == {torch.float32}
    assert report.remarks == ("no tokenizer: predict needs one; convert again with --tokenizer DIR",)
    with pytest.raises(UserError, match=r"(?s)no tokenizer.*--tokenizer DIR"):
        MutualSLBaseline().load(run)


def test_what_does_not_fit_is_refused(tmp_path: Path, model: MutualSL) -> None:
    weights = dict(model.state_dict())
    files = download(tmp_path / "bare", weights, config=False)
    with pytest.raises(UserError, match=r"(?s)config.json.*Erlangshen-DeBERTa-v2-320M-Chinese"):
        converted(tmp_path / "a", CheckpointRequest(files))
    with pytest.raises(UserError, match="32 encoder_heads cannot share out 16 channels"):
        converted(tmp_path / "b", CheckpointRequest(download(tmp_path / "wide", weights)))
    del weights["qa_outputs.bias"]
    weights["query_linear.weight"] = torch.zeros(16, 3)
    with pytest.raises(UserError, match=r"lacks qa_outputs\.bias; query_linear\.weight is \(16, 3\), not \(16, 64\)"):
        converted(tmp_path / "c", CheckpointRequest(download(tmp_path / "other", weights), HEADS))
    del weights["cq_attention.w4C"]
    with pytest.raises(UserError, match=r"lacks cq_attention\.w4C; it is no MutualSL checkpoint"):
        converted(tmp_path / "d", CheckpointRequest(download(tmp_path / "none", weights), HEADS))


def test_only_plain_weights_are_read(tmp_path: Path) -> None:
    torch.save({"a": "text"}, tmp_path / "text.bin")
    with pytest.raises(UserError, match="not a plain state_dict"):
        read_checkpoint(tmp_path / "text.bin")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10")
    with pytest.raises(UserError, match="cannot be read as weights"):
        read_checkpoint(tmp_path / "cut.safetensors")
    with pytest.raises(UserError, match="no weights in the download"):
        converted(tmp_path, CheckpointRequest(()))
    with pytest.raises(UserError, match="2 files of weights"):
        converted(tmp_path / "two", CheckpointRequest((Path("a.bin"), Path("b.bin"))))


def test_a_converted_folder_answers(tmp_path: Path) -> None:
    folder = tmp_path / "4_62.5_44.26_model"
    tokenizer = tiny_tokenizer(["how to use the gauze please?"])
    config = deberta(len(tokenizer), 0)
    model = Network(plain(config), **sizes()).build()
    download(folder, model.state_dict(), config=False, vocabulary=False)
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (tmp_path / "heads.json").write_text(json.dumps(HEADS), encoding="utf-8")
    run = convert_checkpoint(DECLARATION, folder, tmp_path / "official", tmp_path / "heads.json").run
    assert run.recipe == "published" and run.config["train"]["start_label"] == "second"
    system, data = MutualSLBaseline(), corpus(tmp_path / "features")
    system.load(run)
    found = list(system.predict(data.for_prediction(1), 1, PredictOptions(config=run.config)))
    assert [one.question_id for one in found] == list(range(6))
