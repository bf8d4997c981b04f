"""Damaged and lying files of weights: refused, and no memory is taken that the file does not hold."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.bounded_building import TooManyParameters, shapes_of
from cmivqa_kit.neural.encoders import open_config, open_encoder, open_tokenizer
from cmivqa_kit.neural.official_checkpoints import read_checkpoint


def saved(path: Path, content: Any, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_files_are_read_and_views_of_more_than_the_file_are_not(tmp_path: Path, zipped: bool) -> None:
    table = torch.arange(6.0).reshape(2, 3)
    whole = read_checkpoint(
        saved(tmp_path / "a.bin", {"a": table, "tied": table, "half": table.half()}, zipped)
    ).weights
    assert torch.equal(whole["a"], table) and torch.equal(whole["tied"], table) and whole["half"].dtype == torch.half
    large = torch.zeros(1).expand(2**20, 2**20)
    with pytest.raises(UserError, match=r"b\.bin: damaged, .*large takes 4,398,046,511,104 bytes"):
        read_checkpoint(saved(tmp_path / "b.bin", {"large": large}, zipped))


@pytest.mark.parametrize("zipped", [True, False])
def test_every_cut_of_a_file_is_damage(tmp_path: Path, zipped: bool) -> None:
    data = saved(tmp_path / "a.bin", {"a": torch.ones(5)}, zipped).read_bytes()
    for length in range(1, len(data), 7):
        (tmp_path / "cut.bin").write_bytes(data[:length])
        with pytest.raises(UserError, match=r"cut\.bin: "):
            read_checkpoint(tmp_path / "cut.bin")


def test_a_storage_larger_than_its_record_is_not_read_beyond_the_file(tmp_path: Path) -> None:
    saved(tmp_path / "a.bin", {"a": torch.ones(200)})
    with zipfile.ZipFile(tmp_path / "a.bin") as old, zipfile.ZipFile(tmp_path / "b.bin", "w") as new:
        for name in old.namelist():
            # 200 elements, in the pickle a byte, are 65,535 in two bytes: of the storage and of the shape
            content = old.read(name)
            new.writestr(name, content.replace(b"K\xc8", b"M\xff\xff") if name.endswith("data.pkl") else content)
    with pytest.raises(UserError, match=r"b\.bin: damaged"):
        read_checkpoint(tmp_path / "b.bin")


def test_a_compressed_file_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "a.bin", {"a": torch.zeros(2**20)})
    with zipfile.ZipFile(tmp_path / "a.bin") as old, zipfile.ZipFile(tmp_path / "b.bin", "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(UserError, match="is compressed"):
        read_checkpoint(tmp_path / "b.bin")


def test_a_network_of_impossible_sizes_is_not_built() -> None:
    assert shapes_of(lambda: nn.Linear(2**30, 2**30), 2)["weight"] == (2**30, 2**30)  # takes no memory
    with pytest.raises(TooManyParameters):
        shapes_of(lambda: nn.ModuleList(nn.Linear(1, 1) for _ in range(10**9)), 2)


def test_foreign_code_of_an_encoder_is_never_run_nor_asked_for(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    names = {"AutoConfig": "conf.Config", "AutoModel": "conf.Model", "AutoTokenizer": ["conf.Slow", None]}
    for name in ("config.json", "tokenizer_config.json"):
        document = {"model_type": "strange", "auto_map": names, "tokenizer_class": "Strange"}
        (tmp_path / name).write_text(json.dumps(document), encoding="utf-8")
    for opened in (open_config, open_tokenizer, lambda name: open_encoder(name, (), 0)):
        with pytest.raises(UserError, match=r"brings Python code of its own .*not run without --trust-remote-code"):
            opened(str(tmp_path))  # type: ignore[operator]
