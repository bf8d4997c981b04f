"""The wheel carries everything that validate and score need: schemas, editions, config.toml files."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.running import python

ROOT = Path(__file__).parents[2]
RUN = "import cmivqa_kit, sys; from cmivqa_kit.cli.main import run; print(cmivqa_kit.__file__, file=sys.stderr); run()"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the tree into which the built wheel was installed without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    wheel = next(folder.glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "cmivqa_kit/submission/schemas/cmivqa-2023.track1.json" in names
    assert "cmivqa_kit/editions/mmivqa-2024.toml" in names
    assert "baselines/bm25/config.toml" in names
    assert "cmivqa_kit/diagnosis/page/page.html" in names
    assert "cmivqa_kit/diagnosis/page/main.js" in names
    assert "cmivqa_kit/static_page/base.css" in names
    assert "cmivqa_kit/leaderboard/exports/codabench/scoring_program.py" in names
    assert "cmivqa_kit/plugin/template/baseline.py.txt" in names
    assert "cmivqa_kit/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True)
    return target


def test_validate_and_score_run_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    path = str(installed)
    made = python(RUN, "sample", "--track", "3", "--out", "entry.json", cwd=tmp_path, PYTHONPATH=path)
    assert made.returncode == 0, made.stderr
    assert path in made.stderr  # this is the installed copy, not the tree
    for command in ("validate", "score"):
        done = python(RUN, command, "entry.json", cwd=tmp_path, PYTHONPATH=path)
        assert done.returncode == 0, done.stdout + done.stderr
    # A broken file needs the JSON Schemas of the package.
    text = (tmp_path / "entry.json").read_text(encoding="utf-8")
    (tmp_path / "entry.json").write_text(text.replace("0.0,", '"0.0",', 1), encoding="utf-8")
    broken = python(RUN, "validate", "entry.json", cwd=tmp_path, PYTHONPATH=path)
    assert broken.returncode == 1
    assert "E301" in broken.stdout


def test_train_finds_its_settings_in_the_wheel(installed: Path, tmp_path: Path) -> None:
    done = python(RUN, "train", "-m", "bm25", cwd=tmp_path, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "bm25-1" / "run.json").is_file()
