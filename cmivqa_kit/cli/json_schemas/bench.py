"""Schemas of `bench`: benchmarks, what is there of one, scores, a comparison."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.comparison import DIFFERENCE, SETTINGS
from cmivqa_kit.cli.json_schemas.parts import INTERVAL, METRICS, SCALE
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import anything, integer, listing, mapping, number, record, text

declare(
    "bench list",
    "cmivqa bench list --format json",
    listing(
        "the benchmarks",
        record(
            "a benchmark",
            {
                "name": text("as it is typed"),
                "title": text("in a few words"),
                "task": text("what is asked"),
                "splits": listing("names of its splits, the usual one first", text("a split")),
                "truth": text("annotation files"),
                "prediction": text("how predictions are handed in"),
                "paper": text("where it was published"),
                "program": text("the official evaluation program"),
            },
        ),
    ),
)
declare(
    "bench check",
    "cmivqa bench check charades-sta --data annotations --format json",
    record(
        "what is there of a benchmark",
        {
            "benchmark": text("name"),
            "root": text("data root"),
            "splits": listing(
                "those of which something is there",
                record(
                    "a split",
                    {
                        "split": text("name"),
                        "files": listing("annotation files that were read", text("a path")),
                        "counts": mapping("how many of what", number("number")),
                        "problems": listing(
                            "what is wrong",
                            record("a problem", {"location": text("where"), "message": text("what")}),
                        ),
                        "remarks": listing("what is to be known", text("a sentence")),
                    },
                ),
            ),
        },
    ),
)
declare(
    "bench train",
    "cmivqa bench train vatex-en2cn --data VisualSearch --format json",
    record(
        "a training on a benchmark, and the scores on its first split",
        {
            "run": text("run directory"),
            "system": text("name"),
            "benchmark": text("name"),
            "examples": integer("that were trained on"),
            "usable": integer("that could be"),
            "dropped": mapping("how many were left out, by reason", integer("number")),
            "steps": integer("optimizer steps"),
            "validation": record(
                "the best value on the validation split",
                {"metric": text("that decides"), "value": number("value"), "step": integer("optimizer step")},
                null=True,
            ),
            "predictions": text("what `bench score` takes"),
            "card": anything("as one of `bench score`; null: the answers of the split are not here"),
            "next": text("the next command"),
        },
    ),
)
declare(
    "bench predict",
    "cmivqa bench predict vatex-en2cn --data VisualSearch --format json",
    record(
        "predictions that were written",
        {
            "benchmark": text("name"),
            "split": text("that was asked"),
            "run": text("run directory"),
            "system": text("name"),
            "predictions": text("what `bench score` takes"),
            "next": text("the next command"),
        },
    ),
)
declare(
    "bench score",
    "cmivqa bench score charades-sta predictions.jsonl --truth charades_sta_test.txt --format json",
    listing(
        "one card per system",
        record(
            "a card",
            {
                "benchmark": text("name"),
                "split": text("split, or the name of the annotation file"),
                "predictions": text("path of the predictions"),
                "headline": text("metric that stands first"),
                "official": mapping(
                    "what the official program prints, in its own structure and units",
                    anything("a number, a text, or a group of them"),
                    null=True,
                ),
                "crash": text("how the official program stops on this input; null: it does not", null=True),
                "metrics": METRICS,
                "scales": mapping("how each metric is read", SCALE),
                "intervals": mapping("95 % intervals by metric, clustered by video", INTERVAL, null=True),
                "extra": mapping("numbers beside that are no means over queries", number("a number", null=True)),
                "counts": mapping("how many queries of which kind", integer("number")),
                "remarks": listing("what the official program does with this input", text("a sentence")),
                "published": listing(
                    "published figures of the system asked for",
                    record(
                        "a figure",
                        {
                            "system": text("system, with its preset"),
                            "metric": text("canonical name"),
                            "value": number("value; null: not confirmed", "unit of the metric", null=True),
                            "doubt": text("why it is not confirmed", null=True),
                            "queries": integer("that it rests on", "queries", null=True),
                            "source": text("where it was published"),
                        },
                    ),
                    null=True,
                ),
                "signature": text("everything that the numbers depend on, in one line"),
            },
        ),
    ),
)
declare(
    "bench compare",
    "cmivqa bench compare charades-sta base.jsonl mine.jsonl --truth charades_sta_test.txt --format json",
    record(
        "a comparison",
        {
            "benchmark": text("name"),
            "split": text("split, or the name of the annotation file"),
            "systems": listing("the systems, the baseline first", text("a path")),
            "headline": text("metric that stands first"),
            "queries": integer("that all were compared on", "queries"),
            "videos": integer("of these queries", "videos"),
            "settings": SETTINGS,
            "pairs": listing(
                "which system with which",
                record(
                    "a pair",
                    {
                        "a": text("the first system"),
                        "b": text("the second"),
                        "metrics": listing("one per metric", DIFFERENCE),
                    },
                ),
            ),
            "signature": text("everything that the numbers depend on, in one line"),
        },
    ),
)
