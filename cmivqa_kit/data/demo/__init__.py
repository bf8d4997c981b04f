"""The embedded corpus: 64 written, not filmed, videos in the CMIVQA layout, made at first use without a download.

All text is the project's own. The words are plausible nursing advice, but the corpus exists to exercise software: it is
not medical advice, and figures on it say nothing about the official test sets.
"""

from __future__ import annotations

from pathlib import Path


def demo_corpus(refresh: bool = False) -> Path:
    """The data root of the embedded corpus, generated at first use in the user's cache (or in ``$CMIVQA_CACHE``).

    >>> import cmivqa_kit as ck
    >>> sorted(path.name for path in ck.demo_corpus().glob("*.json"))[:4]
    ['corpus.json', 'dataset_testA_for_track1.json', 'dataset_testA_for_track23.json', 'dev.json']

    Args:
        refresh: generate it again even where it is already complete.

    Raises:
        RunFailed: the cache cannot be written (disk full, no permission).
    """
    from cmivqa_kit.data.demo.cache import cached_corpus

    return cached_corpus(refresh)


def generate(folder: Path) -> None:
    """Write the corpus into ``folder`` (made if missing); the same bytes on every machine.

    Raises:
        RunFailed: the folder cannot be written.
    """
    from cmivqa_kit.data.demo.generator import write_corpus

    write_corpus(folder)


__all__ = ["demo_corpus", "generate"]
