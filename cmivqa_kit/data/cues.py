"""The cues of a ``.srt`` or ``.vtt`` text, without markup and without what a rolling or animated display repeats.

Both formats are read tolerantly, since the files come from many tools: what can be understood is, and what cannot is
named with its line. Sources: WebVTT, W3C Candidate Recommendation 2019, sections 4 and 6.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import pairwise

from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.errors import Problem

FLASH = 50  # milliseconds: YouTube's rolling captions repeat each line for 10 ms before they scroll
MOSTLY = 0.6  # share of cues that must begin with the end of the one before to be a rolling display

_CLOCK = r"(?:([0-9]{1,4}):)?([0-9]{1,3}):([0-9]{1,2})(?:\s?[.,]\s?([0-9]{1,9}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s|$)")
_MEANT_AS_TIMES = re.compile(r"\s*-?[0-9]+:.*-->")
_STAMP = re.compile(r"<[0-9]{1,4}(?::[0-9]{1,2}){1,2}(?:[.,][0-9]{1,9})?>")
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|lang|ruby|rt|font|em|strong|span)(?:[.\s][^<>\n]*)?>|\{\\[^{}\n]*\}", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_NOT_A_CUE = re.compile(r"(?:NOTE(?:[ \t]|$)|STYLE[ \t]*$|REGION[ \t]*$)")

# Start and end in whole milliseconds, non-empty text lines without markup.
_Cue = tuple[int, int, list[str]]


def parse_srt(text: str) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The subtitles of a SubRip file in file order, and its problems (located by the 1-based line). Never raises.

    Hours may be missing, blank lines may stand inside a cue or be missing between cues. Cues without text are dropped.
    """
    return _parse(text, web=False)


def parse_vtt(text: str) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The subtitles of a WebVTT file, as `parse_srt`; header, ``NOTE``, ``STYLE`` and ``REGION`` blocks are skipped."""
    return _parse(text, web=True)


def _parse(text: str, web: bool) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    problems: list[Problem] = []
    cues = _unroll(_once(_cues(text, web, problems)), rolling=_STAMP.search(text) is not None)
    cues = _unjoin(cues)
    subtitles = (Subtitle(" ".join(lines), start / 1000, (end - start) / 1000) for start, end, lines in cues if lines)
    return tuple(subtitles), problems


def _blocks(text: str, web: bool) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between blank lines, each with the number of its first line.

    Only an empty line is blank in WebVTT: YouTube writes a line of one space inside its cues.
    """
    block: list[str] = []
    number = 0
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")), 1):
        if line if web else line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number - len(block) + 1, block


def _cues(text: str, web: bool, problems: list[Problem]) -> list[_Cue]:
    """All cues in file order, empty ones included; problems are appended."""
    cues: list[_Cue] = []
    for first, block in _blocks(text, web):
        arrow = _first_times(block)
        before = block[:arrow]
        if web and before and (arrow > 1 or arrow == len(block)) and _NOT_A_CUE.match(before[0]):
            continue
        if before and first == 1 and before[0].startswith("WEBVTT"):
            before = []
        elif before and (
            _is_number(before[-1]) if arrow < len(block) else block == [before[0]] and _is_number(block[0])
        ):
            before.pop()  # the number of the cue, or of a cue that was never written
        elif before and web and arrow < len(block):
            before.pop()  # the identifier of the cue
        spoken = _plain(before)
        if spoken and cues and not web and not _is_number(before[0]):
            cues[-1][2].extend(spoken)  # a blank line stood inside the text of a cue
        elif spoken:
            problems.append(Problem(str(first), f"no times (00:00:01,000 --> 00:00:02,500) for {before[0][:40]!r}"))
        starts = [i for i in range(arrow, len(block)) if i == arrow or _begins_cue(block[i])]
        for start, stop in zip(starts, [*starts[1:], None], strict=False):
            content = block[start + 1 : stop]
            if stop is not None and content and _is_number(content[-1]):
                content.pop()  # no blank line parts two cues: this is the number of the next one
            try:
                begin, end = _times(block[start])
            except ValueError as error:
                problems.append(Problem(str(first + start), str(error)))
            else:
                cues.append((begin, end, _plain(content)))
    return cues


def _first_times(block: list[str]) -> int:
    """Index of the line that gives the times of the first cue in a block; its length where there is none."""
    for index, line in enumerate(block):
        if (index < 2 and "-->" in line) or _begins_cue(line):
            return index
    return len(block)


def _is_number(line: str) -> bool:
    return line.strip().isdecimal()


def _begins_cue(line: str) -> bool:
    return _TIMES.match(line) is not None or _MEANT_AS_TIMES.match(line) is not None


def _times(line: str) -> tuple[int, int]:
    """Start and end of a timing line in milliseconds; `ValueError` says what is wrong."""
    match = _TIMES.match(line)
    if match is None:
        raise ValueError(f"unreadable times {line.strip()[:60]!r}, expected 00:00:01,000 --> 00:00:02,500")
    clocks: list[int] = []
    for hours, minutes, seconds, fraction in (match.groups()[:4], match.groups()[4:]):
        if int(seconds) > 59 or (hours is not None and int(minutes) > 59):
            raise ValueError(f"minutes or seconds above 59 in {line.strip()[:60]!r}")
        whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
        clocks.append(whole * 1000 + int((fraction or "")[:3].ljust(3, "0")))
    if clocks[1] < clocks[0]:
        raise ValueError(f"ends before it starts: {line.strip()[:60]!r}")
    return clocks[0], clocks[1]


def _plain(lines: list[str]) -> list[str]:
    """Text lines without markup, entities and characters of no width; lines with nothing left are dropped."""
    plain = (
        _INVISIBLE.sub("", _ENTITY.sub(lambda m: html.unescape(m[0]), _TAG.sub("", _STAMP.sub("", line))))
        for line in lines
    )
    return [kept for line in plain if (kept := re.sub(r"[\r\n]+", " ", line).strip())]


def _unroll(cues: list[_Cue], rolling: bool) -> list[_Cue]:
    """Cues without the lines that a rolling display repeats from the cue before.

    A cue that says nothing new is dropped only where it is plainly a repetition (word times in the file, a flash of
    some milliseconds, the tail of two lines): people do say the same twice.
    """
    cues_left: list[_Cue] = []
    before: list[str] = []
    for start, end, lines in cues:
        most = min(len(before), len(lines), 4)
        same = next((k for k in range(most, 0, -1) if before[-k:] == lines[:k]), 0)
        if same == len(lines) and not (rolling or end - start <= FLASH or same < len(before)):
            same = 0
        cues_left.append((start, end, lines[same:]))
        before = lines or before
    return cues_left


def _once(cues: list[_Cue]) -> list[_Cue]:
    """Cues without those that stand there already with the same times and text: animated captions are drawn in
    layers."""
    seen: set[tuple[int, int, tuple[str, ...]]] = set()
    first: list[_Cue] = []
    for start, end, lines in cues:
        key = start, end, tuple(lines)
        if key not in seen or not lines:
            first.append((start, end, lines))
        seen.add(key)
    return first


def _unjoin(cues: list[_Cue]) -> list[_Cue]:
    """Cues without the beginning that a rolling display of two lines, joined in one, repeats from the cue before.

    Only where most cues begin with the end of the one before, and two of them at least: people do repeat themselves.
    """
    spoken = [" ".join(lines) for _, _, lines in cues if lines]
    overlaps = [_overlap(before, after) for before, after in pairwise(spoken)]
    repeated = sum(length > 0 for length in overlaps)
    if repeated < 2 or repeated < MOSTLY * len(overlaps):
        return cues
    remaining = iter([0, *overlaps])
    unjoined: list[_Cue] = []
    for start, end, lines in cues:
        text = " ".join(lines)
        text = text[next(remaining) :].strip() if lines else text
        unjoined.append((start, end, [text] if text else []))
    return unjoined


def _overlap(before: str, after: str) -> int:
    """How many characters at the beginning of ``after`` are the end of ``before``; 0 where words would be cut, where
    it is a word or two, and where the whole of a text is repeated."""
    for length in range(min(len(before), len(after) - 1), 2, -1):
        if before.endswith(after[:length]) and _parts(before, len(before) - length) and _parts(after, length):
            shared = after[:length]
            return length if len(shared.split()) > 1 or not shared.isascii() or length == len(before) else 0
    return 0


def _parts(text: str, position: int) -> bool:
    """True where a text can be cut: at its ends, at a blank, and between characters that form no words."""
    if position in (0, len(text)):
        return True
    return not (text[position - 1].isascii() and text[position].isascii()) or " " in text[position - 1 : position + 1]
