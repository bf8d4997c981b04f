"""How processor time grows for twice the input, over every shape of input that has a size.

A shape makes an input of a size and gives the command on it. The size is raised until a call costs enough to be told
from what every call costs; then the same for twice the size. Linear work doubles, quadratic work takes four times as
long: `BOUND` lies between. Each time is the least of a few.
"""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import warm
from tests.fuzz.child import MIB, Bounds, command
from tests.fuzz.mutation import MARKS
from tests.fuzz.writing_commands import HERE, corpus

BOUND = 3.0  # times as long for twice the input
TOLD = 0.2  # seconds of processor time beyond an empty call
LARGEST = 1 << 22
BOUNDS = Bounds(seconds=20, memory=4096 * MIB, file=1024 * MIB)

Shape = Callable[[Path, int], tuple[str, ...]]
SHAPES: dict[str, Shape] = {}


def shape(name: str) -> Callable[[Shape], Shape]:
    """Enter a shape under a name."""

    def enter(make: Shape) -> Shape:
        SHAPES[name] = make
        return make

    return enter


@dataclass(frozen=True, slots=True)
class Growth:
    """Processor seconds beyond those of the smallest input, at ``size`` and at twice the size."""

    shape: str
    size: int
    seconds: float
    twice: float
    fault: str = ""

    @property
    def ratio(self) -> float:
        """How many times as long the double input takes."""
        return self.twice / max(self.seconds, 1e-9)

    @property
    def holds(self) -> bool:
        """Whether that is below the bound, or too quick to tell at the largest size."""
        return not self.fault and (self.ratio < BOUND or self.twice < TOLD)


def growth(name: str, folder: Path, repeats: int = 2) -> Growth:
    """The growth of one shape."""
    base, fault = seconds(name, 1, folder, repeats)
    size, once = 256, 0.0
    while not fault:
        once, fault = seconds(name, size, folder, 1)
        if once - base >= TOLD or size >= LARGEST:
            break
        size *= 2 if once - base > TOLD / 4 else 8
    twice = 0.0
    if not fault:
        twice, fault = seconds(name, 2 * size, folder, 1)
    if not fault and twice - base >= BOUND * (once - base) and twice - base >= TOLD:  # once more, before it is said
        once, _ = seconds(name, size, folder, 1 + repeats)
        twice, fault = seconds(name, 2 * size, folder, repeats)
    return Growth(name, size, once - base, twice - base, fault)


def seconds(name: str, size: int, folder: Path, repeats: int) -> tuple[float, str]:
    """Processor time of the command on an input of this size, the least of some calls; and what went wrong."""
    spent, fault = [], ""
    for _ in range(repeats):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        corpus(folder)
        ended = command(SHAPES[name](folder, size), folder, BOUNDS)
        spent.append(ended.seconds)
        fault = ended.fault()
        if fault:
            break
    return min(spent), fault


def _put(folder: Path, document: Any) -> str:
    (folder / "large.json").write_bytes(warm.text(document))
    return "large.json"


def _rows(folder: Path, source: str = "track1.json") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / source).read_bytes())
    return rows


DOCUMENTS: dict[str, Callable[[list[dict[str, Any]], int], Any]] = {
    "items": lambda rows, n: rows + [{**rows[0], "id": 10**6 + i} for i in range(min(n, 199_000))],
    "items without id": lambda rows, n: rows + [{"x": i} for i in range(min(n, 199_000))],
    "items of one id": lambda rows, n: rows + [rows[0]] * min(n, 199_000),
    "items that are null": lambda rows, n: rows + [None] * min(n, 199_000),
    "items of colliding ids": lambda rows, n: (
        rows + [{**rows[0], "id": i * (2**61 - 1)} for i in range(1, min(n, 199_000))]
    ),
    "items of array ids": lambda rows, n: rows + [{**rows[0], "id": [i]} for i in range(min(n, 199_000))],
    "text ids": lambda rows, n: rows + [{**rows[0], "id": f" {i} "} for i in range(min(n, 199_000))],
    "long ids": lambda rows, n: [*rows, {**rows[0], "id": "a" * n}],
    "marks in an id": lambda rows, n: [*rows, {**rows[0], "id": MARKS * n}],
    "marks in a question": lambda rows, n: [{**rows[0], "question": MARKS * n}, *rows[1:]],
    "long questions": lambda rows, n: [{**row, "question": row["question"] + "洗" * n} for row in rows],
    "blanks in a question": lambda rows, n: [{**rows[0], "question": " " * n}, *rows[1:]],
    "keys of an item": lambda rows, n: [{**rows[0], **{f"k{i}": i for i in range(n)}}, *rows[1:]],
    "colliding keys": lambda rows, n: [{**rows[0], "x": [i * (2**61 - 1) for i in range(n)]}, *rows[1:]],
    "an unknown array": lambda rows, n: [{**rows[0], "x": [[]] * n}, *rows[1:]],
}
LISTS: dict[str, Callable[[list[dict[str, Any]], int], Any]] = {
    "entries": lambda rows, n: [{**rows[0], "output": rows[0]["output"][:1] * n}, *rows[1:]],
    "entries of other videos": lambda rows, n: [
        {**rows[0], "output": [[f"v{i:010d}", 0, 1] for i in range(n)]},
        *rows[1:],
    ],
    "entries that are null": lambda rows, n: [{**rows[0], "output": [None] * n}, *rows[1:]],
    "a long video id": lambda rows, n: [{**rows[0], "output": [["v" * n, 0, 1]] * 50}, *rows[1:]],
    "marks in a video id": lambda rows, n: [{**rows[0], "output": [[MARKS * n, 0, 1]]}, *rows[1:]],
    "elements of an entry": lambda rows, n: [{**rows[0], "output": [["v", 0, 1, *range(n)]]}, *rows[1:]],
}
COMMANDS = {
    "validate": ("validate", "large.json", *HERE),
    "score": ("score", "large.json", *HERE, "--no-intervals"),
    "fix": ("validate", "large.json", *HERE, "--fix", "mended.json"),
}


def _document_shapes() -> None:
    for source, makers in (("track1.json", DOCUMENTS), ("lists.json", LISTS)):
        for what, make in makers.items():
            for name, words in COMMANDS.items():

                def made(folder: Path, size: int, source: str = source, make: Any = make, words: Any = words) -> Any:
                    _put(folder, make(_rows(folder, source), size))
                    return words

                SHAPES[f"{name}: {what}"] = made


_document_shapes()


@shape("score: answers")
def _answers(folder: Path, size: int) -> tuple[str, ...]:
    rows = _rows(folder)
    _put(folder, [{**rows[0], "id": i} for i in range(size)])
    return ("score", "large.json", "--truth", "large.json", "--track", "1", "--no-intervals")


@shape("score: bytes that are no JSON")
def _no_json(folder: Path, size: int) -> tuple[str, ...]:
    (folder / "large.json").write_bytes(random.Random(0).randbytes(size))
    return COMMANDS["score"]


@shape("validate: open brackets")
def _brackets(folder: Path, size: int) -> tuple[str, ...]:
    (folder / "large.json").write_bytes(b"[" * size)
    return COMMANDS["validate"]


@shape("fix: backslashes and quotes")
def _quotes(folder: Path, size: int) -> tuple[str, ...]:
    (folder / "large.json").write_bytes(b"[" + b"'\\\"," * size)
    return COMMANDS["fix"]


@shape("fix: trailing commas")
def _commas(folder: Path, size: int) -> tuple[str, ...]:
    (folder / "large.json").write_bytes(b'[{"id":1,},' * size)
    return COMMANDS["fix"]


@shape("data check: lines of a video")
def _lines(folder: Path, size: int) -> tuple[str, ...]:
    path = folder / "data" / "subtitle.json"
    videos = json.loads(path.read_bytes())
    first = next(iter(videos))
    videos[first] = [{"text": "洗手", "start": 2.0 * i, "duration": 2.0} for i in range(size)]
    path.write_bytes(warm.text(videos))
    return ("data", "check", *HERE)


@shape("data check: one long line")
def _long_line(folder: Path, size: int) -> tuple[str, ...]:
    path = folder / "data" / "subtitle.json"
    videos = json.loads(path.read_bytes())
    videos[next(iter(videos))][0]["text"] = "洗" * size
    path.write_bytes(warm.text(videos))
    return ("train", "-m", "bm25", *HERE)


@shape("data split: questions")
def _questions(folder: Path, size: int) -> tuple[str, ...]:
    rows = json.loads((folder / "data" / "train.json").read_bytes())
    (folder / "data" / "dev.json").unlink()
    many = [{**rows[i % len(rows)], "id": i, "video_id": f"v{i // 3:09d}"} for i in range(max(size, 6))]
    (folder / "data" / "train.json").write_bytes(warm.text(many))
    return ("data", "split", *HERE, "--out", "divided")


@shape("data subtitles: cues")
def _cues(folder: Path, size: int) -> tuple[str, ...]:
    cue = "{0}\n{1:02d}:{2:02d}:{3:02d},000 --> {1:02d}:{2:02d}:{3:02d},900\n洗手\n"
    cues = (cue.format(i, i // 3600, i // 60 % 60, i % 60) for i in range(max(size, 1)))
    (folder / "video000001.srt").write_text("\n".join(cues), encoding="utf-8")
    return ("data", "subtitles", "video000001.srt", "subtitle.json")


@shape("init: members of a zip")
def _zip_members(folder: Path, size: int) -> tuple[str, ...]:
    return _archive(folder, [f"d{i % 97}/{i}.txt" for i in range(size)])


@shape("init: folders of a zip")
def _zip_folders(folder: Path, size: int) -> tuple[str, ...]:
    return _archive(folder, [f"{i}/x.txt" for i in range(size)])


@shape("init: depth of a path")
def _zip_depth(folder: Path, size: int) -> tuple[str, ...]:
    return _archive(folder, ["/".join(["d"] * min(size, 20_000)) + "/x.txt"])


@shape("init: one large member")
def _zip_large(folder: Path, size: int) -> tuple[str, ...]:
    return _archive(folder, ["x.txt"], bytes(size))


def _archive(folder: Path, names: list[str], data: bytes = b"") -> tuple[str, ...]:
    with zipfile.ZipFile(folder / "large.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("train.json", (folder / "data" / "train.json").read_bytes())
        for name in names:
            made.writestr(name, data)
    return ("init", "--from", "large.zip", "--data", "made")
