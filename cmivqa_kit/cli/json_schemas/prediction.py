"""Schemas of `predict` and `rerank`: the files that were written, and what a pass would take."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import ALL, DRY_RUN, declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, number, record, text, track

WRITTEN = {  # of a submission file, however it came about
    "path": text("where it is"),
    "tracks": listing("tracks it answers", track()),
    "questions": integer("questions it answers", "questions"),
    "remark": text("what must be known to compare it", null=True),
    "retriever": text("what stood in front", null=True),
}

declare(
    "predict",
    "cmivqa predict --split testA --format json",
    record(
        "the files that were written",
        {
            "run": text("directory of the run that answered"),
            "files": listing(
                "the submission files",
                record("a file", WRITTEN),
            ),
        },
    ),
)
declare(
    f"predict{ALL}",
    "cmivqa predict --split testA --all --format json",
    record(
        "every file that the edition hands in",
        {
            "files": listing(
                "the submission files",
                record(
                    "a file",
                    {
                        **WRITTEN,
                        "baseline": text("system that answered"),
                        "run": text("directory of its run"),
                        "valid": flag("the validator found no error"),
                        "errors": integer("findings of severity E", "findings"),
                        "warnings": integer("findings of severity W", "findings"),
                    },
                ),
            ),
        },
    ),
)
declare(
    f"predict{DRY_RUN}",
    "cmivqa predict --split testA --dry-run --format json",
    record(
        "the estimated cost of a pass",
        {
            "questions": integer("different ones: equal texts are asked once", "questions"),
            "asked": integer("to answer, in all files", "questions"),
            "videos": integer("per question", "videos"),
            "pairs": integer("questions times videos", "pairs"),
            "rows": integer("rows of the network; more where a video is read in windows", "rows"),
            "tokens": integer("without padding", "tokens"),
            "seconds": number("wall time on one device", "seconds", low=0),
            "memory": integer("peak; 0: unknown", "bytes"),
            "batch": integer("size of a batch", "tokens"),
            "device": text("device it was measured on"),
            "first_stage": record(
                "what chooses the videos; null: all are scored",
                {
                    "name": text("baseline, run or file"),
                    "videos": integer("passed on per question", "videos"),
                    "of": integer("of how many", "videos"),
                    "recall_on_dev": number(
                        "how often the right video is among them; null: not measured", "0 to 1", null=True
                    ),
                    "dev_videos": integer("of dev, among which that was measured", "videos"),
                    "run": text("fingerprint of the run it answers from"),
                    "without": integer("for which it names no video of the corpus", "questions"),
                    "spare": text("whose list these get instead"),
                },
                null=True,
                optional=("dev_videos", "run", "without", "spare"),
            ),
            "ranking_costs_network": flag("choosing the videos runs a network as well, which is not counted"),
        },
    ),
    "For systems that score question-video pairs; any other refuses (exit code 2), since it answers in seconds.",
)
declare(
    "rerank",
    "cmivqa rerank submission.json --format json",
    record(
        "the file that was written",
        {
            "run": text("directory of the run that re-ranked"),
            "file": text("the submission that was re-ranked"),
            "path": text("the new file"),
            "split": text("the split that it answers"),
            "tracks": listing("tracks it answers", track()),
            "questions": integer("lists in it", "questions"),
            "changed": integer("lists that begin with another candidate now", "questions"),
        },
    ),
)
