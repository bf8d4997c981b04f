"""The commands on a machine without torch: missing, or there and broken."""

from __future__ import annotations

import json
import tomllib
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.plugin import registry
from tests.cli.running import cmivqa_here as cmivqa
from tests.cli.running import python

INSTALL = "pip install torch transformers accelerate safetensors"


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No torch is found."""

    def find(name: str) -> ModuleSpec | None:
        return None if name == "torch" else find_spec(name)

    monkeypatch.setattr(registry, "find_spec", find)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch is found and cannot be imported."""

    def load(name: str) -> Any:
        if name == "torch" or name.startswith("baselines.ccgs.baseline"):
            raise ImportError("libtorch_cpu.so: cannot open shared object file")
        return import_module(name)

    monkeypatch.setattr(registry, "import_module", load)


def text(*arguments: str, cwd: Path, code: int = 0) -> str:
    done = cmivqa(*arguments, cwd=cwd)
    assert done.returncode == code, (arguments, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode() + done.stderr.decode()


@pytest.mark.usefixtures("missing")
def test_the_flow_of_the_readme_works_as_printed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said = text("init", cwd=tmp_path)
    assert f"hybrid goes without torch here ({INSTALL}" in said
    assert not tomllib.loads((tmp_path / "cmivqa.toml").read_text(encoding="utf-8"))["model"]
    said = text("train", cwd=tmp_path)
    assert caplog.text.count(f"hybrid answers by BM25 alone here: its encoder needs torch ({INSTALL}") == 1
    assert "run directory runs/hybrid-1" in said
    assert json.loads((tmp_path / "runs/hybrid-1/hybrid.json").read_text(encoding="utf-8"))["tier"] == "lexical"
    assert "Answering with runs/hybrid-1" in text("predict", "--split", "testA", cwd=tmp_path)
    text("score", "submission.json", cwd=tmp_path)
    shown = json.loads(cmivqa("config", "--format", "json", cwd=tmp_path).stdout)["settings"]["model.baseline"]
    assert shown == {"value": "hybrid", "origin": "default"}
    assert "no pairs" in text("train", "--dry-run", cwd=tmp_path)


@pytest.mark.usefixtures("missing")
def test_one_that_is_named_is_not_replaced(tmp_path: Path) -> None:
    refused = text("train", "-m", "ccgs", cwd=tmp_path, code=2)
    assert "baseline 'ccgs' needs torch, not installed here" in refused
    assert f"{INSTALL} cachetools\nWithout it: cmivqa train -m hybrid\n" in refused
    text("init", "-m", "ccgs", cwd=tmp_path)
    assert "needs torch" in text("train", cwd=tmp_path, code=2)


@pytest.mark.usefixtures("broken")
def test_a_broken_torch_is_as_good_as_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert "Fitted hybrid" in text("train", cwd=tmp_path)
    assert f"hybrid answers by BM25 alone here: its encoder needs torch ({INSTALL}" in caplog.text
    wanted = text("train", "--set", "model.tier=trained", cwd=tmp_path, code=2)
    assert 'model.tier = "trained" needs torch, which cannot be imported here' in wanted
    refused = text("train", "-m", "ccgs", cwd=tmp_path, code=2)
    assert "baseline 'ccgs' needs torch, which cannot be imported here (libtorch_cpu.so: cannot open" in refused
    assert "pip install --force-reinstall torch\nWithout it: cmivqa train -m hybrid\n" in refused


def test_a_part_that_needs_torch_says_so(tmp_path: Path) -> None:
    """Where nothing asked before: prior needs no torch, the engine behind a retriever does."""
    code = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch':\n"
        "            raise ModuleNotFoundError(\"No module named 'torch'\", name=name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "from cmivqa_kit.cli.main import run\n"
        "sys.argv = ['cmivqa', *sys.argv[1:]]\n"
        "run()"
    )
    assert cmivqa("train", "-m", "prior", cwd=tmp_path).returncode == 0
    refused = python(code, "predict", "-m", "prior", "--retriever", "bm25", cwd=tmp_path)
    assert refused.returncode == 2
    assert "this needs torch, which cannot be imported here (No module named 'torch')" in refused.stderr
    assert INSTALL in refused.stderr
    assert "Traceback" not in refused.stderr
