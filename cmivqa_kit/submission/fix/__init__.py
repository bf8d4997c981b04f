"""A mended copy of a submission file, without guessing any answer.

`fix` mends bytes, `fix_file` a file; `show` says what was done, `show_refused` what was left. Where the items have to
say first what they answer, `mend` and `mend_file` ask for that in the middle.
"""

from cmivqa_kit.submission.fix.files import fix_file, mend_file, mended
from cmivqa_kit.submission.fix.model import Change, Context, Example, Fixed, Refusal
from cmivqa_kit.submission.fix.report import show, show_refused
from cmivqa_kit.submission.fix.run import fix, mend, would_mend

__all__ = [
    "Change", "Context", "Example", "Fixed", "Refusal", "fix", "fix_file", "mend", "mend_file", "mended", "show",
    "show_refused", "would_mend",
]  # fmt: skip
