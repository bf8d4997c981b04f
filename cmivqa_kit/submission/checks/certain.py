"""The fast pass over lists: which checks of an item's answers may find anything at all; the others are not made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from cmivqa_kit.submission.checks import lists, spans
from cmivqa_kit.submission.context import CHECKS, LAST, Context
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.schema import fits, load_schema

Check = Callable[..., Iterator[Finding]]
_LISTS, _PLAIN = {list}, {str, int, float}  # types of entries, and of what stands in them: no bool
_YOUTUBES = re.compile(r"[A-Za-z0-9_-]{11}(?: [A-Za-z0-9_-]{11})*+")  # several ids in one text


def certain(row: Any, context: Context) -> bool:
    """True only if no structural finding and no check of level ``answer`` finds anything; ``False`` leaves it open."""
    return doubts(row, context) == frozenset()


def doubts(row: Any, context: Context, entries: int | None = None) -> frozenset[Check] | None:
    """The checks of level ``answer`` that may find something in an item that is structurally right.

    ``None`` where the item may be structurally wrong: then all checks are to be made, and those of the schema.

    The lists of a full submission have 400,000 entries: one comparison each, and two sets per list. What many lists
    have, a video twice or too few entries, costs the one check that says it.

    Args:
        row: the item, its list cut to what is read.
        context: what it is held against.
        entries: in the list as it stands.
    """
    if context.form == 1 or type(row) is not dict or not context.tracks:
        return None
    output = row.get("output")
    if type(output) is not list or not output:
        return None
    if set(map(type, output)) != _LISTS or not set(map(type, chain.from_iterable(output))) <= _PLAIN:
        return None
    id_schema = load_schema(context.edition, context.form)["items"]["properties"]["id"]
    try:
        doubtful = _of_entries(output, context)
    except (TypeError, ValueError):  # a text among the times, another length
        return None
    if doubtful is None or not fits({**row, "output": output[:1]}, id_schema, context.form):
        return None
    if len(output) != context.edition.entries or entries not in (None, len(output)):
        doubtful.add(lists.length)
    return frozenset(doubtful)


def _of_entries(output: list[Any], context: Context) -> set[Check] | None:
    """`doubts` as far as the entries tell, each of which is a list of texts and numbers.

    Raises:
        TypeError, ValueError: an entry is not a video id and two times.
    """
    doubtful: set[Check] = set()
    latest, known = context.latest, bool(context.corpus)
    least = 0.0
    for video, start, end in output:
        if not 0 <= start < end <= (latest.get(video, LAST) if known else LAST):
            least = min(least, start, end, -1.0 if start != start or end != end else 0.0)
            doubtful.add(spans.spans_of_lists)
    if least < 0:
        return None  # negative, or NaN: the schema's matter
    videos = [entry[0] for entry in output]
    if set(map(type, videos)) != {str} or "" in videos:
        return None
    if known:
        if not context.corpus.keys() >= set(videos):
            doubtful.add(lists.videos)
    elif len(text := " ".join(videos)) != 12 * len(videos) - 1 or not _YOUTUBES.fullmatch(text):
        doubtful.add(lists.unlikely_videos)
    if len(set(videos)) < len(videos):
        doubtful.add(lists.video_again)
        if len(set(map(tuple, output))) < len(output):
            doubtful.add(lists.identical)
    return doubtful


def checks_of(doubtful: frozenset[Check] | None) -> Iterator[Check]:
    """The checks of level ``answer`` to be made, in their order."""
    return (check for check in CHECKS["answer"] if doubtful is None or check in doubtful)
