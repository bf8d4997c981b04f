"""Times of subtitle lines that cannot be meant: a credit that stays until 99:59:59, a line days later, all times 0.

Such a line is shown, so to say, but its end is no moment of the video: nobody's duration, window or answer may be made
of it. Its text stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from cmivqa_kit.data.display import count
from cmivqa_kit.data.types import Note, Subtitle

LONGEST_LINE = 300.0  # seconds; what is said in one line takes a few
LONGEST_PAUSE = 3600.0  # seconds without a word before a line, after which it is in no video of how to do something
TOO_LONG = "a line outlasts all others by minutes: its end is not used"
FAR_BEHIND = "a line stands more than an hour behind the one before: the video is not so long"
ZERO, TOGETHER = "all times are 0", "all lines start at the same time"
UNIT, NO_LENGTH = "lines last for minutes each: milliseconds?", "no line has a length, only a start"
KINDS = frozenset({TOO_LONG, FAR_BEHIND, ZERO, TOGETHER, UNIT, NO_LENGTH})
FEW = 2  # lines, of which nothing can be said in general
USUAL_LINE = 3.0  # seconds of a line where no other line tells


@dataclass(frozen=True, slots=True)
class PlausibleLines:
    """The lines of a video with the ends that can be meant.

    Attributes:
        lines: all of them, in their order; one that lasts too long ends as early as lines usually do.
        end: of the last line in seconds, whatever stands far behind the others left out; ``None`` where no line has a
            time.
        notes: what was noticed, in a sentence each.
    """

    lines: tuple[Subtitle, ...]
    end: float | None
    notes: tuple[Note, ...]


def plausible(lines: Sequence[Subtitle], subject: str) -> PlausibleLines:
    """Look over the times of a video's lines, which are in time order.

    Args:
        lines: of one video in one language.
        subject: what a note is about: the video's id, or a file.
    """
    if not lines:
        return PlausibleLines((), None, ())
    timed = lines[0].start < lines[-1].start <= LONGEST_PAUSE
    if timed and 0 < max(line.duration for line in lines) <= LONGEST_LINE:  # nearly all videos
        return PlausibleLines(tuple(lines), max(line.end for line in lines), ())
    number = count(len(lines), "line")
    if all(line.end <= 0 for line in lines):
        why = f"all times of its {number} are 0: they say neither when nor how long"
        return PlausibleLines(tuple(lines), None, (Note(subject, why, ZERO),))
    if len(lines) > FEW and lines[0].start == lines[-1].start:
        why = f"its {number} all start at {clock(lines[0].start)}: they do not say when"
        return PlausibleLines(tuple(lines), None, (Note(subject, why, TOGETHER),))
    if len(lines) > FEW and median([line.duration for line in lines]) > LONGEST_LINE:
        why = f"its {number} last for minutes each, until {clock(lines[-1].end)}: are the times milliseconds?"
        return PlausibleLines(tuple(lines), None, (Note(subject, why, UNIT),))
    if not any(line.duration for line in lines):
        why = f"its {number} have no length, only a start"
        return PlausibleLines(tuple(lines), lines[-1].end, (Note(subject, why, NO_LENGTH),))
    end = 0.0
    far: list[Subtitle] = []
    for line in lines:
        if line.start - end > LONGEST_PAUSE:
            far.append(line)
        else:
            end = max(end, line.end if line.duration <= LONGEST_LINE else line.start)
    # A title may stay from the first second to the last, and music play for long: only what outlasts the others is odd.
    long = {line for line in lines if line.duration > LONGEST_LINE and line.end > end + LONGEST_LINE}
    usual = median([line.duration for line in lines if 0 < line.duration <= LONGEST_LINE] or [USUAL_LINE])
    first_long, first_far = min(long, key=lambda line: line.start, default=None), next(iter(far), None)
    mended = tuple(replace(line, duration=usual) if line in long else line for line in lines)
    hidden = set(far)
    last = max((short.end for short, line in zip(mended, lines, strict=True) if line not in hidden), default=None)
    notes = []
    if first_long:
        why = f"from {clock(first_long.start)} to {clock(first_long.end)} outlast{'s' * (len(long) == 1)} the others"
        notes.append(Note(subject, f"{count(len(long), 'line')} {why} by minutes: such an end is not used", TOO_LONG))
    if first_far:
        why = f"at {clock(first_far.start)} stand{'s' * (len(far) == 1)} more than an hour behind the one before"
        notes.append(Note(subject, f"{count(len(far), 'line')} {why}: the video is not so long", FAR_BEHIND))
    return PlausibleLines(mended, last, tuple(notes))


def clock(seconds: float) -> str:
    """Seconds as hours, minutes and seconds: ``99:59:59``."""
    whole = round(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
