"""What settings and recipes are, as a run keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Config = Mapping[str, Mapping[str, Any]]  # section -> key -> value
Recipe = Literal["published", "kit"]  # every quirk of the published code, or its defects corrected
RECIPES: tuple[Recipe, ...] = ("published", "kit")
