"""Readers of tables, one per format: a registry, filled by decorators.

A file's suffix chooses the reader; where it says nothing, the first one that knows the text.
"""

from __future__ import annotations

from cmivqa_kit.leaderboard.audit.readers import delimited, html, markdown  # noqa: F401 (they register themselves)
from cmivqa_kit.leaderboard.audit.readers.registry import read_tables

__all__ = ["read_tables"]
