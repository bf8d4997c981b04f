"""The submission file: reading, writing, validating, and working out which split and tracks it is for.

`write(rows, split, track, path)` is for everyone who brings their own model.
"""

from cmivqa_kit.submission.write import write

__all__ = ["write"]
