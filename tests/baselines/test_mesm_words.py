"""Rows of words for each text encoder, labels of masked words, and word vectors: what is read and what is refused."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from baselines.mesm.clip_weights import clip_weights
from baselines.mesm.glove import read_glove_pickle, read_glove_text, vocabulary, word_table
from baselines.mesm.text import text_of
from baselines.mesm.text_encoders import ClipText, WordTable, given_features
from baselines.mesm.word_rows import ClipWords, VectorWords, VocabularyWords, most_frequent, read_counts
from cmivqa_kit.data.english_words import simple_words
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.clip_tokens import ClipTokens
from tests.baselines.clip_folder import write_clip, write_tokenizer

WORDS = ("<PAD>", "door", "opens", "the")


def glove(path: Path, **changed: Any) -> Path:
    """A ``glove.pkl`` as CPL writes it."""
    vectors = [np.full(3, number, dtype=np.float32) for number in range(len(WORDS))]
    content = {"w2id": {word: number for number, word in enumerate(WORDS)}, "id2vec": vectors,
               "counter": Counter({"the": 5, "door": 9, "opens": 1}), **changed}  # fmt: skip
    path.write_bytes(pickle.dumps(content, protocol=3))
    return path


def test_vectors_of_a_glove_pickle(tmp_path: Path) -> None:
    read = read_glove_pickle(glove(tmp_path / "glove.pkl"))
    assert (read.words, read.vectors.shape) == (WORDS, (4, 3))
    assert read.vectors[2].tolist() == [2, 2, 2]
    assert dict(read.counts) == {"the": 5, "door": 9, "opens": 1}


class Stranger:
    """What asks for code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("1",)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"counter": Stranger()}, "asks for (builtins|__builtin__).eval: code or objects"),
        ({"id2vec": [Path()]}, "asks for pathlib"),
        ({"w2id": {"a": 7}}, "damaged, cannot be read as word vectors"),
        ({"id2vec": [np.array(["a"])] * 4}, "damaged, cannot be read as word vectors"),
        ({"id2vec": [np.full(3, np.nan)] * 4}, "damaged, cannot be read as word vectors"),
        ({"id2vec": None}, "damaged, cannot be read as word vectors"),
    ],
)
def test_other_pickles_are_refused(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_glove_pickle(glove(tmp_path / "glove.pkl", **changed))


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps([1]), pickle.dumps({"w2id": {}})])
def test_damaged_pickles(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "glove.pkl").write_bytes(content)
    with pytest.raises(UserError, match=r"glove\.pkl: damaged"):
        read_glove_pickle(tmp_path / "glove.pkl")
    with pytest.raises(UserError, match="cannot be read as word vectors"):
        read_glove_pickle(tmp_path / "gone.pkl")


def test_vectors_of_a_text_file(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("the 1 2\n. . . 3 4\ndoor 5 -6.5\n", encoding="utf-8")
    vectors = read_glove_text(path, ["door", ". . ."], 2)
    assert {word: row.tolist() for word, row in vectors.items()} == {". . .": [3, 4], "door": [5, -6.5]}
    with pytest.raises(UserError, match="has none of the words"):
        read_glove_text(path, ["cup"], 2)
    with pytest.raises(UserError, match="line 1 has 3 columns, not a word and 3 numbers"):
        read_glove_text(path, ["the"], 3)


def test_words_without_a_vector_share_the_authors_draw() -> None:
    words = vocabulary(["the", "door", "cup"])
    assert words == ("<PAD>", "<UNK>", "cup", "door", "the")
    table = word_table(words, {"the": np.ones(300, np.float32)})
    assert table[0].abs().max() == 0 and torch.equal(table[1], table[2]) and bool((table[4] == 1).all())
    assert table[1, :4].tolist() == pytest.approx([-0.6946, -1.3275, -1.1976, -0.3418], abs=1e-4)


def test_rows_of_a_vocabulary() -> None:
    reader = VocabularyWords(simple_words, vocabulary(["door", "the"]), most_frequent([3, 2], 1), 3)
    row = reader.read("The door opens the cup")
    assert row.words.tolist() == [3, 2, 1]  # "opens" is not known, what is behind is cut off
    assert row.labels.tolist() == [0, 1, 1] and row.unknown.tolist() == [False, True, True]
    assert reader.read("").words.tolist() == [0, 0, 0] and not reader.read("").unknown.any()


def test_rows_of_vectors(tmp_path: Path) -> None:
    vectors = read_glove_pickle(glove(tmp_path / "glove.pkl"))
    row = VectorWords(simple_words, vectors, most_frequent(["door", "the"], 2), 4).read("the red door opens")
    assert row.words[:, 0].tolist() == [3, 1, 2, 0]  # what has no vector is left out
    assert row.labels.tolist() == [1, 0, 2, 0] and row.weights.tolist() == [1, 1, 1, 0]


def test_rows_of_clip_tokens(tmp_path: Path) -> None:
    pieces = write_tokenizer(tmp_path)
    tokens = ClipTokens(tmp_path)
    the, door = (pieces.index(f"{word}</w>") for word in ("the", "door"))
    asked: list[list[str]] = []

    def tagger(words: Any) -> list[str]:
        asked.append(list(words))
        return ["NN" if word == "door" else "DT" for word in words]

    row = ClipWords(tokens, most_frequent([door], 5), 5, tagger).read("the door opens the door")
    assert row.words.shape == (77,) and row.words[:3].tolist() == [tokens.start, the, door]
    assert row.words[4] == tokens.end and not row.words[5:].any()
    assert asked == [["the", "door", "opens"]]
    assert row.weights.tolist() == [0, 1, 2, 1, 0]
    # one class of its own, unknown 1, start 2, end 3
    assert row.labels.tolist() == [2, 1, 0, 1, 3] and row.unknown.tolist() == [False, True, False, True, False]


def test_the_clip_encoder_is_that_of_transformers(tmp_path: Path) -> None:
    theirs = write_clip(tmp_path)
    found = clip_weights(tmp_path)
    assert found.sizes["heads"] == 2 and found.sizes["layers"] == 2 and found.sizes["embed_dim"] == 12
    own = ClipText(**found.sizes).eval()
    own.load_state_dict(found.weights)
    tokens = ClipTokens(tmp_path)
    ids = torch.tensor([tokens.row("the door opens", 16)])
    with torch.no_grad():
        wanted = theirs(input_ids=ids).last_hidden_state
        assert torch.allclose(own(ids), wanted, atol=1e-5)
        padded = torch.cat((ids, torch.zeros(1, 4, dtype=torch.long)), dim=1)
        text = own.encode(padded, 4, normalize=True)
    assert text.mask.all() and torch.allclose(text.words[0].norm(dim=-1), torch.ones(4))
    assert not any(parameter.requires_grad for parameter in own.parameters())


def test_other_weights_are_no_clip(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights of CLIP"):
        clip_weights(tmp_path)
    torch.save({"a": torch.ones(1)}, tmp_path / "clip_text_encoder.pth")
    with pytest.raises(UserError, match="damaged, cannot be read as CLIP's text encoder"):
        clip_weights(tmp_path)


def test_features_that_are_given_and_looked_up() -> None:
    given = given_features(torch.tensor([[[3.0, 4.0], [0.0, 0.0]]]), normalize=True)
    assert given.words[0, 0].tolist() == pytest.approx([0.6, 0.8]) and given.mask.tolist() == [[True, False]]
    table = WordTable(3, 2)
    table.emb.weight.data = torch.tensor([[9.0, 9.0], [3.0, 4.0], [0.0, 5.0]])
    looked_up = table.encode(torch.tensor([[1, 2, 0]]), 3, normalize=True)
    assert looked_up.words[0, 2].tolist() == [0, 0] and looked_up.mask.tolist() == [[True, True, False]]
    assert looked_up.sentences[0].tolist() == pytest.approx([1.5 / np.hypot(1.5, 4.5), 4.5 / np.hypot(1.5, 4.5)])


@pytest.mark.parametrize("content", ["", "a\n", "a 1 2 3\n", "a b\n", "a 1\nb 2 3\n"])
def test_count_files_that_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "counts.txt").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"counts\.txt: (line \d is no token|counts nothing)"):
        read_counts(tmp_path / "counts.txt")


def test_a_text_encoder_needs_its_source() -> None:
    from baselines.mesm import DECLARATION
    from baselines.mesm.settings import Settings
    from cmivqa_kit.plugin.settings import settings

    for preset in ("charades-clip-slowfast", "charades-vgg-glove", "tacos-c3d-glove"):
        text = Settings.of(settings(DECLARATION, preset)).text
        with pytest.raises(UserError, match=r"text\.source is empty"):
            text_of(text, ["the door"], 0)
