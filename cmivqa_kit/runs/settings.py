"""What settings and recipes are, as a run keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Config = Mapping[str, Mapping[str, Any]]  # section -> key -> value
Recipe = Literal["published", "kit"]  # every quirk of the published code, or its defects corrected
RECIPES: tuple[Recipe, ...] = ("published", "kit")
ABSENT = object()  # of a setting that one side does not have


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A setting (``section.key``) with another value in ``second`` than in ``first``; `ABSENT` where it has none."""

    name: str
    first: Any
    second: Any

    def to_dict(self) -> dict[str, Any]:
        """With ``null`` for an absent value."""
        values = {"first": self.first, "second": self.second}
        return {"name": self.name, **{key: None if value is ABSENT else value for key, value in values.items()}}


def differing_settings(first: Config, second: Config) -> tuple[SettingDifference, ...]:
    """The settings in which two configurations differ, in the order of the first, then of the second."""
    tables = [
        {f"{section}.{key}": value for section, table in config.items() for key, value in table.items()}
        for config in (first, second)
    ]
    pairs = ((name, *(table.get(name, ABSENT) for table in tables)) for name in dict.fromkeys([*tables[0], *tables[1]]))
    return tuple(SettingDifference(*pair) for pair in pairs if type(pair[1]) is not type(pair[2]) or pair[1] != pair[2])
