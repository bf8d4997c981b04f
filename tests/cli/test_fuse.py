"""`cmivqa fuse` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import cmivqa_here
from tests.entries.fusion.submissions import answer_file, corpus_file, outputs, read
from tests.entries.fusion.test_api import RIGHT, systems

QUICK = ("--resamples", "20")


def test_the_table_the_gain_and_the_next_command(tmp_path: Path) -> None:
    systems(tmp_path)
    done = cmivqa_here(
        "fuse", "good.json", "bad.json", "--out", "out.json", "--truth", "answers.json", *QUICK, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "out.json: 2 files fused, 6 questions, Tracks 2 and 3" in text
    assert "good.json  0.5000        6" in text
    gains = text.partition("Gain over each file (strict)")[2].splitlines()
    assert [line.split()[:3] for line in gains[2:6]] == [
        [track, metric, part]
        for track, metric in (("2", "Overall"), ("3", "Average"))
        for part in ("good.json", "bad.json")
    ]
    assert text.rstrip().endswith("Next: cmivqa validate out.json")
    assert len(outputs(tmp_path / "out.json")) == 6


def test_dev_files_behind_one_flag_or_two(tmp_path: Path) -> None:
    """On the embedded corpus: weights are fitted on its dev questions."""
    from cmivqa_kit.data.demo import demo_corpus

    for split in ("dev", "testA"):
        for system in ("a", "b"):
            name = f"{system}_{split}.json"
            made = cmivqa_here(
                "sample", "--track", "1", "--split", split, "--out", name, "--data", demo_corpus(), cwd=tmp_path
            )
            assert made.returncode == 0, made.stderr
    rows = read(tmp_path / "b_dev.json")
    (tmp_path / "b_dev.json").write_text(
        json.dumps([{**row, "end_second": row["start_second"] + 60} for row in rows]), encoding="utf-8"
    )
    fuse = ("fuse", "a_testA.json", "b_testA.json", *QUICK, "--format", "json")
    one = cmivqa_here(*fuse, "--fit-on", "a_dev.json", "b_dev.json", "--out", "one.json", cwd=tmp_path)
    two = cmivqa_here(*fuse, "--fit-on", "a_dev.json", "--fit-on", "b_dev.json", "--out", "two.json", cwd=tmp_path)
    assert one.returncode == two.returncode == 0, one.stderr
    first, second = json.loads(one.stdout), json.loads(two.stdout)
    assert first["fit"] == second["fit"]
    assert first["fit"]["split"] == "dev"
    assert first["fit"]["fitted"] >= first["fit"]["equal"]
    assert [gain["metric"] for gain in first["gains"]] == ["mIoU", "mIoU"]
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_without_answers_the_gain_is_not_known(tmp_path: Path) -> None:
    systems(tmp_path)
    done = cmivqa_here("fuse", "good.json", "bad.json", "--out", "out.json", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["gains"], document["fit"]) == ([], None)
    text = cmivqa_here("fuse", "good.json", "bad.json", "--out", "again.json", cwd=tmp_path).stdout.decode()
    assert "The gain is not known: " in text


def test_wrong_usage(tmp_path: Path) -> None:
    systems(tmp_path)
    answer_file(tmp_path / "other.json", {9: ("v", 1, 2)})
    corpus_file(tmp_path / "one.json", {0: [RIGHT[0]]})
    for words, said in (
        (("good.json", "bad.json"), "--out FILE says where to write"),
        (("good.json", "--out", "x.json"), "fewer than two files"),
        (("good.json", "bad.json", "--out", "x.json", "--weights", "a,b"), "not numbers with commas between"),
        (("good.json", "bad.json", "--out", "x.json", "--weights", "1"), "not 2 numbers"),
        (("good.json", "bad.json", "--out", "x.json", "--fit-on", "good.json"), "2 files to fuse, and 1"),
        (("good.json", "bad.json", "--out", "x.json", "--fit-on"), "requires an argument"),
        (("good.json", "bad.json", "--out", "good.json", "--force"), "is read by this command"),
        (("good.json", "bad.json", "--out", "one.json"), "exists already"),
    ):
        done = cmivqa_here("fuse", *words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert said in done.stderr.decode(), words
    assert not (tmp_path / "x.json").exists()
