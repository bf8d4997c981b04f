"""Hostile submissions, answer files and corpora."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np

from tests.fuzz import warm
from tests.fuzz.hostile import kind
from tests.fuzz.mutation import changed, spoiled, written
from tests.fuzz.writing_commands import HERE, corpus, ready_run

HOSTILE = "hostile.json"
SAID = ("先洗手", "<b>wash</b>", "", "{\\an8}x", "-->", "0" * 500)


@kind("submissions")
def submission(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A changed submission of Track 1 or of Tracks 2 and 3, to each command that reads one."""
    corpus(folder)
    source = chance.choice(("track1.json", "lists.json"))
    document = changed(json.loads((folder / source).read_bytes()), chance)
    (folder / HOSTILE).write_bytes(written(document, chance))
    return chance.choice(
        (
            ("validate", HOSTILE, *HERE),
            ("validate", HOSTILE, *HERE, "--format", "json"),
            ("validate", HOSTILE, *HERE, "--fix", "mended.json"),
            ("validate", HOSTILE, "--track", "1", "--edition", "mmivqa-2024"),
            ("score", HOSTILE, *HERE, "--resamples", "20"),
            ("score", HOSTILE, source, *HERE, "--resamples", "20", "--format", "json"),
            ("score", HOSTILE, *HERE, "--resamples", "20", "--per-question", "rows.csv"),
            ("score", HOSTILE, "--truth", "data/" + warm.ANSWERS, "--track", chance.choice("123"), "--resamples", "20"),
            ("diagnose", HOSTILE, *HERE, "--html", "page.html"),
            ("compare", source, HOSTILE, *HERE, "--resamples", "20"),
        )
    )


@kind("answers")
def answers(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A changed answer file, or list of ids, beside a good submission."""
    corpus(folder)
    source = chance.choice(("track1.json", "lists.json"))
    document = changed(json.loads((folder / "data" / warm.ANSWERS).read_bytes()), chance)
    if chance.random() < 0.2:
        document = changed([row.get("id") for row in json.loads((folder / "track1.json").read_bytes())], chance)
    (folder / HOSTILE).write_bytes(written(document, chance))
    return chance.choice(
        (
            ("score", source, "--truth", HOSTILE, "--resamples", "20"),
            ("score", source, *HERE, "--truth", HOSTILE, "--track", chance.choice("123"), "--resamples", "20"),
            ("score", source, *HERE, "--only", HOSTILE, "--resamples", "20"),
            ("validate", "--truth", HOSTILE),
            ("validate", source, "--truth", HOSTILE),
            ("diagnose", source, "--truth", HOSTILE),
        )
    )


@kind("corpora")
def data(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A corpus with one changed file."""
    corpus(folder)
    names = ["train.json", "dev.json", "subtitle.json", "dataset_testA_for_track23.json", "corpus.json", "features"]
    name = chance.choice(names)
    root = folder / "data"
    if name == "features":
        path = chance.choice(sorted((root / "video_feature").glob("*.npy")))
        path.write_bytes(_features(path.read_bytes(), chance))
    else:
        document = changed(json.loads((root / name).read_bytes()), chance)
        (root / name).write_bytes(written(document, chance))
    return chance.choice(
        (
            ("data", "check", *HERE),
            ("data", "check", *HERE, "--all", "--format", "csv"),
            ("data", "split", *HERE, "--out", "divided"),
            ("train", "-m", "bm25", *HERE),
            ("validate", "lists.json", *HERE),
            ("score", "track1.json", *HERE, "--resamples", "20"),
            ("sample", "--track", "1", *HERE, "--out", "mine.json"),
            ("init", "--from", "data", "--data", "made"),
        )
    )


@kind("predict")
def predicted(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A good run with a changed corpus, or with a changed submission as its retriever."""
    shutil.copytree(ready_run("bm25"), folder, dirs_exist_ok=True)
    name = chance.choice(("subtitle.json", "dataset_testA_for_track23.json", "dataset_testA_for_track1.json"))
    document = changed(json.loads((folder / "data" / name).read_bytes()), chance)
    (folder / "data" / name).write_bytes(written(document, chance))
    return ("predict", *HERE, "--track", chance.choice("123"))


@kind("subtitles")
def subtitles(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """Changed .srt and .vtt files."""
    (folder / "srt").mkdir()
    for number in range(chance.randint(1, 3)):
        ending = chance.choice((".srt", ".vtt", ".zh.srt", ".en.vtt", ".SRT"))
        path = folder / "srt" / f"video{number:06d}{ending}"
        data = _cues(chance, "vtt" in ending).encode()
        path.write_bytes(spoiled(data, chance) if chance.random() < 0.3 else data)
    return ("data", "subtitles", "srt", "subtitle.json")


def _cues(chance: random.Random, vtt: bool) -> str:
    cues = ["WEBVTT\n"] if vtt else []
    for number in range(chance.randint(0, 12)):
        times = [
            chance.choice(
                (number * 2, chance.uniform(0, 90), chance.uniform(0, 90), 10 ** chance.choice((1, 3, 5, 30)))
            )
            for _ in range(2)
        ]
        clock = " --> ".join(_clock(time) for time in (sorted(times) if chance.random() < 0.95 else times))
        cues.append(f"{number}\n{clock}\n{chance.choice(SAID)}\n")
    return "\n".join(cues)


def _clock(time: float) -> str:
    return f"{int(time // 3600):02d}:{int(time // 60 % 60):02d}:{time % 60:06.3f}".replace(".", ",")


def _features(good: bytes, chance: random.Random) -> bytes:
    act = chance.randrange(4)
    if act == 0:
        return spoiled(good, chance)
    shapes = ((10**12, 8), (0, 8), (4,), (), (-1, 8), (2, 2, 2), (4, 10**11))
    if act == 1:
        return _npy(chance.choice(("<f4", "<f8", "|O", "<i8", "<U9", "|b1", "<c16")), chance.choice(shapes), bytes(64))
    rows = np.full((4, 8), chance.choice((np.nan, np.inf, 1e38, 0.0)), np.float32)
    return _npy("<f4", rows.shape, rows.tobytes())


def _npy(dtype: str, shape: tuple[int, ...], data: bytes) -> bytes:
    """An .npy file with this header, whatever follows."""
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data
