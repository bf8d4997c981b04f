"""Random pairs of files for the official program: right ones, every quirk of docs/spec/scoring.md, and crashes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

VIDEOS = ("A", "B", "C", "vidA_______", "vidB_______")
HUGE = 10**400
ODD_TIMES = (float("nan"), float("inf"), -float("inf"), True, False, 0, 5, -5, 10, 2**60, 2**60 + 200, 10**30, -0.0)
BAD_TIMES = ("5", None, [1], {"a": 1}, HUGE, "")
IDS = (0, 1, 2, 3, "0", "1", "q1", "q1 ", "Q1", "é", "e\u0301", 2**61 - 1, 2 * (2**61 - 1), 9007199254740993)
ODD_IDS = (1.0, 0.0, True, False, None, [1], {"a": 1}, float("nan"), 9007199254740992.0, 2.0**61, [1.0], -1, 10**40)
ODD_VIDEOS = (None, 1, "", "AB", ["A"], float("nan"), True, 1.0, {"a": 1})
ODD_ENTRIES: tuple[Any, ...] = ("A", "Bx", "", [], None,
               5, {}, {"0": "A"}, ["A"], ["B"], ["A", 1.0], [["A", 0, 5]], [None, 0, 5],
               ["A", "x", None], ["B", "x", None], ["A", 0, 5, 7, 9], [1, 0, 5], True)  # fmt: skip
ODD_LISTS: tuple[Any, ...] = (None, True, "", "ABC", {}, {"A": 1}, [], ["A", 0.0, 1.0], 5, "A" * 60)
ODD_ITEMS: tuple[Any, ...] = (None, 5, "text", [], [1], {}, {"x": 1}, True)
ODD_TOPS: tuple[Any, ...] = ({}, "", "text", 0, 7, True, None, [], {"id": 1}, [[]], [{}])


@dataclass(frozen=True, slots=True)
class Files:
    """A track and the bytes of the two files; ``seed`` makes them again."""

    seed: int
    track: int
    predictions: bytes
    targets: bytes


def files(seed: int) -> Files:
    """The pair of files that belongs to a seed."""
    chance = random.Random(seed)
    track = chance.choice((1, 2, 3))
    dirt = chance.choice((0.0, 0.0, 0.02, 0.1, 0.4))
    answers = _targets(chance, track, dirt if chance.random() < 0.5 else 0.0)
    rows: Any = _predictions(chance, track, answers, dirt)
    targets: Any = answers
    if chance.random() < 0.03:
        rows = chance.choice(ODD_TOPS)
    elif chance.random() < 0.02:
        rows = rows[0] if rows else {}
    if chance.random() < 0.02:
        targets = chance.choice(ODD_TOPS)
    return Files(seed, track, _bytes(chance, rows), json.dumps(targets).encode())


def _targets(chance: random.Random, track: int, dirt: float) -> list[Any]:
    """1 to 8 questions; a video that is named often, so that every rank has hits."""
    identities: list[Any] = list(chance.sample(IDS, k=chance.randint(1, 8)))
    rows: list[Any] = []
    for identity in identities:
        start = chance.choice((0.0, 0, chance.uniform(0, 50)))
        end = start + chance.choice((10, 10.0, chance.uniform(0.1, 60)))
        row: dict[str, Any] = {"id": identity, "video_id": chance.choice(VIDEOS)}
        if track != 2 or chance.random() < 0.5:
            row.update(start_second=start, end_second=end)
        if chance.random() < dirt:
            _spoil(chance, row)
        rows.append(row)
    if chance.random() < dirt:
        rows.append(chance.choice((dict(chance.choice(rows)), chance.choice(ODD_ITEMS))))
    return rows


def _spoil(chance: random.Random, row: dict[str, Any]) -> None:
    key = chance.choice(("id", "video_id", "start_second", "end_second", "end_second"))
    if chance.random() < 0.2:
        row.pop(key, None)
    elif key == "id":
        row[key] = chance.choice(ODD_IDS)
    elif key == "video_id":
        row[key] = chance.choice(ODD_VIDEOS)
    elif chance.random() < 0.3:  # a degenerate target (Q34, Q36)
        row["end_second"] = row.get("start_second", 0) + chance.choice((0, -5))
    else:
        row[key] = chance.choice(ODD_TIMES + BAD_TIMES)


def _predictions(chance: random.Random, track: int, targets: list[Any], dirt: float) -> list[Any]:
    rows: list[Any] = []
    asked = [target for target in targets if isinstance(target, dict)]
    for target in asked:
        if chance.random() < 0.15:
            continue
        rows += [_item(chance, track, target, dirt) for _ in range(chance.choice((1, 1, 1, 2)))]
    if chance.random() < 0.3:
        chance.shuffle(rows)
    if chance.random() < dirt:
        rows.insert(
            chance.randint(0, len(rows)), chance.choice((*ODD_ITEMS, {"id": 77}, {"id": chance.choice(ODD_IDS)}))
        )
    return rows


def _item(chance: random.Random, track: int, target: dict[str, Any], dirt: float) -> dict[str, Any]:
    item: dict[str, Any] = {"id": target.get("id", 1)}
    if chance.random() < dirt:
        item["id"] = chance.choice(IDS + ODD_IDS)
    shape = track if chance.random() >= dirt / 4 else 4 - track  # now and then a file of another track (Q51)
    if shape == 1:
        item["start_second"], item["end_second"] = _times(chance, target, dirt)
    elif chance.random() < dirt / 2:
        item["output"] = chance.choice(ODD_LISTS)
    else:
        item["output"] = _entries(chance, target, dirt)
    if chance.random() < dirt / 4:
        item.pop(chance.choice(list(item)))
    return item


def _entries(chance: random.Random, target: dict[str, Any], dirt: float) -> list[Any]:
    entries: list[Any] = []
    for _ in range(chance.choice((1, 3, 10, 11, 50, 51, 60))):
        if chance.random() < dirt / 20:
            entries.append(chance.choice(ODD_ENTRIES))
            continue
        right = chance.random() < 0.15
        video = target.get("video_id") if right else chance.choice(VIDEOS)
        if chance.random() < dirt / 20:
            video = chance.choice(ODD_VIDEOS)
        entries.append([video, *_times(chance, target, dirt / 10)])
    return entries


def _times(chance: random.Random, target: dict[str, Any], dirt: float) -> list[Any]:
    times = [chance.uniform(0, 60), chance.uniform(0, 60)]
    near = target.get("start_second"), target.get("end_second")
    if chance.random() < 0.5 and all(isinstance(time, int | float) and abs(time) < 1e6 for time in near):
        times = [time + chance.choice((0, chance.uniform(-5, 5))) for time in near]  # type: ignore[operator]
    elif chance.random() < 0.9:
        times.sort()
    return [chance.choice(ODD_TIMES + BAD_TIMES) if chance.random() < dirt else time for time in times]


def _bytes(chance: random.Random, document: Any) -> bytes:
    """The document as a file; one of 25 in a form that the reader takes otherwise or not at all (Q4 to Q8)."""
    text = json.dumps(document, ensure_ascii=chance.random() < 0.5)
    if chance.random() >= 0.04:
        return text.encode()
    forms = (
        "\ufeff" + text, text.replace("]", ",]"), text.replace("}", ",}"), text.replace('"', "'"), "", " ",
        "[" * 50_000,
        text[: len(text) // 2], text.replace("[{", '[{"id": 7, "id": ').replace("NaN", "1e999"), "// x\n" + text,
        text.replace(": ", ":\r\n"), "[" + "1" * 5001 + "]", text + text, text.replace("{", '{"id": "\\ud800", '),
        text.replace("1", "1e999", 1), "[" * 500 + "]" * 500,
    )  # fmt: skip
    form = chance.choice((*forms, None, None))
    if form is None:
        return text.encode(chance.choice(("utf-16", "utf-32", "utf-16-le")))
    return form.encode()
