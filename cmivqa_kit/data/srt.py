"""``.srt`` and ``.vtt`` files -> ``subtitle.json``.

Both formats are read tolerantly, since the files come from many tools: what can be understood is, and what cannot is
named with its line. Sources: docs/spec/ccgs.md, section 1.3 (``duration = end - start``, text lines joined); WebVTT,
W3C Candidate Recommendation 2019, sections 4 and 6.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.line_times import plausible
from cmivqa_kit.data.subtitles import in_time_order
from cmivqa_kit.data.types import Note, Subtitle
from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.files import read_bytes, write_json

SUFFIXES = (".srt", ".vtt")
FLASH = 50  # milliseconds: YouTube's rolling captions repeat each line for 10 ms before they scroll

_CLOCK = r"(?:([0-9]{1,4}):)?([0-9]{1,3}):([0-9]{1,2})(?:\s?[.,]\s?([0-9]{1,9}))?"
_TIMES = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s|$)")
_MEANT_AS_TIMES = re.compile(r"\s*-?[0-9]+:.*-->")
_STAMP = re.compile(r"<[0-9]{1,4}(?::[0-9]{1,2}){1,2}(?:[.,][0-9]{1,9})?>")
_TAG = re.compile(
    r"</?(?:c|i|b|u|s|v|lang|ruby|rt|font|em|strong|span)(?:[.\s][^<>\n]*)?>|\{\\[^{}\n]*\}", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LANGUAGE = re.compile(r"(.+)\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)")
_NOT_A_CUE = re.compile(r"(?:NOTE(?:[ \t]|$)|STYLE[ \t]*$|REGION[ \t]*$)")

# Start and end in whole milliseconds, non-empty text lines without markup.
_Cue = tuple[int, int, list[str]]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion wrote: how many videos and lines, and what was noticed on the way."""

    videos: int
    lines: int
    notes: tuple[Note, ...]


def parse_srt(text: str) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The subtitles of a SubRip file in file order, and its problems (located by the 1-based line). Never raises.

    Hours may be missing, blank lines may stand inside a cue or be missing between cues. Cues without text are dropped.
    """
    return _parse(text, web=False)


def parse_vtt(text: str) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    """The subtitles of a WebVTT file, as `parse_srt`; header, ``NOTE``, ``STYLE`` and ``REGION`` blocks are skipped."""
    return _parse(text, web=True)


def convert_folder(source: Path, destination: Path, language: str | None = None) -> Conversion:
    """Write the ``.srt`` and ``.vtt`` files of ``source`` (one file, or a folder and its sub-folders) as subtitle.json.

    The video id is the file's name without ending and language (``LILVsv4Ft_E.zh-Hans.vtt`` -> ``LILVsv4Ft_E``). With
    ``language``, only files of that language (``zh`` also takes ``zh-Hans``) and files that name none are read.

    Raises:
        UserError: no such file or folder; no subtitle file in it; or, all in one error, what is wrong in which line of
            which file, and videos with several files that could be meant.
        RunFailed: ``destination`` cannot be written.
    """
    problems: list[Problem] = []
    notes: list[Note] = []
    chosen: dict[str, Path] = {}
    for video, files in _find(source).items():
        try:
            path = _choose(files, language, notes, source)
        except UserError as error:
            problems.append(Problem(video, error.message))
            continue
        if path is not None:
            chosen[video] = path
    videos: dict[str, tuple[Subtitle, ...]] = {}
    for video, path in chosen.items():
        shown = _shown(path, source)
        try:
            text = _text(path, shown, notes)
        except UserError as error:
            problems.append(Problem(shown, error.message))
            continue
        web = text.lstrip("\ufeff").startswith("WEBVTT") or path.suffix.lower() == ".vtt"
        lines, found = parse_vtt(text) if web else parse_srt(text)
        problems += [Problem(f"{shown}:{problem.location}", problem.message) for problem in found]
        if not lines and not found:
            notes.append(Note(shown, "no line of speech in it"))
        videos[video], disorder = in_time_order(lines, shown)
        notes += [*disorder, *plausible(videos[video], shown).notes]  # the file keeps its times
    if problems:
        raise problems_error(source, problems, "Mend or remove these files, then run the same command again.")
    if not videos:
        known = {code for files in _find(source).values() for path in files if (code := split_name(path)[1])}
        raise UserError(f"{source}: no file in the language {language!r}.{closest(language or '', known)}",
                        f"Languages here: {', '.join(sorted(known))}.")  # fmt: skip
    document = {
        video: [{"text": line.text, "start": line.start, "duration": line.duration} for line in videos[video]]
        for video in sorted(videos)
    }
    write_json(destination, document)
    return Conversion(len(document), sum(map(len, document.values())), tuple(notes))


def split_name(path: Path) -> tuple[str, str | None]:
    """Video id and language code of a subtitle file, from its name: ``a.zh-CN.srt`` -> ``("a", "zh-CN")``."""
    match = _LANGUAGE.fullmatch(path.stem)
    return (match[1], match[2]) if match else (path.stem, None)


def _find(source: Path) -> dict[str, list[Path]]:
    """Video id -> its subtitle files, both in sorted order; names that begin with a dot are not read."""
    if source.is_file():
        if source.suffix.lower() not in SUFFIXES:
            raise UserError(f"{source}: not a .srt or .vtt file", "Name a subtitle file, or a folder of them.")
        paths = [source]
    elif source.is_dir():
        paths = [
            path
            for path in sorted(source.rglob("*"))
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        ]
    else:
        raise UserError(f"{source}: no such file or folder", f"Check the path; you are in {Path.cwd()}.")
    if not paths:
        raise UserError(f"{source}: no .srt or .vtt file in it", "Name the folder that holds the subtitle files.")
    by_id: dict[str, list[Path]] = {}
    for path in paths:
        by_id.setdefault(split_name(path)[0], []).append(path)
    return dict(sorted(by_id.items()))


def _choose(files: list[Path], language: str | None, notes: list[Note], source: Path) -> Path | None:
    """The file to read for one video; ``None`` (and a note) where none is in ``language``.

    Raises:
        UserError: several could be meant.
    """
    fits = files
    if language is not None:
        wanted = language.casefold().replace("_", "-")
        codes = {path: (split_name(path)[1] or "").casefold().replace("_", "-") for path in files}
        exact = [path for path in files if codes[path] == wanted]
        wider = [path for path in files if codes[path].startswith(wanted + "-")]
        fits = exact or wider or [path for path in files if not codes[path]]
        if not fits:
            notes.append(Note(_shown(files[0], source), f"left out: not in the language {language}"))
            return None
    names = ", ".join(_shown(path, source) for path in fits)
    if len({split_name(path)[1] for path in fits}) > 1:
        raise UserError(f"several languages: {names}; choose one with --language CODE")
    subrip = [path for path in fits if path.suffix.lower() == ".srt"] or fits
    if len(subrip) > 1:
        raise UserError(f"several files: {names}; keep one of them")
    notes += [
        Note(_shown(path, source), f"left out: {subrip[0].name} is read instead") for path in fits if path != subrip[0]
    ]
    return subrip[0]


def _shown(path: Path, source: Path) -> str:
    return path.name if path == source else path.relative_to(source).as_posix()


def _text(path: Path, shown: str, notes: list[Note]) -> str:
    """The file's text: UTF-8, UTF-16 with a byte-order mark, or (with a note) GB18030."""
    data = read_bytes(path, "subtitle file")
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            notes.append(Note(shown, f"read as {encoding.upper()}"))
        return text
    raise UserError("not text in UTF-8, UTF-16 or GB18030; convert it with iconv -f ENCODING -t UTF-8")


def _parse(text: str, web: bool) -> tuple[tuple[Subtitle, ...], list[Problem]]:
    problems: list[Problem] = []
    cues = _unroll(_cues(text, web, problems), rolling=_STAMP.search(text) is not None)
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
    """Text lines without markup and entities; lines with nothing left are dropped."""
    plain = (_ENTITY.sub(lambda m: html.unescape(m[0]), _TAG.sub("", _STAMP.sub("", line))) for line in lines)
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
