"""A participant's own package plugs in by an entry point: `cmivqa train -m shortest` without a change in the kit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import cmivqa, cmivqa_here

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "shortest-team"
version = "1.0"
[project.entry-points."cmivqa_kit.baselines"]
shortest = "shortest_team:DECLARATION"
[tool.hatch.build.targets.wheel]
packages = ["shortest_team"]
"""
DECLARATION = """
from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="shortest", title="The shortest videos first", tracks=(2, 3), paper="none",
    factory="shortest_team.system:Shortest", config="shortest_team:config.toml",
)
"""
SYSTEM = """
from cmivqa_kit.data.span import Span
from cmivqa_kit.plugin.types import Candidate, Prediction


class Shortest:
    def fit(self, train, dev, run):
        assert all(question.answer is not None for question in train.questions)
        run.write("share.json", {"share": run.config["span"]["share"]})

    def load(self, run):
        self.share = run.read("share.json")["share"]

    def predict(self, split, track, options):
        assert all(q.answer is None and q.video_id is None for q in split.questions)
        order = sorted(split.videos.values(), key=lambda video: (video.duration, video.id))[: options.limit]
        found = tuple(Candidate(v.id, Span(0.0, v.duration * self.share), -v.duration) for v in order)
        for question in split.questions:
            yield Prediction(question.id, found)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("team")
    package = source / "shortest_team"
    package.mkdir()
    (source / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (package / "__init__.py").write_text(DECLARATION, encoding="utf-8")
    (package / "system.py").write_text(SYSTEM, encoding="utf-8")
    (package / "config.toml").write_text(
        "[default.span]\nshare = 0.5\n[preset.whole.span]\nshare = 1.0\n", encoding="utf-8"
    )
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--target", str(target), str(source)], check=True)
    return target


def test_the_whole_way_with_a_foreign_baseline(site: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(site)}
    listed = cmivqa("baselines", cwd=tmp_path, **env)
    assert b"shortest" in listed.stdout
    trained = cmivqa("train", "-m", "shortest", "--preset", "whole", cwd=tmp_path, **env)
    assert trained.returncode == 0, trained.stderr
    predicted = cmivqa("predict", "-m", "shortest", "--split", "testA", cwd=tmp_path, **env)
    assert predicted.returncode == 0, predicted.stderr
    assert cmivqa("validate", "submission.json", cwd=tmp_path, **env).returncode == 0
    assert cmivqa("score", "submission.json", cwd=tmp_path, **env).returncode == 0
    record = json.loads((tmp_path / "runs" / "shortest-1" / "run.json").read_text(encoding="utf-8"))
    assert record["config"] == {"span": {"share": 1.0}}
    refused = cmivqa("predict", "-m", "shortest", "--split", "testA", "--track", "1", cwd=tmp_path, **env)
    assert refused.returncode == 2
    assert b"does not serve Track 1" in refused.stderr


def test_without_the_package_it_is_unknown(tmp_path: Path) -> None:
    refused = cmivqa_here("train", "-m", "shortest", cwd=tmp_path)
    assert refused.returncode == 2
    assert b"unknown baseline" in refused.stderr
