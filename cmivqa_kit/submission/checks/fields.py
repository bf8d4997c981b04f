"""Fields that an item should not have."""

from __future__ import annotations

from collections.abc import Iterator

from cmivqa_kit.submission.context import Context, Item, check
from cmivqa_kit.submission.findings import Finding, brief
from cmivqa_kit.submission.locate import pointer
from cmivqa_kit.submission.schema import other_track

_ANSWERS = frozenset({"video_id", "start_second", "end_second", "output"})  # of any track


@check("item", "W216")
def unknown(item: Item, context: Context) -> Iterator[Finding]:
    """Fields that nobody reads; those of another track are E210's where the item lacks its own."""
    extra = item.row.keys() - context.fields
    if not extra:
        return
    if context.tracks and other_track(item.row, context.form):
        extra -= _ANSWERS
    for name in sorted(extra):
        yield item.finding("W216", f"{brief(name)!r} is no field of a Track {context.form} answer", pointer([name]))
