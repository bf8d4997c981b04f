"""What the page shows: one JSON-safe dict that holds everything, so that the page needs nothing else.

Scores are unrounded; seconds have three decimals, which keeps 511 lists of 50 entries small. The dict::

    {
      "kit": version, "submission": file name, "split", "edition", "track": 1 | 3, "headline": "Average" | "mIoU",
      "score": strict, "official": number or null, "signature", "made_by": text or null, "cutoffs": [1, 10, 50] | [1],
      "classes": [{"key", "title", "formula", "share", "by_cutoff": [per cut-off], "questions"}],  # four, in order
      "labels": [{"key", "title", "questions"}],                                                  # hit, the four
      "oracles": [{"key", "title", "values": [per cut-off], "average", "note"}],                  # none on Track 1
      "warnings": [{"code", "message", "ids": [up to 5], "questions", "fix"}], "remarks": [text],
      "calibration": {"questions", "expected", "real", "error", "groups": [{"n", "expected", "real"}]} or null,
      "next": text, "prior": [{"key", "title", "value"}],                                         # may be empty
      "groups": [{"title", "rows": [{"name", "n", "score", "shares": [4], "small": n < 10}]}],
      "videos": [{"id", "language": text or null, "duration": s or null, "subtitles": [[start, end, text], ...]}],
      "questions": [{"id", "text", "language": text or null, "label": key, "score", "m": [per cut-off],
                     "position": p or null, "gold": [video, start, end],
                     "entries": [[video, name, start, end], ...]}]
    }

Where the answers are the organizers' there is ``"organizers_only": true``. A page for the public has
``"public": true`` instead; there ``gold`` and ``position`` are null, and ``videos`` are those of the lists alone.
``"unlinked": true`` stands where ids that look like YouTube's are made up: else the page links those to the site.

``videos`` are the right videos and every video that a list names, as far as the corpus has them; where it has subtitles
per language, a video stands there once per language in which it is needed. ``video`` is an index into them, or -1 where
the corpus has no such video: then ``name`` is its id, else "". The entry at index i has rank i + 1. An entry that can
match nothing (malformed, or its times are no span) keeps its place as ``[-1, "", 0, 0]``. Texts are as they stand in
the files: whoever shows them must escape them. Source of the numbers: `Diagnosis.to_dict`.
"""

from __future__ import annotations

from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.usual_span import duration_of
from cmivqa_kit.diagnosis.diagnosis import Diagnosis
from cmivqa_kit.diagnosis.outcomes import Outcome
from cmivqa_kit.scoring.ids import json_safe

NO_ENTRY = (-1, "", 0, 0)
_SAME = (
    "split", "edition", "track", "headline", "score", "official", "signature", "cutoffs", "classes", "labels",
    "oracles", "warnings", "next", "remarks", "prior", "calibration", "groups",
)  # fmt: skip


class PageVideos:
    """The videos of the page, each with the index under which it is known there."""

    def __init__(self, corpus: Split | None) -> None:
        self.corpus = corpus
        self.rows: list[dict[str, Any]] = []
        self._index: dict[tuple[str, str | None], int] = {}

    def index(self, video_id: str, language: str | None, gold: bool = False) -> int:
        """The index of a video for a question in ``language``; -1 where the corpus does not have it.

        A ``gold`` one is there in any case: the right span must stand somewhere.
        """
        video = self.corpus.videos.get(video_id) if self.corpus is not None else None
        key = video_id, language if video is not None and language in video.translations else None
        if key not in self._index and (video is not None or gold):
            self._index[key] = len(self.rows)
            lines = video.subtitles_in(language) if video is not None else ()
            self.rows.append(
                {
                    "id": video_id,
                    "language": key[1],
                    "duration": seconds_of(self.corpus and duration_of(self.corpus, video_id)),
                    "subtitles": [[seconds_of(line.start), seconds_of(line.end), line.text] for line in lines],
                }
            )
        return self._index.get(key, -1)


def payload(
    diagnosis: Diagnosis,
    submission: str,
    made_by: str | None = None,
    organizers_only: bool = False,
    public: bool = False,
    unlinked: bool = False,
) -> dict[str, Any]:
    """The content of the page as the dict that the head of this module describes.

    Args:
        submission: the name to show for the submission file.
        made_by: the system and run that made it, where that is known.
        organizers_only: the page says that it is not to be handed on.
        public: the page goes to a team: no right video and no right span stands in it.
        unlinked: the ids of the corpus are made up: none is linked to YouTube.
    """
    document = diagnosis.to_dict()
    videos = PageVideos(diagnosis.context.corpus)
    rows = zip(diagnosis.outcomes, diagnosis.asked, document["questions"], strict=True)
    questions = []
    for one, asked, row in rows:
        gold = None
        if not public:
            gold = [videos.index(one.video, asked.language, gold=True), seconds_of(one.start), seconds_of(one.end)]
        questions.append(
            {
                "id": row["id"],
                "text": asked.text,
                "language": asked.language,
                "label": row["label"],
                "score": row["score"],
                "m": row["m"],
                "position": None if public else row["position"],
                "gold": gold,
                "entries": _entries(one, videos, asked.language),
            }
        )
    return {
        "kit": __version__,
        "submission": submission,
        "made_by": made_by,
        **({"organizers_only": True} if organizers_only and not public else {}),
        **({"public": True} if public else {}),
        **({"unlinked": True} if unlinked else {}),
        **{name: document[name] for name in _SAME},
        "videos": videos.rows,
        "questions": questions,
    }


def _entries(outcome: Outcome, videos: PageVideos, language: str | None) -> list[list[Any]]:
    """Every entry that was read, at its place."""
    found = [list(NO_ENTRY) for _ in range(outcome.read)]
    for position, name, start, end in outcome.entries:
        index = videos.index(name, language)
        found[position - 1] = [index, name if index < 0 else "", seconds_of(start), seconds_of(end)]
    return found


def seconds_of(value: Any) -> float | None:
    """Seconds with three decimals; ``None`` where they are not known or not finite."""
    if value is None:
        return None
    rounded: float | None = json_safe(round(float(value), 3))
    return rounded if isinstance(rounded, float) else None
