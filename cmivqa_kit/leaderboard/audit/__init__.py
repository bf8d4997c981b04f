"""Checking a board from its printed numbers alone, without labels: what cannot be, and what is odd."""

from cmivqa_kit.leaderboard.audit.report import Audit, audit, audit_text

__all__ = ["Audit", "audit", "audit_text"]
