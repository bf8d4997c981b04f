"""How often each token stands in the sentences of a benchmark: the count files that MESM's labels are read from.

Source: docs/spec/mesm.md, section 1.5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark
from cmivqa_kit.bench.report.scoring import require_split
from cmivqa_kit.bench.tasks.moments.evaluator import MomentEvaluator
from cmivqa_kit.bench.tasks.moments.types import without_problems
from cmivqa_kit.data.english_words import simple_words
from cmivqa_kit.errors import UserError

CLIP_COUNTS, GLOVE_COUNTS = "CLIP_tokenized_count.txt", "GloVe_tokenized_count.txt"
RESERVED = 2  # ids of GloVe's padding and of unknown words
LONGEST = {"qvhighlights": 32}  # words of a sentence in the published configurations
USUAL_LONGEST = 16
# Splits of the published files: those that are evaluated take part (Q21).
PUBLISHED_SPLITS = {"qvhighlights": ("train", "val")}
USUAL_SPLITS = ("train", "test")


class Tokens(Protocol):
    """Texts to ids of tokens."""

    def ids(self, text: str) -> list[int]:
        """Of a text, without special tokens."""
        ...


def benchmark_sentences(name: str, root: Path, splits: tuple[str, ...] = ()) -> list[str]:
    """The sentences of some splits of a benchmark of moments, in their order.

    Args:
        name: of the benchmark.
        root: its data.
        splits: their names; those of the published count files unless given.

    Raises:
        UserError: no such benchmark or split, no benchmark of moments, or its files are missing or wrong.
    """
    benchmark = find_benchmark(name)
    evaluator = create_evaluator(benchmark)
    if not isinstance(evaluator, MomentEvaluator):
        raise UserError(f"{name} is no benchmark of moments", "Tokens are counted of those: cmivqa bench list")
    chosen = splits or tuple(s for s in PUBLISHED_SPLITS.get(name, USUAL_SPLITS) if s in benchmark.splits)
    sentences: list[str] = []
    for split in chosen:
        require_split(benchmark, split)
        read = evaluator.read(evaluator.truth_files(root, split))
        sentences += [query.text for query in without_problems(*read, evaluator.fix).queries]
    return sentences


def published_longest(name: str) -> int:
    """Words of a sentence, special tokens included, that the published configuration of a benchmark reads."""
    return LONGEST.get(name, USUAL_LONGEST)


def clip_counts(sentences: Iterable[str], tokens: Tokens, longest: int) -> str:
    """Lines ``id count`` of CLIP's tokens, the most frequent first; what is cut off and special tokens do not count."""
    counter = Counter(token for text in sentences for token in tokens.ids(text)[: longest - 2])
    return "".join(f"{token} {count}\n" for token, count in counter.most_common())


def glove_counts(sentences: Iterable[str]) -> str:
    """Lines ``word id count`` of lower-cased words without punctuation, the most frequent first."""
    counter = Counter(word for text in sentences for word in simple_words(text))
    ids = {word: RESERVED + rank for rank, word in enumerate(sorted(counter))}
    return "".join(f"{word} {ids[word]} {count}\n" for word, count in counter.most_common())
