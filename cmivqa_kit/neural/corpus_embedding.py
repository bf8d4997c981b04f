"""The videos of a corpus as a network encodes them: what a neural retriever keeps, so that it is computed once.

Every predict call that asks the same network about the same videos shares them, whatever split or run folder it is
about (`cmivqa_kit.neural.array_cache`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.errors import RunFailed
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.neural.array_cache import ArrayCache, computed_on
from cmivqa_kit.runs.directory import NETWORK, TOKENIZER, WEIGHTS, RunDirectory

Array = NDArray[np.float32]
# A split and some of its videos -> an array of each, in their order; every row of one has the same size.
Encode = Callable[[Split, Sequence[Video]], Iterable[Array]]
Content = Callable[[Split, Video], Any]  # what of a video its array is made of: plain values
VERSION = 1  # raise it whenever the name of a file would stand for something else
NOUN = "Encoded videos"


def said(split: Split, video: Video) -> Any:
    """What is said in a video, in every language, with its seconds and the video's duration."""
    languages = [("", video.subtitles), *sorted(video.translations.items())]
    lines = [[name, [[line.text, float(line.start), float(line.end)] for line in some]] for name, some in languages]
    return [lines, video.duration]


def seen(split: Split, video: Video) -> Any:
    """The feature rows of a video by their digest; ``None`` where it has none."""
    rows = split.features.get(video.id)
    if rows is None:
        return None
    array = np.ascontiguousarray(rows)
    return [list(array.shape), array.dtype.str, hashlib.sha256(array.data).hexdigest(), split.features.seconds_per_row]


def network_stamp(run: RunDirectory) -> str:
    """The same for the same weights, sizes and vocabulary, in whatever run they lie, and for no others."""
    files = [run.path / name for name in (WEIGHTS, NETWORK)]
    files += sorted((run.path / TOKENIZER).rglob("*"))
    return fingerprint({path.relative_to(run.path).as_posix(): sha256(path) for path in files if path.is_file()})


class CorpusEmbedding:
    """The arrays of a corpus's videos, float32, each computed once and kept in the user's cache.

    An array depends on its own video alone: what is encoded beside it may not change a digit of it.

    Args:
        name: of the system; the arrays of each lie in a folder of their own.
        stamp: the same for the same network and way of encoding, and for no other (`network_stamp`, and settings).
        encode: makes them.
        device: on which it runs.
        content: what of a video its array is made of: `said`, `seen`, or both.
        together: how many videos are encoded at once.
    """

    def __init__(
        self, name: str, stamp: Any, encode: Encode, device: torch.device, content: Content = said, together: int = 1
    ) -> None:
        self.encode, self.content, self.together = encode, content, together
        made_by = [stamp, VERSION, *computed_on(device)]
        self.kept = ArrayCache(f"{name}-videos", made_by, NOUN, lambda array: array.dtype == np.float32)

    def arrays(self, split: Split) -> dict[str, Array]:
        """The array of every video of ``split``, by id in their order; what the cache lacks is made now.

        Raises:
            RunFailed: the cache cannot be written, or the network gives numbers that are not finite.
        """
        paths = self._paths(split)

        def made(names: Sequence[str]) -> Generator[Array, None, None]:
            for begin in range(0, len(names), self.together):
                some = [split.videos[name] for name in names[begin : begin + self.together]]
                for video, array in zip(some, self.encode(split, some), strict=True):
                    yield _finite(np.asarray(array, np.float32), video)

        self.kept.fill(paths, made)
        return {name: self._read(path) for name, path in paths.items()}

    def lacking(self, split: Split) -> list[str]:
        """The videos of ``split`` that are still to be encoded."""
        return self.kept.lacking(self._paths(split))

    def _read(self, path: Path) -> Array:
        array = self.kept.read(path)
        if array is None:
            raise RunFailed(f"{path}: vanished or was damaged while it was read", "Run the same command again.")
        return np.array(array)  # a map would hold the file open, and systems allow so many of them

    def _paths(self, split: Split) -> dict[str, Path]:
        contents = {name: repr(self.content(split, video)) for name, video in split.videos.items()}
        return {
            name: self.kept.path(hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32])
            for name, content in contents.items()
        }


def _finite(array: Array, video: Video) -> Array:
    if not np.isfinite(array).all():
        raise RunFailed(
            f"video {video.id!r}: the network that encodes videos gives numbers that are not finite",
            "Give --dtype float32; if that does not help, train again with a lower learning rate.",
        )
    return array
