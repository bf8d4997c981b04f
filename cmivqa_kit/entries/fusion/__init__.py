"""Fusing submissions into one: reciprocal rank fusion, with weights given or fitted on a split with answers."""

from cmivqa_kit.entries.fusion.api import Fused, fuse

__all__ = ["Fused", "fuse"]
