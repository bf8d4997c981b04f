"""The three commands of the challenge on the embedded corpus; in a workspace; and what may not happen.

BM25 stands for every baseline here; `test_default_baseline.py` has the bare commands, which train hybrid.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa, cmivqa_here
from tests.damaged_copy import main as damaged_copy


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which train and predict were run."""
    folder = tmp_path_factory.mktemp("bm25")
    trained = cmivqa("train", "-m", "bm25", cwd=folder)
    assert trained.returncode == 0, trained.stderr
    assert b"embedded demo corpus" in trained.stdout
    assert b"Next: cmivqa predict" in trained.stdout
    predicted = cmivqa("predict", "--split", "testA", cwd=folder)
    assert predicted.returncode == 0, predicted.stderr
    assert b"embedded demo corpus" in predicted.stdout
    return folder


def test_commands_go_the_whole_way(done: Path) -> None:
    checked = cmivqa_here("validate", "submission.json", cwd=done)
    assert checked.returncode == 0, checked.stdout
    assert b"valid for testA, Tracks 2 and 3" in checked.stdout
    scored = cmivqa_here("score", "submission.json", cwd=done)
    assert scored.returncode == 0, scored.stderr
    text = scored.stdout.decode()
    assert "embedded demo corpus" in text
    assert "Track 2, testA" in text
    assert "Track 3, testA" in text
    assert "Next: " in text.splitlines()[-1]


def test_both_tracks_in_one_json(done: Path) -> None:
    scored = json.loads(cmivqa_here("score", "submission.json", "--format", "json", cwd=done).stdout)[0]
    assert [card["track"] for card in scored["scores"]] == [2, 3]
    metrics = scored["scores"][0]["official"]["metrics"]
    assert list(metrics) == ["R@1", "R@10", "R@50", "MRR", "Overall"]
    assert 1.0 < metrics["Overall"] < 4.0  # BM25 finds something and not everything
    assert scored["scores"][1]["signature"].startswith("cmivqa-kit:")


def test_same_seed_same_bytes(done: Path, tmp_path: Path) -> None:
    assert cmivqa("train", "-m", "bm25", cwd=tmp_path, PYTHONHASHSEED="7").returncode == 0
    again = cmivqa("predict", "--split", "testA", cwd=tmp_path, PYTHONHASHSEED="11")
    assert again.returncode == 0
    assert (tmp_path / "submission.json").read_bytes() == (done / "submission.json").read_bytes()


def test_predict_does_not_overwrite_another_file(done: Path, tmp_path: Path) -> None:
    (tmp_path / "submission.json").write_text("mine", encoding="utf-8")
    refused = cmivqa_here("predict", "--run", done / "runs" / "bm25-1", cwd=tmp_path)
    assert refused.returncode == 2
    assert b"--force" in refused.stderr
    assert (tmp_path / "submission.json").read_text(encoding="utf-8") == "mine"
    forced = cmivqa_here("predict", "--run", done / "runs" / "bm25-1", "--force", cwd=tmp_path)
    assert forced.returncode == 0, forced.stderr
    assert len(json.loads((tmp_path / "submission.json").read_text(encoding="utf-8"))) > 80


@pytest.mark.parametrize("command", ["score", "validate"])
def test_a_foreign_file_is_never_judged_on_the_demo(command: str, tmp_path: Path) -> None:
    rows = [{"id": i, "question": f"someone else's question {i}", "output": [["x", 0.0, 1.0]]} for i in range(300)]
    (tmp_path / "foreign.json").write_text(json.dumps(rows), encoding="utf-8")
    done = cmivqa_here(command, "foreign.json", cwd=tmp_path)
    assert done.returncode == 2
    text = done.stderr.decode()
    assert "--truth" in text
    assert "cmivqa init" in text
    assert b"Overall" not in done.stdout


def test_ids_alone_do_not_make_it_the_demo(done: Path, tmp_path: Path) -> None:
    rows = json.loads((done / "submission.json").read_text(encoding="utf-8"))
    for row in rows:
        del row["question"]
    (tmp_path / "ids.json").write_text(json.dumps(rows), encoding="utf-8")
    assert cmivqa_here("score", "ids.json", cwd=tmp_path).returncode == 2


def test_workspace_flags_and_origins(done: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(demo_corpus(), corpus)
    work = tmp_path / "work"
    (work / "below").mkdir(parents=True)
    made = cmivqa_here("init", "--data", corpus, "-m", "bm25", cwd=work)
    assert made.returncode == 0, made.stderr
    assert cmivqa_here("init", "--data", corpus, cwd=work).returncode == 2  # never overwritten unasked
    shown = json.loads(cmivqa_here("config", "--seed", "5", "--format", "json", cwd=work / "below").stdout)
    assert shown["settings"]["data.root"]["origin"].endswith("cmivqa.toml")
    assert shown["settings"]["run.seed"] == {"value": 5, "origin": "flag --seed"}
    assert shown["settings"]["model.baseline"]["value"] == "bm25"
    assert shown["settings"]["run.directory"]["origin"] == "default"
    trained = cmivqa_here("train", cwd=work / "below")
    assert trained.returncode == 0, trained.stderr
    assert b"No data given" not in trained.stdout
    assert cmivqa_here("predict", "--split", "dev", "--out", "dev.json", cwd=work / "below").returncode == 0
    assert cmivqa_here("score", "dev.json", cwd=work / "below").returncode == 0


def test_held_back_answers(done: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(demo_corpus(), corpus)
    shutil.rmtree(corpus / "answers")
    refused = cmivqa_here("score", done / "submission.json", "--data", corpus, cwd=tmp_path)
    assert refused.returncode == 2
    text = refused.stderr.decode()
    count = len(json.loads((done / "submission.json").read_text(encoding="utf-8")))
    assert f"all {count} ids match" in text
    assert "cmivqa validate" in text
    assert "`dev`" in text


def test_planted_gold_changes_nothing(done: Path, tmp_path: Path) -> None:
    """Answers and video ids written into the Track 2/3 question file reach no baseline."""
    corpus = tmp_path / "corpus"
    shutil.copytree(demo_corpus(), corpus)
    gold = json.loads((corpus / "answers/dataset_testA_for_task_1_answer.json").read_text(encoding="utf-8"))
    (corpus / "dataset_testA_for_track23.json").write_text(json.dumps(gold, ensure_ascii=False), encoding="utf-8")
    planted = cmivqa_here("predict", "--data", corpus, "--run", done / "runs" / "bm25-1", cwd=tmp_path)
    assert planted.returncode == 0, planted.stderr
    assert (tmp_path / "submission.json").read_bytes() == (done / "submission.json").read_bytes()


def test_unknown_setting_offers_the_nearest(tmp_path: Path) -> None:
    refused = cmivqa_here("train", "-m", "bm25", "--set", "index.kl=1.0", cwd=tmp_path)
    assert refused.returncode == 2
    assert "Did you mean 'index.k1'?" in refused.stderr.decode()
    assert not (tmp_path / "runs").exists()


def test_demo_runs_in_its_own_workspace(tmp_path: Path) -> None:
    shown = cmivqa_here("demo", "--quick", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    text = shown.stdout.decode()
    assert "hybrid," not in text
    for step in ("$ cmivqa train", "$ cmivqa predict", "$ cmivqa validate", "$ cmivqa score", "peak memory"):
        assert step in text
    assert cmivqa_here("demo", "--quick", cwd=tmp_path).returncode == 0  # again, in the same workspace
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x", encoding="utf-8")
    assert cmivqa_here("demo", "--dir", "mine", cwd=tmp_path).returncode == 2
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_usage_errors_have_no_traceback(tmp_path: Path) -> None:
    calls = "predict", "train -m bm25 --data nowhere", "train -m bm52", "score", "data convert tutorialvqa x y"
    for arguments in map(str.split, calls):
        done = cmivqa_here(*arguments, cwd=tmp_path)
        assert done.returncode == 2, (arguments, done.stdout, done.stderr)
        assert b"Traceback" not in done.stderr
        assert done.stderr.strip()


def test_data_check_formats_and_exit_codes(tmp_path: Path) -> None:
    corpus, damaged = demo_corpus(), tmp_path / "damaged"
    fine = cmivqa_here("data", "check", "--data", corpus, cwd=tmp_path)
    assert fine.returncode == 0, fine.stderr
    damaged_copy(corpus, damaged)
    train = json.loads((damaged / "train.json").read_text(encoding="utf-8"))
    train[5]["video_id"] = "=HYPERLINK()"
    (damaged / "train.json").write_text(json.dumps(train), encoding="utf-8")
    checked = cmivqa_here("data", "check", "--data", damaged, cwd=tmp_path)
    assert checked.returncode == 1
    text = checked.stdout.decode()
    for rule in ("bad-span", "no-answer", "no-video", "few-subtitles"):
        assert rule in text
    assert b"dev.json:" in checked.stderr  # cut in half: file, line and column
    listed = cmivqa_here(
        "data", "check", "--data", damaged, "--split", "train", "--all", "--format", "csv", cwd=tmp_path
    )
    assert listed.returncode == 1
    rows = list(csv.DictReader(listed.stdout.decode().splitlines()))
    assert len(rows) == len(train)
    assert rows[5]["video_id"] == "'=HYPERLINK()"  # a spreadsheet would run it
    assert rows[5]["dropped_by"] == "no-video"
    assert "past" not in rows[0]["findings"]


def test_training_refuses_to_lose_too_much(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(demo_corpus(), corpus)
    train = json.loads((corpus / "train.json").read_text(encoding="utf-8"))
    for record in train[: len(train) // 2]:
        del record["start_second"], record["end_second"]
    (corpus / "train.json").write_text(json.dumps(train), encoding="utf-8")
    refused = cmivqa_here("train", "-m", "bm25", "--data", corpus, cwd=tmp_path)
    assert refused.returncode == 2
    assert "no-answer" in refused.stderr.decode()
    assert "--max-dropped" in refused.stderr.decode()
    assert not (tmp_path / "runs").exists()
    allowed = cmivqa_here("train", "-m", "bm25", "--data", corpus, "--max-dropped", "0.6", cwd=tmp_path)
    assert allowed.returncode == 0
    assert f"{len(train) // 2} dropped: {len(train) // 2} no-answer" in allowed.stdout.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        "init --data corpus", "config", "baselines", "sample --out t.json", "train -m bm25 --data corpus",
        "predict --force",
        "validate submission.json", "score submission.json", "data check", "data split --data plain",
        "data subtitles one.srt", "data convert tutorialvqa tutorial converted",
    ],
)  # fmt: skip
def test_every_command_ends_with_the_next_one(done: Path, tmp_path: Path, arguments: str) -> None:
    shutil.copytree(done, tmp_path, dirs_exist_ok=True)
    (tmp_path / "corpus").symlink_to(demo_corpus(), target_is_directory=True)
    plain = tmp_path / "plain"
    plain.mkdir()
    shutil.copy(demo_corpus() / "train.json", plain / "CMIVQA_Train_Dev.json")
    (tmp_path / "one.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nhello\n", encoding="utf-8")
    tutorial = tmp_path / "tutorial"
    tutorial.mkdir()
    segment = {"title": "t", "timestamps": {"start": "1", "end": "2"}, "sentence_indexes": {"start": 0, "end": 0}}
    video = {"video_id": "v", "transcript": ["say it"], "segments": [segment]}
    question = {"video_id": "v", "question": "how?", "answer_start": 0, "answer_end": 0}
    for name, document in {"videos": [video], "train": [question], "dev": [question]}.items():
        (tutorial / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    ended = cmivqa_here(*arguments.split(), cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode().splitlines()[-1].startswith("Next: cmivqa ")
