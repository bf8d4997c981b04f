"""The tokens of CLIP's text encoder: pairs of bytes, merged by the rules of OpenAI's file.

Source: docs/spec/mesm.md, section 1.4.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import UserError

FILES = ("tokenizer.json", "vocab.json", "merges.txt")
GET = "Give the folder of a CLIP model in transformers' layout: tokenizer.json, or vocab.json and merges.txt."
START, END = "<|startoftext|>", "<|endoftext|>"
CONTEXT = 77  # positions of CLIP
END_OF_WORD = "</w>"


class ClipTokens:
    """CLIP's tokenizer.

    Args:
        folder: ``tokenizer.json``, or ``vocab.json`` and ``merges.txt``.

    Raises:
        UserError: they are missing or damaged, or of another tokenizer.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = [name for name in FILES if (folder / name).is_file()]
        if "tokenizer.json" not in own and not {"vocab.json", "merges.txt"} <= set(own):
            raise UserError(f"{folder}: no tokenizer of CLIP", GET)
        with reading(folder / own[0], "a tokenizer of CLIP", GET):
            self._backend = _backend(folder, own)
            start, end = (self._backend.token_to_id(token) for token in (START, END))
        if start is None or end is None:
            raise UserError(f"{folder}: a tokenizer without {START} and {END}, which CLIP's has", GET)
        self.start, self.end = int(start), int(end)

    def ids(self, text: str) -> list[int]:
        """The tokens of a text, cleaned as CLIP cleans it, without start and end."""
        return list(self._backend.encode(self._cleaned(text), add_special_tokens=False).ids)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """What stands for tokens: parts of words."""
        return [str(self._backend.id_to_token(number)).removesuffix(END_OF_WORD) for number in ids]

    def row(self, text: str, longest: int) -> list[int]:
        """Start, the tokens of a text, end: at most ``longest`` of them."""
        return [self.start, *self.ids(text)[: longest - 2], self.end]

    def save(self, path: Path) -> None:
        """Write ``tokenizer.json``."""
        self._backend.save(str(path))

    def _cleaned(self, text: str) -> str:
        text = html.unescape(html.unescape(self._fix(text) if self._fix else text))
        return re.sub(r"\s+", " ", text).strip().lower()

    @cached_property
    def _fix(self) -> Any:
        """``ftfy.fix_text``, which mends wrongly decoded characters; the benchmarks' sentences need none of it."""
        try:
            return import_module("ftfy").fix_text
        except ImportError:
            return None


def _backend(folder: Path, names: Sequence[str]) -> Any:
    """A tokenizer of the package tokenizers."""
    tokenizers = import_module("tokenizers")
    if "tokenizer.json" in names:
        return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    return (
        import_module("transformers")
        .CLIPTokenizer(vocab=vocabulary, merges=_merges(folder / "merges.txt"))
        .backend_tokenizer
    )


def _merges(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
    return [(first, second) for first, second in pairs]
