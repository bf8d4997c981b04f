"""Corpora that were read once, kept in the user's cache under the name of all that could make them differ.

What lies there never changes a result and may be deleted at any time. Files are put in place whole, so that processes
may share the folder; one that is damaged is made again.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from cmivqa_kit.data.types import Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, cache_root
from cmivqa_kit.prediction.lexical.index import ReadCorpus
from cmivqa_kit.prediction.lexical.postings import Postings
from cmivqa_kit.prediction.lexical.windows import Spans, Windows
from cmivqa_kit.temporary_files import sweep

FOLDER = "bm25-index"
VERSION = 1  # raise it whenever a token, a window or the form of the file would come out differently
MOST_BYTES = 2**30  # of all kept corpora; the one that was not asked for longest goes first

Arrays = dict[str, NDArray[Any]]


def read_once(
    read: Callable[[], ReadCorpus], videos: Sequence[Video], language: str | None, settings: Sequence[Any]
) -> ReadCorpus:
    """The corpus that ``read`` gives, from the cache where it was read before.

    Args:
        read: reads the subtitles.
        videos: whose subtitles.
        language: in which language.
        settings: all else that the outcome depends on.
    """
    try:
        path = cache_root() / FOLDER / f"{_key(videos, language, settings)}.npz"
    except (UserError, OSError, RuntimeError):  # nowhere to keep anything
        return read()
    corpus = _load(path)
    if corpus is None:
        corpus = read()
        with suppress(UserError, OSError):  # a full disk costs time alone
            _save(path, corpus)
            _drop_oldest(path.parent)
    return corpus


def _key(videos: Sequence[Video], language: str | None, settings: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for part in _parts(videos, language, settings):
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _parts(videos: Sequence[Video], language: str | None, settings: Sequence[Any]) -> Iterator[Any]:
    yield VERSION, unicodedata.unidata_version, _version("jieba"), settings
    for video in videos:
        lines = [(line.text, line.start, line.duration) for line in video.subtitles_in(language)]
        yield video.duration, video.duration_is_exact, lines


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _load(path: Path) -> ReadCorpus | None:
    """The corpus of a file; ``None`` where there is none, a damaged one, or that of another name."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}  # the archive has a checksum of each
        if arrays["key"].tobytes().decode() != path.stem:
            return None
        corpus = _corpus(arrays)
        with suppress(OSError):  # a cache that others own
            os.utime(path)
    except Exception:  # whatever such a file makes a reader say, the corpus can be read again
        return None
    return corpus


def _save(path: Path, corpus: ReadCorpus) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, key=np.frombuffer(path.stem.encode(), np.uint8), **_arrays(corpus))


def _arrays(corpus: ReadCorpus) -> Arrays:
    postings, windows = corpus.postings, corpus.windows
    text = "\n".join(postings.vocabulary).encode("utf-8", "surrogatepass")
    return {
        "vocabulary": np.frombuffer(text, np.uint8),
        "counts": postings.counts.data,
        "lines_of_terms": postings.counts.indices,
        "first_of_terms": postings.counts.indptr,
        "lengths": postings.lengths,
        "start": windows.spans.start,
        "end": windows.spans.end,
        "line": windows.line,
        "stop": windows.stop,
        "first": windows.first,
        "first_line": windows.first_line,
    }


def _corpus(arrays: Arrays) -> ReadCorpus:
    text = arrays["vocabulary"].tobytes().decode("utf-8", "surrogatepass")
    words = text.split("\n") if text else []
    counts = csr_array(
        (arrays["counts"], arrays["lines_of_terms"], arrays["first_of_terms"]),
        shape=(len(words), len(arrays["lengths"])),
    )
    spans = Spans(arrays["start"], arrays["end"])
    windows = Windows(spans, arrays["line"], arrays["stop"], arrays["first"], arrays["first_line"])
    return ReadCorpus(Postings({word: row for row, word in enumerate(words)}, counts, arrays["lengths"]), windows)


def _drop_oldest(folder: Path) -> None:
    """Keep the folder within `MOST_BYTES`, and without what killed processes left there."""
    sweep(folder)
    total = 0
    ages: list[tuple[float, int, Path]] = []
    for path in folder.glob("*.npz"):
        with suppress(FileNotFoundError):
            status = path.stat()
            ages.append((status.st_mtime, status.st_size, path))
    for _, size, path in sorted(ages, reverse=True):
        total += size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)
