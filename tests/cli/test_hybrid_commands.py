"""The commands with hybrid: what is listed, trained, planned, predicted and said on a small corpus."""

from __future__ import annotations

import json
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.plugin import registry
from cmivqa_kit.prediction import answer_parts
from tests.cli.running import cmivqa_here
from tests.prediction import fake


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root of six videos, each about a thing of its own, in which hybrid is installed."""
    fake.install(monkeypatch, tmp_path, hybrid="baselines.hybrid:DECLARATION", bm25="baselines.bm25:DECLARATION")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "root"
    root.mkdir()
    things = ("bandage", "pulse", "burn", "splint", "fever", "massage")
    lines = {
        f"v{n}": [{"text": f"step {k} of the {thing}", "start": 8.0 * k, "duration": 8.0} for k in range(6)]
        for n, thing in enumerate(things)
    }
    asked = [
        {"id": n, "question": f"show the {thing}", "video_id": f"v{n}", "start_second": 8, "end_second": 24}
        for n, thing in enumerate(things)
    ]
    for name, content in (("subtitle", lines), ("train", asked), ("dev", asked)):
        (root / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def run(here: Path, *arguments: str, code: int = 0) -> str:
    done = cmivqa_here(*arguments, cwd=here)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


def test_what_it_can_go_without_is_listed_as_that(here: Path) -> None:
    listed = json.loads(run(here, "baselines", "--format", "json"))
    (hybrid,) = (entry for entry in listed if entry["name"] == "hybrid")
    assert "optional:torch" in hybrid["needs"]
    assert hybrid["missing"] == []
    assert "torch (optional)" in " ".join(run(here, "baselines").split())


def test_a_run_without_torch_answers_by_words(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name == "torch" else find_spec(name)

    monkeypatch.setattr(registry, "find_spec", find)
    said = run(here, "train", "-m", "hybrid", "--data", "root")
    assert "hybrid answers by BM25 alone here: its encoder needs torch" in caplog.text
    assert "run directory runs/hybrid-1" in said
    run(here, "predict", "-m", "hybrid", "--split", "dev", "--track", "2", "--data", "root", "--out", "a.json")
    card = json.loads(
        run(here, "score", "a.json", "--track", "2", "--data", "root", "--split", "dev", "--format", "json")
    )[0]
    assert card["scores"][0]["strict"]["metrics"]["R@1"] == 1.0


def test_a_training_is_planned_made_and_asked(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("train", "-m", "hybrid", "--data", "root", "--preset", "tiny", "--set", "train.epochs=1")
    plan = json.loads(run(here, *words, "--dry-run", "--format", "json"))["plan"]
    assert (plan["batches"], plan["steps"], plan["dev_questions"]) == (2, 2, 6)
    lexical = run(here, *words, "--set", "model.tier=lexical", "--dry-run")
    assert "It learns in one pass" in lexical
    made = run(here, *words)
    assert "best on dev: mean of tracks" in made
    assert "embedding subtitles: 6 of 6" in made
    for track in ("1", "2", "3"):
        run(
            here,
            "predict",
            "-m",
            "hybrid",
            "--split",
            "dev",
            "--track",
            track,
            "--data",
            "root",
            "--out",
            f"{track}.json",
        )
    run(here, "validate", "1.json", "2.json", "3.json", "--data", "root", "--split", "dev")
    ask = ("predict", "-m", "hybrid", "--split", "dev", "--data", "root", "--track", "3", "--out")
    with monkeypatch.context() as patch:
        patch.setattr(answer_parts, "PART", 4)
        write, written = answer_parts._write, iter(range(9))

        def stopping(*given: Any) -> None:
            if next(written) == 1:
                raise KeyboardInterrupt
            write(*given)

        patch.setattr(answer_parts, "_write", stopping)
        run(here, *ask, "again.json", code=130)
        assert "1 of 2 parts are done" in run(here, *ask, "again.json", code=2)
        patch.setattr(answer_parts, "_write", write)
        run(here, *ask, "again.json", "--resume")
    assert (here / "again.json").read_bytes() == (here / "3.json").read_bytes()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.tier=best", 'model.tier: \'best\' must be "trained" or "untrained" or "lexical" or "auto"'),
        ("decode.reference=0", "decode.reference: 0 must be 1 or more"),
        ("windows.lines=[]", "windows.lines: [] must be numbers of lines"),
        ("train.members=[]", 'train.members: [] must be "tuned" or "frozen" each'),
        ("lexical.idf_seconds=0.0", "lexical.idf_seconds: 0.0 must be seconds, above 0"),
    ],
)
def test_settings_out_of_range_are_refused_before_anything_is_made(here: Path, setting: str, message: str) -> None:
    said = run(here, "train", "-m", "hybrid", "--data", "root", "--preset", "tiny", "--set", setting, code=2)
    assert message in " ".join(said.split())
    assert not (here / "runs").exists()
