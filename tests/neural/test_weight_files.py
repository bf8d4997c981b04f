"""Files of weights are told by what they hold, and of a download the one is chosen."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.weight_files import is_archive_of_files, weights_file, weights_form

WEIGHTS = {"a": torch.ones(3)}
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 3\n"
NAMES = ("model_best.pth.tar", "epoch=5-step=155.ckpt", "pytorch_model.bin", "weights", "weights.zip", "a.safetensors")


def files(folder: Path, name: str) -> dict[str, Path]:
    """The same weights in each form, each in a folder of its own and under the same name."""
    made = {form: folder / form / name for form in ("torch zip", "torch pickles", "safetensors")}
    for path in made.values():
        path.parent.mkdir()
    torch.save(WEIGHTS, made["torch zip"])
    torch.save(WEIGHTS, made["torch pickles"], _use_new_zipfile_serialization=False)
    save_file(WEIGHTS, made["safetensors"])
    return made


@pytest.mark.parametrize("name", NAMES)
def test_every_form_is_known_under_every_name(tmp_path: Path, name: str) -> None:
    for form, path in files(tmp_path, name).items():
        assert weights_form(path) == form
        assert not is_archive_of_files(path)
        assert weights_file((path.parent / "README.md", path)) == path


@pytest.mark.parametrize("name", ["down.zip", "down.tar", "down.tar.gz", "down", "model_best.pth.tar", "down.bin"])
def test_an_archive_around_files_is_one_under_every_name(tmp_path: Path, name: str) -> None:
    torch.save(WEIGHTS, tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / name, "w") as bundle:
        bundle.write(tmp_path / "model.pt", "run/data.pkl")
    assert weights_form(tmp_path / name) is None and is_archive_of_files(tmp_path / name)
    for mode in ("w", "w:gz"):
        with tarfile.open(tmp_path / name, mode) as tar:  # type: ignore[call-overload]
            tar.add(tmp_path / "model.pt", "run/model.pt")
        assert weights_form(tmp_path / name) is None and is_archive_of_files(tmp_path / name)


def test_what_is_damaged_is_what_its_name_says(tmp_path: Path) -> None:
    whole = files(tmp_path, "model")["torch zip"].read_bytes()
    for name, archive in (("a.pth.tar", False), ("a.bin", False), ("a.tar", True), ("a", True)):
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        assert weights_form(tmp_path / name) is None
        assert is_archive_of_files(tmp_path / name) is archive
    for content in (b"", b"\x80", b"{", LFS, b"\xff" * 7 + b"\x7f{}", whole[:3]):
        (tmp_path / "b.ckpt").write_bytes(content)
        assert weights_form(tmp_path / "b.ckpt") is None and not is_archive_of_files(tmp_path / "b.ckpt")
        assert weights_file((tmp_path / "b.ckpt",)) == tmp_path / "b.ckpt"  # its reader says what is wrong


def test_of_several_the_usual_name_is_taken_else_none(tmp_path: Path) -> None:
    usual = tmp_path / "pytorch_model.bin"
    for name in ("training_args.bin", "model_latest.ckpt", "checkpoint_epoch_3"):
        torch.save(WEIGHTS, tmp_path / name)
    several = tuple(sorted(tmp_path.iterdir()))
    with pytest.raises(UserError, match=r"(?s)3 files of weights: .*checkpoint_epoch_3, .*training_args.*Name the one"):
        weights_file(several)
    torch.save(WEIGHTS, usual)
    assert weights_file((*several, usual)) == usual


def test_a_download_without_weights_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "hparams.yaml").write_text("a: 1", encoding="utf-8")
    with pytest.raises(UserError, match=r"(?s)no weights in the download \(it holds hparams.yaml\).*torch.save"):
        weights_file((tmp_path / "hparams.yaml",))
    (tmp_path / "model").write_bytes(LFS)
    with pytest.raises(UserError, match=r"(?s)model: is a Git LFS pointer.*git lfs pull"):
        weights_file((tmp_path / "hparams.yaml", tmp_path / "model"))


@pytest.mark.parametrize(
    ("names", "message"),
    [(("pickle", "storages", "tensors"), r"old: is what torch.save wrote before PyTorch 0\.1\.10"),
     (("data.pkl", "version", "byteorder"), "old: is a file of torch.save that was unpacked")],
)  # fmt: skip
def test_files_that_were_one_are_known(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        weights_file(tuple(tmp_path / "old" / name for name in names))
