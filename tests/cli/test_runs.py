"""`cmivqa runs`: the list, one run, two runs, as text and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cmivqa_kit.cli.runs_view import lasting
from cmivqa_kit.runs.directory import OUTCOME, RECORD, RunDirectory, open_any, start_run
from tests.cli.running import cmivqa_here as cmivqa


@pytest.fixture(scope="module")
def workspace(few_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small corpus, and runs of every kind; of bm25 two, the second with another setting."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "cmivqa.toml").write_text(f'[data]\nroot = "{few_videos}"\n', encoding="utf-8")
    assert cmivqa("train", "-m", "bm25", cwd=folder).returncode == 0
    assert cmivqa("train", "-m", "bm25", "--set", "index.k1=0.1", cwd=folder).returncode == 0
    for name in ("bm25-1", "bm25-2"):
        for track in ("1", "3"):
            arguments = ("--split", "dev", "--track", track, "--out", f"{name}-{track}.json")
            assert cmivqa("predict", "--run", f"runs/{name}", *arguments, cwd=folder).returncode == 0
    log(start_run(folder / "runs", "ccgs", {"train": {"lr": 1.0}}, 3, preset="tiny", data={"name": "corpus"}))
    bench = start_run(folder / "runs", "nrccr", {}, 3, data={"name": "vatex-en2cn", "benchmark": "vatex-en2cn"})
    bench.finish()
    foreign = start_run(folder / "runs", "theirs", {}, 3)
    foreign.finish()
    (folder / "runs" / "notes").mkdir()
    (folder / "runs" / "bad-1").mkdir()
    (folder / "runs" / "bad-1" / RECORD).write_text("{", encoding="utf-8")
    return folder


def log(run: RunDirectory) -> None:
    for step in range(10, 101, 10):
        run.log({"step": step, "epoch": 0, "loss": 5 - step / 50, **({} if step % 50 else {"Overall": step / 100})})
    run.write(OUTCOME, {"steps": 100, "best_step": 100, "best": 1.0, "metric": "Overall"})


def test_the_list(workspace: Path) -> None:
    done = cmivqa("runs", cwd=workspace)
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in lines[2:7]] == ["theirs-1", "nrccr-1", "ccgs-1", "bm25-2", "bm25-1"]
    assert "benchmark vatex-en2cn" in " ".join(lines[3])
    assert " ".join(lines[4]).startswith("ccgs-1 kit tiny unfinished Overall 1.0000, step 100/100")
    assert " ".join(lines[6]).endswith("dev 1, dev 3")
    assert [line[:2] for line in lines[7:9]] == [["bad-1:", "damaged"], ["notes:", "foreign"]]
    assert b"Next: cmivqa runs show theirs-1" in done.stdout
    document = json.loads(cmivqa("runs", "--format", "json", cwd=workspace).stdout)
    assert [row["state"] for row in document] == ["finished"] * 2 + ["unfinished"] + ["finished"] * 2 + [
        "damaged", "foreign",
    ]  # fmt: skip


def test_no_runs_yet(tmp_path: Path) -> None:
    done = cmivqa("runs", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"runs: 0 runs\nNext: cmivqa train\n")
    assert cmivqa("runs", "--run", "x", "show", "y", cwd=tmp_path).returncode == 2


def test_one_run_with_its_curves(workspace: Path) -> None:
    shown = cmivqa("runs", "show", "ccgs-1", cwd=workspace).stdout.decode()
    assert "Loss: 4.8 to 3" in shown
    assert "Overall on dev: 0.5 to 1" in shown
    assert "█" in shown
    assert "train.lr" in shown  # the preset has another
    plain = cmivqa("runs", "show", "runs/ccgs-1", cwd=workspace, PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert "#" in plain
    document = json.loads(cmivqa("runs", "show", "ccgs-1", "--format", "json", cwd=workspace).stdout)
    assert document["curves"]["Overall"] == [[50, 0.5], [100, 1.0]]
    changed = {one["name"]: (one["first"], one["second"]) for one in document["changed"]}
    assert changed["train.lr"][1] == 1.0


def test_one_run_without_any(workspace: Path) -> None:
    shown = cmivqa("runs", "show", "bm25-2", cwd=workspace).stdout.decode()
    assert "Settings that differ from those of recipe kit" in shown
    assert "index.k1" in shown
    assert "Next: cmivqa predict --run runs/bm25-2" in shown
    assert "Settings: those of recipe kit" in cmivqa("runs", "show", "bm25-1", cwd=workspace).stdout.decode()


def test_a_system_that_is_not_installed(workspace: Path) -> None:
    done = cmivqa("runs", "show", "theirs-1", cwd=workspace)
    assert (done.returncode, b"is not known" in done.stdout) == (0, True)
    assert json.loads(cmivqa("runs", "show", "theirs-1", "--format", "json", cwd=workspace).stdout)["changed"] is None


@pytest.mark.parametrize(("name", "said"), [("bad-1", "not JSON"), ("notes", "no run"), ("bm25-7", "Did you mean")])
def test_what_is_no_run(workspace: Path, name: str, said: str) -> None:
    done = cmivqa("runs", "show", name, cwd=workspace)
    assert (done.returncode, said in done.stderr.decode()) == (2, True)


def test_two_runs(workspace: Path) -> None:
    done = cmivqa("runs", "compare", "bm25-1", "bm25-2", "--resamples", "20", cwd=workspace)
    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert "index.k1" in shown
    assert "Track 1, dev" in shown
    assert "Track 3, dev" in shown
    assert "Track 2" not in shown
    words = ("runs", "compare", "bm25-1", "bm25-2", "--resamples", "20", "--format", "json")
    document = json.loads(cmivqa(*words, cwd=workspace).stdout)
    assert [one["name"] for one in document["settings"]] == ["index.k1"]
    assert [one["track"] for one in document["comparisons"]] == [1, 3]
    assert document["remark"] is None


def test_two_runs_without_a_common_file(workspace: Path) -> None:
    done = cmivqa("runs", "compare", "bm25-1", "theirs-1", cwd=workspace)
    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "run.baseline" in shown
    assert "no track whose dev questions both have answered" in shown
    assert open_any(workspace / "runs" / "theirs-1").finished


@pytest.mark.parametrize(("seconds", "text"), [(-5, "0 s"), (59, "59 s"), (61, "1 min"), (7300, "2 h"), (2e5, "2 d")])
def test_an_age(seconds: float, text: str) -> None:
    assert lasting(seconds) == text
