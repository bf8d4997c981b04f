"""Arrays that a network makes, kept in the user's cache: a file each, under the name of all that they depend on.

What lies there never changes a result, and may be deleted at any time. A file is whole or not there; one that is
damaged is made again. Whoever asks next, in this process or another, makes only what is not there yet.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from cmivqa_kit.errors import NotWritten
from cmivqa_kit.files import atomic_path, cache_root, fingerprint
from cmivqa_kit.runs.processes import ALONE, Group

Array = NDArray[Any]
Make = Callable[[Sequence[str]], Generator[Array, None, None]]  # some names -> an array of each, in their order


class ArrayCache:
    """The arrays of one kind, made in one way.

    Args:
        kind: the folder of the cache, one for each kind: ``subtitle-embedding``.
        made_by: what they depend on, besides the content that each is made of: plain values.
        noun: what an error calls them: "Embedded subtitles".
        sound: whether an array that lies there is one of this kind.
        group: the processes that ask for the same arrays together; they share the work.
    """

    def __init__(
        self, kind: str, made_by: Sequence[Any], noun: str, sound: Callable[[Array], bool], group: Group = ALONE
    ) -> None:
        self.folder = cache_root() / kind / fingerprint(list(made_by))
        self.noun, self.sound, self.group = noun, sound, group

    def path(self, stamp: str) -> Path:
        """The file of an array; ``stamp`` is the same for the same content, and for no other."""
        return self.folder / f"{stamp}.npy"

    def read(self, path: Path) -> Array | None:
        """The array of a file, mapped; ``None`` where it is not there, damaged, or of another kind."""
        try:
            array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception:  # numpy and zipfile have exceptions of every kind for damage
            return None
        return array if isinstance(array, np.ndarray) and self.sound(array) else None

    def lacking(self, paths: Mapping[str, Path]) -> list[str]:
        """The names whose files are not there or damaged; of several names of one file the last."""
        lacking = {path: name for name, path in paths.items() if self.read(path) is None}
        return list(lacking.values())

    def fill(self, paths: Mapping[str, Path], make: Make) -> None:
        """Make the arrays that are not there yet; all processes of the group have to call it.

        Args:
            paths: the files by name.
            make: makes those of some names.

        Raises:
            RunFailed: the cache cannot be written.
        """
        lacking = self.lacking(paths)
        self.group.check()  # all have looked before any of them writes
        self._make(paths, [lacking[number] for number in self.group.share(range(len(lacking)))], make)
        self.group.check()
        if lacking:  # others may make their share on a disk that this process does not see
            self._make(paths, self.lacking(paths), make)

    def _make(self, paths: Mapping[str, Path], names: Sequence[str], make: Make) -> None:
        if not names:
            return
        try:
            with closing(make(names)) as arrays:
                for name, array in zip(names, arrays, strict=True):
                    with atomic_path(paths[name]) as temporary, temporary.open("wb") as stream:
                        np.save(stream, array)
        except NotWritten as error:
            advice = f"{self.noun} are kept in the user's cache: free some space there, or set CMIVQA_CACHE=DIR"
            raise NotWritten(error.message, f"{advice}.", advice) from None


def computed_on(device: torch.device) -> list[Any]:
    """What may round otherwise for the same network: the device, versions and, on a CPU, the number of threads."""
    threads = torch.get_num_threads() if device.type == "cpu" else 0
    return [device.type, threads, torch.__version__, transformers.__version__]
