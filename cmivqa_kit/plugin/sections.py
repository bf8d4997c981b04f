"""A section of ``config.toml`` as a frozen class whose fields carry their rules. Knows no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, get_type_hints

from cmivqa_kit.plugin.settings import require

SHORTEST = 32  # tokens: the shortest row that may be asked for


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting has to be: a check, and how an error says it."""

    holds: Callable[[Any], bool]
    must: str


def at_least(least: int) -> Rule:
    """The rule of a number that may not be less."""
    return Rule(lambda value: value >= least, f"{least} or more")


def choice(*names: str) -> Rule:
    """The rule of a setting that takes one of a few texts."""
    return Rule(lambda value: value in names, " or ".join(f'"{name}"' for name in names))


def _are_tokens(texts: list[str]) -> bool:
    return all(isinstance(text, str) and text.strip() == text != "" for text in texts)


# Types of settings; each carries its rule.
Count = Annotated[int, at_least(0)]
Positive = Annotated[int, at_least(1)]
Rate = Annotated[float, at_least(0)]
Share = Annotated[float, Rule(lambda value: 0 <= value <= 1, "between 0 and 1")]
Part = Annotated[float, Rule(lambda value: 0 <= value < 1, "at least 0 and below 1")]
Dropout = Annotated[float, Rule(lambda value: value < 1, "below 1")]  # below 0: what the encoder's configuration says
RowLength = Annotated[int, at_least(SHORTEST)]
RowLimit = Annotated[int, Rule(lambda value: value == 0 or value >= SHORTEST, f"0, or {SHORTEST} or more")]
TokenTexts = Annotated[list[str], Rule(_are_tokens, 'texts without blanks around, e.g. ["[Music]"]')]


@dataclass(frozen=True, slots=True)
class Section:
    """A section of ``config.toml``: a field for each key, whose type may carry its rule (``Count``, ``Annotated``)."""

    section: ClassVar[str]

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for key in fields(self):
            value = getattr(self, key.name)
            for rule in getattr(hints[key.name], "__metadata__", ()):
                require(rule.holds(value), f"{self.section}.{key.name}", value, rule.must)


def sections_of(system: type, values: Mapping[str, Mapping[str, Any]], beside: tuple[str, ...] = ()) -> dict[str, Any]:
    """The sections that the fields of a settings dataclass name, each made of its keys in ``values``.

    Args:
        system: the dataclass; the type of each field is the class of a section.
        values: section -> key -> value.
        beside: fields that are no sections.

    Raises:
        UserError: a value out of its range.
    """
    kinds = get_type_hints(system)
    return {
        field.name: kinds[field.name](**{key.name: values[field.name][key.name] for key in fields(kinds[field.name])})
        for field in fields(system)
        if field.name not in beside
    }
