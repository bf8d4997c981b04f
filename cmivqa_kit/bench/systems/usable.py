"""What of a benchmark's annotations can be trained on: the records whose videos have features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from cmivqa_kit.errors import UserError


class OfVideo(Protocol):
    """A record of a benchmark: a caption, a query."""

    @property
    def video(self) -> str:
        """The id of its video."""
        ...


class Videos(Protocol):
    """Videos that something is known of."""

    def __contains__(self, video: str, /) -> bool:
        """True for one of them."""
        ...


R = TypeVar("R", bound=OfVideo)


def with_features(
    records: Sequence[R], videos: Videos, features: Path, max_dropped: float, nouns: tuple[str, str]
) -> list[R]:
    """The records whose videos have features.

    Args:
        records: of a training split.
        videos: those that have features.
        features: where these lie.
        max_dropped: the largest share of records that may be left out.
        nouns: what one record and several are called.

    Raises:
        UserError: more than that share have none, or none has.
    """
    usable = [record for record in records if record.video in videos]
    lost = len(records) - len(usable)
    if not usable or lost > max_dropped * len(records):
        first = next(record.video for record in records if record.video not in videos)
        raise UserError(
            f"{features}: has no features for {lost} {nouns[lost != 1]} of {len(records)}, such as of {first}",
            "Get the features of the training videos, or train without them: --set train.max_dropped=1",
        )
    return usable
