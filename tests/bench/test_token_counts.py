"""`cmivqa data token-counts`: the count files of MESM."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.bench.tasks.moments.token_counts import clip_counts, glove_counts
from tests.baselines.clip_folder import write_tokenizer
from tests.cli.running import cmivqa_here

LINES = {"train": ["A1 0 2##The door opens.", "A1 9 10##left out, beyond the end"], "test": ["B1 1 2##the, the cup!"]}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for split, lines in LINES.items():
        (tmp_path / f"charades_sta_{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (tmp_path / f"Charades_v1_{split}.csv").write_text("id,length\nA1,5\nB1,5\n", encoding="utf-8")
    write_tokenizer(tmp_path / "clip")
    return tmp_path


def run(here: Path, *words: str) -> tuple[int, str]:
    done = cmivqa_here("data", "token-counts", "charades-sta", "--data", ".", "--out", "counts", *words, cwd=here)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def test_words_and_tokens_of_both_splits(here: Path) -> None:
    code, told = run(here, "--tokenizer", "clip")
    assert code == 0, told
    # ids: two reserved, then the words in sorted order; the most frequent first, ties as they appeared
    words = "the 5 3\ndoor 3 1\nopens 4 1\ncup 2 1\n"
    assert (here / "counts/GloVe_tokenized_count.txt").read_text() == words
    tokens = [line.split() for line in (here / "counts/CLIP_tokenized_count.txt").read_text().splitlines()]
    assert [count for _, count in tokens] == sorted((count for _, count in tokens), reverse=True)
    assert tokens[0][1] == "3" and len(tokens) == 9  # the, door, opens, "." "," c, u, p and "!"


def test_of_a_split_and_of_short_sentences(here: Path) -> None:
    code, told = run(here, "--split", "train", "--tokenizer", "clip", "--max-words", "4")
    assert code == 0, told
    assert (here / "counts/GloVe_tokenized_count.txt").read_text().splitlines() == ["the 4 1", "door 2 1", "opens 3 1"]
    assert len((here / "counts/CLIP_tokenized_count.txt").read_text().splitlines()) == 2


def test_nothing_is_replaced_unasked(here: Path) -> None:
    assert run(here)[0] == 0
    code, told = run(here)
    assert code == 2 and "GloVe_tokenized_count.txt: exists already" in told
    assert run(here, "--force")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--split", "tr"), "charades-sta has no split 'tr'"),
        (("--tokenizer", "nowhere"), "nowhere: no tokenizer of CLIP"),
        (("--max-words", "2"), "Invalid value for '--max-words'"),
    ],
)
def test_mistakes(here: Path, words: tuple[str, ...], message: str) -> None:
    code, told = run(here, *words)
    assert code == 2 and message in told
    assert not (here / "counts").exists()


def test_other_benchmarks_have_no_sentences_of_moments(here: Path) -> None:
    done = cmivqa_here("data", "token-counts", "tvr", "--data", ".", "--out", "counts", cwd=here)
    assert done.returncode == 2 and b"tvr is no benchmark of moments" in done.stderr


def test_counts_without_sentences() -> None:
    class Letters:
        def ids(self, text: str) -> list[int]:
            return list(map(ord, text))

    assert glove_counts([]) == clip_counts([], Letters(), 16) == ""
    assert clip_counts(["abcd"], Letters(), 4) == "97 1\n98 1\n"
