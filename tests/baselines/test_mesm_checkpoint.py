"""Official checkpoints of MESM: the options beside the weights, and the text encoder that they do not hold."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.mesm.checkpoint import convert
from baselines.mesm.model import MESM
from baselines.mesm.network import CLIP, GLOVE, PUBLISHED, Network
from baselines.mesm.text import FOLDER, open_text
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.baselines.clip_folder import write_clip
from tests.baselines.moment_benchmark import SMALL
from tests.baselines.test_mesm_words import glove

OPTIONS = {
    "dataset_name": "charades", "nheads": 4, "tokenizer_type": "GloVeNLTK", "load_vocab_pkl": True, "v_feat_dim": 4,
    "dropout": 0.1, "input_dropout": 0.5, "device": torch.device("cpu"), "lr": 2e-4,
}  # fmt: skip


def official(path: Path, options: dict[str, Any], **sizes: Any) -> tuple[Path, MESM]:
    """A file as the authors' training writes it: without the text encoder, with an argparse Namespace."""
    torch.manual_seed(5)
    model = Network.of({**SMALL, **sizes}, "here").build()
    weights = {name: value for name, value in model.state_dict().items() if "text_encoder" not in name}
    content = {"model": weights, "optimizer": {"state": {}}, "epoch": 7, "opt": Namespace(**{**OPTIONS, **options})}
    torch.save(content, path)
    return path, model


def converted(folder: Path, request: CheckpointRequest) -> tuple[RunDirectory, CheckpointReport]:
    run = make_run(folder / "run", "mesm", {}, 0, "published")
    return run, convert(request, run)


def test_given_vectors_and_options(tmp_path: Path) -> None:
    path, model = official(tmp_path / "model_test_best.ckpt", {"dataset_name": "qvhighlights"})
    run, report = converted(tmp_path, CheckpointRequest((path,), tokenizer=glove(tmp_path / "glove.pkl")))
    loaded = load_network(run, Network)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.model.state_dict().items())
    # nheads and the data set are in the options alone; the width there does not count the temporal channels
    assert (loaded.network.nheads, loaded.network.dataset_name, loaded.network.v_feat_dim) == (4, "qvhighlights", 6)
    assert (loaded.network.vocab_size, loaded.network.max_words_l, loaded.network.num_recss_layers) == (7, 4, 1)
    assert loaded.network.cross_sample_mask == PUBLISHED and (report.ignored, report.missing) == ((), ())
    assert open_text(run.path / FOLDER).reader(4, "simple").read("the door").words[0].tolist() == [3, 3, 3]


def test_clip_comes_from_its_folder(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip")
    sizes = {"t_feat_dim": 16, "text_encoder": CLIP}
    clip = {"embed_dim": 12, "context_length": 77, "vocab_size": 525, "width": 16, "heads": 2, "layers": 2}
    path, _ = official(tmp_path / "a.ckpt", {"tokenizer_type": "CLIP"}, **sizes, clip=clip)
    request = CheckpointRequest((path,), {"clip": clip}, str(tmp_path / "clip"), tmp_path / "clip")
    run, report = converted(tmp_path, request)
    assert (report.missing, report.remarks) == ((), ())
    model = load_network(run, Network).model
    reader = open_text(run.path / FOLDER).reader(4, "")
    text = model.encode_text(torch.from_numpy(reader.read("the door").words[None]))
    assert text.mask.all() and bool(text.words.isfinite().all())
    assert model.text_encoder.ln_final.weight.shape == (16,)


def test_without_its_text_encoder_a_checkpoint_is_refused(tmp_path: Path) -> None:
    clip = {"embed_dim": 12, "context_length": 77, "vocab_size": 525, "width": 5, "heads": 1, "layers": 1}
    path, _ = official(tmp_path / "a.ckpt", {"tokenizer_type": "CLIP"}, text_encoder=CLIP, clip=clip)
    with pytest.raises(UserError, match=r"(?s)frozen text encoder \(clip\), which it does not hold"):
        converted(tmp_path, CheckpointRequest((path,), {"clip": clip}))


def test_glove_comes_from_its_text_file(tmp_path: Path) -> None:
    (tmp_path / "counts.txt").write_text("the 3 5\ndoor 2 4\n", encoding="utf-8")
    (tmp_path / "glove.txt").write_text("the 1 2 3 4 5\ndoor 5 4 3 2 1\n", encoding="utf-8")
    path, _ = official(
        tmp_path / "a.ckpt", {"load_vocab_pkl": False}, text_encoder=GLOVE, glove_vocab=4, share_MLP=False
    )
    request = CheckpointRequest((path,), None, str(tmp_path / "glove.txt"), tmp_path / "counts.txt")
    run, _ = converted(tmp_path, request)
    loaded = load_network(run, Network)
    assert (loaded.network.glove_vocab, loaded.network.share_MLP) == (4, False)
    assert loaded.model.text_encoder.emb.weight[3].tolist() == [1, 2, 3, 4, 5]
    assert open_text(run.path / FOLDER).reader(4, "simple").read("the door").words.tolist() == [3, 2, 0, 0]


def test_without_words_it_is_said(tmp_path: Path) -> None:
    path, _ = official(tmp_path / "a.ckpt", {})
    run, report = converted(tmp_path, CheckpointRequest((path,)))
    assert report.remarks == (
        "nothing that reads sentences: predict needs it; convert again with --tokenizer glove.pkl",
    )
    with pytest.raises(UserError, match="the run has nothing that reads sentences"):
        open_text(run.path / FOLDER)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    torch.save({"model": {"a": torch.ones(1)}}, tmp_path / "a.ckpt")
    with pytest.raises(UserError, match="it is no MESM checkpoint"):
        converted(tmp_path, CheckpointRequest((tmp_path / "a.ckpt",)))
    path, _ = official(tmp_path / "b.ckpt", {})
    with pytest.raises(UserError, match="Leave cross_sample_mask away"):
        converted(tmp_path / "b", CheckpointRequest((path,), {"cross_sample_mask": "correct"}))
