"""What reads the sentences of a run: CLIP's tokens, a vocabulary, or word vectors; opened, and kept in the run.

Source: docs/spec/mesm.md, sections 1.4 and 2.2.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from baselines.mesm.glove import (
    GET_PICKLE,
    GET_TEXT,
    WordVectors,
    read_glove_pickle,
    read_glove_text,
    vocabulary,
    word_table,
)
from baselines.mesm.network import CLIP, GLOVE
from baselines.mesm.settings import DRAWN, VECTORS, TextSettings
from baselines.mesm.word_rows import (
    ClipWords,
    Labels,
    VectorWords,
    VocabularyWords,
    WordReader,
    most_frequent,
    read_counts,
)
from cmivqa_kit.damage import reading
from cmivqa_kit.data.english_words import Tagger, nltk_tagger, simple_words, word_splitter
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json, write_json
from cmivqa_kit.neural.clip_tokens import ClipTokens
from cmivqa_kit.neural.tokens import TextReader

log = logging.getLogger(__name__)
FOLDER = "words"  # of a run
WORDS, VECTORS_FILE, TOKENIZER = "words.json", "vectors.npy", "tokenizer.json"
NO_LABELS: Labels[Any] = Labels({})


class Text(ABC):
    """What reads sentences; without labels it can answer, with them it can train."""

    @abstractmethod
    def labels(self, sentences: Sequence[str], settings: TextSettings) -> Labels[Any]:
        """The classes of masked words: of the count file of the settings, else of the training's sentences.

        Raises:
            UserError: the count file is missing or damaged.
        """

    @abstractmethod
    def reader(self, longest: int, words: str, labels: Labels[Any] = NO_LABELS, tags: bool = False) -> WordReader:
        """How sentences are read.

        Args:
            longest: words of a sentence.
            words: how it is cut: ``treebank`` or ``simple``.
            labels: of masked words.
            tags: weigh words by NLTK's tagger, where it is installed.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what `open_text` reads into a folder that is there."""


@dataclass(frozen=True, slots=True)
class ClipText(Text):
    """CLIP's tokens."""

    tokens: ClipTokens

    def labels(self, sentences: Sequence[str], settings: TextSettings) -> Labels[int]:
        """By id of the token."""
        if settings.counts:
            ids = [int(row[0]) for row in _counts(settings.counts, numbered=True)]
        else:
            longest = settings.longest - 2
            ids = _by_frequency(token for text in sentences for token in self.tokens.ids(text)[:longest])
        return most_frequent(ids, settings.labels)

    def reader(self, longest: int, words: str, labels: Labels[Any] = NO_LABELS, tags: bool = False) -> WordReader:
        """Ids between start and end."""
        return ClipWords(self.tokens, labels, longest, _tagger(tags))

    def save(self, folder: Path) -> None:
        """``tokenizer.json``."""
        self.tokens.save(folder / TOKENIZER)


@dataclass(frozen=True, slots=True)
class VocabularyText(Text):
    """Words by id."""

    words: tuple[str, ...]

    def labels(self, sentences: Sequence[str], settings: TextSettings) -> Labels[int]:
        """By id of the word."""
        ids = {word: number for number, word in enumerate(self.words)}
        if settings.counts:
            counted = [row[0] for row in _counts(settings.counts, numbered=False)]
        else:
            split = splitter(settings.words)
            counted = _by_frequency(word for text in sentences for word in split(text)[: settings.longest])
        return most_frequent((ids[word] for word in counted if word in ids), settings.labels)

    def reader(self, longest: int, words: str, labels: Labels[Any] = NO_LABELS, tags: bool = False) -> WordReader:
        """Ids of words."""
        return VocabularyWords(splitter(words), self.words, labels, longest, _tagger(tags))

    def save(self, folder: Path) -> None:
        """``words.json``."""
        write_json(folder / WORDS, list(self.words), None)


@dataclass(frozen=True, slots=True)
class VectorText(Text):
    """Words by their vectors."""

    vectors: WordVectors

    def labels(self, sentences: Sequence[str], settings: TextSettings) -> Labels[str]:
        """By word: the most frequent ones of ``glove.pkl``, which counts the authors' sentences, or of the training."""
        if settings.counts:
            counted = [row[0] for row in _counts(settings.counts, numbered=False)]
        else:
            split, known = splitter(settings.words), frozenset(self.vectors.words)
            counted = _by_frequency(word for text in sentences for word in split(text) if word in known)
        return most_frequent(counted, settings.labels)

    def reader(self, longest: int, words: str, labels: Labels[Any] = NO_LABELS, tags: bool = False) -> WordReader:
        """Vectors of words."""
        return VectorWords(splitter(words), self.vectors, labels, longest, _tagger(tags))

    def save(self, folder: Path) -> None:
        """``words.json`` and ``vectors.npy``."""
        write_json(folder / WORDS, list(self.vectors.words), None)
        np.save(folder / VECTORS_FILE, self.vectors.vectors)


def open_text(folder: Path) -> Text:
    """What `Text.save` wrote.

    Raises:
        UserError: it is missing or damaged.
    """
    if (folder / TOKENIZER).is_file():
        return ClipText(ClipTokens(folder))
    if not (folder / WORDS).is_file():
        raise UserError(
            f"{folder.parent}: the run has nothing that reads sentences",
            "Convert the checkpoint again with --tokenizer: CLIP's folder, glove.pkl, or GloVe_tokenized_count.txt.",
        )
    words = tuple(map(str, read_json(folder / WORDS, "list of words")))
    if not (folder / VECTORS_FILE).is_file():
        return VocabularyText(words)
    with reading(folder / VECTORS_FILE, "word vectors"):
        vectors = np.load(folder / VECTORS_FILE, allow_pickle=False)
    return VectorText(WordVectors(words, vectors, {}))


def text_of(settings: TextSettings, sentences: Sequence[str], seed: int) -> tuple[Text, Tensor | None]:
    """What reads the sentences of a new training, and the table of vectors where the network has one.

    Args:
        settings: of the run.
        sentences: of the training.
        seed: of drawn vectors.

    Raises:
        UserError: what the settings name is missing or damaged.
    """
    source = Path(settings.source)
    if settings.encoder != DRAWN and not settings.source:
        raise UserError(
            f'text.source is empty: text.encoder = "{settings.encoder}" needs one',
            {CLIP: "Name a folder of CLIP: --set text.source=DIR", VECTORS: GET_PICKLE, GLOVE: GET_TEXT}[
                settings.encoder
            ],
        )
    if settings.encoder == CLIP:
        return ClipText(ClipTokens(source)), None
    if settings.encoder == VECTORS:
        return VectorText(read_glove_pickle(source)), None
    counted = [row[0] for row in _counts(settings.counts, numbered=False)] if settings.counts else []
    split = splitter(settings.words)
    words = vocabulary(counted or (word for text in sentences for word in split(text)))
    if settings.encoder == GLOVE:
        return VocabularyText(words), word_table(words, read_glove_text(source, words, settings.width), settings.width)
    table = torch.randn(len(words), settings.width, generator=torch.Generator().manual_seed(seed))
    table[0] = 0
    return VocabularyText(words), table


def token_labels(settings: TextSettings, reader: TextReader, questions: Sequence[str]) -> Labels[int]:
    """The classes of masked tokens of a pretrained encoder: the most frequent of the training's questions.

    Args:
        settings: of the run; they may name a count file of ids instead.
        reader: of texts for the encoder.
        questions: of the training alone.

    Raises:
        UserError: the count file is missing or damaged.
    """
    if settings.counts:
        return most_frequent([int(row[0]) for row in _counts(settings.counts, numbered=True)], settings.labels)
    return most_frequent(_by_frequency(token for text in questions for token in reader.tokens(text)), settings.labels)


def _tagger(wanted: bool) -> Tagger | None:
    """NLTK's tagger where it is wanted and there; that it is not is said."""
    tagger = nltk_tagger() if wanted else None
    if wanted and tagger is None:
        log.warning("NLTK's tagger or its data are missing: every word of a sentence is masked as often as any other")
    return tagger


def splitter(words: str) -> Callable[[str], list[str]]:
    """How sentences are cut into lower-cased words."""
    if words == "simple":
        return simple_words
    split, _ = word_splitter()
    return lambda text: [word.lower() for word in split(text)]


def _by_frequency(items: Any) -> list[Any]:
    return [item for item, _ in Counter(items).most_common()]


def _counts(name: str, numbered: bool) -> list[tuple[str, ...]]:
    """Rows of a count file: of CLIP where ``numbered``, else of words.

    Raises:
        UserError: it is missing, damaged, or the other kind.
    """
    path = Path(name)
    rows = read_counts(path)
    if len(rows[0]) != (2 if numbered else 3) or (numbered and not rows[0][0].isdecimal()):
        own = "CLIP_tokenized_count.txt" if numbered else "GloVe_tokenized_count.txt"
        raise UserError(f"{path}: counts other tokens than the run reads", f"Give {own}: --set text.counts=FILE")
    return rows
