"""A system declares where weights and options lie in its official files; the kit reads, checks and converts them."""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights, read_checkpoint
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.fuzz.mutation import spoiled
from tests.training.tiny_system import TinyNetwork

STATE = {"model.linear.weight": torch.arange(4.0)[None], "model.linear.bias": torch.ones(1)}
OPTIONS = argparse.Namespace(dims=argparse.Namespace(video=4), bias=True, device=torch.device("cuda"))


class Options(CheckpointFormat[TinyNetwork]):
    """Weights under Lightning's key, sizes from the options beside them."""

    title, network, reported = "Tiny", TinyNetwork, ("width", "bias")
    state_dicts, options = (StateDict(("state_dict",), strip="model."),), ("opt",)

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"width": given.get("width", weights["linear.weight"].shape[1])}

    def stated_sizes(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"width": options["dims"]["video"], "bias": options["bias"]} if options else {}


def converted(folder: Path, content: Any, sizes: dict[str, Any] | None = None) -> tuple[RunDirectory, CheckpointReport]:
    torch.save(content, folder / "epoch=5-step=155.ckpt")
    run = make_run(folder / "run", "tiny", {}, 0, "published")
    report = Options().convert(CheckpointRequest((folder / "epoch=5-step=155.ckpt",), sizes), run)
    run.finish()
    return run, report


def test_a_checkpoint_like_lightnings_becomes_a_run(tmp_path: Path) -> None:
    whole = {
        "epoch": 5, "global_step": 155, "pytorch-lightning_version": "1.5.10", "state_dict": STATE, "opt": OPTIONS,
        "callbacks": {}, "lr_schedulers": [], "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(2)}}}],
    }  # fmt: skip
    run, report = converted(tmp_path, whole)
    assert (report.sizes, report.ignored, report.missing) == ({"width": 4, "bias": True}, (), ())
    loaded = load_network(run, TinyNetwork).model.state_dict()
    assert torch.equal(loaded["linear.weight"], STATE["model.linear.weight"])


def test_sizes_that_the_user_gives_go_before_those_of_the_options(tmp_path: Path) -> None:
    options = argparse.Namespace(dims={"video": 99}, bias=True)
    _, report = converted(tmp_path, {"state_dict": STATE, "opt": options}, {"width": 4})
    assert report.sizes == {"width": 4, "bias": True}


@pytest.mark.parametrize(
    ("options", "message"),
    [({"dims": 3}, r"damaged, cannot be read as the options of Tiny \('int' object"),
     ({"a": 1}, r"options of Tiny \(KeyError: 'dims'\)"),
     (argparse.Namespace(dims={"video": "4"}, bias=True), r"155\.ckpt: width missing or unusable"),
     ("text", "opt is text of 4 characters, not options"),
     (argparse.Namespace(dims={"video": 10**15}, bias=True), "do not fit the network")],
)  # fmt: skip
def test_options_that_lie_are_refused(tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        converted(tmp_path, {"state_dict": STATE, "opt": options})


def test_weights_alone_are_read_in_every_form(tmp_path: Path) -> None:
    part = Options.state_dicts
    torch.save({"state_dict": STATE}, tmp_path / "a.safetensors")  # told by its bytes
    torch.save(STATE, tmp_path / "b.pth.tar", _use_new_zipfile_serialization=False)
    save_file(STATE, tmp_path / "c.bin")
    for name in ("a.safetensors", "b.pth.tar", "c.bin"):
        read = read_checkpoint(tmp_path / name, part, ("opt",))
        assert sorted(read.weights) == ["linear.bias", "linear.weight"] and read.options == {}


def test_huge_tensors_hide_in_no_list_and_no_options(tmp_path: Path) -> None:
    huge = torch.zeros(1).expand(2**20, 2**20)
    for zipped in (True, False):
        for content in ([STATE, {"x": huge}], {"state_dict": STATE, "opt": argparse.Namespace(a=[({huge},)])}):
            torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
            with pytest.raises(UserError, match=r"a\.pth: damaged, .* takes 4,398,046,511,104 bytes"):
                read_checkpoint(tmp_path / "a.pth", Options.state_dicts)


def test_a_stated_storage_larger_than_the_file_takes_no_memory(tmp_path: Path) -> None:
    torch.save([{"a": torch.ones(200)}], tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "a.pth").read_bytes()
    # 200 numbers, in the pickle a byte, are 2 ** 31 - 1 in four bytes: of the storage and of the shape
    (tmp_path / "a.pth").write_bytes(data.replace(b"K\xc8", b"J\xff\xff\xff\x7f"))
    with pytest.raises(UserError, match=r"a\.pth: damaged, .*a takes 8,589,934,588 bytes"):
        read_checkpoint(tmp_path / "a.pth")


def test_cut_files_are_damage_under_every_name(tmp_path: Path) -> None:
    for zipped in (True, False):
        torch.save({"state_dict": STATE, "opt": OPTIONS}, tmp_path / "a", _use_new_zipfile_serialization=zipped)
        data = (tmp_path / "a").read_bytes()
        for length in range(17, len(data) - 1, 23):
            (tmp_path / "cut.pth.tar").write_bytes(data[:length])
            with pytest.raises(UserError, match=r"cut\.pth\.tar: damaged, cannot be read as weights"):
                read_checkpoint(tmp_path / "cut.pth.tar", Options.state_dicts)


@pytest.mark.parametrize("zipped", [True, False])
def test_changed_bytes_are_read_or_refused_plainly(tmp_path: Path, zipped: bool) -> None:
    whole = {"epoch": 1, "state_dict": STATE, "opt": OPTIONS, "list": [{"a": np.float32(1), "b": np.arange(3)}]}
    torch.save(whole, tmp_path / "a", _use_new_zipfile_serialization=zipped)
    data = (tmp_path / "a").read_bytes()
    chance = random.Random(4)
    read = 0
    for _ in range(150):
        (tmp_path / "b.pth.tar").write_bytes(spoiled(data, chance))
        try:
            read += len(read_checkpoint(tmp_path / "b.pth.tar", Options.state_dicts, Options.options).weights) == 2
        except UserError as refused:
            assert str(tmp_path / "b.pth.tar") in refused.message and refused.fix
    assert read > 0  # what no reader looks at may change
