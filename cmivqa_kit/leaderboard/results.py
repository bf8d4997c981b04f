"""What is known of a submission file once it was validated and scored, and the cache that it is taken from again.

A result lies in the user's cache under the digest of the file and the stamp of all else that it depends on: answers,
questions, edition, version of the kit, interpreter, settings. It never changes a board, and may be deleted at any time.
A file of the cache is whole or not there, holds no pickle, and what is damaged or was written by another version is
made again. It holds values per question, so it is for who may see the answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit import __version__
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.errors import NotWritten
from cmivqa_kit.files import atomic_path, cache_root, fingerprint
from cmivqa_kit.metrics.scale import Scale
from cmivqa_kit.scoring.statistics.bootstrap import Interval
from cmivqa_kit.submission.read import interpreter

FORMAT = 1  # of a file of the cache
FOLDER = "leaderboard"
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class TrackResult:
    """A file on one track.

    Attributes:
        elsewhere: why it answers other questions than those of the board; empty where it answers them. Then all that
            follows is empty.
        findings: findings of the validator by code.
        crash: how the official program would crash, without ids; empty where it would not.
        refusal: why there are no strict scores, in a few words; empty where there are.
        official, repaired, strict, intervals, by_language, counts, differences: as of `cmivqa_kit.leaderboard.Row`.
        scales: of the strict metrics.
        headline: the metric that ranks.
        decimals: how many boards show.
        signature: everything the numbers depend on.
        values: (Q,) strict values of the headline; empty where strict scoring refuses.
        clusters: (Q,) number of each question's video, in the order of their names.
    """

    track: Track
    elsewhere: str = ""
    findings: Mapping[str, int] = field(default_factory=dict)
    crash: str = ""
    refusal: str = ""
    official: Numbers = field(default_factory=dict)
    repaired: Numbers = field(default_factory=dict)
    strict: Numbers = field(default_factory=dict)
    by_language: Mapping[str, Numbers] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    differences: Mapping[str, int] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    headline: str = ""
    decimals: int = 4
    signature: str = ""
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    clusters: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def errors(self) -> dict[str, int]:
        """Findings of severity E, by code."""
        return {code: number for code, number in self.findings.items() if code.startswith("E")}

    @property
    def ranks_by(self) -> float | None:
        """The official value that ranks; of a metric that the official program does not know the strict one.

        ``None`` where the program has no numbers.
        """
        return self.official.get(self.headline, self.strict.get(self.headline)) if self.official else None


@dataclass(frozen=True, slots=True, eq=False)
class FileResult:
    """A file on every track that it is for; ``reasons`` say why there is none."""

    tracks: tuple[TrackResult, ...]
    reasons: tuple[str, ...] = ()


class Cache:
    """The results of files on one ground.

    Args:
        stamp: the same for the same ground and settings.

    Attributes:
        damaged: how many files could not be used and were made again.
        refused: why nothing can be written there; empty where it can.
    """

    def __init__(self, stamp: str) -> None:
        self.stamp = fingerprint([FORMAT, __version__, interpreter(), stamp])
        self.folder = cache_root() / FOLDER / self.stamp
        self.damaged = 0
        self.refused = ""

    def path(self, digest: str) -> Path:
        """The file with the result of a submission; ``digest`` is the SHA-256 of its bytes."""
        return self.folder / f"{digest}.npz"

    def read(self, digest: str) -> FileResult | None:
        """The result of a submission; ``None`` where there is none, or it is damaged."""
        try:
            stream = self.path(digest).open("rb")
        except OSError:  # not there, or not for this user
            return None
        try:
            with stream, np.load(stream, allow_pickle=False) as arrays:
                facts = json.loads(arrays["facts"].tobytes())
                if facts["key"] != [self.stamp, digest]:
                    raise ValueError("the result of another file")
                return _restored(facts, {name: arrays[name] for name in arrays.files if name != "facts"})
        except Exception:  # numpy, zipfile and json have exceptions of every kind for damage
            self.damaged += 1
            return None

    def write(self, digest: str, result: FileResult) -> None:
        """Keep the result of a submission; a cache that cannot be written is noted, and no error."""
        facts = {
            "key": [self.stamp, digest],
            "reasons": result.reasons,
            "tracks": [_facts(one) for one in result.tracks],
        }
        arrays = {
            f"{name}{one.track}": array
            for one in result.tracks
            for name, array in (("values", one.values), ("clusters", one.clusters))
        }
        text = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
        try:
            with atomic_path(self.path(digest)) as temporary, temporary.open("wb") as stream:
                np.savez(stream, facts=text, **arrays)  # type: ignore[arg-type]
        except NotWritten as error:
            self.refused = self.refused or error.message


def _facts(result: TrackResult) -> dict[str, Any]:
    """All of a result but its arrays, as JSON holds it; numbers come back bit for bit."""
    names = [name for name in TrackResult.__dataclass_fields__ if name not in ("values", "clusters")]
    facts = {name: getattr(result, name) for name in names}
    facts["by_language"] = {language: dict(numbers) for language, numbers in result.by_language.items()}
    facts["intervals"] = {
        name: [one.low, one.high, one.error, one.level, one.note] for name, one in result.intervals.items()
    }
    facts["scales"] = {name: [one.unit, one.higher_is_better, one.bounds] for name, one in result.scales.items()}
    return facts


def _restored(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> FileResult:
    """The result behind `_facts` and arrays.

    Raises:
        Exception: of any kind, where they are not what was written.
    """
    tracks = []
    for known in facts["tracks"]:
        fields = {name: known[name] for name in TrackResult.__dataclass_fields__ if name in known}
        fields["track"] = next(track for track in TRACKS if track == known["track"])
        fields["intervals"] = {name: Interval(*numbers) for name, numbers in known["intervals"].items()}
        fields["scales"] = {
            name: Scale(unit, higher, (bounds[0], bounds[1]))
            for name, (unit, higher, bounds) in known["scales"].items()
        }
        values, clusters = arrays[f"values{known['track']}"], arrays[f"clusters{known['track']}"]
        if values.dtype != np.float64 or clusters.dtype != np.int64 or len(values) not in (0, len(clusters)):
            raise ValueError("arrays of another kind")
        tracks.append(TrackResult(**fields, values=values, clusters=clusters))
    return FileResult(tuple(tracks), tuple(facts["reasons"]))
