"""What the name of a file and its folders say of it: its split, its tracks, whether it holds answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cmivqa_kit.data.answer_names import names_answers
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import Edition

_TRACKS = re.compile(r"(?:track|task)s?[ _-]?(2[ _&+,-]?3|[123]{1,3})(?![0-9])", re.IGNORECASE)


def split_of(path: Path, root: Path, edition: Edition) -> str | None:
    """The split a file belongs to, from its own name or else the names of its folders up to the root."""
    return edition.split_in(path.stem, *(folder.name for folder in upwards(path.parent, root) if folder != root))


def tracks_in(name: str) -> tuple[Track, ...]:
    """The track numbers in a file name: ``..._for_track23.json`` -> (2, 3); none -> ()."""
    match = _TRACKS.search(name)
    return tuple(track for track in TRACKS if match and str(track) in match[1])


def is_answer_file(path: Path, root: Path, public: bool = False) -> bool:
    """True for files that hold answers of a test split; prediction and training never open these.

    A file of a split with ``public`` answers may call itself one (``question_answer_train.json``) and is annotation.
    """
    return lies_in_answers(path.parent, root) or (not public and names_answers(path.name))


def lies_in_answers(path: Path, root: Path) -> bool:
    """True for a folder called ``answers`` below the root, and for what lies in one."""
    return "answers" in (part.lower() for part in path.relative_to(root).parts)


def upwards(folder: Path, root: Path) -> Iterator[Path]:
    """A folder, then those above it up to the root."""
    yield folder
    while folder != root and folder != folder.parent:
        folder = folder.parent
        yield folder
