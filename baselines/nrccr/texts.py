"""Captions and questions as token ids: the published cleaning, and WordPiece that lower-cases a cased vocabulary.

Source: docs/spec/nrccr.md, section 1.4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from transformers import BertTokenizer

from baselines.nrccr.model import TEXT_POSITIONS
from cmivqa_kit.neural.tokens import Ids, TextReader

_OTHER = re.compile("[^A-Za-z0-9]")


def lower_cased(tokenizer: Any) -> Any:
    """A WordPiece tokenizer with the same vocabulary that lower-cases and strips accents; any other as it is.

    The published code opens multilingual BERT, whose vocabulary is cased, with ``do_lower_case=True``. A folder's
    ``tokenizer.json`` says otherwise and would win.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or type(backend.model).__name__ != "WordPiece":
        return tokenizer
    special = {name: text for name, text in tokenizer.special_tokens_map.items() if isinstance(text, str)}
    make: Any = BertTokenizer
    return make(
        vocab=tokenizer.get_vocab(), do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None, **special
    )


def clean_english(text: str) -> str:
    """Letters and digits of English in lower case, single blanks between, the first letter large, a full stop.

    Without any it is the empty text: applied to Chinese, nothing is left.
    """
    words = _OTHER.sub(" ", text).lower().split()
    return f"{' '.join(words)}.".capitalize() if words else ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads texts for the pretrained encoder; none is longer than its positions or the table of the text encoder."""

    reader: TextReader

    @property
    def limit(self) -> int:
        """The most tokens of a text, special ones included."""
        return min(TEXT_POSITIONS, self.reader.limit or TEXT_POSITIONS)

    def raw(self, text: str) -> Ids:
        """A text as it stands, between [CLS] and [SEP]; what is too long is cut before [SEP]."""
        special = self.reader.special
        return (special.cls, *self.reader.tokens(text)[: self.limit - 2], special.sep)

    def english(self, text: str) -> Ids:
        """A text after the published cleaning."""
        return self.raw(clean_english(text))
