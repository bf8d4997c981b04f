"""Hostile archives: names that lead outside, links, bombs, depth, numbers of members, damaged bytes."""

from __future__ import annotations

import io
import json
import random
import tarfile
import zipfile
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from cmivqa_kit.leaderboard.team_folder import team_folder
from tests.fuzz.hostile import kind
from tests.fuzz.mutation import changed, spoiled
from tests.fuzz.writing_commands import corpus, ready_corpus

OUTSIDE = str(Path(gettempdir()) / "cmivqa-fuzz-outside.json")
NAMES = (
    "../x.json", "../../../../tmp/x.json", OUTSIDE, "a/../../x.json", "..", ".", "", "a//b.json",
    "./a.json",
    "C:\\x.json", "..\\x.json", "a/b\0c.json", "con.json", "x" * 300 + ".json", "字" * 120 + ".json", "train.json/x",
    "train.json",
    "Train.json", "TRAIN.JSON", " train.json", "train.json ", ".hidden", "__MACOSX/._train.json", "~/x", "$HOME/x",
    "-rf",
    "a/" * 30 + "x.json", "\ud800.json", "e\u0301.json", "é.json", "cmivqa.toml", "data/train.json", "answers/x.json",
)  # fmt: skip
LINKS = ("/etc/passwd", "../../..", "train.json", ".", "/dev/zero", "/proc/self/environ", "nowhere", "a/b")


@kind("archives")
def archive(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """One or two archives under any name, alone or in a folder of downloads."""
    down = folder / "down"
    down.mkdir()
    for number in range(chance.choice((1, 1, 2))):
        ending = chance.choice((".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", "", ".json", ".zip.001"))
        (down / f"download{number}{ending}").write_bytes(_archive(chance, 0))
    if chance.random() < 0.3:
        (down / "subtitle.json").write_bytes((ready_corpus() / "subtitle.json").read_bytes())
    return ("init", "--from", chance.choice(("down", str(next(down.iterdir()).relative_to(folder)))))


@kind("attachments")
def attachments(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """Attachments of a team whose earlier entry has a record that may be damaged, named by the team or its folder."""
    corpus(folder)
    home = folder / "submissions" / "cmivqa-2023" / team_folder("WAN")
    (home / "run-1").mkdir(parents=True)
    record = b"team = 'WAN'\n[[files]]\nname = 'a.json'\noriginal = 'a'\nsha256 = '%s'\n" % (b"0" * 64)
    (home / "run-1" / "entry.toml").write_bytes(spoiled(record, chance) if chance.random() < 0.5 else record)
    (home / "run-1" / "a.json").write_bytes(b"[]")
    mail = folder / "mail" / "WAN"
    mail.mkdir(parents=True)
    good = [(name, (folder / name).read_bytes()) for name in ("track1.json", "lists.json") if (folder / name).exists()]
    for number in range(chance.choice((1, 2))):
        members = [
            *chance.sample(good, chance.choice((0, 1, 1, 1))),
            *_members(chance, 2)[: chance.choice((0, 0, 1, 9))],
        ]
        data = (_zip if chance.random() < 0.5 else _tar)(members, chance)
        data = spoiled(data, chance) if chance.random() < 0.2 else data
        (mail / f"a{number}{chance.choice(('.zip', '.tar.gz', '', '.json'))}").write_bytes(data)
    words = ("leaderboard", "add", "--data", "data")
    if chance.random() < 0.5:
        return (*words, "mail")
    team = chance.choice(("WAN", "wan", "../..", "\x1b[31m", "\u202e", "x" * 5000, "鹏城", '"""'))
    return (*words, *sorted(f"mail/WAN/{path.name}" for path in mail.iterdir()), "--team", team)


def _archive(chance: random.Random, depth: int) -> bytes:
    members = _members(chance, depth)
    data = (_zip if chance.random() < 0.5 else _tar)(members, chance)
    return spoiled(data, chance) if chance.random() < 0.3 else data


def _members(chance: random.Random, depth: int) -> list[tuple[str, bytes]]:
    """Names and contents: most as the organizers hand them out, some hostile."""
    source = ready_corpus()
    members: list[tuple[str, bytes]] = []
    for name in ("train.json", "dev.json", "subtitle.json", "dataset_testA_for_track23.json"):
        if chance.random() < 0.6:
            data = (source / name).read_bytes()
            if chance.random() < 0.2:
                data = json.dumps(changed(json.loads(data), chance)).encode()
            members.append((name, data))
    for path in sorted((source / "video_feature").glob("*.npy"))[: chance.choice((0, 0, 3))]:
        members.append((f"video_feature/{path.name}", path.read_bytes()))
    for _ in range(chance.choice((0, 1, 1, 3))):
        members.append((chance.choice(NAMES), chance.choice((b"", b"[]", b"{}", b"x", b"\0" * 10_000, b"[" * 9000))))
    if chance.random() < 0.05:
        members += [(f"many/{number}.json", b"[]") for number in range(2000)]
    if chance.random() < 0.05:
        members.append(("d/" * 120 + "x.json", b"[]"))
    if chance.random() < 0.1:
        members.append(("bomb.json", b"[" + b" " * (8 << 20) + b"]"))
    if depth < 3 and chance.random() < 0.2:
        members.append((chance.choice(("inner.zip", "inner.tar.gz", "inner")), _archive(chance, depth + 1)))
    if members and chance.random() < 0.1:
        members.append(members[0])
    chance.shuffle(members)
    return members


def _zip(members: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    stream = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(stream, "w", method) as made:
        for name, data in members:
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode() or "x")
            info.compress_type = method
            act = chance.random()
            if act < 0.06:
                info.create_system, info.external_attr = 3, 0o120777 << 16  # a symbolic link
                data = chance.choice(LINKS).encode()
            elif act < 0.1:
                info.create_system, info.external_attr = (
                    3,
                    chance.choice((0o010644, 0o020666, 0o060666, 0o100000)) << 16,
                )
            _quietly(made, info, data)
    data = stream.getvalue()
    act = chance.random()
    if act < 0.05:
        return data.replace(b"PK\x01\x02", b"PK\x01\x03", 1)
    if act < 0.1:  # encrypted, says the flag
        at = data.find(b"PK\x01\x02")
        return data[: at + 8] + b"\x01" + data[at + 9 :] if at >= 0 else data
    if act < 0.15:  # a size that is not true
        at = data.find(b"PK\x01\x02")
        return data[: at + 24] + b"\xff\xff\xff\x7f" + data[at + 28 :] if at >= 0 else data
    return data


def _quietly(made: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name that stands twice
        made.writestr(info, data)


def _tar(members: list[tuple[str, bytes]], chance: random.Random) -> bytes:
    stream = io.BytesIO()
    mode: Any = chance.choice(("w", "w:gz", "w:bz2", "w:xz"))
    form = chance.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))
    with tarfile.open(fileobj=stream, mode=mode, format=form, errors="surrogateescape") as made:
        for name, data in members:
            info = tarfile.TarInfo(name.encode("utf-8", "replace").decode().replace("\0", ""))
            info.size = len(data)
            if chance.random() < 0.12:
                types = (
                    tarfile.SYMTYPE,
                    tarfile.LNKTYPE,
                    tarfile.FIFOTYPE,
                    tarfile.CHRTYPE,
                    tarfile.DIRTYPE,
                    b"S",
                    b"9",
                )
                info.type = chance.choice(types)
                info.linkname = chance.choice(LINKS)
                info.size = 0
            if chance.random() < 0.05:
                info.mode = chance.choice((0, 0o4777, 0o222))
            if chance.random() < 0.03:
                info.mtime = chance.choice((-1, 2**40, 0))
            made.addfile(info, io.BytesIO(data) if info.size else None)
    return stream.getvalue()
