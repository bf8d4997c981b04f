"""CLIP's tokenizer: from its files, cleaned texts, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.clip_tokens import ClipTokens
from tests.baselines.clip_folder import write_tokenizer


def test_pieces_of_words(tmp_path: Path) -> None:
    pieces = write_tokenizer(tmp_path)
    tokens = ClipTokens(tmp_path)
    ids = tokens.ids("  Opens the\tDOOR!  ")
    assert [pieces[number] for number in ids] == ["opens</w>", "the</w>", "door</w>", "!</w>"]
    assert tokens.pieces(ids) == ["opens", "the", "door", "!"]
    assert tokens.ids("doors")[:1] == [pieces.index("doo")]
    assert tokens.ids("the &amp;amp; door") == tokens.ids("the & door")
    assert tokens.ids("") == []
    assert [pieces[number] for number in tokens.ids("é")] == ["Ã", "©</w>"]


def test_a_row_keeps_start_and_end(tmp_path: Path) -> None:
    pieces = write_tokenizer(tmp_path)
    row = ClipTokens(tmp_path).row("the door opens the door", 5)
    assert row == [
        len(pieces) - 2,
        *(pieces.index(f"{word}</w>") for word in ("the", "door", "opens")),
        len(pieces) - 1,
    ]


def test_what_is_kept_reads_the_same(tmp_path: Path) -> None:
    write_tokenizer(tmp_path / "clip")
    tokens = ClipTokens(tmp_path / "clip")
    tokens.save(tmp_path / "tokenizer.json")
    again = ClipTokens(tmp_path)
    assert again.row("The doorman's door", 20) == tokens.row("The doorman's door", 20)
    assert (again.start, again.end) == (tokens.start, tokens.end)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("vocab.json", "{", "damaged, cannot be read as a tokenizer of CLIP"),
        ("vocab.json", '{"a": 0}', "damaged|without <.startoftext.>"),
        ("merges.txt", "a b c\n", "damaged, cannot be read as a tokenizer of CLIP"),
        ("tokenizer.json", "[1]", "damaged, cannot be read as a tokenizer of CLIP"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: str, message: str) -> None:
    write_tokenizer(tmp_path)
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        ClipTokens(tmp_path)


def test_no_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no tokenizer of CLIP"):
        ClipTokens(tmp_path)
