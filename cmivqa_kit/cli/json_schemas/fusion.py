"""Schema of `fuse`: what was fused, with which weights, and what it gained."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.comparison import DIFFERENCE, OF_METRIC
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import integer, listing, number, record, text, track

WEIGHT = number("weight", low=0.0)

declare(
    "fuse",
    "cmivqa fuse a.json b.json --out fused.json --format json",
    record(
        "a fused submission",
        {
            "file": text("the file that was written"),
            "tracks": listing("tracks it is for", track()),
            "edition": text("edition of its form"),
            "questions": integer("answered", "questions"),
            "constant": number("added to every rank", low=0.0),
            "parts": listing(
                "per file that was fused",
                record(
                    "a file",
                    {"file": text("its name"), "weight": WEIGHT, "answers": integer("sound answers", "questions")},
                ),
            ),
            "fit": record(
                "how the weights were fitted; null: they were not",
                {
                    "weights": listing("per file", WEIGHT),
                    "track": track(),
                    "metric": text("that was made as large as possible, strict"),
                    "split": text("split that it was fitted on"),
                    "questions": integer("of it", "questions"),
                    "alone": listing("each file by itself", number("value", OF_METRIC)),
                    "equal": number("with equal weights", OF_METRIC),
                    "fitted": number("with these", OF_METRIC),
                },
                null=True,
            ),
            "gains": listing(
                "the fused file minus a part, on what ranks a track; empty where no answers are at hand",
                {
                    **DIFFERENCE,
                    "description": "a gain: b is the fused file, a the part",
                    "properties": {
                        "track": track(),
                        "part": text("a"),
                        "conclusion": text("in a sentence"),
                        **DIFFERENCE["properties"],
                    },
                    "required": ["track", "part", "conclusion", *DIFFERENCE["required"]],
                },
            ),
        },
    ),
)
