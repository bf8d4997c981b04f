"""Fitting in one call: ``cmivqa_kit.train``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.neural.trust import trusting_code
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import settings as settings_of
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Recipe
from cmivqa_kit.training.fit import train as fit


def train(
    baseline: str,
    data: Path | str | None = None,
    runs: Path | str = "runs",
    *,
    split: str = "train",
    preset: str = "",
    recipe: Recipe = "kit",
    settings: Sequence[str] = (),
    seed: int = 0,
    device: str = "auto",
    seconds_per_row: float | None = None,
    features: Path | Mapping[str, Path] | None = None,
    trust_remote_code: bool = False,
) -> RunDirectory:
    """Fit a baseline and leave a finished run.

    >>> import cmivqa_kit as ck
    >>> run = ck.train("bm25")  # on the embedded corpus
    >>> run.path.as_posix(), run.finished
    ('runs/bm25-1', True)

    Args:
        baseline: a name of `cmivqa baselines`.
        data: the data root; by default the embedded corpus, where a baseline's own demo preset is used.
        runs: the folder in which the run is made.
        split: the split to learn from; its dev split, where there is one, is handed to the baseline too.
        preset: a named table of the baseline's settings.
        recipe: ``kit``, or ``published`` with every quirk of the published code.
        settings: changes of single settings, ``section.key=value``, as of ``cmivqa train --set``.
        seed: of everything random.
        device: for neural systems: auto, cpu, cuda, cuda:1.
        seconds_per_row: of the feature files, where a row is not one second; 0: as measured against the subtitles.
        features: a file or folder of features, or several by name; by default those that lie in the data root.
        trust_remote_code: let Python code run that the encoder brings (``auto_map``); it is kept in the run.

    Raises:
        UserError: no such baseline, preset or setting; unreadable data, or too little of it that can be learnt from.
        RunFailed: out of disk or memory.
    """
    declaration = find_declaration(baseline)
    name = preset or (declaration.demo_preset if data is None else "")
    config = settings_of(declaration, name or None, settings, recipe)
    stores = {"": features} if isinstance(features, Path) else features
    root = catalogue(demo_corpus() if data is None else Path(data), None, seconds_per_row, features=stores)
    with trusting_code(trust_remote_code):
        return fit(root, declaration, config, Path(runs), split, seed, preset=name, recipe=recipe, device=device).run
