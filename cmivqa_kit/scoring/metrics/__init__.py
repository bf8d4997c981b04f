"""Metrics: each a value with one canonical name, used on the command line, in JSON, in tables and in the docs.

Families stand in one file each (`recall`, `reciprocal_rank`, `moment_overlap`, ...); every file of this folder is
imported, so a new metric is one new file. Overall and Average are formed as the edition says (`combined`).
"""

from importlib import import_module
from pkgutil import iter_modules

from cmivqa_kit.scoring.metrics.base import Metric, evaluate, means
from cmivqa_kit.scoring.metrics.catalogue import check_cutoffs, metrics_of, parse

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Metric", "check_cutoffs", "evaluate", "means", "metrics_of", "parse"]
