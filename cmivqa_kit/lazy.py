"""Public names of a package that are imported when they are first used, so that the package itself loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def public_name(package: str, origins: Mapping[str, str], name: str) -> Any:
    """A public name of a package, for its ``__getattr__``.

    Args:
        package: its ``__name__``.
        origins: the module of each public name, ``module`` or ``module:name_there``, below ``cmivqa_kit``.
        name: what is asked for.

    Raises:
        AttributeError: it is none of them.
    """
    if name not in origins:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, own = origins[name].partition(":")
    return getattr(import_module(f"cmivqa_kit.{module}"), own or name)
