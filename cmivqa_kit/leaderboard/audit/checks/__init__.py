"""The checks of a board: one registered function each, of contradictions and of remarks."""

from cmivqa_kit.leaderboard.audit.checks import contradictions, remarks  # noqa: F401 (they register themselves)
from cmivqa_kit.leaderboard.audit.checks.registry import CHECKS, Context, Finding, Kind, findings

__all__ = ["CHECKS", "Context", "Finding", "Kind", "findings"]
