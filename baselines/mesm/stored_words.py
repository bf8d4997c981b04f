"""Ready-made vectors of words, such as CLIP's, from a store of features: an array (words, width) per sentence.

A sentence has the key ``qid7`` or ``7`` by the id of its query, or is a key itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from baselines.mesm.settings import TextSettings
from baselines.mesm.text import NO_LABELS, Text
from baselines.mesm.word_rows import Labels, WordReader, WordRow
from cmivqa_kit.bench.tasks.moments.types import MomentQuery
from cmivqa_kit.data.display import count
from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.data.stores.store import StoredFeatures
from cmivqa_kit.errors import UserError


@dataclass(frozen=True, slots=True)
class StoredText(Text):
    """The vectors of sentences: nothing is known of their words, so masked ones have no labels to be guessed.

    Attributes:
        store: of the vectors.
        keys: of the sentences in it.
        width: of a vector.
    """

    store: StoredFeatures
    keys: Mapping[str, str]
    width: int

    @classmethod
    def of(cls, source: str, queries: Sequence[MomentQuery]) -> StoredText:
        """The vectors of some queries.

        Raises:
            UserError: the store is missing, damaged, has vectors of several widths, or lacks queries.
        """
        if not source:
            raise UserError(
                'text.source is empty: text.encoder = "stored" needs one', "Name a store: --set text.source=FILE"
            )
        store = open_store(Path(source))
        ids, keys, lacking = frozenset(store.ids), dict[str, str](), []
        for query in queries:
            own = (f"qid{query.qid}", str(query.qid), query.text)
            key = next((key for key in own if key in ids), None)
            if key is None:
                lacking.append(query)
            else:
                keys[query.text] = key
        if lacking:
            raise UserError(
                f"{source}: no vectors of {count(len(lacking), 'sentence')}, such as {lacking[0].text!r}",
                "Keys are qidN or N by the id of the query, or the sentence itself.",
            )
        if store.width is None:
            raise UserError(f"{source}: vectors of several widths, or none", "Extract them again, all alike.")
        return cls(store, keys, store.width)

    def labels(self, sentences: Sequence[str], settings: TextSettings) -> Labels[Any]:
        """None."""
        return NO_LABELS

    def reader(self, longest: int, words: str, labels: Labels[Any] = NO_LABELS, tags: bool = False) -> WordReader:
        """Vectors as they are stored."""
        return StoredWords(self, longest)

    def save(self, folder: Path) -> None:
        """Nothing: the store stays where it is, and the settings name it."""


class StoredWords(WordReader):
    """Words as vectors, (W, T).

    Args:
        text: has them.
        longest: W.
    """

    def __init__(self, text: StoredText, longest: int) -> None:
        super().__init__(longest)
        self.text = text

    def read(self, text: str) -> WordRow:
        """The row of a sentence.

        Raises:
            UserError: its vectors are damaged.
        """
        key = self.text.keys[text]
        vectors = np.asarray(self.text.store.get(key), np.float32)[: self.longest]
        if not np.isfinite(vectors).all():
            raise UserError(f"{self.text.store.location(key)}: holds NaN or infinity", "Extract it again.")
        rows = np.zeros((self.longest, self.text.width), np.float32)
        rows[: len(vectors)] = vectors
        ones = [1] * len(vectors)
        return self._row(rows, ones, [0] * len(vectors), [True] * len(vectors))
