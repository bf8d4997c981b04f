"""Schemas of `train`: the run that was made, and what a training would take."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import DRY_RUN, declare
from cmivqa_kit.cli.json_schemas.shapes import integer, mapping, number, record, text

DROPPED = mapping("examples left out, by reason", integer("how many", "examples"))

declare(
    "train",
    "cmivqa train --format json",
    record(
        "the run that was made",
        {
            "run": text("its directory"),
            "baseline": text("system that was fitted"),
            "examples": integer("examples it was really fitted on", "examples"),
            "usable": integer("examples that could be used", "examples"),
            "dropped": DROPPED,
            "steps": integer("taken; null: the system learns in one pass", "optimizer steps", null=True),
            "dev": record(
                "best score on dev questions, whose weights answer; null: there was none",
                {
                    "metric": text("metric that decides"),
                    "value": number("in the official program's own units"),
                    "step": integer("at which it was reached", "optimizer steps"),
                },
                null=True,
            ),
            "next": text("command to go on with"),
        },
    ),
)
declare(
    f"train{DRY_RUN}",
    "cmivqa train --dry-run --format json",
    record(
        "what a training would take",
        {
            "examples": integer("examples that it would be fitted on", "examples"),
            "dropped": DROPPED,
            "plan": record(
                "estimate measured on a few batches; null: the system learns in one pass",
                {
                    "examples": integer("examples that fit", "examples"),
                    "pairs": integer("in an epoch", "pairs"),
                    "batches": integer("in an epoch", "batches"),
                    "epochs": integer("in all", "epochs"),
                    "steps": integer("in all", "optimizer steps"),
                    "seconds": number("wall time of the training with dev evaluations", "seconds", low=0),
                    "memory": integer("peak; 0: unknown", "bytes"),
                    "device": text("device it was measured on"),
                    "dropped": DROPPED,
                    "dev_questions": integer("per evaluation", "questions"),
                },
                null=True,
            ),
        },
    ),
)
