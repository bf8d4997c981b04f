"""`convert-checkpoint` on the reference's own weights, then `predict` from the run that it made."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.cli.running import cmivqa_here as cmivqa

CASES = Path(__file__).parents[1] / "golden" / "cases" / "ccgs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference weights, their sizes, a vocabulary, and a corpus of two videos."""
    made = tmp_path_factory.mktemp("official")
    case = json.loads((CASES / "forward_text" / "case.json").read_text(encoding="utf-8"))
    (made / "sizes.json").write_text(json.dumps(case["config"]), encoding="utf-8")
    shutil.copy(CASES / "forward_text" / "weights.safetensors", made / "model.safetensors")
    shutil.copy(CASES / "data_example" / "vocab.txt", made / "vocab.txt")
    with tarfile.open(made / "download.tar.gz", "w:gz") as archive:
        for name in ("model.safetensors", "vocab.txt"):
            archive.add(made / name, f"12_0.6_27.03model/{name}")
    corpus = made / "corpus"
    corpus.mkdir()
    lines = [{"text": f"step {i}", "start": 2.0 * i, "duration": 2.0} for i in range(4)]
    (corpus / "subtitle.json").write_text(json.dumps({"one": lines, "two": lines[:3]}), encoding="utf-8")
    question = {"id": 0, "question": "which step", "video_id": "one", "start_second": 2, "end_second": 4}
    (corpus / "dev.json").write_text(json.dumps([question]), encoding="utf-8")
    return made


def test_from_the_download_to_a_scored_submission(folder: Path, tmp_path: Path) -> None:
    archive = folder / "download.tar.gz"
    made = cmivqa(
        "convert-checkpoint", "ccgs", archive, "runs/official", "--config", folder / "sizes.json", cwd=tmp_path
    )
    assert made.returncode == 0, made.stderr
    text = made.stdout.decode()
    assert "recipe published" in text
    assert "hidden_size 32" in text
    assert "0 keys missing" in text
    corpus = ["--data", folder / "corpus"]
    asked = cmivqa("predict", "--run", "runs/official", "--split", "dev", *corpus, cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    scored = cmivqa("score", "submission.json", *corpus, cwd=tmp_path)
    assert scored.returncode == 0, scored.stderr
    assert "ccgs (recipe published), run official" in scored.stdout.decode()


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_are_known_by_what_they_hold(folder: Path, tmp_path: Path, zipped: bool) -> None:
    weights = load_file(folder / "model.safetensors")
    for name in ("model_best.pth.tar", "last.ckpt", "weights", "odd.safetensors"):
        torch.save(weights, tmp_path / name, _use_new_zipfile_serialization=zipped)
    with tarfile.open(tmp_path / "down.tar", "w") as archive:
        archive.add(tmp_path / "model_best.pth.tar", "run/model_best.pth.tar")
    with zipfile.ZipFile(tmp_path / "down.zip", "w") as bundle:
        bundle.write(tmp_path / "weights", "run/weights")
    expected = sorted(weights)
    for number, source in enumerate(sorted(path.name for path in tmp_path.iterdir())):
        made = cmivqa(
            "convert-checkpoint", "ccgs", source, f"{number}", "--config", folder / "sizes.json", cwd=tmp_path
        )
        assert made.returncode == 0, (source, made.stderr)
        read = load_file(tmp_path / str(number) / "model.safetensors")
        assert sorted(read) == expected and all(torch.equal(read[name], weights[name]) for name in expected)


def test_what_lies_in_place_of_weights_is_named_with_its_archive(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "down.zip", "w") as bundle:
        bundle.writestr("run/model_best.pth.tar", "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n")
    torch.save({"epoch": 1, "model": [{}], "opt": Namespace(lr=1)}, tmp_path / "other.ckpt")
    (tmp_path / "page.pth.tar").write_text("<!DOCTYPE html><html></html>", encoding="utf-8")
    for source, message in (
        ("down.zip", "down.zip/run/model_best.pth.tar: is a Git LFS pointer, not the file itself"),
        ("page.pth.tar", "page.pth.tar: is a web page, not the file itself"),
        ("other.ckpt", "it holds 'epoch': int, 'model': list of 1 (nothing), 'opt': 1 value by name"),
    ):
        refused = cmivqa("convert-checkpoint", "ccgs", source, "run", "--config", folder / "sizes.json", cwd=tmp_path)
        assert refused.returncode == 2 and message in " ".join(refused.stderr.decode().split())
        assert not (tmp_path / "run").exists()


def test_without_a_tokenizer_predict_says_what_to_give(folder: Path, tmp_path: Path) -> None:
    weights = tmp_path / "alone" / "model.safetensors"
    weights.parent.mkdir()
    shutil.copy(folder / "model.safetensors", weights)
    made = cmivqa("convert-checkpoint", "ccgs", weights, "run", "--config", folder / "sizes.json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert b"--tokenizer" in made.stdout
    asked = cmivqa("predict", "--run", "run", "--split", "dev", "--data", folder / "corpus", cwd=tmp_path)
    assert asked.returncode == 2
    assert b"--tokenizer" in asked.stderr


def test_the_document_says_what_was_read(folder: Path, tmp_path: Path) -> None:
    words = ["convert-checkpoint", "ccgs", folder / "download.tar.gz", "run", "--config", folder / "sizes.json"]
    made = cmivqa(*words, "--format", "json", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    assert (document["run"], document["recipe"], document["missing"]) == ("run", "published", [])
    assert document["sizes"]["encoder"]["hidden_size"] == 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [("bm25 x y", "no official checkpoints"), ("ccgs nowhere y", "no such file"), ("ccsg x y", "Did you mean 'ccgs'")],
)
def test_mistakes_are_plain_and_leave_nothing(tmp_path: Path, arguments: str, message: str) -> None:
    refused = cmivqa("convert-checkpoint", *arguments.split(), cwd=tmp_path)
    assert refused.returncode == 2
    assert message in refused.stderr.decode()
    assert not list(tmp_path.iterdir())


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path, folder: Path) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "owned"),))  # type: ignore[return-value]

    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"dense.weight": Evil()}))
    done = cmivqa(
        "convert-checkpoint", "ccgs", "pytorch_model.bin", "run", "--config", folder / "sizes.json", cwd=tmp_path
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "run").exists()
