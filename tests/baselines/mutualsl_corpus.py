"""A small corpus with features for the tests of MutualSL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from baselines.mutualsl import DECLARATION
from baselines.mutualsl.settings import Settings
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.settings import Config, Recipe
from tests.baselines.corpora import split, video

TOOLS = ("gauze", "needle", "splint", "mask", "syringe", "towel")
WIDTH = 8
SMALL = ("visual.visual_dim=8", "visual.dim=16", "visual.frames=64")


def corpus(folder: Path, rows: Mapping[str, int] | None = None) -> Split:
    """Six videos of 8 + n lines of five seconds; each question is answered by the two lines that name its tool.

    Args:
        folder: where the features go.
        rows: of the features of some videos; -1 leaves a file away. Else one per second.
    """
    videos = [
        video(f"v{n}", [f"take the {tool} now" if i in (n, n + 1) else f"wait {i} more" for i in range(8 + n)])
        for n, tool in enumerate(TOOLS)
    ]
    asked = [
        Question(n, f"how to use the {tool}{' please' * n}?", "English", f"v{n}", Span(5.0 * n, 5.0 * n + 10))
        for n, tool in enumerate(TOOLS)
    ]
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(5)
    for one in videos:
        count = (rows or {}).get(one.id, round(one.duration or 0))
        if count >= 0:
            np.save(folder / f"{one.id}.npy", generator.normal(size=(count, WIDTH)).astype(np.float32))
    return replace(split(videos, asked), features=SplitFeatures([folder]))


def config(*overrides: str, recipe: Recipe = "kit", preset: str | None = "tiny") -> Config:
    """Small settings with ``--set`` texts on top."""
    return settings(DECLARATION, preset, (*SMALL, *overrides), recipe)


def of(*overrides: str, recipe: Recipe = "kit") -> Settings:
    """The same, read."""
    return Settings.of(config(*overrides, recipe=recipe))


def sizes(**changed: Any) -> dict[str, Any]:
    """Sizes of a small network, without its encoder."""
    return {"visual_dim": WIDTH, "dim": 16, "max_pos_len": 64, "encoder_heads": 4, "predictor_heads": 2,
            "encoder_conv_layers": 2, "predictor_conv_layers": 2, "drop_rate": 0.0, **changed}  # fmt: skip
