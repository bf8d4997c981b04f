"""The dev corpus: the videos that the dev questions are ranked over, where these are not all of the training videos.

The 2023 organizers' dev questions would rank over the 1,228 videos of the training file, those of testA over 200, and a
figure over more videos is lower on data of the same kind. `cmivqa data split` therefore draws a dev corpus of the test
corpus' size: the videos of the dev questions and others by the seed. It is kept in ``dev_corpus.json`` beside
``dev.json``; without that file dev has all videos.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from cmivqa_kit.data.read_once import ReadFile
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json

V = TypeVar("V")
DEV = "dev"
DEV_CORPUS = "dev_corpus.json"
ALL, LIKE_TEST = "all", "like-test"
CorpusSize = int | str  # a number of videos, `ALL` or `LIKE_TEST`


@dataclass(frozen=True, slots=True)
class DevCorpus:
    """The content of ``dev_corpus.json``: ids in order, the size that was asked for, and the seed of the others.

    ``drawn_from``: how many videos there were to draw from.
    """

    videos: tuple[str, ...]
    corpus_size: CorpusSize
    seed: int
    drawn_from: int

    def document(self) -> dict[str, Any]:
        """The document that the file holds."""
        return {**asdict(self), "videos": list(self.videos)}


DEV_CORPUS_KEYS = frozenset(field.name for field in fields(DevCorpus))


def corpus_size(text: str) -> CorpusSize:
    """What ``--corpus-size`` says.

    Raises:
        UserError: it is neither a number of videos nor one of the two words.
    """
    if text in (ALL, LIKE_TEST):
        return text
    if text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0:
        return int(text)
    raise UserError(f"--corpus-size {text}: not a number of videos", f"Give {ALL}, {LIKE_TEST} or a number above 0.")


def draw(dev: Collection[str], corpus: Collection[str], count: int, size: CorpusSize, seed: int) -> DevCorpus:
    """The dev videos and others of a corpus, ``count`` in all; the dev videos alone where they are as many or more.

    The others depend on the ids, ``count`` and the seed alone.

    Args:
        dev: the videos of the dev questions.
        corpus: all videos that dev could be ranked over.
        count: videos wanted.
        size: as it was asked for.
        seed: of the draw.
    """
    known = set(dev) & set(corpus)
    others = sorted(set(corpus) - known)
    random.Random(f"dev corpus {seed}").shuffle(others)
    return DevCorpus(tuple(sorted({*known, *others[: max(0, count - len(known))]})), size, seed, len(set(corpus)))


def of_dev_corpus(
    videos: Mapping[str, V], questions: Path, split: str, read_file: ReadFile = read_json
) -> tuple[dict[str, V], list[Note]]:
    """The videos of a split that are of its dev corpus, and a note about it; all where there is none.

    Args:
        videos: by id.
        questions: the question file of the split.
        split: its name.
        read_file: decodes a file.

    Raises:
        UserError: ``dev_corpus.json`` is damaged or holds no list of ids.
    """
    path = questions.parent / DEV_CORPUS
    if split != DEV or not path.is_file():
        return dict(videos), []
    ids = set(read_dev_corpus(path, read_file).videos)
    chosen = {video: content for video, content in videos.items() if video in ids}
    lacking = len(ids - chosen.keys())
    why = f"the dev corpus is {len(chosen)} of {len(videos)} videos"
    return chosen, [Note(DEV_CORPUS, why + (f"; it names {lacking} more that are not there" if lacking else ""))]


def read_dev_corpus(path: Path, read_file: ReadFile = read_json) -> DevCorpus:
    """The dev corpus in a file; ``read_file`` decodes it.

    Raises:
        UserError: it is damaged.
    """
    document = read_file(path, "dev corpus")
    known = document if isinstance(document, dict) else {}
    videos, size, seed, count = (known.get(field.name) for field in fields(DevCorpus))
    if not (isinstance(videos, list) and videos and all(isinstance(video, str) for video in videos)):
        raise _damaged(path, "no list of video ids under 'videos'")
    if not (isinstance(size, str | int) and type(seed) is int and type(count) is int):
        raise _damaged(path, "'corpus_size', 'seed' or 'drawn_from' is missing")
    return DevCorpus(tuple(videos), size, seed, count)


def _damaged(path: Path, fault: str) -> UserError:
    advice = "Move it away: dev has all videos again, and `data split --corpus-size N` draws another corpus."
    return UserError(f"{path}: {fault}", advice)
