"""Verifying a result card: its file is scored again, and everything that differs is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.entries.entry import open_entry
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.files import UnreadableFile, read_json
from cmivqa_kit.leaderboard.exports.card_document import FORMAT, result_card
from cmivqa_kit.scoring.options import ScoreOptions
from cmivqa_kit.scoring.statistics.bootstrap import Resampling

NEAR = 1e-12  # how far sums of Python 3.11 and 3.12 may be apart
_OF_THE_MACHINE = ("cmivqa-kit", "python")  # parts of a signature that are no difference by themselves
MOST = 1_000_000  # resamples, as of `score`
_FREE = ("/file/name", "/truth/name", "/environment", "/seconds")  # what may differ


@dataclass(frozen=True, slots=True)
class Deviation:
    """A place where the card and what was computed differ; ``pointer`` is a JSON pointer into the card."""

    pointer: str
    stated: Any
    computed: Any


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found: ``remarks`` are differences of the machine, in sentences."""

    deviations: tuple[Deviation, ...]
    remarks: tuple[str, ...]

    @property
    def same(self) -> bool:
        """True where the card says what was computed."""
        return not self.deviations


def read_card(path: Path) -> dict[str, Any]:
    """The document of a card.

    Raises:
        UserError: it cannot be read, or is no card of this format.
    """
    document = read_json(path, "result card")
    if not isinstance(document, dict) or document.get("format") != FORMAT or not _settings_hold(document):
        raise UnreadableFile(f"{path}: no result card of the kit", "`score` writes one with --card.")
    return document


def verify_card(
    card: Mapping[str, Any], file: Path | str, ground: Ground | OpenGround | Path | str | None = None
) -> Verification:
    """Score a file again as its card says and compare everything but names, machine and time.

    Args:
        card: its document.
        file: the submission.
        ground: what it is held against; edition, split, track, cut-offs and resampling are those of the card.

    Raises:
        UserError: the file or the answers cannot be read.
    """
    opened = open_ground(ground)
    settings = card["settings"]
    resamples, seed = settings["resamples"], settings["seed"]
    stated = replace(
        opened.ground,
        track=settings["track"],
        edition=opened.ground.edition or settings["edition"] if opened.truth is not None else opened.ground.edition,
        split=settings["split"] if opened.truth is not None else opened.ground.split,
        options=ScoreOptions(settings["cutoffs"]),
        resampling=None if resamples is None or seed is None else Resampling(resamples, seed),
    )
    entry = open_entry(file, OpenGround(stated, opened.open_catalogue, opened.read_file))
    computed = result_card(entry)
    near = 0.0 if _sums_alike(card, computed) else NEAR
    deviations = (each for each in _compare(dict(card), computed, "", near) if not each.pointer.startswith(_FREE))
    return Verification(tuple(deviations), tuple(_remarks(card, computed)))


def _settings_hold(document: Mapping[str, Any]) -> bool:
    """True where the settings can be used to score again."""
    settings, scores = document.get("settings"), document.get("scores")
    if not isinstance(settings, dict) or not isinstance(scores, list):
        return False
    if settings.keys() != {"edition", "split", "track", "cutoffs", "resamples", "seed"}:
        return False
    edition, cutoffs, track = settings["edition"], settings["cutoffs"], settings["track"]
    return (
        (track is None or (type(track) is int and track in TRACKS))
        and isinstance(settings["split"], str)
        and isinstance(edition, str)
        and not edition.endswith(".toml")  # a name, never a file to be read
        and all(_whole(settings[name], low, most) for name, low, most in (("resamples", 1, MOST), ("seed", 0, 2**63)))
        and (cutoffs is None or (isinstance(cutoffs, list) and all(type(number) is int for number in cutoffs)))
    )


def _whole(number: Any, low: int, most: int) -> bool:
    return number is None or (type(number) is int and low <= number <= most)


def _compare(stated: Any, computed: Any, pointer: str, near: float) -> Iterator[Deviation]:
    """Every leaf that differs, in the order of what was computed."""
    if isinstance(stated, dict) and isinstance(computed, dict):
        for name in dict.fromkeys([*computed, *stated]):
            below = f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
            yield from _compare(stated.get(name), computed.get(name), below, near)
    elif isinstance(stated, list) and isinstance(computed, list) and len(stated) == len(computed):
        for at, (first, second) in enumerate(zip(stated, computed, strict=True)):
            yield from _compare(first, second, f"{pointer}/{at}", near)
    elif pointer.endswith("/signature") and isinstance(stated, str) and isinstance(computed, str):
        if _parts(stated, _OF_THE_MACHINE) != _parts(computed, _OF_THE_MACHINE):
            yield Deviation(pointer, stated, computed)
    elif isinstance(stated, float) and isinstance(computed, float):
        if not (stated == computed or abs(stated - computed) <= near):
            yield Deviation(pointer, stated, computed)
    elif stated != computed or isinstance(stated, bool) != isinstance(computed, bool):
        yield Deviation(pointer, stated, computed)


def _parts(signature: str, without: Sequence[str]) -> list[str]:
    return [part for part in signature.split("|") if part.partition(":")[0] not in without]


def _remarks(card: Mapping[str, Any], computed: Mapping[str, Any]) -> Iterator[str]:
    stated = card.get("environment")
    for name, value in computed["environment"].items():
        other = stated.get(name) if isinstance(stated, dict) else None
        if other != value:
            yield f"{name}: {other} on the card, {value} here"
    for part in ("file", "truth"):
        stated_part = card.get(part)
        name = stated_part.get("name") if isinstance(stated_part, dict) else None
        if name != computed[part]["name"]:
            yield f"{part}: called {name} on the card, {computed[part]['name']} here"


def _sums_alike(card: Mapping[str, Any], computed: Mapping[str, Any]) -> bool:
    """True where the Python of the card adds as this one does: from 3.12 on the built-in sum rounds otherwise."""
    stated = card.get("environment")
    version = stated.get("python") if isinstance(stated, dict) else None
    return _adds_newly(version) == _adds_newly(computed["environment"]["python"])


def _adds_newly(version: Any) -> bool:
    numbers = [int(part) for part in str(version).split(".")[:2] if part.isdecimal()]
    return numbers >= [3, 12]
