"""Schemas of what several commands print: findings, scales, counts, intervals, the record of a run."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.shapes import (
    flag,
    identity,
    integer,
    listing,
    mapping,
    measure,
    number,
    record,
    text,
    track,
)

CARD = {
    "track": track(),
    "split": text("split that was scored"),
    "edition": text("edition by whose rules"),
    "headline": text("metric that the board ranks by"),
    "signature": text("everything that the numbers depend on, in one line"),
}
CUTOFFS = listing("list lengths K that recall is measured at", integer("one of them", "entries", low=1))
COUNTS = record(
    "how many questions of which kind",
    {
        "questions": integer("questions of the ground truth", "questions"),
        "answered": integer("with exactly one answer", "questions"),
        "missing": integer("without an answer", "questions"),
        "duplicated": integer("answered more than once", "questions"),
        "extra": integer("answers to no question of the split", "items"),
        "malformed": integer("items that are no answer", "items"),
        "invalid_entries": integer("entries of lists that cannot count", "entries"),
    },
)
FINDING = record(
    "a finding",
    {
        "code": text("code of CODES.md, such as E304"),
        "severity": text("error or warning", choices=("E", "W")),
        "message": text("the finding in a sentence"),
        "path": text("JSON pointer to its place; empty for the file"),
        "index": integer("position of the item in the file", "from 0", null=True),
        "id": identity("id of the question"),
        "line": integer("line of the file", "from 1", null=True),
        "column": integer("column of the line", "from 1", null=True),
        "official": text("what the official program does"),
        "hint": text("how to mend it"),
    },
)
SCALE = record(
    "how a metric is read",
    {
        "unit": text("its unit; fraction for shares"),
        "higher_is_better": flag("its direction"),
        "bounds": listing("lowest and highest value; null: none", number("a bound", null=True), length=2),
    },
)
INTERVAL = record(
    "confidence interval by bootstrap",
    {
        "low": number("lower end", "unit of the metric", null=True),
        "high": number("upper end", "unit of the metric", null=True),
        "level": number("confidence level", "0 to 1"),
        "error": number("standard error", "unit of the metric", null=True),
        "note": text("what the interval does not tell", null=True),
    },
)
METRICS = mapping("values by canonical name of the metric, unrounded", measure("value"), null=True)
MADE_BY = record(
    "record of the run that made the file; null: none did",
    {
        "sha256": text("hash of the file"),
        "run": text("name of the run"),
        "baseline": text("system"),
        "recipe": text("recipe it was trained with"),
        "weights": text("hash of its weights", null=True),
        "split": text("split that was answered"),
        "tracks": listing("tracks it answers", track()),
        "data": text("name or root of the corpus"),
        "command": text("command that made it"),
        "remark": text("what must be known to compare it"),
        "retriever": text("what stood in front"),
        "videos": integer("of the corpus that it answered from", "videos"),
    },
    null=True,
    optional=("split", "tracks", "data", "command", "remark", "retriever", "videos"),
)
