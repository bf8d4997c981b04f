"""Schemas of `export ...`, of the result card that `score --card` writes, and of `verify`."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import CARD, COUNTS, CUTOFFS, INTERVAL, METRICS
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.scoring import OFFICIAL, RAW, RESAMPLING, STRICT
from cmivqa_kit.cli.json_schemas.shapes import (
    anything,
    flag,
    integer,
    listing,
    mapping,
    measure,
    number,
    record,
    text,
    track,
)

FILES = record(
    "what was written",
    {
        "file": text("path of the submission"),
        "folder": text("where the files are"),
        "track": track("track that was exported"),
        "split": text("split that is answered"),
        "files": listing("their names", text("a name")),
        "organizers_only": listing("those of them that tell answers which organizers hold", text("a name")),
        "questions": integer("questions of the answers", "questions"),
        "answered": integer("answered once, with a list that is not empty", "questions"),
        "warnings": listing("what was left out, with its code", text("a sentence")),
    },
)
declare("export trec", "cmivqa export trec submission.json --format json", FILES)
declare("export medvidqa", "cmivqa export medvidqa submission.json --format json", FILES)
declare("export tvr", "cmivqa export tvr submission.json --format json", FILES)

PHASE = record(
    "a phase",
    {
        "name": text("its split"),
        "questions": integer("that it asks", "questions"),
        "first": text("first day, YYYY-MM-DD"),
        "last": text("last day; null: it stays open", null=True),
    },
)
COLUMN_SCORES = mapping("by key of the column; empty: none", measure("score, a fraction"))
PLAYED = record(
    "a submission on a bundle",
    {
        "track": track(),
        "file": text("path of the submission"),
        "phase": text("split whose questions it answers most"),
        "python": text("version of the Python that ran the program"),
        "code": integer("exit code of the program"),
        "scores": COLUMN_SCORES,
        "official": {**COLUMN_SCORES, "description": "what `score` gives, by key of the column; empty: it stops"},
        "message": text("what the program says of the file; empty: nothing"),
        "checks": listing(
            "every limit", record("a limit", {"demand": text("what is wanted"), "fault": text("empty: it is kept")})
        ),
    },
)


def _codabench() -> dict[str, object]:
    return record(
        "what was written",
        {
            "folder": text("where the bundles are"),
            "bundles": listing(
                "one per track",
                record(
                    "a bundle",
                    {
                        "track": track(),
                        "file": text("path of the zip"),
                        "sha256": text("its hash"),
                        "phases": listing("in order", PHASE),
                    },
                ),
            ),
            "dry_runs": listing("one per file and bundle", PLAYED),
        },
    )


declare("export codabench", "cmivqa export codabench bundles --format json", _codabench())
declare(
    "export codabench --dry-run",
    "cmivqa export codabench bundles --dry-run submission.json --format json",
    _codabench(),
)

_SECONDS = record(
    "what scoring took; null: not measured",
    {"wall": number("time that passed", "s"), "processor": number("processor time", "s")},
    null=True,
)
declare(
    "score --card",
    "cmivqa score submission.json --card card.json",
    record(
        "a result card",
        {
            "format": text("name and version of this format"),
            "file": record(
                "the submission",
                {"name": text("its name"), "bytes": integer("its size", "bytes"), "sha256": text("its hash")},
            ),
            "truth": record("the answers", {"name": text("name of their file")}),
            "settings": record(
                "how it was scored",
                {
                    "edition": text("by whose rules"),
                    "split": text("split that was scored"),
                    "track": {
                        **track("the one that was asked for; null: all that the file is for"),
                        "type": ["integer", "null"],
                        "enum": [1, 2, 3, None],
                    },
                    "cutoffs": {**CUTOFFS, "type": ["array", "null"]},
                    "resamples": integer("of the bootstrap; null: no intervals", "resamples", null=True),
                    "seed": integer("of the drawing; null: no intervals", null=True),
                },
            ),
            "scores": listing(
                "one per track",
                record(
                    "scores on a track",
                    {
                        **CARD,
                        "truth": text("digest of all its answers together; null: fewer than 10", null=True),
                        "counts": COUNTS,
                        "official": record(
                            "scores of the official program",
                            {
                                "status": text("how it ended", choices=("ok", "official_crash", "unreadable")),
                                "metrics": METRICS,
                                "raw": RAW,
                                "crash": record(
                                    "how it stops, not at what: that could tell an answer; null: it does not",
                                    {
                                        "exception": text("type of the exception"),
                                        "stage": text("while reading or scoring", choices=("load", "score")),
                                    },
                                    null=True,
                                ),
                                "repaired": OFFICIAL["properties"]["repaired"],
                            },
                        ),
                        "strict": record(
                            "corrected scores",
                            {key: STRICT["properties"][key] for key in ("status", "error", "metrics", "by_language")},
                        ),
                        "intervals": mapping("of the strict metrics, by name", INTERVAL, null=True),
                        "resampling": RESAMPLING,
                    },
                ),
            ),
            "environment": mapping("versions and machine, by name", text("a version or a name")),
            "seconds": _SECONDS,
        },
    ),
    "A file, not what is printed. Nothing in it tells an answer.",
)
declare(
    "verify",
    "cmivqa verify card.json submission.json --truth answers.json --format json",
    record(
        "what verifying found",
        {
            "card": text("path of the card"),
            "file": text("path of the submission"),
            "same": flag("true: nothing differs"),
            "differences": listing(
                "each place that differs",
                record(
                    "a place",
                    {
                        "pointer": text("JSON pointer into the card"),
                        "stated": anything("what the card says; null: nothing"),
                        "computed": anything("what was computed; null: nothing"),
                    },
                ),
            ),
            "remarks": listing("differences of names and machine, which do not count", text("a sentence")),
        },
    ),
)
