"""Schema of `data check`: what is in the data and what training would lose."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, identity, integer, listing, mapping, number, record, text

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

STATISTICS = record(
    "sizes and mean lengths, as in the organizers' table",
    {
        "videos": integer("of the corpus", "videos"),
        "videos_asked": integer("of these, named by a question", "videos"),
        "questions": integer("in all", "questions"),
        "question_characters": number("mean length of a question", "characters", null=True),
        "video_seconds": number("mean duration, of the videos that have one", "seconds", null=True),
        "videos_timed": integer("how many these are", "videos"),
        "answer_seconds": number("mean length of a valid answer", "seconds", null=True),
        "answers": integer("how many these are", "answers"),
        "subtitle_lines": number("mean, of the videos that have any", "lines", null=True),
        "line_characters": number("mean length of a subtitle line", "characters", null=True),
    },
)
FEATURES = record(
    "the feature files of its videos",
    {
        "files": integer("that belong to a video", "files"),
        "bad": integer("of these, that cannot be used", "files"),
        "width": integer("numbers in a row of most of them", null=True),
        "seconds_per_row": number("what a row is taken for", "seconds"),
        "stated": number("what the user says; 0: as measured", "seconds", null=True),
        "settled": flag("false where nobody says it and the videos speak against it"),
        "measured": record(
            "what rows and subtitles say",
            {
                "seconds_per_row": number("of most videos", "seconds"),
                "videos": integer("that have both", "videos"),
                "alike": integer("of these, with such rows", "videos"),
            },
            null=True,
        ),
        "faults": listing(
            "every bad file",
            record(
                "a file",
                {
                    "video_id": text("whose features"),
                    "file": text("its path"),
                    "kind": text("sort of fault", choices=("unusable", "transposed", "width", "not finite")),
                    "why": text("in a sentence"),
                },
            ),
        ),
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
                        "statistics": STATISTICS,
                        "features": FEATURES,
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
