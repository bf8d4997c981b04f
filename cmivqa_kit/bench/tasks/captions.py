"""Caption files of cross-lingual retrieval benchmarks: one caption a line, joined by ids.

Source: docs/spec/nrccr.md, section 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import decode, read_bytes

SUFFIXES = (".jpg", ".mp4")


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption: its id (``VIDEO#TAG#NUMBER``) and its text."""

    id: str
    text: str

    @property
    def video(self) -> str:
        """The id's first part, without ``.jpg`` or ``.mp4``."""
        name = self.id.split("#")[0]
        return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)

    @property
    def tag(self) -> str:
        """The language tag: ``enc``, ``enc2zh``, ``zh``, ..."""
        return self.id.split("#")[1]

    @property
    def number(self) -> str:
        """The number of the caption among those of its video."""
        return self.id.split("#")[2]


@dataclass(frozen=True, slots=True)
class CaptionFile:
    """The captions of a file in their order; of an id that stands twice the last text counts, at the first place."""

    path: Path
    captions: tuple[Caption, ...]
    repeated: tuple[str, ...] = ()

    @property
    def videos(self) -> tuple[str, ...]:
        """Ids of the videos, in the order of their first caption."""
        return tuple(dict.fromkeys(caption.video for caption in self.captions))


def read_captions(path: Path) -> CaptionFile:
    """Read a caption file: ``VIDEO#TAG#NUMBER``, a blank, the caption.

    Raises:
        UserError: the file is missing, empty, not UTF-8, or has lines that are no captions; every line is listed.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    repeated: list[str] = []
    for number, raw in enumerate(decode(read_bytes(path, "caption file"), path).split("\n"), 1):
        line = raw.strip()
        if not line:
            continue
        identity, _, text = line.partition(" ")
        if identity.count("#") < 2 or not identity.split("#")[0]:
            problems.append(Problem(f"line {number}", f"{identity[:80]!r} is not VIDEO#TAG#NUMBER"))
        elif not text:
            problems.append(Problem(f"line {number}", f"{identity[:80]}: no caption behind the id"))
        elif identity in texts:
            repeated.append(identity)
            texts[identity] = text
        else:
            texts[identity] = text
    if problems:
        raise problems_error(path, problems, "Each line is an id such as video9770#enc#0, a blank and a caption.")
    if not texts:
        raise UserError(f"{path}: holds no caption", "Get the file again.")
    return CaptionFile(path, tuple(Caption(*item) for item in texts.items()), tuple(dict.fromkeys(repeated)))


def text_folders(root: Path, collections: Iterable[str]) -> tuple[Path, ...]:
    """Where caption files may lie below a data root: itself, its ``TextData``, that of a collection's folder."""
    folders = [root, root / "TextData", *(root / name / "TextData" for name in collections)]
    return tuple(folder for folder in folders if folder.is_dir())
