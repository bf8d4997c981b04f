"""Which video a downloaded file, a key or a link names.

Downloaders call a file after the title of its video: ``Title [ID].en.vtt`` (yt-dlp), ``Title-ID.en.srt`` (youtube-dl),
``ID.en-TRACK.srt``, ``ID (1).srt`` (a browser). An id that is known is taken wherever it stands alone in the name; else
one that has the shape of an id of YouTube (11 characters of ``A-Za-z0-9_-``) or Bilibili stands where these put it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

MEDIA = ("mp4", "mkv", "webm", "m4v", "mov", "avi", "flv", "m4a", "mp3", "wav", "opus", "aac", "flac")
SHORT = 5  # ids up to this length are only taken where they are the whole name: "12" stands in many titles
_ALPHANUMERIC = re.compile("[A-Za-z0-9]")
_SHAPE = r"[A-Za-z0-9_-]{11}"
_YOUTUBE = re.compile(_SHAPE)
_BILIBILI = r"BV1[A-Za-z0-9]{9}|av[0-9]{5,12}"
_MEDIA = re.compile(rf"(.+)\.(?:f[0-9]{{1,4}}\.)?(?:{'|'.join(MEDIA)})", re.IGNORECASE)
_LANGUAGE = re.compile(r"(.+?)\.([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*?)(?:-[A-Za-z0-9_-]{10,12})?")
_COPY = re.compile(r"(.+?)(?: ?\([0-9]{1,3}\)| - (?:Copy|副本|复制)(?: ?\([0-9]{1,3}\))?)", re.IGNORECASE)
_BRACKETED = re.compile(rf".*[\[【(]({_SHAPE}|{_BILIBILI})(?:_p[0-9]+)?[\]】)]\s*")
_TRAILING = re.compile(rf"(.+)[- ]({_SHAPE}|{_BILIBILI})")
_HOSTS = re.compile(r"(?:(?:www|m|music)\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be|bilibili\.com|b23\.tv)")


@dataclass(frozen=True, slots=True)
class VideoName:
    """The video that a file's name names, the language code in it, and whether the id was recognised as one."""

    video_id: str
    language: str | None = None
    recognised: bool = True


def name_of(stem: str, known: Collection[str] = frozenset()) -> VideoName:
    """The video that a file name without its ending names.

    ``known`` are ids that questions name. Where no id is recognised, the name without language and ending of a video
    is the id, ``recognised`` False.
    """
    if stem in known:
        return VideoName(stem)
    rest, language = _without_copy(stem), None
    if rest in known:
        return VideoName(rest)
    rest = _without_media(rest)
    match = _LANGUAGE.fullmatch(rest)
    if match and rest not in known:
        rest, language = _without_media(_without_copy(match[1])), match[2]
    if rest in known:
        return VideoName(rest, language)
    inside = _known_in(rest, known) or (_known_in(stem, known) if known else ())
    if len(inside) == 1:
        return VideoName(inside[0], language)
    if inside:
        return VideoName(rest, language, recognised=False)
    if _YOUTUBE.fullmatch(rest) or re.fullmatch(_BILIBILI, rest):
        return VideoName(rest, language)
    bracketed = _BRACKETED.fullmatch(rest)
    if bracketed:
        return VideoName(bracketed[1], language)
    trailing = _TRAILING.fullmatch(rest)
    if trailing and _is_title(trailing[1], trailing[2]):
        return VideoName(trailing[2], language)
    return VideoName(rest, language, recognised=False)


def plain_id(text: str) -> str:
    """The video id in a link (``youtube.com/watch?v=ID&t=5``, ``youtu.be/ID``) or a file's name (``ID.mp4``).

    Everything else is returned as it is, a name whose stem has not the shape of an id too.
    """
    if "/" in text:
        return _of_link(text) or text
    stem = _without_media(text)
    return stem if stem != text and (_YOUTUBE.fullmatch(stem) or re.fullmatch(_BILIBILI, stem)) else text


def id_among(text: str, known: Collection[str]) -> str:
    """`plain_id`, and the stem of any file's name (``knee.mp4``) that is known; what is known itself stays."""
    if text in known:
        return text
    stem = _without_media(text)
    return stem if stem in known else plain_id(text)


def unrecognised(names: Iterable[tuple[str, VideoName]]) -> tuple[int, str]:
    """How many names of files hold no id and are no plain word either, and the first of them."""
    odd = [file for file, name in names if not name.recognised and not re.fullmatch(r"[A-Za-z0-9_-]+", name.video_id)]
    return len(odd), odd[0] if odd else ""


def _of_link(text: str) -> str | None:
    try:
        link = urlsplit(text.strip() if "//" in text else f"https://{text.strip()}")
    except ValueError:
        return None
    if _HOSTS.fullmatch((link.hostname or "").lower()) is None:
        return None
    parts = [part for part in link.path.split("/") if part]
    in_query = parse_qs(link.query).get("v", [])
    for part in (*in_query[:1], *parts[-1:]):
        if _YOUTUBE.fullmatch(part) or re.fullmatch(_BILIBILI, part):
            return part
    return None


def _without_media(name: str) -> str:
    match = _MEDIA.fullmatch(name)
    return match[1] if match else name


def _without_copy(name: str) -> str:
    match = _COPY.fullmatch(name)
    return match[1] if match else name


def _is_title(title: str, tail: str) -> bool:
    """True where a name is a title and an id, not a name in one word whose last part has 11 letters."""
    return not title.isascii() or " " in title or any(c.isdigit() or c.isupper() or c == "_" for c in tail[1:])


def ids_in(name: str, known: Collection[str]) -> set[str]:
    """The known ids that stand in a name, with no letter or digit of ASCII right before or behind them.

    >>> ids_in("v_4chGHzgBji-.mp4", {"4chGHzgBji-", "91wibeiDDfj"})
    {'4chGHzgBji-'}
    """
    if not known:
        return set()
    begins = [at for at in range(len(name)) if at == 0 or not _ALPHANUMERIC.match(name[at - 1])]
    ends = [at for at in range(1, len(name) + 1) if at == len(name) or not _ALPHANUMERIC.match(name[at])]
    return {name[begin:end] for begin in begins for end in ends if begin < end and name[begin:end] in known}


def _known_in(name: str, known: Collection[str]) -> tuple[str, ...]:
    """The known ids that stand alone in a name, but for short ones; of ids within each other the longest."""
    inside = sorted(video for video in ids_in(name, known) if len(video) > SHORT)
    return tuple(video for video in inside if not any(video != other and video in other for other in inside))
