"""`score --published`: published figures beside obtained ones; doubtful ones and other corpora are marked so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.cli.published import RENAMED
from tests.cli.running import cmivqa, python
from tests.cli.test_fast_start import SPY

OTHER = "another corpus: for orientation only"


def corpus(folder: Path, split: str, number: int) -> tuple[Path, Path]:
    """A submission for Tracks 2 and 3 that is right in everything, and its answers."""
    answers: list[dict[str, Any]] = [
        {"id": i, "question": f"how {i}", "video_id": f"v{i}", "start_second": 1, "end_second": 5}
        for i in range(number)
    ]
    rows = [{"id": a["id"], "question": a["question"], "output": [[a["video_id"], 1, 5]]} for a in answers]
    truth, entry = folder / f"dataset_{split}_answer.json", folder / "entry.json"
    truth.write_text(json.dumps(answers), encoding="utf-8")
    entry.write_text(json.dumps(rows), encoding="utf-8")
    return entry, truth


def text_of(*arguments: str | Path, cwd: Path) -> str:
    done = cmivqa("score", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def scores(*arguments: str | Path, cwd: Path) -> list[dict[str, Any]]:
    scores: list[dict[str, Any]] = json.loads(text_of(*arguments, "--format", "json", cwd=cwd))[0]["scores"]
    return scores


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of BM25 and its submission for the embedded testA."""
    folder = tmp_path_factory.mktemp("demo")
    for words in (["train", "-m", "bm25"], ["predict", "--split", "testA"]):
        assert cmivqa(*words, cwd=folder).returncode == 0
    return folder


def test_on_the_embedded_corpus_for_orientation_only(demo: Path) -> None:
    text = text_of("submission.json", "--published", "ccgs", cwd=demo)
    rows = [line.split() for line in text.splitlines()]
    assert ["ccgs,", "published", "2.0144", "0.3943", "0.5366", "0.6423", "0.4412"] in rows
    assert ["ccgs,", "published", "0.3251", "0.1947", "0.3397", "0.4409"] in rows
    assert sum(row[:2] == ["bm25,", "obtained"] for row in rows) == 2
    assert text.count(OTHER) == 2
    assert "cmivqa-2023, 492 questions; scored: cmivqa-2023, 113 questions" in text
    assert text.count("organisers' results table") == 1
    published = [score["published"] for score in scores("submission.json", "--published", "ccgs", cwd=demo)]
    assert [one["same_corpus"] for one in published] == [False, False]
    assert [one["questions"] for one in published] == [492, 492]
    assert published[0]["metrics"]["Overall"] == 2.0144
    assert published[0]["unconfirmed"] == {}


def test_without_preset_nothing_stands_beside(demo: Path) -> None:
    text = text_of("submission.json", cwd=demo)
    assert "published" not in text
    assert "orientation" not in text
    assert [score["published"] for score in scores("submission.json", cwd=demo)] == [None, None]


def test_a_system_is_named_with_its_recipe(demo: Path, tmp_path: Path) -> None:
    from hashlib import sha256

    entry = demo / "submission.json"
    digest = sha256(entry.read_bytes()).hexdigest()
    record = tmp_path / "runs" / "mine" / "predictions" / f"x-{digest[:12]}.record.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"sha256": digest, "run": "mine", "baseline": "ccgs", "recipe": "kit"}), "utf-8")
    text = text_of(entry, "--published", "ccgs", cwd=tmp_path)
    assert text.count("ccgs (recipe kit: not the published baseline), obtained") == 2


def test_the_real_number_of_questions_is_no_other_corpus(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "testA", 492)
    flags = (entry, "--truth", truth, "--published", "ccgs")
    text = text_of(*flags, cwd=tmp_path)
    assert "this file, obtained" in text
    assert "2.0144" in text
    assert OTHER not in text
    assert all(s["published"]["same_corpus"] for s in scores(*flags, cwd=tmp_path))


def test_unconfirmed_values_are_left_out(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "testB", 511)
    text = text_of(entry, "--truth", truth, "--published", "ccgs", "--track", "2", cwd=tmp_path)
    assert "0.3249" in text
    assert "0.5427" not in text
    assert "1.6721" not in text
    left = next(line for line in text.splitlines() if "not confirmed" in line)
    assert "R@50 (no multiple of 1/511" in left
    assert "Overall (" in left
    found = scores(entry, "--truth", truth, "--published", "ccgs", "--track", "2", cwd=tmp_path)[0]["published"]
    assert set(found["metrics"]) == {"R@1", "R@10", "MRR"}
    assert {name: one["value"] for name, one in found["unconfirmed"].items()} == {"R@50": 0.5427, "Overall": 1.6721}
    assert all(one["why"] for one in found["unconfirmed"].values())


def test_another_edition_is_another_corpus(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "testA", 492)
    flags = (entry, "--truth", truth, "--edition", "mmivqa-2024", "--track", "3", "--published", "ccgs")
    text = text_of(*flags, cwd=tmp_path)
    assert OTHER in text
    assert "scored: mmivqa-2024, 492 questions" in text


def test_a_split_without_published_figures(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "dev", 3)
    flags = (entry, "--truth", truth, "--published", "ccgs")
    text = text_of(*flags, cwd=tmp_path)
    assert "nothing published of ccgs for Track 2" in text
    assert "(there is: Track 2 testA, Track 2 testB, Track 3 testA, Track 3 testB)" in text
    assert "organisers'" not in text
    assert [s["published"] for s in scores(*flags, cwd=tmp_path)] == [
        None,
        None,
    ]


def test_beside_a_crash_only_the_published_row(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "testA", 2)
    entry.write_text('[{"id": 0, "question": "how 0", "output": []}]', encoding="utf-8")
    done = cmivqa("score", entry, "--truth", truth, "--track", "3", "--published", "ccgs", cwd=tmp_path)
    assert done.returncode == 3
    text = done.stdout.decode()
    assert "ccgs, published" in text
    assert "obtained" not in text


@pytest.mark.parametrize(
    ("name", "message", "fix"),
    [
        ("ccsg", "unknown baseline 'ccsg'. Did you mean 'ccgs'?", "Installed: bm25, ccgs"),
        ("ccgs/tiny", "no published figures of 'ccgs/tiny'. Did you mean 'ccgs'?", "There are: ccgs."),
        ("bm25", "bm25 has no published figures", "Baselines that have some: ccgs"),
        ("", "unknown baseline ''", "Installed: "),
    ],
)
def test_wrong_names(tmp_path: Path, name: str, message: str, fix: str) -> None:
    refused = cmivqa("score", "none.json", "--published", name, cwd=tmp_path)
    assert refused.returncode == 2
    assert not refused.stdout
    assert message in refused.stderr.decode()
    assert fix in refused.stderr.decode()


def test_nothing_heavy_is_imported(demo: Path) -> None:
    done = python(SPY, "score", "submission.json", "--published", "ccgs", cwd=demo)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("HEAVY []"), done.stderr


def test_the_old_spelling_works_and_says_so(tmp_path: Path) -> None:
    entry, truth = corpus(tmp_path, "testA", 492)
    flags = (entry, "--truth", truth, "--track", "2", "--resamples", "50")
    for form in ((), ("--format", "json")):
        old, new = (cmivqa("score", *flags, *form, name, "ccgs", cwd=tmp_path) for name in ("--preset", "--published"))
        assert (old.returncode, old.stdout) == (new.returncode, new.stdout)
        assert b"ccgs" in old.stdout
        assert new.stderr == b""
        assert old.stderr.decode().splitlines() == [RENAMED]
    both = cmivqa("score", *flags, "--preset", "ccgs", "--published", "mutualsl", cwd=tmp_path)
    assert both.returncode == 2 and "two spellings of one option" in both.stderr.decode()
    said = cmivqa("score", "--help", cwd=tmp_path).stdout.decode()
    assert "--published" in said and "--preset" not in said
