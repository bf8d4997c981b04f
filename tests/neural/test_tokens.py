"""Texts as token ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import save_tokenizer, tokenize_with, utf8

TEXTS = ("take the gauze", "洗手")


@pytest.mark.parametrize("text", ["", "take", "洗手 \U0001f600", "a\0b"])
def test_texts_stay_as_they_are(text: str) -> None:
    assert utf8(text) == text


def test_lone_surrogates_are_read_as_question_marks() -> None:
    """JSON holds them (half an emoji, cut off), and no tokenizer takes them."""
    tokens = tokenize_with(tiny_tokenizer((*TEXTS, "half\ud83d?")))
    assert tokens("take \ud83d the") == tokens("take ? the") != tokens("take the")


class Tokenizer:
    """Writes two files, or is stopped in the middle of the second."""

    def __init__(self, stopped: bool = False) -> None:
        self.stopped = stopped

    def save_pretrained(self, folder: Path) -> None:
        (folder / "config.json").write_text("{}", encoding="utf-8")
        (folder / "tokenizer.json").write_text("{" if self.stopped else "{}", encoding="utf-8")
        if self.stopped:
            raise KeyboardInterrupt


def test_a_tokenizer_is_never_half_written(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        save_tokenizer(Tokenizer(stopped=True), tmp_path / "tokenizer")
    assert [path.name for path in tmp_path.rglob("*")] == ["tokenizer"]
    for _ in range(2):  # a run that goes on writes it again
        save_tokenizer(Tokenizer(), tmp_path / "tokenizer")
        assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.*")} == {
            "config.json": b"{}", "tokenizer.json": b"{}",
        }  # fmt: skip
