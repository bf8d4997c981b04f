"""The lists of Tracks 2 and 3: lengths, shapes, videos, repetitions."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import Any

from cmivqa_kit.submission.context import Context, Item, check
from cmivqa_kit.submission.findings import Finding, brief
from cmivqa_kit.submission.schema import flat_triple, nested_entry

_YOUTUBE = re.compile(r"[A-Za-z0-9_-]{11}")


@check("answer", "W403", "W404")
def length(item: Item, context: Context) -> Iterator[Finding]:
    """Find lists of more entries than are read, or fewer; a list of other faults is not counted."""
    most = context.edition.entries
    output = item.row.get("output")
    if not isinstance(output, list) or not output or context.form == 1:
        return
    if item.entries > most:
        yield item.finding("W403", f"{item.entries} entries; the first {most} are read", "/output")
    elif item.entries < most and _whole(output, context):
        yield item.finding("W404", f"{item.entries} entries; {most} are read", "/output")


@check("answer", "W408", "W409")
def shapes(item: Item, context: Context) -> Iterator[Finding]:
    """Entries that lack what Track 2 does not read, or have more than anyone reads."""
    output = item.row.get("output")
    if isinstance(output, list) and set(map(type, output)) == {list} and set(map(len, output)) == {3}:
        return  # nearly all
    for rank, entry in _entries(item, context):
        if len(entry) > 3:
            yield item.finding("W409", f"{len(entry)} elements", f"/output/{rank}")
        elif len(entry) < 3 and context.form == 2:
            yield item.finding("W408", f"{len(entry)} of video id, start, end", f"/output/{rank}")


@check("answer", "E411")
def videos(item: Item, context: Context) -> Iterator[Finding]:
    """Videos that the corpus does not have."""
    if not context.corpus:
        return
    for rank, entry in _entries(item, context):
        video = entry[0]
        if isinstance(video, str) and video and video not in context.corpus and not context.tally.counted("E411"):
            yield item.finding("E411", f"{brief(video)!r} is not in the corpus", f"/output/{rank}/0")


@check("answer", "W412")
def unlikely_videos(item: Item, context: Context) -> Iterator[Finding]:
    """Without a corpus: ids that YouTube would not give. Once per list."""
    if context.corpus:
        return
    odd = [
        (rank, entry[0])
        for rank, entry in _entries(item, context)
        if isinstance(entry[0], str) and entry[0] and not _YOUTUBE.fullmatch(entry[0])
    ]
    if odd:
        what = f"{brief(odd[0][1])!r} is no YouTube id" + (f"; {len(odd)} such entries" if len(odd) > 1 else "")
        yield item.finding("W412", what, f"/output/{odd[0][0]}/0")


@check("answer", "W413")
def identical(item: Item, context: Context) -> Iterator[Finding]:
    """Entries equal to an earlier one. Once per list: lists of the official baseline are full of them."""
    output = item.row.get("output")
    try:
        if set(map(len, output)) == {3} and len(set(map(tuple, output))) == len(output):  # type: ignore[arg-type]
            return  # told at once
    except TypeError:  # no list of lists, or of something that cannot be compared
        pass
    yield from _repeated(item, context, "W413", lambda entry: tuple(entry[:3]), "entries repeat an earlier one")


@check("answer", "W414")
def video_again(item: Item, context: Context) -> Iterator[Finding]:
    """Track 2: videos that an earlier entry has. Once per list."""
    if 2 in context.tracks:
        yield from _repeated(item, context, "W414", lambda entry: entry[0], "entries repeat an earlier video")


def _repeated(item: Item, context: Context, code: str, key: Any, noun: str) -> Iterator[Finding]:
    first: dict[Hashable, int] = {}
    again: list[tuple[int, int]] = []
    output = item.row.get("output")
    if not isinstance(output, list) or context.form == 1 or flat_triple(output):
        return
    for rank, entry in enumerate(output):
        if not (isinstance(entry, list) and entry and isinstance(entry[0], str)):
            continue
        try:
            earlier = first.setdefault(key(entry), rank)
        except TypeError:  # an array or object among the times: the schema's matter
            continue
        if earlier != rank:
            again.append((rank, earlier))
    if again:
        rank, earlier = again[0]
        message = f"{len(again)} of {len(output)} {noun} (rank {rank + 1} that of rank {earlier + 1})"
        yield item.finding(code, message, f"/output/{rank}")


def _entries(item: Item, context: Context) -> Iterator[tuple[int, list[Any]]]:
    """The entries that are arrays of something, with their ranks (from 0)."""
    output = item.row.get("output")
    if isinstance(output, list) and context.form != 1 and not flat_triple(output):
        yield from ((r, e) for r, e in enumerate(output) if type(e) is list and e and type(e[0]) is not list)


def _whole(output: list[Any], context: Context) -> bool:
    """False for a list whose faults (E405 of all, E407) explain its length, or that has all there is to retrieve."""
    if flat_triple(output) or any(map(nested_entry, output)) or not any(isinstance(e, list) for e in output):
        return False
    return not (context.tracks == (2,) and context.corpus and len(output) >= len(context.corpus))
