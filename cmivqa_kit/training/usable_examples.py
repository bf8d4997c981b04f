"""Questions that cannot be trained on: counted by reason, and too many of them stop the training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sized

from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError


def require_enough(split: Split, kept: Sized, dropped: Counter[str], most: float) -> None:
    """Stop where nothing is left to train on, or more than a share was left out.

    Args:
        split: whose questions they are.
        kept: what is left.
        dropped: how many questions each rule left out.
        most: the largest share that may be left out.

    Raises:
        UserError: naming the reasons.
    """
    lost = sum(dropped.values())
    if kept and lost <= most * len(split.questions):
        return
    share = lost / max(1, len(split.questions))
    reasons = ", ".join(f"{count} {name}" for name, count in dropped.most_common())
    raise UserError(
        f"{lost} of {len(split.questions)} questions of {split.name} cannot be trained on: {reasons or 'none there'}",
        f"Look at the data: cmivqa data check; or allow it: --set train.max_dropped={min(1.0, share + 0.01):.2f}"
        if kept
        else "Nothing is left to train on. Look at the data: cmivqa data check; or raise train.maxlen.",
    )
