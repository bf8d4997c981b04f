"""CCGS through the commands: as the baseline of a workspace, dry runs, missing encoders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.workspace import render
from tests.cli.running import cmivqa_here, python
from tests.data.corpora import read, smaller

CCGS = ("-m", "ccgs")
SHORT = ("--set", "train.pairs=6", "--set", "train.epochs=1", "--set", "train.dev_questions=1")
NOT_PUBLISHED = "ccgs (recipe kit: not the published baseline)"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def inside(*words: str) -> Result:
    """`cmivqa WORDS` in this process, which has imported torch already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["cmivqa", *words])
        return CliRunner().invoke(cli, words)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A workspace of CCGS with a run and its answers, and what was printed; of a smaller corpus."""
    folder = tmp_path_factory.mktemp("demo")
    root = smaller(demo_corpus(), folder / "corpus")
    (folder / "workspace").mkdir()
    values = {"data.root": str(root), "model.baseline": "ccgs", "model.preset": "tiny"}
    (folder / "workspace" / "cmivqa.toml").write_text(render(values), encoding="utf-8")
    text = ""
    for words in (["train"], ["predict", "--split", "testA"]):
        shown = cmivqa_here(*words, cwd=folder / "workspace")
        assert shown.returncode == 0, shown.stderr
        text += shown.stdout.decode()
    return folder / "workspace", text


def sizes(workspace: Path) -> tuple[int, int]:
    """Questions of testA and videos of the demo's corpus."""
    root = workspace.parent / "corpus"
    return len(read(root / "dataset_testA_for_track23.json")), len(read(root / "subtitle.json"))


def test_it_does_learn(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    losses = [json.loads(line)["loss"] for line in (folder / "runs/ccgs-1/metrics.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0]


def test_bare_commands_use_the_workspace_s_baseline_and_the_newest_run(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    trained = cmivqa_here("train", *SHORT, cwd=folder)
    assert trained.returncode == 0, trained.stderr
    assert NOT_PUBLISHED in trained.stdout.decode()
    assert "runs/ccgs-2" in trained.stdout.decode()
    before = (folder / "submission.json").read_bytes()
    refused = cmivqa_here("predict", "--run", "runs/ccgs-1", "--split", "dev", "--sample", "1", cwd=folder)
    assert refused.returncode == 2
    assert b"--force" in refused.stderr
    assert (folder / "submission.json").read_bytes() == before
    scored = cmivqa_here("score", "submission.json", "--published", "ccgs", cwd=folder)
    assert scored.returncode == 0, scored.stderr
    text = scored.stdout.decode()
    assert f"{NOT_PUBLISHED}, run" in text  # found again by its hash
    assert "another corpus" in text


def test_a_kept_pass_gives_other_lists_without_torch(demo: tuple[Path, str]) -> None:
    folder, _ = demo
    code = (
        "import sys\n"
        "from cmivqa_kit.cli.main import run\n"
        "sys.argv = ['cmivqa', *sys.argv[1:]]\n"
        "try:\n    run()\nfinally:\n    print('torch' in sys.modules)"
    )
    words = ["predict", "--from", "runs/ccgs-1/predictions/testA"]
    same = python(code, *words, "--out", "same.json", cwd=folder)
    assert same.stdout.splitlines()[-1] == "False", same.stderr
    assert (folder / "same.json").read_bytes() == (folder / "submission.json").read_bytes()
    fewer = python(code, *words, "--out", "fewer.json", "--set", "decode.spans_per_video=1", cwd=folder)
    assert fewer.stdout.splitlines()[-1] == "False", fewer.stderr
    _, number = sizes(folder)
    for row in json.loads((folder / "fewer.json").read_text(encoding="utf-8")):
        videos = [entry[0] for entry in row["output"]]
        assert len(videos) == len(set(videos)) == number
    refused = cmivqa_here(*words, "--set", "decode.maxlen=64", "--out", "x.json", cwd=folder)
    assert refused.returncode == 2
    assert b"decode.maxlen was 0 and is now 64" in refused.stderr


def test_predicting_says_before_what_it_takes(demo: tuple[Path, str]) -> None:
    folder, text = demo
    questions, videos = sizes(folder)
    assert f"{questions} questions x {videos} videos: {questions * videos:,} pairs, " in text
    planned = cmivqa_here(
        "predict",
        "--run",
        "runs/ccgs-1",
        "--dry-run",
        "--sample",
        "20",
        "--budget",
        "0.01s",
        "--format",
        "json",
        cwd=folder,
    )
    assert planned.returncode == 0, planned.stderr
    document = json.loads(planned.stdout)
    first = document["first_stage"]
    assert (first["name"], first["of"]) == ("bm25", videos)
    assert 1 <= first["videos"] < videos
    assert 0 < first["recall_on_dev"] <= 1
    assert document["pairs"] == 20 * first["videos"]
    assert not (folder / "runs/ccgs-1/predictions/testA-sample20-budget.partial").exists()
    assert cmivqa_here("train", "-m", "bm25", cwd=folder).returncode == 0
    refused = cmivqa_here("predict", "-m", "bm25", "--run", "runs", "--resume", cwd=folder)
    assert refused.returncode == 2
    assert b"does not score question-video pairs" in refused.stderr
    wrong = cmivqa_here("predict", "--budget", "soon", cwd=folder)
    assert wrong.returncode == 2
    assert b"e.g. 2h, 30m" in wrong.stderr


def test_a_dry_run_says_what_it_takes_and_leaves_nothing(here: Path) -> None:
    done = inside("train", *CCGS, "--dry-run", *SHORT, "--set", "train.accumulation=4")
    assert done.exit_code == 0, done.output
    text = done.stdout
    assert "embedded demo corpus: 250 examples" in text
    values = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in text.splitlines() if line[:3] != "est"}
    assert values["pairs in an epoch"] == "6"
    assert values["optimizer steps"] == "2"
    assert "estimated hours" in text
    assert "MiB on cpu" in text
    assert text.splitlines()[-1].startswith("Next: cmivqa train -m ccgs --set train.pairs=6")
    assert list(here.iterdir()) == []
    twin = json.loads(inside("train", *CCGS, "--dry-run", "--format", "json", *SHORT).stdout)
    assert twin["examples"] == 250
    assert (twin["plan"]["pairs"], twin["plan"]["steps"], twin["plan"]["dev_questions"]) == (6, 6, 1)
    assert twin["plan"]["seconds"] > 0
    assert twin["plan"]["memory"] > 2**20
    assert "no pairs" in inside("train", "-m", "bm25", "--dry-run").stdout


def test_a_missing_encoder_is_said_before_any_data_is_loaded(tmp_path: Path) -> None:
    """The data root does not even exist, and nothing is fetched: the hub is switched off, which imports read."""
    code = (
        "import sys\n"
        "from cmivqa_kit.cli.main import run\n"
        "root = sys.argv[1]\n"
        "for words in (['nowhere'], [root, '--dry-run'], [root]):\n"
        "    sys.argv = ['cmivqa', 'train', '-m', 'ccgs', '--data', *words]\n"
        "    try:\n        run()\n    except SystemExit as ended:\n        print(ended.code)\n"
        "    print('END', file=sys.stderr)"
    )
    done = python(code, demo_corpus(), cwd=tmp_path, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hub"))
    assert done.stdout.split() == ["2", "2", "2"]
    texts = done.stderr.split("END\n")[:-1]
    assert len(texts) == 3
    for text in texts:
        assert "Traceback" not in text
        assert "nowhere" not in text
        for named in ("640 MB", "HF_ENDPOINT", "--set encoder=DIR", "Erlangshen"):
            assert named in text, named
    assert not (tmp_path / "runs").exists()


def test_a_refused_training_leaves_no_run(here: Path) -> None:
    refused = inside("train", *CCGS, "--set", "train.maxlen=32")
    assert refused.exit_code == 2
    assert "leaves no room for subtitles" in refused.stderr
    assert not any((here / "runs").iterdir())
