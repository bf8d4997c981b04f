"""Whether this machine can do what a workspace asks for: one finding per thing looked at, each with its fix.

>>> from cmivqa_kit.doctor import examine
>>> [finding.name for finding in examine(offline=True)][:2]
['python', 'cmivqa-kit']
"""

from cmivqa_kit.doctor.examination import examine
from cmivqa_kit.doctor.findings import Finding, State, Subject

__all__ = ["Finding", "State", "Subject", "examine"]
