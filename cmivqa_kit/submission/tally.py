"""Findings by code: all are counted, the first of each kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from cmivqa_kit.submission.findings import Finding

KEPT = 10_000  # findings of one code that are kept whole; all are counted


class Tally:
    """What was found in a file: how many findings there are of each code, and the first `KEPT` of each."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[Finding] = []
        for finding in findings:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it unless there are many of its code."""
        self.counts[finding.code] += 1
        if self.counts[finding.code] <= KEPT:
            self.kept.append(finding)

    def counted(self, code: str) -> bool:
        """Count a finding that would not be kept, so that nobody has to write it; False: it is to be added."""
        if self.counts[code] < KEPT:
            return False
        self.counts[code] += 1
        return True

    def drop(self, codes: Collection[str]) -> None:
        """Take back all findings of some codes."""
        self.kept = [finding for finding in self.kept if finding.code not in codes]
        for code in codes:
            del self.counts[code]
