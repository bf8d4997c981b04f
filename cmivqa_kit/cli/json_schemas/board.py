"""Schema of `leaderboard show`: the boards with a row per entry, and the entries that are on none."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import COUNTS, INTERVAL, METRICS
from cmivqa_kit.cli.json_schemas.registry import declare
from cmivqa_kit.cli.json_schemas.shapes import flag, integer, listing, mapping, number, record, text, track
from cmivqa_kit.leaderboard.board import Section
from cmivqa_kit.leaderboard.records import Standing, State

ROW = record(
    "an entry: one submission file on one track",
    {
        "section": text("where it stands", choices=tuple(Section)),
        "rank": integer("by the official score, equal ones share it; null: not ranked", "from 1", null=True, low=1),
        "team": text("its true name"),
        "run": text("run of the team"),
        "title": text("as the team calls it"),
        "method": text("what the team says of it"),
        "link": text("to a paper or code, as the team wrote it"),
        "hardware": text("as the team says"),
        "external_data": text("as the team says"),
        "standing": text("how it takes part", choices=tuple(Standing)),
        "state": text("what intake said of it", choices=tuple(State)),
        "received": text("when it came in, ISO 8601 with offset; null: nobody said", null=True),
        "edition": text("edition that it is filed under"),
        "file": text("name of the submission file"),
        "sha256": text("digest of its bytes as it was filed"),
        "track": {**track("track; null: it cannot be told"), "type": ["integer", "null"], "enum": [1, 2, 3, None]},
        "official": METRICS,
        "repaired": {**METRICS, "description": "without what the official program crashes on; null: it does not crash"},
        "strict": METRICS,
        "intervals": mapping("of the strict scores, by metric", INTERVAL, null=True),
        "by_language": mapping("strict scores by language of the question", METRICS, null=True),
        "counts": {**COUNTS, "type": ["object", "null"]},
        "findings": mapping("how often the validator found what, by code", integer("times", "findings")),
        "differences": mapping("why official and strict differ, by quirk", integer("that differ", "questions")),
        "tie_group": integer("its group, from 1; null: not ranked", null=True, low=1),
        "p_holm": number("p-value against the first of its group, after Holm; null: it is the first", null=True),
        "reasons": listing("why it is not ranked, or has no numbers", text("a reason")),
    },
)
BOARD = record(
    "the board of a track",
    {
        "track": track(),
        "split": text("split whose questions are answered"),
        "edition": text("edition by whose rules"),
        "truth": text("name of the answer file"),
        "metric": text("metric that ranks"),
        "metrics": listing("official metrics, in the order of boards", text("a metric")),
        "decimals": integer("that boards show", "decimals"),
        "questions": integer("of the split; 0: nothing was scored", "questions"),
        "videos": integer("that they are about", "videos"),
        "per_team": text("which runs of a team are ranked", choices=("best", "last", "all")),
        "public": flag(
            "true: numbers are rounded to what boards show, findings without messages; false: with --no-public"
        ),
        "ties": record(
            "how the groups were told apart",
            {
                "comparisons": integer("paired tests that were made", "tests"),
                "correction": text("for several comparisons with one entry"),
                "alpha": number("chance of telling apart what is alike", "0 to 1"),
                "detectable": number(
                    "smallest difference that the split would likely show; null: nothing was compared",
                    "unit of the metric",
                    null=True,
                ),
            },
        ),
        "resampling": record(
            "how intervals were drawn, and the least number of exchanges of a test; null: none were",
            {"resamples": integer("of the bootstrap", "resamples"), "seed": integer("of the drawing")},
            null=True,
        ),
        "signature": text("everything the scores depend on; null: nothing was scored", null=True),
        "rows": listing("in the order of the board", ROW),
    },
)

declare(
    "leaderboard show",
    "cmivqa leaderboard show --truth answers.json --format json",
    record(
        "the boards of a folder of entries",
        {
            "boards": listing("one per track that there are answers for", BOARD),
            "unplaced": listing("entries on no board: the track cannot be told, or has no answers here", ROW),
            "problems": listing(
                "what lies in the folder and is no entry",
                record("one of them", {"path": text("where it lies"), "problem": text("what is wrong with it")}),
            ),
        },
    ),
    "Sections: `ranked`; `unranked` with its numbers (a baseline, late, over its team's limit, or the official program "
    "would crash); `superseded` by another run of its team; `invalid`; `elsewhere`: of another split or edition. "
    "With `--no-public` numbers are unrounded, and reasons have the validator's messages.",
)
