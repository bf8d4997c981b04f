"""`cmivqa import`: exit codes, the listing, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cmivqa_kit as ck
from tests.cli.running import cmivqa_here as cmivqa


@pytest.fixture
def answers(tmp_path: Path) -> list[str]:
    """An answer to each question of the embedded corpus, as JSON Lines."""
    split = ck.open_split(ck.demo_corpus(), "dev", track=2)
    video = next(iter(split.videos))
    return [
        json.dumps({"id": q.id, "video": f"https://youtu.be/{video}", "span": "0:01-0:05"}) for q in split.questions
    ]


def test_all_right(tmp_path: Path, answers: list[str]) -> None:
    (tmp_path / "llm.jsonl").write_text("\n".join(answers), encoding="utf-8")
    done = cmivqa("import", "llm.jsonl", "--split", "dev", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"Validated: 0 errors" in done.stdout
    assert b"Next: cmivqa validate submission.json --split dev" in done.stdout
    assert cmivqa("import", "llm.jsonl", "--split", "dev", cwd=tmp_path).returncode == 2  # it is there
    assert cmivqa("validate", "submission.json", "--split", "dev", cwd=tmp_path).returncode == 0


def test_what_cannot_be_read_is_listed_and_the_rest_written(tmp_path: Path, answers: list[str]) -> None:
    (tmp_path / "llm.jsonl").write_text("\n".join(answers + ["Sure!"] * 30), encoding="utf-8")
    done = cmivqa("import", "llm.jsonl", "--split", "dev", "--out", "sub.json", cwd=tmp_path)
    shown = done.stdout.decode()
    assert (done.returncode, shown.count("is not JSON")) == (1, 20)
    assert "... and 10 more" in shown
    assert "30 problems in llm.jsonl" in shown
    words = ("import", "llm.jsonl", "--split", "dev", "--out", "sub.json", "--force", "--format", "json")
    document = json.loads(cmivqa(*words, cwd=tmp_path).stdout)
    assert (document["valid"], len(document["problems"]), document["answered"]) == (True, 30, document["questions"])
    assert (tmp_path / "sub.json").exists()


def test_another_encoding_and_no_file(tmp_path: Path) -> None:
    split = ck.open_split(ck.demo_corpus(), "dev", track=1)
    question = next(q for q in split.questions if not q.text.isascii())
    (tmp_path / "a.csv").write_bytes(f"question,span\n{question.text},1-2\n".encode("gb18030"))
    words = ("import", "a.csv", "--split", "dev", "--track", "1")
    assert cmivqa(*words, cwd=tmp_path).returncode == 2
    done = cmivqa(*words, "--encoding", "gb18030", cwd=tmp_path)
    assert (done.returncode, b"1 entries" in done.stdout or b"without an answer" in done.stdout) == (1, True)
    assert cmivqa("import", "gone", cwd=tmp_path).returncode == 2
