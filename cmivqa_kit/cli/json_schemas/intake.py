"""Schema of `leaderboard add`: what became of each attachment."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import FINDING
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, record, text, track

declare(
    "leaderboard add",
    "cmivqa leaderboard add submission.json --team WAN --format json",
    record(
        "what was filed",
        {
            "submissions": text("folder of all entries"),
            "received": text("ISO 8601 time that the attachments are filed with"),
            "left_out": listing(
                "files of the folders that are no attachments",
                record("one of them", {"file": text("its path"), "reason": text("why")}),
            ),
            "attachments": listing(
                "those that were judged, in order",
                record(
                    "one of them",
                    {
                        "file": text("path of the attachment"),
                        "team": text("name of the team, as in its first entry"),
                        "state": text("what was said of it", choices=("accepted", "rejected")),
                        "standing": text("how it takes part", choices=("competing", "baseline", "late")),
                        "known": flag("true: the same file was filed before, and nothing was done"),
                        "folder": text("folder of the entry"),
                        "edition": text("edition it is filed under"),
                        "run": text("name of the entry: run-1, rejected-1"),
                        "tracks": listing("tracks it is for; empty: cannot be told", track()),
                        "split": text("split it answers; null: checked against none", null=True),
                        "sha256": text("of the plain submission; of a rejected one without, of the attachment"),
                        "counted_before": integer("entries that used the team's limit before", "entries"),
                        "over_limit": flag("true: the limit had been used up"),
                        "reasons": listing("why it was rejected", text("a code with its title and number")),
                        "remarks": listing("what only the organizer needs to know", text("a sentence")),
                        "findings": listing("what the validator says of it", FINDING),
                        "reply": record("text for an e-mail", {"zh": text("in Chinese"), "en": text("in English")}),
                    },
                ),
            ),
        },
    ),
)
