"""The Python of docs/participants.md runs where it says: beside a data root called ``data``."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here as cmivqa
from tests.house.markdown import ROOT, blocks


def test_the_example_of_your_own_model_writes_a_valid_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = [text for language, text in blocks(ROOT / "docs" / "participants.md") if language == "python"]
    shutil.copytree(demo_corpus(), tmp_path / "data", ignore=shutil.ignore_patterns("video_feature"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "example.py").write_text(source, encoding="utf-8")
    runpy.run_path("example.py")
    done = cmivqa("validate", "mine.json", "--data", "data", "--track", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
