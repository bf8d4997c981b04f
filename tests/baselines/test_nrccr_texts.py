"""Texts of NRCCR: the published cleaning, and lower case whatever a folder's tokenizer says."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from baselines.nrccr.texts import Reader, clean_english, lower_cased
from cmivqa_kit.neural.encoders import open_tokenizer
from cmivqa_kit.neural.tokens import TextReader

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "wash", "Wash", "cafe", "Café", "洗", "手", "."]


@pytest.fixture
def cased(tmp_path: Path) -> Path:
    """A folder whose ``tokenizer.json`` is cased, as multilingual BERT's is."""
    tokenizer = Tokenizer(models.WordPiece({token: at for at, token in enumerate(VOCABULARY)}, unk_token=VOCABULARY[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path / "cased")
    return tmp_path / "cased"


def test_a_cased_tokenizer_reads_lower_case(cased: Path) -> None:
    before = open_tokenizer(cased)
    after = lower_cased(before)
    text = "Wash Café 洗手"
    assert before.convert_ids_to_tokens(before(text, add_special_tokens=False)["input_ids"])[0] == "Wash"
    tokens = after.convert_ids_to_tokens(after(text, add_special_tokens=False)["input_ids"])
    assert tokens == ["wash", "cafe", "洗", "手"]
    assert (after.pad_token_id, after.cls_token_id, after.mask_token_id) == (0, 2, 4)


def test_it_still_does_when_a_run_has_kept_it(cased: Path, tmp_path: Path) -> None:
    lower_cased(open_tokenizer(cased)).save_pretrained(tmp_path / "run")
    again = open_tokenizer(tmp_path / "run")
    assert again("Wash", add_special_tokens=False)["input_ids"] == [VOCABULARY.index("wash")]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("Two people riding horse...rope   a cow", "Two people riding horse rope a cow."),
     ("Café-naïve CPR!", "Caf na ve cpr."), ("心肺复苏", ""), ("", ""), ("9 lives?", "9 lives.")],
)  # fmt: skip
def test_cleaning_is_for_english(text: str, cleaned: str) -> None:
    assert clean_english(text) == cleaned


def test_a_text_that_is_too_long_keeps_its_end(cased: Path) -> None:
    reader = Reader(TextReader.of(lower_cased(open_tokenizer(cased)), 512))
    ids = reader.raw("wash " * 400)
    assert (len(ids), ids[0], ids[-1]) == (250, 2, 3)
    assert reader.english("洗手") == (2, 3)
    assert Reader(TextReader.of(lower_cased(open_tokenizer(cased)), 8)).raw("wash " * 20)[-1] == 3
