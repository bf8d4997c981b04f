"""The encoder called ``tiny``: its WordPiece vocabulary, learnt from a corpus, and its sizes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import BertTokenizer, ModernBertConfig

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import utf8

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
TINY_VOCABULARY = 8000


def wordpiece(vocabulary: Path) -> Any:
    """The tokenizer of a ``vocab.txt``, one token a line: lower case, Chinese characters apart."""
    lines = vocabulary.read_text(encoding="utf-8").split("\n")
    ids = {token: number for number, token in enumerate(lines) if token}
    missing = [token for token in SPECIAL[:4] if token not in ids]
    if missing:
        raise UserError(f"{vocabulary}: no {', '.join(missing)} in it", "Give the vocabulary of the checkpoint.")
    tokenizer_class: Any = BertTokenizer  # transformers' classes carry no types
    return tokenizer_class(vocab=ids, do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None)


def tiny_tokenizer(texts: Iterable[str], size: int = TINY_VOCABULARY) -> Any:
    """A WordPiece tokenizer learnt from ``texts``; the same texts in any order give the same one."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 (a token of text, no secret)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    sorted_texts = sorted({utf8(text) for text in texts})
    # The library numbers what continues a word (##x) in the order of a random hash, and its ties are settled by these
    # numbers: named beforehand, they are the same in every process.
    words = {
        word
        for text in sorted_texts
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    }
    within = sorted({f"##{character}" for word in words for character in word[1:]})
    # It keeps 1,000 characters unless told otherwise: Chinese needs more.
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, *within], limit_alphabet=size, show_progress=False
    )
    tokenizer.train_from_iterator(sorted_texts, trainer)
    learnt = tokenizer.get_vocab()
    ordered = [*SPECIAL, *sorted(token for token in learnt if token not in SPECIAL)]
    ids = {token: number for number, token in enumerate(ordered)}
    tokenizer_class: Any = BertTokenizer
    return tokenizer_class(vocab=ids, do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None)


def tiny_config(vocabulary: int, pad: int) -> Any:
    """A small ModernBERT: relative (rotary) positions, every layer over the whole row, rows of up to 8,192 tokens.

    A DeBERTa-v2 of this size, the published kind, takes four times as long on a CPU: it runs in eager attention only.
    """
    cls, sep = SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]")
    config_class: Any = ModernBertConfig
    return config_class(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,  # attention is most of the time here; four heads take a third more of it
        intermediate_size=128,
        global_attn_every_n_layers=1,
        pad_token_id=pad,
        cls_token_id=cls,
        bos_token_id=cls,
        sep_token_id=sep,
        eos_token_id=sep,
    )
