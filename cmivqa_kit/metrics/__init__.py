"""Metrics: each a value with one canonical name, used on the command line, in JSON, in tables and in the docs.

Families stand in one file each (`recall`, `reciprocal_rank`, `moment_overlap`, ...); every file of this folder is
imported, so a new metric of a track is one new file. Overall and Average are formed as an edition says
(`cmivqa_kit.editions.metrics`).
"""

from importlib import import_module
from pkgutil import iter_modules

from cmivqa_kit.metrics.base import FAMILIES, Metric, evaluate, means
from cmivqa_kit.metrics.scale import FRACTION, Scale

for _module in iter_modules(__path__):
    if not _module.ispkg:  # the measures of published benchmarks cost a start-up that `score` need not pay
        import_module(f"{__name__}.{_module.name}")

__all__ = ["FAMILIES", "FRACTION", "Metric", "Scale", "evaluate", "means"]
