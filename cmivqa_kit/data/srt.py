"""``.srt`` and ``.vtt`` files -> ``subtitle.json``.

Source: docs/spec/ccgs.md, section 1.3 (``duration = end - start``, text lines joined).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cmivqa_kit.data.cues import parse_srt, parse_vtt
from cmivqa_kit.data.line_times import plausible
from cmivqa_kit.data.subtitles import in_time_order
from cmivqa_kit.data.types import Note, Subtitle
from cmivqa_kit.data.video_names import VideoName, name_of, unrecognised
from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.files import UnreadableFile, decode, decode_as, is_utf8, read_bytes, sha256, write_json
from cmivqa_kit.foreign_content import foreign_content
from cmivqa_kit.text_encoding import ENCODINGS, TITLES, candidates, damage, guess, wide

__all__ = ["SUFFIXES", "Conversion", "convert_folder", "parse_srt", "parse_vtt", "split_name"]

SUFFIXES = (".srt", ".vtt")
OTHER_FORMATS = (".ass", ".ssa", ".sub", ".sbv", ".lrc", ".ttml", ".dfxp", ".srv1", ".srv2", ".srv3", ".json3")


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a conversion wrote: how many videos and lines, and what was noticed on the way."""

    videos: int
    lines: int
    notes: tuple[Note, ...]


def convert_folder(
    source: Path,
    destination: Path,
    language: str | None = None,
    encoding: str | None = None,
    known_ids: Collection[str] = frozenset(),
) -> Conversion:
    """Write the ``.srt`` and ``.vtt`` files of ``source`` (one file, or a folder and its sub-folders) as subtitle.json.

    The video id is taken from the file's name (``LILVsv4Ft_E.zh-Hans.vtt``, ``Title [LILVsv4Ft_E].srt``; see
    `cmivqa_kit.data.video_names`), first of all one of ``known_ids``. With ``language``, only files of that language
    (``zh`` also takes ``zh-Hans``) and files that name none are read. ``encoding`` is that of files that are not UTF-8.

    Raises:
        UserError: no such file or folder; no subtitle file in it; or, all in one error, what is wrong in which line of
            which file, and videos with several files that could be meant.
        RunFailed: ``destination`` cannot be written.
    """
    problems: list[Problem] = []
    notes: list[Note] = []
    chosen: dict[str, Path] = {}
    files_of, names = _find(source, known_ids, notes)
    for video, files in files_of.items():
        try:
            path = _choose(files, names, language, notes, source)
        except UserError as error:
            problems.append(Problem(video, error.message))
            continue
        if path is not None:
            chosen[video] = path
    videos: dict[str, tuple[Subtitle, ...]] = {}
    for video, path in chosen.items():
        shown = _shown(path, source)
        try:
            text = _text(path, shown, notes, encoding)
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
        known = {name.language for name in names.values() if name.language}
        raise UserError(f"{source}: no file in the language {language!r}.{closest(language or '', known)}",
                        f"Languages here: {', '.join(sorted(known))}.")  # fmt: skip
    document = {
        video: [{"text": line.text, "start": line.start, "duration": line.duration} for line in videos[video]]
        for video in sorted(videos)
    }
    write_json(destination, document)
    return Conversion(len(document), sum(map(len, document.values())), tuple(notes))


def split_name(path: Path, known: Collection[str] = frozenset()) -> tuple[str, str | None]:
    """Video id and language code of a subtitle file, from its name: ``a.zh-CN.srt`` -> ``("a", "zh-CN")``."""
    name = name_of(path.stem, known)
    return name.video_id, name.language


def _find(
    source: Path, known: Collection[str], notes: list[Note]
) -> tuple[dict[str, list[Path]], dict[Path, VideoName]]:
    """Video id -> its subtitle files, both in sorted order, and the name of each file; hidden files are not read."""
    if source.is_file():
        if source.suffix.lower() not in SUFFIXES:
            raise UserError(f"{source}: not a .srt or .vtt file", "Name a subtitle file, or a folder of them.")
        paths = [source]
    elif source.is_dir():
        visible = [path for path in sorted(source.rglob("*")) if path.is_file() and not path.name.startswith(".")]
        paths = [path for path in visible if path.suffix.lower() in SUFFIXES]
        other = [path for path in visible if path.suffix.lower() in OTHER_FORMATS]
        if other and paths:
            noun = "file is" if len(other) == 1 else "files are"
            notes.append(Note(_shown(other[0], source), f"left out: {len(other)} {noun} neither .srt nor .vtt"))
    else:
        raise UserError(f"{source}: no such file or folder", f"Check the path; you are in {Path.cwd()}.")
    if not paths:
        raise UserError(f"{source}: no .srt or .vtt file in it", "Name the folder that holds the subtitle files.")
    names = {path: name_of(path.stem, known) for path in paths}
    odd, example = unrecognised((_shown(path, source), name) for path, name in names.items())
    if odd:
        noun = "name holds" if odd == 1 else "names hold"
        notes.append(Note(example, f"no YouTube id in its name ({odd} {noun} none): the whole name is the video's id"))
    by_id: dict[str, list[Path]] = {}
    for path in paths:
        by_id.setdefault(names[path].video_id, []).append(path)
    return dict(sorted(by_id.items())), names


def _choose(
    files: list[Path], names: Mapping[Path, VideoName], language: str | None, notes: list[Note], source: Path
) -> Path | None:
    """The file to read for one video; ``None`` (and a note) where none is in ``language``.

    Raises:
        UserError: several could be meant.
    """
    fits = files
    if language is not None:
        wanted = language.casefold().replace("_", "-")
        codes = {path: (names[path].language or "").casefold().replace("_", "-") for path in files}
        exact = [path for path in files if codes[path] == wanted]
        wider = [path for path in files if codes[path].startswith(wanted + "-")]
        fits = exact or wider or [path for path in files if not codes[path]]
        if not fits:
            notes.append(Note(_shown(files[0], source), f"left out: not in the language {language}"))
            return None
    listed = ", ".join(_shown(path, source) for path in fits)
    if len({names[path].language for path in fits}) > 1:
        raise UserError(f"several languages: {listed}; choose one with --language CODE")
    subrip = [path for path in fits if path.suffix.lower() == ".srt"] or fits
    copies = (
        len({path.parent for path in subrip}) == len({sha256(path) for path in subrip}) == 1
    )  # `a.srt`, `a (1).srt`
    if len(subrip) > 1 and not copies:
        raise UserError(f"several files: {listed}; keep one of them")
    notes += [
        Note(_shown(path, source), f"left out: {subrip[0].name} is read instead") for path in fits if path != subrip[0]
    ]
    return subrip[0]


def _shown(path: Path, source: Path) -> str:
    return path.name if path == source else path.relative_to(source).as_posix()


def _text(path: Path, shown: str, notes: list[Note], encoding: str | None) -> str:
    """The file's text: UTF-8, what ``encoding`` says, or (with a note) UTF-16 or plausible GB18030."""
    data = read_bytes(path, "subtitle file")
    content = foreign_content(path, data)
    if content is not None and content.kind != "TREC run":
        raise UserError(f"is {content.noun}. {content.fix}")
    try:
        if encoding is not None:
            return (
                decode_as(data, Path(shown), encoding) if wide(data) or not is_utf8(data) else data.decode("utf-8-sig")
            )
        name = wide(data) or (None if is_utf8(data) else guess(data))
        if name is None:
            return decode(data, Path(shown))
        text = data.decode(name)
    except UnreadableFile as error:
        return _refuse(error, data, shown)
    except UnicodeDecodeError as error:
        raise UserError(f"begins like {TITLES[str(name)]} but is damaged at byte {error.start:,}") from None
    if name != "utf-8":
        notes.append(Note(shown, f"read as {TITLES[name]}"))
    return text.removeprefix("\ufeff")


def _refuse(error: UnreadableFile, data: bytes, shown: str) -> NoReturn:
    """Raise what is wrong with the encoding of a subtitle file, with the option that settles it."""
    message = error.message.removeprefix(shown).removeprefix(":").strip()
    place, _, rest = message.partition(": ")
    message = f"line {place.replace(':', ', column ')}: {rest}" if place.replace(":", "").isdecimal() else message
    if damage(data) is not None or "ends within" in message:
        raise UserError(f"{message}. {error.fix}")
    likely = candidates(data)
    if not likely:
        named = ", ".join(TITLES[name] for name in ENCODINGS)
        message = f"not text in UTF-8, UTF-16 or another encoding that can be told ({named})"
    raise UserError(f"{message}; say which it is with --encoding {likely[0] if likely else 'NAME'}")
