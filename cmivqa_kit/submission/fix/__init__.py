"""A mended copy of a submission file, without guessing any answer.

`fix` mends bytes, `fix_file` a file; `show` says what was done, `diff` compares two documents place by place.
"""

from cmivqa_kit.submission.fix.diff import diff, show
from cmivqa_kit.submission.fix.files import fix_file
from cmivqa_kit.submission.fix.model import Change, Example, Fixed, Refusal
from cmivqa_kit.submission.fix.run import fix

__all__ = ["Change", "Example", "Fixed", "Refusal", "diff", "fix", "fix_file", "show"]
