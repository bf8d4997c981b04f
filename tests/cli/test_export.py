"""`cmivqa export ...`, `score --card`, `verify`: files, exit codes, what is said."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import cmivqa_here
from tests.leaderboard.exports.small import answers, lists, spans
from tests.submission.small import put

TARGETS = answers(12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "answers_testA.json", TARGETS)
    put(tmp_path / "lists.json", lists(TARGETS))
    put(tmp_path / "spans.json", spans(TARGETS))
    return tmp_path


def run(folder: Path, *words: str | Path, code: int = 0) -> tuple[str, str]:
    done = cmivqa_here(*words, cwd=folder)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, out + err
    return out, err


TRUTH = ("--truth", "answers_testA.json")


@pytest.mark.parametrize(
    ("name", "files", "told"),
    [
        ("trec", {"run.trec", "qrels.trec"}, "qrels.trec"),
        ("medvidqa", {"run.json", "vr_judgement.json", "val_judgement.json", "topics.tsv"}, "val_judgement.json"),
        ("tvr", {"tvr_predictions.json", "tvr_annotations.jsonl"}, "tvr_annotations.jsonl"),
    ],
)
def test_files_of_others(folder: Path, name: str, files: set[str], told: str) -> None:
    out, _ = run(folder, "export", name, "lists.json", *TRUTH, "--out", "given")
    assert {path.name for path in (folder / "given").iterdir()} == files
    assert f"given/{told}: for organizers only" in out
    _, err = run(folder, "export", name, "lists.json", *TRUTH, "--out", "given", code=2)
    assert "exists already" in err
    out, _ = run(folder, "export", name, "lists.json", *TRUTH, "--out", "given", "--force", "--format", "json")
    document = json.loads(out)
    assert set(document["files"]) == files
    assert told in document["organizers_only"]
    _, err = run(folder, "export", name, "spans.json", *TRUTH, "--out", "other", code=2)
    assert "spans.json: is for Track 1" in err
    assert not (folder / "other").exists()


@pytest.mark.parametrize("name", ["trec", "medvidqa", "tvr"])
def test_what_stands_where_the_folder_would_be(folder: Path, name: str) -> None:
    _, err = run(folder, "export", name, "lists.json", *TRUTH, "--out", "spans.json", code=2)
    assert "spans.json: is no folder" in err


def test_a_track_that_is_not_exported_so(folder: Path) -> None:
    _, err = run(folder, "export", "trec", "lists.json", *TRUTH, "--track", "1", code=2)
    assert "Track 1 is not exported so" in err


def test_a_twice_answered_question_is_warned_of(folder: Path) -> None:
    put(folder / "twice.json", [*lists(TARGETS), lists(TARGETS)[3]])
    out, _ = run(folder, "export", "trec", "twice.json", *TRUTH)
    assert "W803: 1 question stands in the submission more than once" in out
    assert "12 questions of testA, 11 answered" in out


def test_tvr_takes_a_second_submission(folder: Path) -> None:
    run(folder, "export", "tvr", "lists.json", "--track1", "spans.json", *TRUTH)
    assert "SVMR" in json.loads((folder / "tvr" / "tvr_predictions.json").read_text())
    (folder / "broken.json").write_text("[", encoding="utf-8")
    _, err = run(folder, "export", "tvr", "lists.json", "--track1", "broken.json", *TRUTH, "--force", code=2)
    assert "broken.json: cannot be exported" in err


@pytest.mark.parametrize("text", ["", "[", "{}", "null"])
def test_an_unreadable_submission_is_not_exported(folder: Path, text: str) -> None:
    (folder / "bad.json").write_text(text, encoding="utf-8")
    _, err = run(folder, "export", "trec", "bad.json", *TRUTH, code=2)
    assert "bad.json" in err
    assert not (folder / "trec").exists()


def test_three_bundles_and_their_dry_runs(folder: Path) -> None:
    with zipfile.ZipFile(folder / "handed-in.zip", "w") as archive:
        archive.write(folder / "lists.json", "lists.json")
    words = ("export", "codabench", "bundles", *TRUTH, "--per-day", "3", "--phase", "2026-12-01", "2026-12-20")
    out, _ = run(folder, *words, "--dry-run", "handed-in.zip", "--dry-run", "spans.json")
    assert [out.count(f"Dry run of track{track}.zip") for track in (1, 2, 3)] == [1, 1, 1]
    assert "FAULT" not in out
    assert {path.name for path in (folder / "bundles").iterdir()} == {f"track{track}.zip" for track in (1, 2, 3)}
    before = (folder / "bundles" / "track2.zip").read_bytes()
    out, _ = run(folder, *words, "--track", "2", "--dry-run", "lists.json", "--force", "--format", "json")
    document = json.loads(out)
    assert before == (folder / "bundles" / "track2.zip").read_bytes()
    (played,) = document["dry_runs"]
    assert played["scores"] == played["official"]
    assert document["bundles"][0]["phases"] == [
        {"name": "testA", "questions": 12, "first": "2026-12-01", "last": "2026-12-20"}
    ]


def test_answers_of_one_track_make_one_bundle(folder: Path) -> None:
    put(folder / "videos.json", [{"id": row["id"], "video_id": row["video_id"]} for row in TARGETS])
    out, _ = run(folder, "export", "codabench", "bundles", "--truth", "videos.json")
    assert [path.name for path in (folder / "bundles").iterdir()] == ["track2.zip"]
    assert "Track 1: videos: the answers have no start_second" in out
    _, err = run(folder, "export", "codabench", "bundles", "--truth", "videos.json", "--track", "3", code=2)
    assert "no start_second" in err


def test_answer_files_of_single_tracks_make_a_bundle_each(folder: Path) -> None:
    truth = []
    for track in (1, 2, 3):
        put(folder / f"task{track}_answer_test.json", answers(12, prefix=f"NLPCC2024_Task{track}_"))
        truth += ["--truth", f"task{track}_answer_test.json"]
    put(folder / "third.json", lists(answers(12, prefix="NLPCC2024_Task3_")))
    out, _ = run(folder, "export", "codabench", "bundles", *truth, "--dry-run", "third.json", "--in-all", "5")
    assert out.count("test (12 questions)") == 3
    assert out.count("Dry run of") == out.count("Dry run of track3.zip") == 1
    _, err = run(folder, "export", "codabench", "other", *truth, "--track", "2", code=2)
    assert "no answers for Track 2" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--truth", "nowhere.json"), "no such"),
        ((*TRUTH, *TRUTH), "the dates of 0 phases"),
        ((*TRUTH, "--split", "dev"), "one of the two"),
        ((*TRUTH, "--phase", "2026-12-20", "2026-12-01"), "before it begins"),
        ((*TRUTH, "--dry-run", "nowhere.json"), "nowhere.json"),
        ((*TRUTH, "--dry-run", "lists.json", "--python", "/nowhere"), "cannot be run"),
    ],
)
def test_what_makes_no_bundle(folder: Path, words: tuple[str, ...], said: str) -> None:
    _, err = run(folder, "export", "codabench", "bundles", *words, code=2)
    assert said in err
    assert not (folder / "bundles").exists()


def test_the_embedded_corpus_makes_bundles(tmp_path: Path) -> None:
    out, _ = run(tmp_path, "export", "codabench", "bundles")
    assert "testA (113 questions)" in out
    with zipfile.ZipFile(tmp_path / "bundles" / "track3.zip") as archive:
        assert "starting_kit_0.zip" in archive.namelist()


def test_a_card_is_written_and_verified(folder: Path) -> None:
    score = ("score", "lists.json", *TRUTH, "--resamples", "20", "--card", "card.json")
    out, _ = run(folder, *score)
    assert "card.json: result card" in out
    out, _ = run(folder, "verify", "card.json", "lists.json", *TRUTH)
    assert "card.json: confirmed" in out
    card: Any = json.loads((folder / "card.json").read_text())
    assert card["seconds"]["processor"] >= 0
    card["scores"][0]["official"]["metrics"]["MRR"] += 0.01
    put(folder / "card.json", card)
    out, _ = run(folder, "verify", "card.json", "lists.json", *TRUTH, code=1)
    assert "/scores/0/official/metrics/MRR" in out
    assert "card.json: 1 difference" in out
    out, _ = run(folder, "verify", "card.json", "lists.json", *TRUTH, "--format", "json", code=1)
    assert [one["pointer"] for one in json.loads(out)["differences"]] == ["/scores/0/official/metrics/MRR"]
    _, err = run(folder, *score, code=2)
    assert "exists already" in err
    _, err = run(folder, "verify", "lists.json", "card.json", *TRUTH, code=2)
    assert "no result card" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lists.json", "spans.json"), "not of 2 files"),
        (("-",), "not of standard input"),
        (("lists.json", "--only", "1,2"), "of all questions"),
    ],
)
def test_a_card_is_of_one_file_and_all_questions(folder: Path, words: tuple[str, ...], said: str) -> None:
    _, err = run(folder, "score", *words, *TRUTH, "--card", "card.json", code=2)
    assert said in err
    assert not (folder / "card.json").exists()


def test_no_card_of_what_cannot_be_read(folder: Path) -> None:
    (folder / "bad.json").write_text("[", encoding="utf-8")
    out, _ = run(folder, "score", "bad.json", *TRUTH, "--card", "card.json", code=3)
    assert "card.json: not written, nothing scored" in out
    assert not (folder / "card.json").exists()
