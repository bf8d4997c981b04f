"""The official numbers of Tracks 1, 2 and 3, bit for bit on the same interpreter, in linear time.

``python -m cmivqa_kit.scoring.official`` stands in for the organizers' program on the command line.
"""

from cmivqa_kit.scoring.official.program import HEADLINE, Official, OfficialCrash, score_official
from cmivqa_kit.scoring.official.questions import CUTOFFS, ENTRIES
from cmivqa_kit.scoring.official.totals import THRESHOLDS

__all__ = ["CUTOFFS", "ENTRIES", "HEADLINE", "THRESHOLDS", "Official", "OfficialCrash", "score_official"]
