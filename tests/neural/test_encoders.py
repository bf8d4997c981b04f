"""Encoders by name or folder, and what `tiny` learns its words from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModel, BertConfig

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import TINY, add_tokens, open_config, open_encoder, open_tokenizer, position_limit
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from tests.baselines.encoders import deberta

TEXTS = ("take the gauze", "洗手")


def test_tiny_depends_on_texts_and_seed_alone() -> None:
    first, again = open_encoder(TINY, TEXTS, 1, 0.0), open_encoder(TINY, tuple(reversed(TEXTS)), 1, 0.0)
    assert first.tokenizer.get_vocab() == again.tokenizer.get_vocab()
    pairs = zip(first.model.state_dict().values(), again.model.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    ids = first.tokenizer("take 洗")["input_ids"]
    assert ids[0] == first.tokenizer.cls_token_id and ids[-1] == first.tokenizer.sep_token_id


def test_a_folder_is_opened_in_float32_with_room_for_added_tokens(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer(TEXTS)
    AutoModel.from_config(deberta(len(tokenizer), 0)).half().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = open_encoder(str(tmp_path), (), 0, -1.0, ["[Music]"])
    assert found.config.vocab_size == len(tokenizer) + 1
    assert {value.dtype for value in found.model.state_dict().values()} == {torch.float32}
    assert found.tokenizer("[Music]", add_special_tokens=False)["input_ids"] == [len(tokenizer)]


def test_which_encoders_take_any_length() -> None:
    assert position_limit(deberta(30, 0)) is None
    assert position_limit(BertConfig(max_position_embeddings=512)) == 512


def test_what_cannot_be_had_says_how_to_come_by_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?s)configuration cannot be read.*640 MB.*HF_ENDPOINT"):
        open_encoder(str(tmp_path), (), 0)
    with pytest.raises(UserError, match="tokenizer cannot be read"):
        open_tokenizer(tmp_path)
    tokenizer = tiny_tokenizer(TEXTS)
    assert len(add_tokens(tokenizer, ["take"])) == len(tiny_tokenizer(TEXTS))


@pytest.mark.parametrize("damage", [b"", b"\0" * 20, b"<html>404</html>"])
def test_damaged_weights_are_named(tmp_path: Path, damage: bytes) -> None:
    found = open_encoder(TINY, TEXTS, 1)
    found.model.save_pretrained(tmp_path)
    found.tokenizer.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(damage)
    with pytest.raises(UserError, match="its weights cannot be read"):
        open_encoder(str(tmp_path), (), 0)


@pytest.mark.parametrize("name", ["./models/erlangshen", "/no/such/erlangshen", "a/b/c", "C:\\models\\erlangshen"])
def test_a_folder_that_is_not_there_is_called_that(name: str) -> None:
    for opened in (open_config, open_tokenizer):
        with pytest.raises(UserError, match="no such folder") as caught:
            opened(name)
        assert "Repo id" not in str(caught.value)
