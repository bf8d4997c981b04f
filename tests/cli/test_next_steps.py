"""Every "Next:" line runs as it is printed; on layouts of every year, and where something is missing."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here as cmivqa
from tests.data.corpora import cmivqa_2023, m4ivqa_record, mmivqa_2024, read, track1, write


def lines(*arguments: str | Path, cwd: Path, code: int = 0) -> list[str]:
    done = cmivqa(*arguments, cwd=cwd)
    assert done.returncode == code, (arguments, done.stdout.decode(), done.stderr.decode())
    return done.stdout.decode().splitlines()


def following(*arguments: str | Path, cwd: Path, code: int = 0) -> list[str]:
    """The words of the command that ``cmivqa ARGUMENTS`` ends with."""
    last = lines(*arguments, cwd=cwd, code=code)[-1]
    assert last.startswith("Next: cmivqa ")
    return shlex.split(last.removeprefix("Next: cmivqa "))


def walk(first: list[str], cwd: Path, steps: int) -> list[list[str]]:
    """Type ``first``, then whatever is printed as next, and so on."""
    typed = [first]
    for _ in range(steps):
        typed.append(following(*typed[-1], cwd=cwd))
    return typed


def verbs(typed: list[list[str]]) -> list[str]:
    return [" ".join(word for word in words[:2] if word[:1].isalpha()) for words in typed]


def test_from_downloads_of_2023_to_a_score(tmp_path: Path) -> None:
    downloads = cmivqa_2023(tmp_path / "my downloads")
    work = tmp_path / "work"
    work.mkdir()
    typed = walk(["init", "--from", str(downloads), "-m", "bm25"], work, 4)
    assert verbs(typed) == ["init", "data check", "data split", "train", "predict"]
    # The organizers hold the answers of testA: the way leads on to dev, which can be scored.
    typed = walk(typed[-1], work, 5)
    assert [words[0] for words in typed] == ["predict", "validate", "predict", "validate", "score", "diagnose"]
    assert typed[2] == ["predict", "--split", "dev", "--out", "dev_submission.json"]
    assert "hold the answers of testA" in "\n".join(lines("validate", "submission.json", cwd=work))


def test_from_downloads_of_2024_to_a_score(tmp_path: Path) -> None:
    downloads = mmivqa_2024(tmp_path / "downloads")
    work = tmp_path / "work"
    work.mkdir()
    typed = walk(["init", "--from", str(downloads), "-m", "bm25"], work, 6)
    assert verbs(typed)[:4] == ["init", "data check", "train", "predict"]
    assert typed[4] == ["validate", "submission_track2.json", "submission_track3.json"]
    assert typed[5] == ["predict", "--split", "dev", "--track", "2", "--out", "dev_submission_track2.json"]
    assert typed[6] == ["validate", "dev_submission_track2.json"]


def test_without_a_workspace_the_flags_go_along(tmp_path: Path) -> None:
    corpus = tmp_path / "my corpus"
    shutil.copytree(demo_corpus(), corpus)
    typed = walk(["config", "--data", str(corpus), "-m", "prior", "--seed", "3"], tmp_path, 5)
    assert [words[0] for words in typed] == ["config", "train", "predict", "validate", "score", "diagnose"]
    assert typed[1] == ["train", "--data", str(corpus), "--baseline", "prior", "--seed", "3"]
    assert typed[4] == ["score", "submission.json", "--data", str(corpus)]
    assert following(*typed[5], cwd=tmp_path)[:2] == ["diagnose", "submission.json"]  # it runs
    assert following("data", "check", "--data", corpus, "-m", "prior", cwd=tmp_path)[-2:] == ["--baseline", "prior"]


def test_split_and_track_go_along_from_validate_to_score(tmp_path: Path) -> None:
    lines("sample", "--track", "3", "--out", "my entry.json", cwd=tmp_path)
    words = following("validate", "my entry.json", "--split", "testA", "--track", "2", cwd=tmp_path)
    assert words == ["score", "my entry.json", "--split", "testA", "--track", "2"]
    lines(*words, cwd=tmp_path)


def test_a_bad_file_is_named_to_be_checked_again(tmp_path: Path) -> None:
    (tmp_path / "bad one.json").write_text("[", encoding="utf-8")
    assert following("validate", "bad one.json", cwd=tmp_path, code=1) == ["validate", "bad one.json"]
    assert following("score", "bad one.json", cwd=tmp_path, code=3) == ["validate", "bad one.json"]


def test_of_several_files_each_is_checked(tmp_path: Path) -> None:
    lines("sample", "--out", "good.json", cwd=tmp_path)
    (tmp_path / "foreign.json").write_text('[{"id": 1, "question": "x", "output": [["v", 0, 1]]}]', encoding="utf-8")
    done = cmivqa("validate", "foreign.json", "good.json", cwd=tmp_path)
    assert done.returncode == 2
    assert b"foreign.json: nothing is judged" in done.stderr
    assert b"good.json: valid for testA" in done.stdout


def test_a_test_split_with_track_1_only(tmp_path: Path) -> None:
    hidden = track1([m4ivqa_record(n, "v") for n in range(3)])
    write(tmp_path / "data" / "train.json", [m4ivqa_record(n, "v") for n in range(3)])
    write(tmp_path / "data" / "test_task1.json", hidden)
    words = following("train", "--data", "data", "-m", "bm25", cwd=tmp_path)
    assert words[:1] + words[3:7] == ["predict", "--split", "test", "--track", "1"]
    lines(*words, cwd=tmp_path)
    refused = cmivqa("predict", "--data", "data", "--split", "test", "--out", "x.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert b"or give --track 1" in refused.stderr


@pytest.mark.parametrize(
    ("removed", "wanted"),
    [(("train.json", "dev.json"), "sample --split testA --track 3"), (("dev.json",), "data split --out data/divided")],
)
def test_data_check_leads_to_what_the_data_allow(tmp_path: Path, removed: tuple[str, ...], wanted: str) -> None:
    shutil.copytree(demo_corpus(), tmp_path / "data")
    for name in removed:
        (tmp_path / "data" / name).unlink()
    words = following("data", "check", "--data", "data", cwd=tmp_path)
    assert words == [*wanted.split(), "--data", "data"]
    assert following(*words, cwd=tmp_path)[0] in ("validate", "train")


def test_data_check_says_when_training_will_refuse(tmp_path: Path) -> None:
    shutil.copytree(demo_corpus(), tmp_path / "data")
    train = read(tmp_path / "data" / "train.json")
    for record in train[: len(train) // 2]:
        del record["start_second"], record["end_second"]
    write(tmp_path / "data" / "train.json", train)
    words = following("data", "check", "--data", "data", cwd=tmp_path, code=1)
    assert words[:6] == ["data", "check", "--split", "train", "--all", "--format"]


def test_data_check_reads_the_files_of_every_track(tmp_path: Path) -> None:
    shutil.copytree(demo_corpus(), tmp_path / "data")
    file = tmp_path / "data" / "dataset_testA_for_track23.json"
    assert "also read: data/dataset_testA_for_track23.json: 113 questions" in "\n".join(
        lines("data", "check", "--data", "data", cwd=tmp_path)
    )
    questions = read(file)
    write(file, [{**questions[0], "question": " "}, *questions[1:]])
    assert "no-question" in "\n".join(lines("data", "check", "--data", "data", cwd=tmp_path, code=1))
    file.write_text("[", encoding="utf-8")
    done = cmivqa("data", "check", "--data", "data", cwd=tmp_path)
    assert done.returncode == 1
    assert b"Split testA, Track 2 cannot be read: data/dataset_testA_for_track23.json:1:" in done.stderr


def test_a_division_outside_the_data_root(tmp_path: Path) -> None:
    write(tmp_path / "data" / "CMIVQA_Train_Dev.json", read(demo_corpus() / "train.json"))
    assert following("data", "split", "--data", "data", cwd=tmp_path)[0] == "train"
    words = following("data", "split", "--data", "data", "--out", "else where", cwd=tmp_path)
    assert words == ["data", "check", "--data", "else where"]


def test_subtitles_lead_to_where_they_are_used(tmp_path: Path) -> None:
    (tmp_path / "v.srt").write_text("1\n00:00:01,000 --> 00:00:02,500\nhello\n", encoding="utf-8")
    assert following("data", "subtitles", "v.srt", cwd=tmp_path) == ["init", "--help"]
    (tmp_path / "data").mkdir()
    lines("init", "--data", "data", cwd=tmp_path)
    assert following("data", "subtitles", "v.srt", "data/subtitle.json", cwd=tmp_path) == ["data", "check"]
    words = following("data", "subtitles", "v.srt", "more subtitles.json", cwd=tmp_path)
    assert words == ["init", "--from", "more subtitles.json"]


def test_a_workspace_inside_another_has_data_of_its_own(tmp_path: Path) -> None:
    downloads = mmivqa_2024(tmp_path / "downloads")
    lines("init", "--data", "outer-data", cwd=tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()
    assert following("init", "--from", downloads, cwd=inner) == ["data", "check"]
    assert (inner / "data" / "train").is_dir()
    assert not (tmp_path / "outer-data").exists()


def test_the_embedded_corpus_is_named_truly(tmp_path: Path) -> None:
    assert "no workspace here" in lines("data", "check", cwd=tmp_path)[0]
    lines("init", cwd=tmp_path)
    assert "none named in the workspace" in lines("data", "check", cwd=tmp_path)[0]


def test_a_run_of_another_baseline_is_not_taken(tmp_path: Path) -> None:
    lines("train", "-m", "prior", cwd=tmp_path)
    refused = cmivqa("predict", "-m", "bm25", "--run", "runs/prior-1", cwd=tmp_path)
    assert refused.returncode == 2
    assert b"is a run of prior, not of bm25" in refused.stderr


@pytest.mark.parametrize("arguments", [["validate", ""], ["train", "--data", ""], ["init", "--from", ""]])
def test_an_empty_path_is_not_the_current_folder(tmp_path: Path, arguments: list[str]) -> None:
    refused = cmivqa(*arguments, cwd=tmp_path)
    assert refused.returncode == 2
    assert b"the path is empty" in refused.stderr


def test_how_near_a_file_is_to_the_embedded_corpus(tmp_path: Path) -> None:
    lines("sample", "--out", "entry.json", cwd=tmp_path)
    other = cmivqa("validate", "entry.json", "--split", "dev", cwd=tmp_path)
    assert b"this file was not made for dev" in other.stderr
    rows = json.loads((tmp_path / "entry.json").read_text(encoding="utf-8"))
    rows[3]["question"] = "another"
    (tmp_path / "entry.json").write_text(json.dumps(rows), encoding="utf-8")
    refused = cmivqa("validate", "entry.json", cwd=tmp_path)
    assert refused.returncode == 2
    assert f"{len(rows) - 1} of {len(rows)} items are those of testA".encode() in refused.stderr
