"""Schema of `diagnose`: where a submission lost its points."""

from __future__ import annotations

from cmivqa_kit.cli.json_schemas.parts import CARD, COUNTS, CUTOFFS
from cmivqa_kit.cli.json_schemas.registry import PAIR, declare
from cmivqa_kit.cli.json_schemas.shapes import (
    flag,
    identity,
    integer,
    listing,
    measure,
    number,
    record,
    text,
)


def share(meaning: str) -> dict[str, object]:
    """A part of the score."""
    return number(meaning, "fraction")


CLASS = record(
    "a cause",
    {
        "key": text("its key"),
        "title": text("its name"),
        "formula": text("what a question loses to it"),
        "share": share("points lost to it"),
        "by_cutoff": listing("the same per cut-off (K)", share("points")),
        "questions": integer("that lose anything to it", "questions"),
    },
)
ORACLE = record(
    "a bound",
    {
        "key": text("what is given", choices=("gold-span", "gold-video")),
        "title": text("its name"),
        "values": listing("per cut-off (K)", share("score")),
        "average": share("their mean"),
        "note": text("how it is reckoned"),
    },
)
GROUP = record(
    "a way to group the questions",
    {
        "title": text("by what, with its unit"),
        "rows": listing(
            "the groups",
            record(
                "a group",
                {
                    "name": text("range or name"),
                    "n": integer("its size", "questions"),
                    "score": share("strict score"),
                    "shares": listing("lost to each cause", share("points"), length=4),
                    "small": flag("fewer than 10 questions"),
                },
            ),
        ),
    },
)
WARNING = record(
    "a warning",
    {
        "code": text("its code"),
        "message": text("in a sentence"),
        "ids": listing("up to five of its questions", identity("id of the question")),
        "questions": integer("it is about", "questions"),
        "fix": text("what to do"),
    },
)
QUESTION = record(
    "a question",
    {
        "id": identity("its id"),
        "label": text("hit, or the key of its cause"),
        "score": share("its strict score"),
        "m": listing("best IoU within each cut-off (K)", share("IoU")),
        "position": integer("of the first valid entry of the right video", "from 1", null=True),
        "answer": text("whether it has one", choices=("given", "missing", "duplicated")),
    },
)

declare(
    "diagnose",
    "cmivqa diagnose submission.json --format json",
    record(
        "where the points went",
        {
            "file": text("path of the file"),
            "made_by": text("system and run that made it", null=True),
            **CARD,
            "cutoffs": CUTOFFS,
            "counts": COUNTS,
            "unanswered": integer("without exactly one answer", "questions"),
            "corpus_videos": integer("that the lists rank; null: Track 1, or no corpus at hand", "videos", null=True),
            "score": share("strict"),
            "official": measure("the same by the official program"),
            "loss": share("1 - score"),
            "classes": listing("the causes; their shares add up to the loss", CLASS, length=4),
            "labels": listing(
                "every question has one",
                record(
                    "a label",
                    {
                        "key": text("hit, or the key of a cause"),
                        "title": text("its name"),
                        "questions": integer("that have it", "questions"),
                    },
                ),
            ),
            "oracles": listing("bounds; none on Track 1", ORACLE),
            "prior": listing(
                "what the usual span of the training answers scores; empty: not at hand",
                record(
                    "a setting",
                    {
                        "key": text("what is given", choices=("prior", "gold-video", "ranking")),
                        "title": text("its name"),
                        "value": share("score"),
                    },
                ),
            ),
            "prior_span": record(
                "the usual span",
                {
                    "start": number("begin", "part of the video"),
                    "end": number("end", "part of the video"),
                    "seconds": number("usual length of an answer", "seconds"),
                    "answers": integer("training answers it is made of", "answers"),
                },
                null=True,
            ),
            "calibration": record(
                "what the run expected of its first answers, beside what came; null: no run at hand kept it",
                {
                    "questions": integer("whose first answer has an expected IoU", "questions"),
                    "expected": share("mean expected IoU"),
                    "real": share("mean real IoU"),
                    "error": share("mean distance of the groups' two means, by size"),
                    "groups": listing(
                        "by rising expected IoU, of equal size",
                        record(
                            "first answers",
                            {
                                "n": integer("how many", "questions"),
                                "expected": share("mean expected IoU"),
                                "real": share("mean real IoU"),
                            },
                        ),
                    ),
                },
                null=True,
            ),
            "groups": listing("by what is known of the questions", GROUP),
            "warnings": listing("patterns that look like mistakes", WARNING),
            "remarks": listing("what is not at hand, or what the numbers are not", text("a sentence")),
            "next": text("what to do next"),
            "questions": listing("in the order of the ground truth", QUESTION),
            "organizers_only": flag("true: answers that organizers hold can be told from it; else not there"),
        },
        optional=("organizers_only",),
    ),
)

_ANSWER = record(
    "what became of it",
    {
        "value": number("its part of the headline", "unit of the headline"),
        "m": QUESTION["properties"]["m"],
        "position": integer("rank of the right video; on Track 3 of its first valid entry", "from 1", null=True),
        "label": text("hit, or the key of its cause; null: Track 2", null=True),
        "answer": QUESTION["properties"]["answer"],
    },
)
_VERDICT = "who is better by the headline; both-miss: both earn nothing"
_VERDICTS = ("a-better", "b-better", "both-miss", "same")

declare(
    f"diagnose{PAIR}",
    "cmivqa diagnose old.json new.json --format json",
    record(
        "two systems side by side",
        {
            **{name: CARD[name] for name in ("track", "split", "edition", "headline")},
            "cutoffs": listing("list lengths K of `m`; none on Track 2", integer("one of them", "entries", low=1)),
            "signature": text("what the signatures of both have in common"),
            "systems": listing(
                "A, then B",
                record(
                    "a system",
                    {
                        "name": text("path of its file"),
                        "made_by": text("system and run that made it", null=True),
                        "score": number("strict headline", "unit of the headline"),
                        "official": measure("the same by the official program"),
                        "counts": COUNTS,
                    },
                ),
                length=2,
            ),
            "difference": number("score of B minus that of A", "unit of the headline"),
            "verdicts": record(_VERDICT, {name: integer("how many", "questions") for name in _VERDICTS}),
            "remarks": listing("what must be known to read it", text("a sentence")),
            "questions": listing(
                "those on which they differ most first",
                record(
                    "a question",
                    {
                        "id": identity("its id"),
                        "difference": number("value of B minus that of A", "unit of the headline"),
                        "verdict": text(_VERDICT, choices=_VERDICTS),
                        "a": _ANSWER,
                        "b": _ANSWER,
                    },
                ),
            ),
            "organizers_only": flag("true: answers that organizers hold can be told from it; else not there"),
        },
        optional=("organizers_only",),
    ),
)
