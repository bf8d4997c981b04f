"""Schema of `leaderboard audit`: what was found in printed boards."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, record, text, track

LINE = integer("line of the file", "from 1", low=1)
FINDING = record(
    "a finding",
    {
        "check": text("name of the check, such as mrr-bounds"),
        "line": LINE,
        "team": text("name of the row; empty where it has none"),
        "metrics": listing("metrics it is about", text("canonical name")),
        "message": text("the finding in a sentence"),
    },
)

declare(
    "leaderboard audit",
    "cmivqa leaderboard audit board.csv --format json",
    listing(
        "one per board, in the order of the files",
        record(
            "a board",
            {
                "file": text("where it stands"),
                "line": LINE,
                "title": text("the words before it; may be empty"),
                "track": track(),
                "unit": text("what it is printed in", choices=("fraction", "percent")),
                "metrics": listing("its columns", text("canonical name")),
                "rows": integer("rows with values", "rows"),
                "questions": listing(
                    "numbers of questions that the recalls tell, the one with most rows first",
                    record(
                        "a number",
                        {
                            "number": integer("of questions", "questions", low=1),
                            "source": text("what tells it", choices=("values", "edition")),
                            "rows": listing("rows all of whose recalls are multiples of 1/number", LINE),
                        },
                    ),
                ),
                "other_rows": listing("rows with recalls that share no number", LINE),
                "ok": flag("there is no contradiction"),
                "contradictions": listing("what no evaluation prints", FINDING),
                "remarks": listing("what is odd and possible", FINDING),
            },
        ),
    ),
    "Bounds of the MRR take every question for answered: the official program leaves the others out of its mean (Q12).",
)
