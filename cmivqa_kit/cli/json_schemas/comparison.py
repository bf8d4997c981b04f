"""Schema of `compare`: paired differences between submissions."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import CARD, INTERVAL, MADE_BY, SCALE
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, number, record, text

OF_METRIC = "unit of the metric"
DIFFERENCE = record(
    "b minus a on a metric",
    {
        "metric": text("canonical name"),
        "a": number("score of a", OF_METRIC),
        "b": number("score of b", OF_METRIC),
        "difference": number("b - a", OF_METRIC),
        "interval": INTERVAL,
        "p": number("two-sided p-value of this test alone", "0 to 1"),
        "exact": flag("p was counted, not drawn"),
        "p_holm": number("after Holm's correction", "0 to 1"),
        "wins": integer("b has the better value", "questions"),
        "ties": integer("both have the same", "questions"),
        "losses": integer("b has the worse value", "questions"),
        "detectable": number(
            "smallest difference that the split could show; null: they differ nowhere", OF_METRIC, null=True
        ),
        "alpha": number("limit of p_holm", "0 to 1"),
        "scale": SCALE,
        "verdict": text("of b", choices=("better", "worse", "open")),
    },
)
SETTINGS = record(
    "how it was tested",
    {
        "by": text("what is drawn as one", choices=("video", "question")),
        "resamples": integer("resamples, and randomizations", "resamples"),
        "seed": integer("of both"),
        "alpha": number("accepted chance of a difference that is none", "0 to 1"),
        "correction": text("correction for several tests", choices=("holm",)),
        "tests": integer("corrected for", "tests"),
    },
)

COMPARISON = record(
    "a comparison",
    {
        **{name: CARD[name] for name in ("track", "split", "headline", "signature")},
        "systems": listing("the files, the baseline first", text("a file")),
        "questions": integer("that all were compared on", "questions"),
        "videos": integer("of these questions", "videos"),
        "settings": SETTINGS,
        "pairs": listing(
            "which file with which",
            record(
                "a pair",
                {
                    "a": text("the first file"),
                    "b": text("the second"),
                    "conclusion": text("in a sentence", null=True),
                    "metrics": listing("one per metric", DIFFERENCE),
                },
            ),
        ),
        "remarks": listing("what must be known to read it", text("a sentence")),
        "made_by": listing("per file", MADE_BY),
    },
)

declare("compare", "cmivqa compare base.json mine.json --format json", listing("one comparison per track", COMPARISON))
