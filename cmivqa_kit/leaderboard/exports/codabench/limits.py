"""What Codabench and its database demand of a bundle and of what its program writes; each demand by name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports.codabench.bundle import LONGEST, METADATA, Bundle
from cmivqa_kit.leaderboard.exports.codabench.plan import Phase, check_dates
from cmivqa_kit.leaderboard.exports.codabench.scoring_program import COLUMNS

MOST = 1e10  # a score is kept with 10 digits before the point
_OUTSIDE = re.compile(r"(?:https?:)?//|<script|<img|<link|\b(?:src|href)\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Check:
    """A demand and what is against it; ``fault`` is empty where nothing is."""

    demand: str
    fault: str = ""


Rule = Callable[[Bundle], str]
_RULES: list[tuple[str, Rule]] = []


def _rule(demand: str) -> Callable[[Rule], Rule]:
    def add(rule: Rule) -> Rule:
        _RULES.append((demand, rule))
        return rule

    return add


def check_bundle(bundle: Bundle) -> list[Check]:
    """Every demand on a bundle."""
    return [Check(demand, rule(bundle)) for demand, rule in _RULES]


def check_output(bundle: Bundle, phase: Phase, files: Mapping[str, bytes]) -> list[Check]:
    """Every demand on what the program wrote for a submission, by name of the file."""
    checks = [
        Check("writes only what it should", ", ".join(sorted({*files} - {"scores.json", "detailed_results.html"})))
    ]
    if "scores.json" in files:
        checks.append(Check("finite scores under the keys of the columns", _scores_fault(bundle, files["scores.json"])))
    page = files.get("detailed_results.html", b"").decode("utf-8", "replace")
    checks.append(Check("the page needs nothing from elsewhere", _page_fault(page)))
    told = [t["video_id"] for t in phase.targets if isinstance(t.get("video_id"), str) and t["video_id"] in page]
    checks.append(Check("the page tells no answer", f"{len(told)} right videos" if told else ""))
    return checks


@_rule("version 2, one board, pages and terms that are not empty")
def _whole(bundle: Bundle) -> str:
    document = bundle.competition
    named = [document["terms"], document["image"], *(page["file"] for page in document["pages"])]
    named += [task[key] for task in document["tasks"] for key in ("scoring_program", "reference_data")]
    named += [phase["starting_kit"] for phase in document["phases"] if "starting_kit" in phase]
    missing = [name for name in named if not bundle.files.get(name)]
    right = document["version"] == 2 and len(document["leaderboards"]) == 1 and document["pages"]
    return f"missing or empty: {', '.join(missing)}" if missing else "" if right else "another form"


@_rule("pages in ASCII")
def _ascii(bundle: Bundle) -> str:
    texts = [name for name in bundle.files if name.endswith((".md", ".yaml"))]
    return ", ".join(name for name in texts if not bundle.files[name].isascii())


@_rule(f"titles and keys of at most {LONGEST} characters")
def _short(bundle: Bundle) -> str:
    return ", ".join(title for title in _titles(bundle.competition) if not 0 < len(title) <= LONGEST)


@_rule("columns in order, each key once, 4 decimals")
def _columns(bundle: Bundle) -> str:
    columns = bundle.competition["leaderboards"][0]["columns"]
    keys = [column["key"] for column in columns]
    wanted = [key for key, _ in COLUMNS[bundle.plan.track]]
    in_order = [column["index"] for column in columns] == list(range(len(columns)))
    right = in_order and keys == wanted and all(column["precision"] == 4 for column in columns)
    return "" if right else ", ".join(keys)


@_rule("phases in order that do not touch")
def _phases(bundle: Bundle) -> str:
    try:
        check_dates([(phase.name, phase.dates) for phase in bundle.plan.phases])
    except UserError as error:
        return error.message
    return ""


@_rule("a program with its command")
def _program(bundle: Bundle) -> str:
    return "" if METADATA.encode() in bundle.files["scoring_program.zip"] else f"no {METADATA}"


def _titles(document: Mapping[str, Any]) -> Iterator[str]:
    yield document["title"]
    boards: Sequence[Mapping[str, Any]] = document["leaderboards"]
    for named in (*document["pages"], *boards, *(column for board in boards for column in board["columns"])):
        yield from (named[key] for key in ("title", "key") if key in named)
    yield from (part["name"] for part in (*document["tasks"], *document["phases"]))


def _scores_fault(bundle: Bundle, data: bytes) -> str:
    scores = json.loads(data)
    keys = {key for key, _ in COLUMNS[bundle.plan.track]}
    if set(scores) != keys:
        return f"keys {', '.join(map(str, scores))}"
    return ", ".join(key for key, value in scores.items() if not (math.isfinite(value) and abs(value) < MOST))


def _page_fault(page: str) -> str:
    if not page:
        return "there is none"
    outside = _OUTSIDE.search(page)
    return "" if outside is None else outside[0]
