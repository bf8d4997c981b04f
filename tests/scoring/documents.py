"""Random submissions and answers for the tests of scoring: right ones, odd ones, and anything at all."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Track

VIDEOS = ("A", "B", "C", "long video id")  # one character: text entries can match it (Q63)
Documents = tuple[Any, Any, Track]  # predictions, targets, track

span = st.tuples(st.floats(0, 100), st.floats(0.25, 50)).map(lambda pair: (pair[0], pair[0] + pair[1]))
entry = st.tuples(st.sampled_from(VIDEOS), span).map(lambda pair: [pair[0], *pair[1]])


def as_read(document: Any) -> Any:
    """The document as the JSON reader hands it out: one NaN object for all, no tuples."""
    return json.loads(json.dumps(document))


@st.composite
def valid_cases(draw: st.DrawFn) -> Documents:
    """A complete and valid submission, its targets and a track."""
    count = draw(st.integers(1, 6))
    track = draw(st.sampled_from(TRACKS))
    targets, predictions = [], []
    for i in range(count):
        start, end = draw(span)
        targets.append({"id": i, "video_id": draw(st.sampled_from(VIDEOS)), "start_second": start, "end_second": end})
        if track == 1:
            start, end = draw(span)
            predictions.append({"id": i, "start_second": start, "end_second": end})
        else:
            # Long lists, so that all three cut-offs differ: a few drawn entries repeated.
            drawn = draw(st.lists(entry, min_size=1, max_size=5))
            predictions.append({"id": i, "output": drawn * draw(st.integers(1, 15))})
    return predictions, targets, track


# What the official program counts with although it is no time, and what it stops at.
ODD_TIMES = [float("nan"), float("inf"), -float("inf"), True, False, 2**60, 2**60 + 200, 10**30]
BAD_TIMES = ["5", None, [1], 10**400]
ODD_NAMES = [None, 1, "", "AB", ["A"], float("nan")]
BAD_ENTRIES = ["A", "B rest", "", [], None, 5, {}, {"0": "A"}, ["A"], ["A", 1.0], [["A", 0, 5]], ["A", 1.0, None]]
BAD_OUTPUTS = [None, True, "", "ABC", "A", {}, {"A": 1}, [], ["A", 0.0, 1.0], 5]
IDS = [0, 1, 2, "0", "1", "q", 2**61 - 1, 2**62 - 2]  # the last two have the hash of 0
OTHER_IDS = [1.0, True, False, 0.0, 2.0, "other", 99, None, [1], {"a": 1}, float("nan"), 2.0**61, 2**61]


@st.composite
def dirty_cases(draw: st.DrawFn, wild: bool = True) -> Documents:
    """Valid answers and a submission with odd ids, odd times and odd lists.

    Without ``wild`` only what the official program mostly gives numbers for, where they may differ from strict ones.
    Made from a drawn seed: a draw for every value takes hypothesis a hundred times as long.
    """
    chance = random.Random(draw(st.integers(0, 2**40)))
    track = chance.choice(TRACKS)
    targets = [_target(chance, identity) for identity in chance.sample(IDS, chance.randint(1, 5))]
    ids: list[Any] = [target["id"] for target in targets if chance.random() < 0.8]
    ids += [chance.choice(OTHER_IDS if chance.random() < 0.5 else IDS) for _ in range(chance.choice([0, 0, 0, 1, 3]))]
    chance.shuffle(ids)
    predictions: list[Any] = []
    for identity in ids:
        item: dict[str, Any] = {"id": identity}
        if track == 1:
            item |= {"start_second": _time(chance, wild), "end_second": _time(chance, wild)}
        else:
            item["output"] = _output(chance, wild)
        if wild and chance.random() < 0.05:
            item.pop(chance.choice(list(item)))
        predictions.append(item)
    if wild and chance.random() < 0.1:
        predictions.append(chance.choice([None, 5, "id", [], {}]))
    return as_read(predictions), as_read(targets), track


def _target(chance: random.Random, identity: Any) -> dict[str, Any]:
    # Integers so large that floats beside them lose whole seconds, now and then.
    start = chance.choice([0, 1.5, 5]) + (2**60 if chance.random() < 0.1 else 0)
    row = {"id": identity, "video_id": chance.choice(VIDEOS), "start_second": start,
           "end_second": start + chance.choice([1, 4.5, 200])}  # fmt: skip
    if not row["start_second"] < row["end_second"]:
        row["end_second"] = 2**61
    if chance.random() < 0.5:
        row["language_type"] = chance.choice(["Chinese", "English", None])
    return row


def _time(chance: random.Random, wild: bool) -> Any:
    if wild and chance.random() < 0.05:
        return chance.choice(BAD_TIMES)
    if chance.random() < 0.3:
        return chance.choice(ODD_TIMES)
    return chance.choice([chance.randint(-3, 14), chance.uniform(-3, 14)])


def _entry(chance: random.Random) -> Any:
    name = chance.choice(VIDEOS) if chance.random() < 0.8 else chance.choice(ODD_NAMES)
    usual = chance.random() < 0.5  # else many lists would have no valid span at all
    start = chance.uniform(0, 6) if chance.random() < 0.9 else float(2**60)
    times = [start, start + chance.choice([0.5, 4, 1000])] if usual else [_time(chance, False), _time(chance, False)]
    return [name, *times, *(["more"] if chance.random() < 0.1 else [])]


def _output(chance: random.Random, wild: bool) -> Any:
    if chance.random() < 0.1:
        return chance.choice(BAD_OUTPUTS if wild else [[], "", "ABC"])
    # Mostly short lists; long ones are a few entries repeated, so that all cut-offs differ.
    entries = [_entry(chance) for _ in range(chance.randint(1, 6))] * chance.choice([1, 1, 2, 9, 20, 51])
    entries.append(_entry(chance))
    if chance.random() < 0.2:
        entries.insert(chance.randint(0, len(entries)), chance.choice(BAD_ENTRIES if wild else ["A", "B rest", "Q"]))
    return entries


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.floats() | st.sampled_from(["A", "", "AB", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "video_id", "output", "start_second", "end_second", "language_type"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
