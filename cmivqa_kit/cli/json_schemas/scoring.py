"""Schema of `score`: one entry per file, one score card per track."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import CARD, COUNTS, CUTOFFS, FINDING, INTERVAL, MADE_BY, METRICS, SCALE
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, identity, integer, listing, mapping, number, record, text

RAW = {**METRICS, "description": "as the official program prints them, before they are made fractions"}
OFFICIAL = record(
    "scores of the official program",
    {
        "status": text("how it ended", choices=("ok", "official_crash", "unreadable")),
        "metrics": METRICS,
        "raw": RAW,
        "crash": record(
            "where it stops; null: it does not",
            {
                "exception": text("type of the exception"),
                "stage": text("while reading or scoring", choices=("load", "score")),
                "target_index": integer("position in the ground truth", "from 0", null=True),
                "question_id": identity("id there"),
                "quirk": text("its number in docs/spec/scoring.md", null=True),
                "why": text("the reason in a sentence", null=True),
            },
            null=True,
        ),
        "repaired": record(
            "what it gives without that which it crashes on; null: it does not crash",
            {
                "metrics": METRICS,
                "raw": RAW,
                "dropped_items": integer("items taken out", "items"),
                "dropped_questions": integer("questions taken out", "questions"),
            },
            null=True,
        ),
    },
)
STRICT = record(
    "corrected scores",
    {
        "status": text("refused: the truth or the file has no such score", choices=("ok", "refused")),
        "error": text("why refused, a fixed word", null=True),
        "message": text("the same in a sentence", null=True),
        "metrics": METRICS,
        "by_language": mapping("metrics by language of the question", METRICS, null=True),
        "scales": mapping("by metric", SCALE, null=True),
    },
)
DIFFERENCE = record(
    "a reason why official and strict scores differ",
    {
        "code": text("number of the quirk, or a word"),
        "why": text("the reason in a sentence"),
        "metrics": listing("metrics that differ for it", text("a metric")),
        "questions": integer("that differ for it", "questions"),
        "ids": listing("the first five of them", identity("id of the question")),
    },
)
RESAMPLING = record(
    "how the intervals were drawn; null: none were",
    {
        "by": text("what is drawn as one", choices=("video", "question")),
        "units": integer("how many of these", "videos or questions"),
        "resamples": integer("of the bootstrap", "resamples"),
        "seed": integer("of the drawing"),
    },
    null=True,
)
PUBLISHED = record(
    "published figures (`--published`); null: not asked for, or none fits",
    {
        "preset": text("name that was given"),
        "sources": listing("where they were published", text("a source")),
        "corpus": text("edition or corpus they are of"),
        "split": text("split they are of"),
        "questions": integer("of that split", "questions"),
        "same_corpus": flag("false: another corpus was scored, no comparison"),
        "metrics": mapping("confirmed figures by metric", number("value", "fraction")),
        "unconfirmed": mapping(
            "by metric", record("a figure", {"value": number("value", "fraction"), "why": text("why it is doubted")})
        ),
    },
    null=True,
)
SCORE = record(
    "score card of a track",
    {
        **CARD,
        "cutoffs": CUTOFFS,
        "entries": integer("entries of a list that are read", "entries"),
        "counts": COUNTS,
        "official": OFFICIAL,
        "strict": STRICT,
        "differences": listing("most questions first", DIFFERENCE),
        "intervals": mapping("of the strict metrics, by name", INTERVAL, null=True),
        "resampling": RESAMPLING,
        "published": PUBLISHED,
        "corpus_videos": integer("that the lists rank; null: Track 1, or no corpus at hand", "videos", null=True),
    },
)

declare(
    "score",
    "cmivqa score submission.json --format json",
    listing(
        "one entry per file",
        record(
            "an entry",
            {
                "file": text("path of the file"),
                "status": text("whether it could be scored at all", choices=("ok", "unreadable")),
                "findings": listing("about the file as a whole", FINDING),
                "truth": text("path of the answer file", null=True),
                "made_by": MADE_BY,
                "scores": listing("one per track", SCORE),
            },
        ),
    ),
    'Metrics are unrounded; `null` stands for NaN, `"Infinity"` for infinity (only with a degenerate ground truth).',
)
