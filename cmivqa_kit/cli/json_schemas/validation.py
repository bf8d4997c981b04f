"""Schema of `validate`: one report per file."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import FINDING
from cmivqa_kit.cli.json_schemas.registry import EXPLAIN, declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, mapping, record, text, track

declare(
    "validate",
    "cmivqa validate submission.json --format json",
    listing(
        "one report per file; that of the answer file (`--truth`) first",
        record(
            "a report",
            {
                "file": text("path of the file"),
                "ok": flag("true without an error"),
                "split": text("split it answers; null: checked against none", null=True),
                "tracks": listing("tracks it is for; empty: cannot be told", track()),
                "rows": integer("items of the file", "items"),
                "errors": integer("findings of severity E", "findings"),
                "warnings": integer("findings of severity W", "findings"),
                "counts": mapping("findings by code", integer("how many", "findings")),
                "unit": text("what the times likely are in where they are no seconds, for `--unit`", null=True),
                "findings": listing("the findings: W310 first, then errors", FINDING),
                "unchecked": listing("what could not be checked, and why", text("a sentence")),
            },
        ),
    ),
)

declare(
    f"validate{EXPLAIN}",
    "cmivqa validate --explain E213 --format json",
    listing(
        "one entry per code",
        record(
            "a validation code",
            {
                "code": text("code of CODES.md, such as E304"),
                "severity": text("E: an error; W: a warning"),
                "about": text("what it is about: the heading in CODES.md"),
                "title": text("what is wrong"),
                "official": text("what the official program does then"),
                "fix": text("how to mend it"),
                "stops": flag("true: nothing further in the file is checked"),
            },
        ),
    ),
)
