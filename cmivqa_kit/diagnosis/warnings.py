"""Habits of a submission that cost points or hide what it can do, each found by a rule with a named threshold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.diagnosis.outcomes import Outcome
from cmivqa_kit.scoring.entries import Listed, overlap
from cmivqa_kit.scoring.ids import json_safe

SHOWN = 5  # ids named with a warning
NOTABLE = 0.05  # share of lists below which a habit cannot move a mean by more than a chance difference would
SPRAYED_SHARE = 0.5  # one video fills more of a list than all others together: a bet on one video
SPRAYED_SPANS = 10  # as many spans as the second cut-off reads: below that it is a reranking of a few good moments
FEW_VIDEOS = 0.5  # every second entry could have named another video
SAME_SPAN = 0.9  # IoU from which a second span can hardly score better than the first: at most by 0.1
MANY_SAME = 0.1  # a tenth of all entries: five places of a list of 50
CONSTANT = 0.25  # of the questions, and of the other videos asked about: such an answer hardly depends on the question
CONSTANT_QUESTIONS = 5  # fewer can agree by chance


@dataclass(frozen=True, slots=True)
class Warning:
    """A habit: a fixed ``code``, a ``message`` with numbers, up to five question ``ids``, and the ``fix``.

    ``questions`` is how many have it.
    """

    code: str
    message: str
    ids: tuple[Any, ...]
    questions: int
    fix: str

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            "code": self.code,
            "message": self.message,
            "ids": [json_safe(identity) for identity in self.ids],
            "questions": self.questions,
            "fix": self.fix,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """What the rules look at.

    Attributes:
        outcomes: (n,) of all questions.
        clusters: (n,) the right video of each, or a name of its own.
        length: the most entries that count for any cut-off; 1 on Track 1.
        videos: how many videos the corpus has; ``None`` where that is not known.
        recall: share of the questions whose right video is named in the list at all.
    """

    track: Track
    outcomes: Sequence[Outcome]
    clusters: Sequence[str]
    length: int
    videos: int | None
    recall: float

    @property
    def answered(self) -> list[int]:
        """The questions that have exactly one answer."""
        return [index for index, one in enumerate(self.outcomes) if one.answer == "given"]

    def ids(self, rows: Sequence[int]) -> tuple[Any, ...]:
        """The ids of the first few questions."""
        return tuple(self.outcomes[index].id for index in rows[:SHOWN])


def warnings(lists: Lists) -> tuple[Warning, ...]:
    """Everything that is found, what costs most first as far as that can be said in general."""
    rules = (_unanswered, _constant, *((_short, _spraying, _repeated, _near) if lists.track != 1 else ()))
    return tuple(found for rule in rules if (found := rule(lists)) is not None)


def _unanswered(lists: Lists) -> Warning | None:
    rows = [index for index, one in enumerate(lists.outcomes) if one.answer != "given"]
    if not rows:
        return None
    twice = sum(lists.outcomes[index].answer == "duplicated" for index in rows)
    more = f", {twice} of them because they are in the file more than once" if twice else ""
    message = f"{len(rows)} of {len(lists.outcomes)} questions have no answer{more}: each counts 0"
    return Warning(
        "unanswered", message, lists.ids(rows), len(rows), "Answer every question once; a guess costs nothing."
    )


def _short(lists: Lists) -> Warning | None:
    answered = lists.answered
    rows = [index for index in answered if lists.outcomes[index].read < lists.length]
    if not _notable(rows, answered):
        return None
    mean = sum(lists.outcomes[index].read for index in rows) / len(rows)
    message = f"{len(rows)} of {len(answered)} lists are shorter than {lists.length}: {mean:.1f} entries on average"
    fix = (
        f"Fill them to {lists.length}: more videos, or spans of the likeliest; a wrong entry at the end costs nothing."
    )
    return Warning("short-lists", message, lists.ids(rows), len(rows), fix)


def _spraying(lists: Lists) -> Warning | None:
    rows = [index for index in lists.answered if _is_sprayed(lists.outcomes[index])]
    if not _notable(rows, lists.answered):
        return None
    message = (
        f"in {len(rows)} of {len(lists.answered)} lists one video takes more than half of the entries, with "
        f"{SPRAYED_SPANS} or more different spans"
    )
    fix = "Keep the best few spans of a video and give the other places to other videos."
    return Warning("span-spraying", message, lists.ids(rows), len(rows), fix)


def _is_sprayed(outcome: Outcome) -> bool:
    counts = Counter(entry[1] for entry in outcome.entries)
    video, most = max(counts.items(), key=lambda item: item[1], default=("", 0))
    if most <= SPRAYED_SHARE * outcome.read:
        return False
    return len({(start, end) for _, name, start, end in outcome.entries if name == video}) >= SPRAYED_SPANS


def _repeated(lists: Lists) -> Warning | None:
    rows = [index for index in lists.answered if lists.outcomes[index].entries]
    named = {index: len({entry[1] for entry in lists.outcomes[index].entries}) for index in rows}
    # A list cannot name more videos than there are.
    possible = {index: min(lists.outcomes[index].read, lists.videos or lists.length) for index in rows}
    few = [index for index in rows if named[index] < FEW_VIDEOS * possible[index]]
    if not rows or sum(named.values()) >= FEW_VIDEOS * sum(possible.values()):
        return None
    mean, length = (sum(values) / len(rows) for values in (named.values(), [lists.outcomes[i].read for i in rows]))
    message = (
        f"lists of {length:.1f} entries name {mean:.1f} different videos on average; the right one is among them for "
        f"{lists.recall:.1%} of the questions, so Track 2's R@{lists.length} cannot be above {lists.recall:.4f}"
    )
    fix = "For Track 2 write a list of its own, each video once; for Track 3 weigh more videos against spans of few."
    return Warning("repeated-videos", message, lists.ids(few), len(few), fix)


def _near(lists: Lists) -> Warning | None:
    copies = {index: near_copies(lists.outcomes[index].entries) for index in lists.answered}
    total = sum(len(lists.outcomes[index].entries) for index in copies)
    if sum(copies.values()) < MANY_SAME * total or not total:
        return None
    rows = sorted((index for index in copies if copies[index]), key=lambda index: -copies[index])
    message = (
        f"{sum(copies.values())} of {total} entries ({sum(copies.values()) / total:.1%}) repeat an earlier span of the "
        f"same video (IoU >= {SAME_SPAN})"
    )
    fix = f"Drop what overlaps an earlier entry of its video by {SAME_SPAN} (non-maximum suppression); use the places."
    return Warning("near-duplicate-spans", message, lists.ids(rows), len(rows), fix)


def near_copies(entries: Sequence[Listed]) -> int:
    """How many entries have an IoU of at least `SAME_SPAN` with an earlier entry of the same video."""
    earlier: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    copies = 0
    for _, video, start, end in entries:
        # Spans that agree so well start within a ninth of a length of each other: most pairs need no closer look.
        near = (end - start) / 8
        copies += any(abs(a - start) <= near and overlap(a, b, start, end) >= SAME_SPAN for a, b in earlier[video])
        earlier[video].append((start, end))
    return copies


def _constant(lists: Lists) -> Warning | None:
    """The same answer for questions of many different videos, told by the strongest of three signs."""
    answered = [index for index in lists.answered if lists.outcomes[index].entries]
    videos = len({lists.clusters[index] for index in answered})
    best: tuple[float, str, list[int]] = (0.0, "", [])
    for what, sign in _signs(lists.track):
        rows = max(_alike(lists, answered, sign), key=lambda rows: _others(lists, rows, videos), default=[])
        share = min(_others(lists, rows, videos), len(rows) / max(len(answered), 1))
        if len(rows) >= CONSTANT_QUESTIONS and share > best[0]:
            best = share, what, rows
    share, what, rows = best
    if share < CONSTANT:
        return None
    own = len({lists.clusters[index] for index in rows})
    message = f"{what} for {len(rows)} of {len(answered)} answered questions, about {own} of {videos} videos"
    fix = "The answer hardly depends on the question: check the inputs, and that the model in use was trained."
    return Warning("constant-output", message, lists.ids(rows), len(rows), fix)


def _signs(track: Track) -> Iterator[tuple[str, Callable[[Outcome], Hashable]]]:
    if track != 1:
        yield "the same list", lambda outcome: tuple(entry[1:] for entry in outcome.entries)
        yield "the same video on top", lambda outcome: outcome.entries[0][1]
    yield "the same span" if track == 1 else "the same span on top", lambda outcome: outcome.entries[0][2:]


def _alike(lists: Lists, rows: Sequence[int], sign: Callable[[Outcome], Hashable]) -> list[list[int]]:
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for index in rows:
        alike[sign(lists.outcomes[index])].append(index)
    return list(alike.values())


def _others(lists: Lists, rows: Sequence[int], videos: int) -> float:
    """The share of all right videos but one (the answer may be right for that) among these questions."""
    return (len({lists.clusters[index] for index in rows}) - 1) / (videos - 1) if rows and videos > 1 else 0.0


def _notable(rows: Sequence[int], of: Sequence[int]) -> bool:
    return len(rows) > 0 and len(rows) >= NOTABLE * len(of)
