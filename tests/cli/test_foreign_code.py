"""`--trust-remote-code`: train, predict, convert with an encoder that brings code of its own; and without the flag."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from baselines.ccgs.network import Network
from cmivqa_kit.cli.main import cli
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import open_config, open_encoder, plain
from cmivqa_kit.neural.trust import trusting_code
from cmivqa_kit.prediction.api import predict as predict_from
from tests.cli.running import cmivqa_here
from tests.neural.home_made import FILES, MIXING, home_made

FLAG = "--trust-remote-code"
SHORT = ("--preset", "tiny", "--set", "train.max_steps=2", "--set", "train.pairs=4", "--set", "train.dev_questions=1")
REFUSED = "not run without --trust-remote-code"


@pytest.fixture(scope="module")
def trained(few_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the encoder (``home``) and a run that was trained with it (``runs/ccgs-1``)."""
    folder = tmp_path_factory.mktemp("trained")
    home_made(folder / "home")
    done = cmivqa_here(*train(few_videos), FLAG, cwd=folder)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "the encoder brings code of its own, which was run and is kept in the run" in " ".join(text.split())
    assert text.splitlines()[-1].startswith(f"Next: cmivqa predict --run runs/ccgs-1 --split testA {FLAG}")
    return folder


@pytest.fixture
def elsewhere(trained: Path, tmp_path: Path) -> Path:
    """The run alone, copied to another place."""
    return Path(shutil.copytree(trained / "runs" / "ccgs-1", tmp_path / "moved"))


def train(data: Path, baseline: str = "ccgs", encoder: str = "home") -> tuple[str, ...]:
    return ("train", "-m", baseline, "--data", str(data), "--set", f"encoder={encoder}", *SHORT)


def predict(data: Path, run: Path) -> tuple[str, ...]:
    return ("predict", "--run", str(run), "--data", str(data), "--split", "testA")


def test_without_the_flag_nothing_is_run_or_made(few_videos: Path, tmp_path: Path) -> None:
    home_made(tmp_path / "home")
    for more in ((), ("--dry-run",)):
        refused = cmivqa_here(*train(few_videos), *more, cwd=tmp_path)
        assert refused.returncode == 2
        assert refused.stdout.decode().count("Training") == 0
        text = refused.stderr.decode()
        assert "modeling_home.HomeModel" in text
        assert REFUSED in text
        assert "[y/N]" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_dry_run_with_the_flag(few_videos: Path, trained: Path) -> None:
    planned = cmivqa_here(*train(few_videos), FLAG, "--dry-run", cwd=trained)
    assert planned.returncode == 0, planned.stderr
    assert FLAG in planned.stdout.decode().splitlines()[-1]


def test_no_setting_gives_the_permission(few_videos: Path, tmp_path: Path) -> None:
    home_made(tmp_path / "home")
    stated = cmivqa_here(*train(few_videos), "--set", "encoder.trust_remote_code=true", cwd=tmp_path)
    assert stated.returncode == 2
    assert "unknown setting" in stated.stderr.decode()
    for name in ("trust-remote-code", "trust_remote_code"):
        (tmp_path / "cmivqa.toml").write_text(f"[run]\n{name} = true\n", encoding="utf-8")
        assert cmivqa_here(*train(few_videos), cwd=tmp_path, CMIVQA_TRAIN_TRUST_REMOTE_CODE="1").returncode == 2


def test_the_run_stands_alone_and_needs_the_flag(few_videos: Path, elsewhere: Path, tmp_path: Path) -> None:
    refused = cmivqa_here(*predict(few_videos, elsewhere), cwd=tmp_path)
    assert refused.returncode == 2
    assert "modeling_home.HomeModel" in refused.stderr.decode()
    assert REFUSED in refused.stderr.decode()
    planned = cmivqa_here(*predict(few_videos, elsewhere), "--dry-run", cwd=tmp_path)
    assert (planned.returncode, REFUSED in planned.stderr.decode()) == (2, True)
    answered = cmivqa_here(*predict(few_videos, elsewhere), FLAG, cwd=tmp_path)
    assert answered.returncode == 0, answered.stderr
    [record] = (json.loads(path.read_text()) for path in elsewhere.glob("predictions/*.record.json"))
    assert set(record["foreign_code"]) == {"encoder", "tokenizer"}
    again = cmivqa_here("predict", "--from", str(elsewhere / "predictions" / "testA"), "--data", few_videos, "--out",
                        "again.json", cwd=tmp_path)  # fmt: skip
    assert again.returncode == 0, again.stderr  # no network is asked, so no code is run


def test_the_library_s_own_call_takes_the_permission_too(few_videos: Path, elsewhere: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.json"
    with pytest.raises(UserError, match=REFUSED):
        predict_from(elsewhere, out=out, data=few_videos, sample=1)
    [written] = predict_from(elsewhere, out=out, data=few_videos, sample=1, trust_remote_code=True)
    assert written.questions == 1


@pytest.mark.parametrize("change", ["alter", "remove", "add", "record"])
def test_other_code_is_not_run(few_videos: Path, elsewhere: Path, tmp_path: Path, change: str) -> None:
    [folder] = (elsewhere / "foreign-code").iterdir()
    if change == "remove":
        (folder / "modeling_home.py").unlink()
    elif change == "record":
        (elsewhere / "encoders.json").unlink()
    else:
        name = "parts/mixing.py" if change == "alter" else "parts/__init__.py"
        (folder / name).write_text("raise SystemExit('it ran')", encoding="utf-8")
    refused = cmivqa_here(*predict(few_videos, elsewhere), FLAG, cwd=tmp_path)
    assert refused.returncode == 2
    text = " ".join(refused.stderr.decode().split())
    assert ("does not lie in the run" if change == "record" else f"{FLAG} does not run it") in text
    assert not (tmp_path / "submission.json").exists()


def test_a_stopped_training_goes_on_with_the_same_code(few_videos: Path, trained: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained / "runs" / "ccgs-1", tmp_path / "runs" / "ccgs-1"))
    shutil.copytree(trained / "home", tmp_path / "home")
    weights = (run / "model.safetensors").read_bytes()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps({**record, "state": "running"}), encoding="utf-8")
    words = ("train", "--resume", "runs/ccgs-1", "--data", str(few_videos))
    refused = cmivqa_here(*words, cwd=tmp_path)
    assert (refused.returncode, REFUSED in refused.stderr.decode()) == (2, True)
    mixing = tmp_path / "home" / "parts" / "mixing.py"
    mixing.write_text(f"{MIXING}# other\n", encoding="utf-8")
    changed = cmivqa_here(*words, FLAG, cwd=tmp_path)
    assert changed.returncode == 2
    assert "is not the code that runs/ccgs-1 was begun with" in changed.stderr.decode()
    mixing.write_text(MIXING, encoding="utf-8")
    done = cmivqa_here(*words, FLAG, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (run / "model.safetensors").read_bytes() == weights


def test_a_training_begun_without_the_code_takes_none_on_its_way(few_videos: Path, tmp_path: Path) -> None:
    """An encoder of a known kind that brings a class of its own too."""
    own = open_encoder("tiny", ["step lesson how to do"], 0)
    for part in (own.model, own.tokenizer):
        getattr(part, "save_pretrained")(tmp_path / "home")  # noqa: B009 (mypy knows no such attribute of a module)
    document = json.loads((tmp_path / "home" / "config.json").read_text(encoding="utf-8"))
    document["auto_map"] = {"AutoModel": "modeling.Model"}
    (tmp_path / "home" / "config.json").write_text(json.dumps(document), encoding="utf-8")
    text = "from transformers import ModernBertModel\nclass Model(ModernBertModel): pass\n"
    (tmp_path / "home" / "modeling.py").write_text(text, encoding="utf-8")
    assert cmivqa_here(*train(few_videos), cwd=tmp_path).returncode == 0
    run = tmp_path / "runs" / "ccgs-1"
    assert not (run / "encoders.json").exists()
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps({**record, "state": "running"}), encoding="utf-8")
    changed = cmivqa_here("train", "--resume", "runs/ccgs-1", "--data", str(few_videos), FLAG, cwd=tmp_path)
    assert changed.returncode == 2
    assert "is not the code that runs/ccgs-1 was begun with" in changed.stderr.decode()


def test_an_encoder_of_embedded_subtitles(few_videos: Path, trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / "home", tmp_path / "home")
    embedded = (*train(few_videos, "mutualsl", "tiny"), "--set", "features=subtitle-embedding", "--set",
                "features.encoder=home")  # fmt: skip
    refused = cmivqa_here(*embedded, cwd=tmp_path)
    assert (refused.returncode, REFUSED in refused.stderr.decode()) == (2, True)
    done = cmivqa_here(*embedded, FLAG, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "mutualsl-1"
    assert list(json.loads((run / "encoders.json").read_text())) == ["feature-encoder"]
    shutil.rmtree(tmp_path / "home")
    words = (*predict(few_videos, run), "--track", "1", "--set", "decode.spans=visual")
    refused = cmivqa_here(*words, cwd=tmp_path)
    assert (refused.returncode, REFUSED in refused.stderr.decode()) == (2, True)
    answered = cmivqa_here(*words, FLAG, cwd=tmp_path)
    assert answered.returncode == 0, answered.stderr
    behind = (*predict(few_videos, run), "--retriever", str(trained / "runs" / "ccgs-1"), "--out", "behind.json")
    answered = cmivqa_here(*behind, FLAG, cwd=tmp_path)
    assert answered.returncode == 0, answered.stderr


def test_a_checkpoint_of_such_an_encoder_is_converted(few_videos: Path, tmp_path: Path) -> None:
    home_made(tmp_path / "home")
    with trusting_code(True):
        network = Network.of({"encoder": plain(open_config(str(tmp_path / "home"))), "inner_dim": 8, "dim": 8,
                              "visual_dim": 8}, "test")  # fmt: skip
        torch.save(network.build().state_dict(), tmp_path / "official.bin")
    words = ("convert-checkpoint", "ccgs", "official.bin", "run", "--encoder", "home")
    refused = cmivqa_here(*words, cwd=tmp_path)
    assert (refused.returncode, REFUSED in refused.stderr.decode()) == (2, True)
    assert not (tmp_path / "run").exists()
    done = cmivqa_here(*words, FLAG, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines()[-1] == f"Next: cmivqa predict --run run --split testA {FLAG}"
    shutil.rmtree(tmp_path / "home")
    refused = cmivqa_here(*predict(few_videos, Path("run")), cwd=tmp_path)
    assert (refused.returncode, REFUSED in refused.stderr.decode()) == (2, True)
    answered = cmivqa_here(*predict(few_videos, Path("run")), FLAG, cwd=tmp_path)
    assert answered.returncode == 0, answered.stderr


def test_code_that_fails_on_the_way_is_named(few_videos: Path, tmp_path: Path) -> None:
    late = MIXING.replace("        weight =", "        assert rows.shape[1] < 3, 'too long'\n        weight =")
    home_made(tmp_path / "home", {**FILES, "parts/mixing.py": late})
    failed = cmivqa_here(*train(few_videos), FLAG, cwd=tmp_path)
    assert failed.returncode == 4
    assert "mixing.py:11: code of the encoder fails (AssertionError: too long)" in failed.stderr.decode()
    assert "Traceback" not in failed.stderr.decode()


def test_debug_shows_the_traceback(few_videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home_made(tmp_path / "home", {**FILES, "modeling_home.py": "import no_such_package_here\n"})
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["--debug", *train(few_videos), FLAG])
    assert isinstance(done.exception, UserError)
    assert "modeling_home.py:1" in done.exception.message
    assert isinstance(done.exception.__cause__, ModuleNotFoundError)
