"""Official checkpoints: what is read, what is refused, what a run keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.ccgs.baseline import CCGS
from baselines.ccgs.checkpoint import OLD_BUFFER, convert
from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.network import Network
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import open_encoder, plain
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.baselines.encoders import deberta

VOCABULARY = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "洗", "手", "wash"]
ENCODER = plain(deberta(len(VOCABULARY), 0))
SIZES = {"encoder": ENCODER, "inner_dim": 8, "dim": 6, "visual_dim": 4, "variant": "task23"}


@pytest.fixture
def model() -> GlobalSpanModel:
    torch.manual_seed(3)
    return GlobalSpanModel(deberta(len(VOCABULARY), 0), 8, 6, 4)


def download(folder: Path, weights: Any, vocabulary: bool = True) -> tuple[Path, ...]:
    """A folder as the official program saves it."""
    folder.mkdir()
    torch.save(weights, folder / "pytorch_model.bin")
    if vocabulary:
        (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    return tuple(sorted(folder.iterdir()))


def converted(tmp_path: Path, request: CheckpointRequest) -> tuple[RunDirectory, CheckpointReport]:
    run = make_run(tmp_path / "run", "ccgs", {}, 0, "published")
    report = convert(request, run)
    run.finish()
    return run, report


def test_an_official_download_becomes_a_run(tmp_path: Path, model: GlobalSpanModel) -> None:
    weights = {**model.state_dict(), OLD_BUFFER: torch.arange(512)[None]}
    run, report = converted(tmp_path, CheckpointRequest(download(tmp_path / "official", weights), SIZES))
    assert (report.variant, report.ignored, report.missing, report.remarks) == ("task23", (OLD_BUFFER,), (), ())
    loaded = load_network(run, Network)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.model.state_dict().items())
    assert loaded.tokenizer is not None
    assert loaded.tokenizer("洗WASH")["input_ids"] == [1, 5, 7, 2]
    assert not loaded.network.mask_lower and not loaded.model.training
    CCGS().load(run)


def test_sizes_come_from_weights_and_encoder_folder(tmp_path: Path, model: GlobalSpanModel) -> None:
    encoder = tmp_path / "encoder"
    deberta(len(VOCABULARY), 0).save_pretrained(encoder)
    half = {name: value.half() for name, value in model.state_dict().items()}
    files = download(tmp_path / "official", half)
    run, report = converted(tmp_path, CheckpointRequest(files, None, str(encoder)))
    assert (report.sizes["inner_dim"], report.sizes["dim"], report.sizes["visual_dim"]) == (8, 6, 4)
    assert {value.dtype for value in load_network(run, Network).model.state_dict().values()} == {torch.float32}


def test_without_a_configuration_the_papers_encoder_is_named(tmp_path: Path, model: GlobalSpanModel) -> None:
    files = download(tmp_path / "official", model.state_dict())
    with pytest.raises(UserError, match=r"(?s)Erlangshen-DeBERTa-v2-320M-Chinese.*640 MB.*HF_ENDPOINT"):
        converted(tmp_path, CheckpointRequest(files))


def test_without_a_tokenizer_the_run_says_what_to_give(tmp_path: Path, model: GlobalSpanModel) -> None:
    files = download(tmp_path / "official", model.state_dict(), vocabulary=False)
    run, report = converted(tmp_path, CheckpointRequest(files, SIZES))
    assert report.remarks == ("no tokenizer: predict needs one; convert again with --tokenizer DIR",)
    assert load_network(run, Network).tokenizer is None
    with pytest.raises(UserError, match=r"(?s)no tokenizer.*--tokenizer DIR"):
        CCGS().load(run)


def test_a_missing_visual_branch_is_reported_and_the_same_each_time(tmp_path: Path, model: GlobalSpanModel) -> None:
    text = {k: v for k, v in model.state_dict().items() if k.startswith(("P_Encoder.", "dense."))}
    files = download(tmp_path / "official", text)
    first, report = converted(tmp_path, CheckpointRequest(files, SIZES))
    assert report.missing and all(not name.startswith(("P_Encoder.", "dense.")) for name in report.missing)
    (tmp_path / "again").mkdir()
    second, _ = converted(tmp_path / "again", CheckpointRequest(files, SIZES))
    assert (first.path / "model.safetensors").read_bytes() == (second.path / "model.safetensors").read_bytes()


def visual(trained: bool = True) -> dict[str, torch.Tensor]:
    """Weights whose branch is as wide as the encoder; in a text checkpoint it is as it was drawn."""
    torch.manual_seed(3)
    weights = GlobalSpanModel(deberta(len(VOCABULARY), 0), 8, 64, 4).state_dict()
    if trained:
        weights["cq_concat.conv1d.conv1d.weight"] *= 1.5
    return weights


def test_the_variant_is_told_from_the_weights_unless_it_is_given(tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    deberta(len(VOCABULARY) + 2, 0).save_pretrained(encoder)
    weights = visual()
    table = weights["P_Encoder.embeddings.word_embeddings.weight"]
    weights["P_Encoder.embeddings.word_embeddings.weight"] = torch.cat((table, table[:2]))
    files = download(tmp_path / "official", weights)
    run, report = converted(tmp_path, CheckpointRequest(files, None, str(encoder)))
    assert (report.variant, run.record()["state"]) == ("ccgs", "finished")
    assert report.remarks == (
        'taken for the visual variant: its branch is trained. Else: --config with {"variant": "task23"}',
    )
    loaded = load_network(run, Network)
    assert loaded.network.visual and not loaded.network.pooled and loaded.model.fusion is None
    assert set(loaded.model.state_dict()) == set(weights)  # official tools can load what the kit saves
    assert loaded.tokenizer is not None  # the encoder's own tokenizer has no [Music] yet
    assert loaded.tokenizer("wash[Music]")["input_ids"] == [1, 7, 8, 2]
    for number, request in enumerate(
        (
            CheckpointRequest(files, {"variant": "task23"}, str(encoder)),
            CheckpointRequest(download(tmp_path / "text", visual(trained=False)), {"encoder": ENCODER, **TEXT_SIZES}),
            CheckpointRequest(download(tmp_path / "half", {k: v.half() for k, v in visual(trained=False).items()}),
                              {"encoder": ENCODER, **TEXT_SIZES}),
        )
    ):  # fmt: skip
        (tmp_path / str(number)).mkdir()
        run, report = converted(tmp_path / str(number), request)
        assert (report.variant, report.remarks) == ("task23", ())
        assert not load_network(run, Network).network.visual


TEXT_SIZES = {"inner_dim": 8, "dim": 64, "visual_dim": 4}


def test_a_visual_checkpoint_without_its_branch_is_refused(tmp_path: Path) -> None:
    weights = visual()
    del weights["highlight_layer.conv1d.conv1d.bias"]
    files = download(tmp_path / "official", weights)
    with pytest.raises(UserError, match=r"lacks highlight_layer\.conv1d\.conv1d\.bias"):
        converted(tmp_path, CheckpointRequest(files, {**SIZES, "dim": 64, "variant": "ccgs"}))
    with pytest.raises(UserError, match="as wide as the encoder"):
        converted(tmp_path / "narrow", CheckpointRequest(files, {**SIZES, "variant": "ccgs"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("dense.bias"), "lacks dense.bias"),
        (lambda w: w.update({"P_Encoder.encoder.layer.7.x": torch.zeros(1)}), "has P_Encoder.encoder.layer.7.x"),
        (lambda w: w.update({"dense.weight": torch.zeros(4, 4)}), "dense.weight is \\(4, 4\\), not \\(16, 64\\)"),
    ],
)
def test_weights_of_another_network_are_refused(
    tmp_path: Path, model: GlobalSpanModel, change: Any, message: str
) -> None:
    weights = dict(model.state_dict())
    change(weights)
    with pytest.raises(UserError, match=message):
        converted(tmp_path, CheckpointRequest(download(tmp_path / "official", weights), SIZES))


class Hostile:
    """What `torch.load` would run without ``weights_only``."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("ran"),)


@pytest.mark.parametrize("weights", [Hostile(), {"dense.weight": "text"}, [1, 2]])
def test_only_plain_tensors_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="plain state_dict"):
        converted(tmp_path, CheckpointRequest(download(tmp_path / "official", weights), SIZES))
    assert not (tmp_path / "ran").exists()


def test_no_weights_or_too_many(tmp_path: Path, model: GlobalSpanModel) -> None:
    with pytest.raises(UserError, match="no weights"):
        converted(tmp_path / "a", CheckpointRequest((tmp_path / "vocab.txt",), SIZES))
    files = (*download(tmp_path / "one", model.state_dict()), *download(tmp_path / "two", model.state_dict()))
    with pytest.raises(UserError, match="2 files of weights"):
        converted(tmp_path / "b", CheckpointRequest(files, SIZES))


@pytest.mark.parametrize("sizes", [{"encoder": ENCODER}, {**SIZES, "dim": "6"}, {**SIZES, "variant": "other"}])
def test_unusable_sizes(tmp_path: Path, model: GlobalSpanModel, sizes: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="missing or unusable"):
        converted(tmp_path, CheckpointRequest(download(tmp_path / "official", model.state_dict()), sizes))


def test_an_encoder_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def unread() -> Any:
        raise AssertionError("texts were read")
        yield

    with pytest.raises(UserError, match=r"(?s)no/such-encoder.*640 MB.*HF_ENDPOINT.*encoder=DIR"):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        open_encoder("no/such-encoder", unread(), 0)
