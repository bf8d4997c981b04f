"""Payloads for the tests of the page, in the shape that `cmivqa_kit.diagnosis.payload` describes."""

from __future__ import annotations

from typing import Any

KEYS = ("retrieval-miss", "ranked-low", "wrong-span", "boundary")
TITLES = ("retrieval miss", "right video ranked low", "right video, wrong span", "boundary error")
CUTOFFS = (1, 10, 50)
# One position and span per label; the gold span of every question is 20 to 40 s of a video of 120 s.
SPANS: dict[str, tuple[int, float, float] | None] = {
    "hit": (1, 20.0, 38.0),
    "retrieval-miss": None,
    "ranked-low": (12, 20.0, 40.0),
    "wrong-span": (1, 60.0, 80.0),
    "boundary": (1, 30.0, 50.0),
}
SCORES = {"hit": 0.9, "retrieval-miss": 0.0, "ranked-low": 1 / 3, "wrong-span": 0.0, "boundary": 1 / 3}

Payload = dict[str, Any]


def payload(questions: int = 30, entries: int = 50, videos: int = 12) -> Payload:
    """A file in which the five labels take turns, half of the questions Chinese, with every part of the page."""
    rows = [question(n, entries, videos) for n in range(questions)]
    labels = [row["label"] for row in rows]
    score = sum(row["score"] for row in rows) / max(len(rows), 1)
    return {
        "kit": "0.1.0",
        "submission": "submission.json",
        "split": "testA",
        "edition": "cmivqa-2023",
        "track": 3,
        "headline": "Average",
        "score": score,
        "official": score,
        "signature": "cmivqa-kit:0.1.0|edition:cmivqa-2023|split:testA|track:3|mode:strict|cutoffs:1,10,50|truth:0123",
        "made_by": "bm25, run bm25-1",
        "cutoffs": list(CUTOFFS),
        "classes": [
            {
                "key": key,
                "title": title,
                "formula": "p > k: 1",
                "share": (1 - score) / 4,
                "by_cutoff": [(1 - score) / 4] * 3,
                "questions": labels.count(key),
            }
            for key, title in zip(KEYS, TITLES, strict=True)
        ],
        "labels": [
            {"key": key, "title": title, "questions": labels.count(key)}
            for key, title in (("hit", "hit"), *zip(KEYS, TITLES, strict=True))
        ],
        "oracles": [
            {"key": key, "title": title, "values": [0.5, 0.75, 0.9], "average": 0.7167, "note": "a note"}
            for key, title in (("gold-span", "gold span given"), ("gold-video", "gold video given"))
        ],
        "warnings": [
            {
                "code": "W2",
                "message": "lists name the same video again and again",
                "ids": [row["id"] for row in rows[3:5]],
                "questions": 7,
                "fix": "Spread the entries over more videos.",
            }
        ],
        "remarks": ["no video lengths in this corpus"],
        "next": "Of Average, localization costs 0.4 and retrieval 0.2.",
        "prior": [{"key": "prior", "title": "gold video given, the prior's span", "value": 0.12}],
        "groups": [
            {
                "title": title,
                "rows": [
                    {"name": name, "n": 9 + at, "score": 0.4, "shares": [0.1, 0.2, 0.2, 0.1], "small": at == 0}
                    for at, name in enumerate(("up to 10", "10 to 20", "over 20"))
                ],
            }
            for title in ("question length, characters", "answer length, s")
        ],
        "videos": [video(n) for n in range(videos)],
        "questions": rows,
    }


def video(number: int) -> Payload:
    """120 s, with a line every 5 s."""
    said = "然后快速往下压用力" if number % 2 else "press down firmly, then let go"
    lines = [[at * 5.0, at * 5.0 + 4.5, f"{said} {at}"] for at in range(24)]
    return {"id": f"video-{number:02d}", "language": None, "duration": 120.0, "subtitles": lines}


def question(number: int, entries: int, videos: int) -> Payload:
    """Question ``number``; its label is its turn."""
    label = list(SPANS)[number % len(SPANS)]
    right = number % videos
    rows: list[list[Any]] = [
        [(right + 1 + at % (videos - 1)) % videos, "", 5.0 + at, 15.0 + at] for at in range(entries)
    ]
    found = SPANS[label]
    if found is not None:
        rows[min(found[0], entries) - 1] = [right, "", *found[1:]]
    chinese = number % 2 == 1
    text = f"第{number}个问题：冲击腹部时应该注意什么？" if chinese else f"Question {number}: how is the bandage tied?"
    score = SCORES[label]
    return {
        "id": number,
        "text": text,
        "language": "zh" if chinese else "en",
        "label": label,
        "score": score,
        "m": [score] * 3,
        "position": None if found is None else found[0],
        "gold": [right, 20.0, 40.0],
        "entries": rows,
    }


EVIL = '</script><img src=x onerror="alert(1)"><!--<script>alert(2)</script>&lt;b&gt;\u2028\u2029\u202egnp.exe'


def hostile() -> Payload:
    """Every text from outside is an attack, and numbers are what JSON lets through."""
    found = payload(12)
    for name in ("submission", "split", "edition", "signature", "made_by", "next"):
        found[name] = f"{name} {EVIL}"
    found["submission"] += " {{script}} {{payload}}"
    found["remarks"] = [EVIL]
    found["warnings"][0] |= {"code": EVIL, "message": EVIL, "fix": EVIL}
    for one in found["videos"]:
        one["id"] += EVIL
        one["subtitles"] = [[start, end, EVIL + text] for start, end, text in one["subtitles"]]
    for row in found["questions"]:
        row["id"] = f"{row['id']}{EVIL}"
        row["text"] = f"{row['text']} {EVIL}"
        row["language"] = 'en" onmouseover="alert(3)'
    for row in found["groups"][0]["rows"]:
        row["name"] = EVIL
    first = found["questions"][0]
    first["entries"][1] = [-1, f"unknown{EVIL}", 1e308, -1e308]
    first["entries"][2] = [0, "", float("nan"), float("inf")]
    first["entries"][3] = [0, "", 0.0, 1e300]
    first["entries"][4] = [-1, "", 0, 0]
    first["entries"][5] = [0, "", 50.0, 40.0]
    found["questions"][1] |= {"id": 2**70, "score": float("nan")}
    found["questions"][2]["text"] = "\ud800 a lone surrogate"
    found["videos"][1] |= {"duration": None}
    found["videos"][2] |= {
        "duration": None,
        "subtitles": [[float("nan"), 3.0, "x"], [9.0, 2.0, "y"], [0.0, 1e300, "z"]],
    }
    found["warnings"][0]["ids"] = [row["id"] for row in found["questions"][3:5]]
    return found


def pair_payload(one: Payload) -> Payload:
    """The payload of two systems made of one: A is that system, B finds the right video first, always 4 s too late.

    Spans of B have an IoU of 2/3 with the gold span (20 to 40 s).
    """
    rows = []
    for index, row in enumerate(one["questions"]):
        listed = [[rank, *entry] for rank, entry in enumerate(row["entries"], 1)]
        late = [[1, row["gold"][0], "", 24.0, 44.0], *listed[1:10]]
        value = row["score"] if isinstance(row["score"], float) and row["score"] == row["score"] else 0.0
        first = {
            "value": value,
            "m": row["m"],
            "position": row["position"],
            "label": row["label"],
            "read": len(listed),
            "entries": [*listed[:10], *(found for found in listed[10:] if found[1] == row["gold"][0])],
        }
        second = {"value": 2 / 3, "m": [2 / 3] * 3, "position": 1, "label": "hit", "read": 10, "entries": late}
        rows.append(
            {
                "id": row["id"],
                "text": row["text"],
                "language": row["language"],
                "index": index,
                "label": "b-better" if value < 2 / 3 else "a-better",
                "difference": 2 / 3 - value,
                "gold": row["gold"],
                "answers": [first, second],
            }
        )
    rows.sort(key=lambda row: -abs(row["difference"]))
    verdicts = [row["label"] for row in rows]
    scores = one["score"], 2 / 3
    same = ("kit", "split", "edition", "track", "headline", "signature", "cutoffs", "remarks", "videos")
    return {
        **{name: one[name] for name in same},
        "title": f"{one['submission']} / other.json",
        "systems": [
            {"letter": "A", "name": one["submission"], "made_by": one["made_by"], "score": scores[0]},
            {"letter": "B", "name": "other.json", "made_by": None, "score": scores[1]},
        ],
        "metrics": [{"name": one["headline"], "values": list(scores)}],
        "costs": [{"key": label["key"], "title": label["title"], "questions": [label["questions"], 0]}
                  for label in one["labels"]],
        "labels": [{"key": key, "title": title, "questions": verdicts.count(key)}
                   for key, title in (("a-better", "A better"), ("b-better", "B better"), ("both-miss", "both miss"),
                                      ("same", "the same"))],
        "questions": rows,
    }  # fmt: skip
