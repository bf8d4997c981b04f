"""What the page of two systems shows: one JSON-safe dict, as `cmivqa_kit.diagnosis.payload` is for one::

    {
      "kit": version, "title", "split", "edition", "track", "headline", "signature", "cutoffs", "remarks": [text],
      "systems": [{"letter": "A" | "B", "name", "made_by": text or null, "score"}],                     # two
      "metrics": [{"name", "values": [A, B]}],                                        # what boards show
      "costs": [{"key", "title", "questions": [A, B]}],                               # hit, the four; none on Track 2
      "labels": [{"key", "title", "questions"}],                                      # who is better, as chips
      "videos": as of one system,
      "questions": [{"id", "text", "language": text or null, "index": in the truth, "label": who is better,
                     "difference": B - A, "gold": [video, start, end] or null,
                     "answers": [{"value", "m": [per cut-off], "position": p or null, "label": key or null,
                                  "read": entries of the list, "entries": [[rank, video, name, start, end], ...]}]}]
    }

The questions on which they differ most come first. Of a list stand here its first entries and all of the right video;
on a page for the public (``"public": true``) only the first, and ``gold`` and ``position`` are null. Start and end are
null where Track 2 has no span. ``"organizers_only"`` and ``"unlinked"`` as of one system.
"""

from __future__ import annotations

from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.diagnosis.classes import HIT, classes_of
from cmivqa_kit.diagnosis.pair import LETTERS, TITLES, Pair, PairedQuestion, SystemAnswer
from cmivqa_kit.diagnosis.payload import PageVideos, seconds_of
from cmivqa_kit.scoring.ids import json_safe

FIRST = 10  # entries of a list that the page holds whatever their video


def pair_payload(
    pair: Pair,
    names: tuple[str, str],
    made_by: tuple[str | None, str | None] = (None, None),
    organizers_only: bool = False,
    public: bool = False,
    unlinked: bool = False,
) -> dict[str, Any]:
    """The content of the page as the dict that the head of this module describes.

    Args:
        names: to show for the submission files.
        made_by: the systems and runs that made the files, where that is known.
        organizers_only: the page says that it is not to be handed on.
        public: the page goes to a team: no right video and no right span stands in it.
        unlinked: the ids of the corpus are made up: none is linked to YouTube.
    """
    card = pair.cards[0]
    videos = PageVideos(pair.context.corpus)
    questions = [_question(question, videos, public) for question in pair.questions]
    first, second = (own.strict.metrics for own in pair.cards)
    return {
        "kit": __version__,
        "title": " / ".join(names),
        **({"organizers_only": True} if organizers_only and not public else {}),
        **({"public": True} if public else {}),
        **({"unlinked": True} if unlinked else {}),
        "split": card.split,
        "edition": card.edition,
        "track": card.track,
        "headline": pair.headline,
        "signature": pair.signature,
        "cutoffs": list(pair.cutoffs),
        "remarks": list(pair.remarks),
        "systems": [
            {"letter": letter, "name": name, "made_by": run, "score": score}
            for letter, name, run, score in zip(LETTERS, names, made_by, pair.scores, strict=True)
        ],
        "metrics": [{"name": name, "values": [first[name], second[name]]} for name in card.board_metrics],
        "costs": _costs(pair),
        "labels": [
            {"key": verdict, "title": TITLES[verdict], "questions": n} for verdict, n in pair.verdicts().items()
        ],
        "videos": videos.rows,
        "questions": questions,
    }


def _costs(pair: Pair) -> list[dict[str, Any]]:
    """How many questions have each label, of A and of B."""
    track = pair.cards[0].track
    if track == 2:
        return []
    labels = [[question.answers[system].label for question in pair.questions] for system in (0, 1)]
    return [
        {"key": one.key, "title": one.title, "questions": [own.count(one.key) for own in labels]}
        for one in (HIT, *classes_of(track))
    ]


def _question(question: PairedQuestion, videos: PageVideos, public: bool) -> dict[str, Any]:
    language = question.asked.language
    gold = None
    if not public:
        span = question.span or (None, None)
        gold = [videos.index(question.video, language, gold=True), *map(seconds_of, span)]
    return {
        "id": json_safe(question.id),
        "text": question.asked.text,
        "language": language,
        "index": question.index,
        "label": question.verdict,
        "difference": question.difference,
        "gold": gold,
        "answers": [_answer(answer, question.video, videos, language, public) for answer in question.answers],
    }


def _answer(answer: SystemAnswer, right: str, videos: PageVideos, language: str | None, public: bool) -> dict[str, Any]:
    entries = []
    for position, name, start, end in answer.entries:
        if position <= FIRST or (name == right and not public):
            index = videos.index(name, language)
            entries.append([position, index, name if index < 0 else "", seconds_of(start), seconds_of(end)])
    return {
        "value": answer.value,
        "m": list(answer.best),
        "position": None if public else answer.rank,
        "label": answer.label,
        "read": answer.read,
        "entries": entries,
    }
