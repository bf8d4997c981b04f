"""Schemas of `runs` and its commands."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.comparison import COMPARISON
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import anything, integer, listing, mapping, number, record, text, track

_RUN = {
    "run": text("its folder"),
    "state": text("in progress: a process works on it", choices=("finished", "in progress", "unfinished")),
    "baseline": text("system"),
    "recipe": text("recipe", choices=("kit", "published")),
    "preset": text("preset it was trained with; null: none", null=True),
    "seed": integer("of everything random", low=None),
    "benchmark": text("published benchmark it was trained on; null: a corpus of the challenge", null=True),
    "started": text("UTC, ISO 8601", null=True),
    "finished": text("UTC, ISO 8601", null=True),
    "dev": record("how the training loop ended; null: no loop, or not ended",
                  {"metric": text("dev metric that decides; empty: the run does not say"),
                   "best": number("its best value; null: no dev split", "unit of the metric", null=True),
                   "step": integer("where that was", "optimizer steps", null=True),
                   "steps": integer("of the whole training", "optimizer steps", low=None)}, null=True),
    "answered": listing("files it answered, the newest first",
                        record("a file",
                               {"file": text("the copy in the run"), "split": text("split that was answered"),
                                "tracks": listing("tracks it is for", track()),
                                "retriever": text("what stood in front", null=True)})),
}  # fmt: skip
_DIFFERENCE = record("a setting", {"name": text("such as train.lr"), "first": anything("value, null: has none"),
                                   "second": anything("value, null: has none")})  # fmt: skip
_LISTED = {
    **_RUN,
    "state": text("damaged: its record cannot be read; foreign: a folder that is no run",
                  choices=("finished", "in progress", "unfinished", "damaged", "foreign")),
    "fault": text("why it is damaged or foreign"),
}  # fmt: skip
declare(
    "runs",
    "cmivqa runs --format json",
    listing("the run that began last first, other folders at the end",
            record("a folder", _LISTED, optional=tuple(name for name in _LISTED if name not in ("run", "state")))),
    "Only damaged and foreign folders have `fault`, and nothing but `run` and `state` beside it.",
)  # fmt: skip
declare(
    "runs show",
    "cmivqa runs show ccgs-1 --format json",
    record(
        "a run",
        {
            **_RUN,
            "data": mapping("what it was trained on, as its record has it", anything("a value")),
            "encoder": text("its encoder as the settings name it; null: none", null=True),
            "changed": listing("settings that are not the preset's: `first` there, `second` in the run", _DIFFERENCE,
                               null=True),
            "remark": text("why `changed` is null", null=True),
            "curves": mapping("by name, such as loss or Overall",
                              listing("in their order",
                                      listing("optimizer step and value", number("one of them"), length=2))),
            "damaged_lines": integer("lines of metrics.jsonl that could not be read", "lines"),
        },
    ),
)  # fmt: skip
declare(
    "runs compare",
    "cmivqa runs compare ccgs-1 ccgs-2 --format json",
    record(
        "two runs",
        {
            "runs": listing("both", record("a run", _RUN), length=2),
            "settings": listing("what differs", _DIFFERENCE),
            "comparisons": listing("of their dev files, one per track that both answered", COMPARISON),
            "remark": text("why there is no comparison", null=True),
        },
    ),
)
