"""A video id that is not in a corpus, and the one of the corpus that it is nearest to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from cmivqa_kit.data.display import cut_at_difference, short_repr

_MOST = 2_000  # ids among which a near one is looked for letter by letter


def near_id(video_id: str, corpus: Collection[str]) -> str | None:
    """The id of the corpus that stands in ``video_id``, or is but for its case or a letter that one; else ``None``.

    >>> near_id("v_Ar-iCq292-m.mp4", ["Ar-iCq292-m"])
    'Ar-iCq292-m'
    """
    inside = max((known for known in corpus if known and known in video_id), key=len, default=None)
    if inside is not None:
        return inside
    folded = video_id.strip().casefold()
    same = next((known for known in corpus if known.casefold() == folded), None)
    if same is not None or len(corpus) > _MOST or len(video_id) > 100:
        return same
    return next(iter(get_close_matches(video_id, list(corpus), n=1, cutoff=0.8)), None)


def near_spelling(unknown: Sequence[str], corpus: Collection[str]) -> str:
    """An example of ``unknown``, at least one id, with the near one of the corpus: ``'a.mp4' (in the corpus: 'a')``."""
    for video_id in unknown[:20]:
        near = near_id(video_id, corpus)
        if near is not None:
            given, known = cut_at_difference(video_id, near)
            return f"{given!r} (in the corpus: {known!r})"
    return short_repr(unknown[0])
