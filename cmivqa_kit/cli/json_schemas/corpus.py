"""Schema of `data check`: what is in the data and what training would lose."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import identity, integer, listing, mapping, number, record, text

QUESTION = record(
    "a question",
    {
        "split": text("its split"),
        "file": text("its file", null=True),
        "id": identity("its id"),
        "video_id": text("the right video", null=True),
        "language": text("its language", null=True),
        "start_second": number("begin of the answer", "seconds", null=True),
        "end_second": number("end of the answer", "seconds", null=True),
        "subtitle_lines": integer("of the video, in its language", "lines", null=True),
        "features": text("state of the features of the video"),
        "duration": number("of the video", "seconds", null=True),
        "duration_source": text("where the duration comes from", null=True),
        "findings": mapping("by rule", text("the reason")),
        "dropped_by": listing("rules by which training would drop it", text("a rule")),
    },
)

declare(
    "data check",
    "cmivqa data check --split train --format json",
    record(
        "what is in the data",
        {
            "root": text("the data root"),
            "splits": listing(
                "one per question file",
                record(
                    "a split",
                    {
                        "split": text("its name"),
                        "edition": text("edition it is read by"),
                        "layout": text("form of its file"),
                        "file": text("its file", null=True),
                        "questions": integer("in all", "questions"),
                        "languages": mapping("by language", integer("how many", "questions")),
                        "with_answer": integer("that have an answer", "questions"),
                        "videos": integer("of its corpus", "videos"),
                        "videos_with_subtitles": integer("of these", "videos"),
                        "videos_with_features": integer("of these", "videos"),
                        "durations": mapping("by where the duration comes from", integer("how many", "videos")),
                        "findings": mapping("by rule", integer("how many", "questions")),
                        "notes": listing(
                            "about files and videos",
                            record("a note", {"what": text("what it is about"), "why": text("in a sentence")}),
                        ),
                        "ids": listing("questions with a finding; all with `--all`", QUESTION),
                    },
                ),
            ),
            "unreadable": mapping("by split that cannot be read", text("the error")),
        },
    ),
)
