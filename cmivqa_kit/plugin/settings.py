"""A baseline's settings: its ``config.toml``, a preset on top, then ``--set section.key=value``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import resources
from typing import Any

from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.settings import Config, Recipe

MEND = "Reinstall or mend its package."


def presets(declaration: Declaration) -> tuple[str, ...]:
    """Names of the presets in a baseline's ``config.toml``."""
    return tuple(sorted(_document(declaration)["preset"]))


def has_recipes(declaration: Declaration) -> bool:
    """True where the published recipe of a system differs from the kit's."""
    return bool(_document(declaration)["recipe"].get("published"))


def name_recipe(name: str, recipe: str) -> str:
    """How output names a system with its recipe: ``ccgs (recipe kit: not the published baseline)``.

    Only the name where the system has one recipe, or is not installed here.
    """
    try:
        if not has_recipes(find_declaration(name)):
            return name
    except UserError:
        return name
    return f"{name} (recipe {recipe}{'' if recipe == 'published' else ': not the published baseline'})"


def settings(
    declaration: Declaration, preset: str | None = None, overrides: Iterable[str] = (), recipe: Recipe = "kit"
) -> Config:
    """The effective settings, section -> key -> value.

    Args:
        declaration: the baseline.
        preset: a table ``[preset.NAME]`` of its ``config.toml``.
        overrides: ``section.key=value`` texts; values are TOML (``true``, ``0.9``, ``"text"``), a bare word is a text.
            A section that has a ``name`` may stand for it: ``encoder=DIR``.
        recipe: its table ``[recipe.NAME]`` lies under the preset; ``kit`` is what ``[default]`` says.

    Raises:
        UserError: unknown preset, section or key (the nearest one is offered), or a value of another type.
    """
    document = _document(declaration)
    values: dict[str, dict[str, Any]] = {name: dict(table) for name, table in document["default"].items()}
    for section, table in document["recipe"].get(recipe, {}).items():
        for key, value in table.items():
            _assign(values, f"{section}.{key}", value, f"recipe {recipe}")
    if preset is not None:
        known = document["preset"]
        if preset not in known:
            have = f"It has: {', '.join(sorted(known))}." if known else "It has none."
            raise UserError(f"{declaration.name} has no preset {preset!r}.{closest(preset, known)}", have)
        for section, table in known[preset].items():
            for key, value in table.items():
                _assign(values, f"{section}.{key}", value, f"preset {preset}")
    _override(values, overrides)
    return values


def merge(config: Config, declaration: Declaration, overrides: Iterable[str], more: Config | None = None) -> Config:
    """Settings stored in a run with ``--set`` texts on top; keys the run does not know come from ``config.toml``.

    ``more`` are sections that are not the baseline's own, e.g. ``pipeline``.
    """
    values = {name: dict(table) for name, table in {**settings(declaration), **(more or {})}.items()}
    for section, table in config.items():
        values.setdefault(section, {}).update(table)
    _override(values, overrides)
    return values


def require(fine: bool, name: str, value: object, must: str) -> None:
    """Check a setting (``section.key``) for a baseline; ``must`` says what it has to be.

    Raises:
        UserError: it is not ``fine``.
    """
    if not fine:
        raise UserError(f"{name}: {value!r} must be {must}", f"Give another value: --set {name}=...")


def one_of(known: tuple[str, ...], name: str, value: str) -> None:
    """Check a setting that takes one of a few texts.

    Raises:
        UserError: ``value`` is none of the ``known``.
    """
    require(value in known, name, value, " or ".join(f'"{one}"' for one in known))


def _override(values: dict[str, dict[str, Any]], overrides: Iterable[str]) -> None:
    for override in overrides:
        name, equals, text = override.partition("=")
        if not equals:
            raise UserError(f"--set {override!r}: no '='", "Write --set section.key=value, e.g. --set index.k1=1.5")
        key = name.strip()
        if "name" in values.get(key, {}):  # --set encoder=DIR is short for encoder.name=DIR
            key = f"{key}.name"
        _assign(values, key, _value(text.strip()), "--set")


def _assign(values: dict[str, dict[str, Any]], name: str, value: Any, origin: str) -> None:
    known = [f"{section}.{key}" for section, table in values.items() for key in table]
    if name not in known:
        last = name.rpartition(".")[2]  # the right key may stand under another section, or under none
        same = [one for one in known if one.partition(".")[2] == last]
        near = f" Did you mean {same[0]!r}?" if same else closest(name, known)
        raise UserError(f"{origin}: unknown setting {name!r}.{near}", f"Settings: {', '.join(known) or 'none'}.")
    section, _, key = name.partition(".")
    values[section][key] = _same_type(values[section][key], value, f"{origin}: {name}")


def _same_type(old: Any, new: Any, setting: str) -> Any:
    if isinstance(old, float) and type(new) is int:
        with suppress(OverflowError):  # an integer beyond every float is no number here
            return float(new)
    if type(old) is not type(new):
        raise UserError(f"{setting}: {new!r} is not {_type_name(old)}", f"The default is {old!r}.")
    return new


def _type_name(value: Any) -> str:
    names: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    return names.get(type(value), f"a {type(value).__name__}")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):  # no TOML; an integer of thousands of digits; nested too deeply
        return text


def package_toml(declaration: Declaration, resource: str) -> dict[str, Any]:
    """The TOML file at ``resource`` (``package:file.toml``) in the package of a baseline.

    Raises:
        UserError: it cannot be read.
    """
    package, _, name = resource.partition(":")
    try:
        return tomllib.loads((resources.files(package) / name).read_text(encoding="utf-8"))
    except (OSError, ImportError, AttributeError, TypeError, ValueError) as error:  # TOML's and UTF-8's: ValueErrors
        raise _unreadable(declaration, resource, error) from error


def _unreadable(declaration: Declaration, resource: str, error: Exception) -> UserError:
    return UserError(f"baseline {declaration.name!r}: {resource} cannot be read ({error})", MEND)


def _document(declaration: Declaration) -> dict[str, Any]:
    document = package_toml(declaration, declaration.config)
    try:
        _require_tables(document)
    except (AttributeError, TypeError) as error:  # no table where one belongs
        raise _unreadable(declaration, declaration.config, error) from error
    return document


def _require_tables(document: dict[str, Any]) -> None:
    document.setdefault("default", {})
    document.setdefault("preset", {})
    document.setdefault("recipe", {})
    for name, sections in {"default": document["default"], **document["preset"], **document["recipe"]}.items():
        if not all(isinstance(table, dict) for table in sections.values()):
            raise TypeError(f"a setting of {name!r} stands outside a section")
