"""Schema of `import`: the file that was made, and what could not be read."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, record, text, track

declare(
    "import",
    "cmivqa import answers.jsonl --out submission.json --format json",
    record(
        "the submission that was made",
        {
            "file": text("its path"),
            "split": text("split it answers"),
            "tracks": listing("tracks it is for", track()),
            "rows": integer("answers in the source", "rows"),
            "entries": integer("of them in the file", "entries"),
            "answered": integer("questions with an entry", "questions"),
            "questions": integer("of the split", "questions"),
            "problems": listing(
                "all that could not be read, in the order of the source; last what is missing",
                record("a problem", {"location": text("line or item of the source, or the split"),
                                     "message": text("what is wrong")}),
            ),
            "valid": flag("true without an error of `validate`"),
            "errors": integer("of `validate`", "findings"),
            "warnings": integer("of `validate`", "findings"),
        },
    ),
)  # fmt: skip
