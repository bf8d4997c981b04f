"""Every command printed about submissions succeeds: right ones, mendable ones, such as are beyond mending.

They are checked and scored without torch, so the walks go without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.command_server import CommandServer
from tests.cli.printed_steps import Step
from tests.data.corpora import TEST_A_VIDEOS, annotated, make_zip, read, without, write


@pytest.fixture(scope="module")
def server(few_videos: Path) -> Iterator[CommandServer]:
    with CommandServer(False, few_videos) as started:
        yield started


def entries(server: CommandServer, folder: Path) -> None:
    """Put submissions of every kind into ``folder``: right, mendable, beyond mending, of several tracks and splits."""
    for command in (
        "cmivqa train -m bm25", "cmivqa predict -m bm25 --split testA --track 1 --out right.json",
        "cmivqa predict -m bm25 --split testA --out corpus.json", "cmivqa predict -m bm25 --split dev --out dev.json",
    ):  # fmt: skip
        assert server.run(command, folder).code == 0
    right = read(folder / "right.json")
    first, second = right[0]["id"], right[1]["id"]
    times = ("start_second", "end_second")
    for name, rows in {
        "texts": [{**row, "id": str(row["id"]) if row["id"] == first else row["id"]} for row in right],
        "reversed": [{**row, times[0]: row[times[1]], times[1]: row[times[0]]} for row in right],
        "milliseconds": [{**row, **{name: row[name] * 1000 for name in times}} for row in right],
        "shifted": [{**row, "id": row["id"] + 1} for row in right],
        "without ids": [{key: value for key, value in row.items() if key != "id"} for row in right],
        "missing": right[:-3],
        "twice": [*right, right[0]],
        "floats": [{**row, "id": float(row["id"])} for row in right],
        "foreign": [{"id": second, "question": "x", "output": [["v", 0, 1]]}],
        "empty": [],
        "object": {"answers": right},
    }.items():
        write(folder / f"{name}.json", rows)
    whole = (folder / "right.json").read_text(encoding="utf-8")
    for name, text in {"cut": whole[:3000], "nothing": "", "page": "<html>"}.items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    for name, members in {"all": ("right", "corpus"), "mixed": ("right", "cut", "texts")}.items():
        (folder / name).mkdir()
        for member in members:
            shutil.copy(folder / f"{member}.json", folder / name)


ENTRIES = (
    "right", "corpus", "dev", "texts", "reversed", "milliseconds", "shifted", "without ids", "missing", "twice",
    "floats", "foreign", "empty", "object", "cut", "nothing", "page", "gone",
)  # fmt: skip


def commands_on(names: Sequence[str]) -> Iterator[str]:
    """What one does with submissions: alone, in folders, beside each other, and to be mended."""
    for name in names:
        yield from (f"cmivqa {command} '{name}.json'" for command in ("validate", "score", "diagnose"))
        yield f"cmivqa validate '{name}.json' --fix mended.json"
        yield f"cmivqa compare right.json '{name}.json'"
    for folder in ("all", "mixed"):
        yield from (f"cmivqa {command} {folder}" for command in ("validate", "score"))
    yield "cmivqa score right.json reversed.json missing.json"
    yield "cmivqa compare right.json reversed.json missing.json"
    yield "cmivqa validate right.json --split dev"
    yield "cmivqa validate right.json --track 2"
    yield "cmivqa score corpus.json --track 3 --only 2,4"
    yield "cmivqa validate --truth right.json"


@pytest.mark.parametrize("workspace", [False, True], ids=["outside", "in a workspace"])
def test_with_submissions_of_every_kind(
    type_all: Callable[..., list[Step]], server: CommandServer, few_videos: Path, state: Path, workspace: bool
) -> None:
    if workspace:
        shutil.copytree(few_videos, state / "my data")
        assert server.run("cmivqa init --data 'my data'", state).code == 0
    entries(server, state)
    steps = type_all(*commands_on(ENTRIES), least=20)
    assert any(step.after and " --fix " in step.command for step in steps)


def beside_an_answer_file(folder: Path) -> None:
    """Put an answer file, copies of it in other forms, and submissions of every kind for it into ``folder``."""
    answers = annotated(TEST_A_VIDEOS)
    times = ("start_second", "end_second")
    right = without(answers, "video_id")
    lists = [{**row, "output": [[row["video_id"], *(row[name] for name in times)]]} for row in answers]
    lists = without(lists, "video_id", *times)
    for name, rows in {
        "the answers": answers,
        "videos alone": without(answers, *times),  # of Track 2
        "right": right,
        "lists": lists,
        "texts": [{**row, "id": str(row["id"])} for row in right],
        "reversed": [{**row, times[0]: row[times[1]], times[1]: row[times[0]]} for row in right],
        "crash": [{**row, "output": [] if n == 1 else row["output"]} for n, row in enumerate(lists)],
        "crash of spans": [{**row, times[0]: "x"} for row in right],
        "milliseconds": [{**row, **{name: (row[name] + 20) * 1000 for name in times}} for row in right],
        "foreign": [{**row, "id": f"q{row['id']}"} for row in right],
        "missing": right[:-2],
    }.items():
        write(folder / f"{name}.json", rows)
    (folder / "cut.json").write_text((folder / "right.json").read_text(encoding="utf-8")[:200], encoding="utf-8")
    make_zip(folder / "packed answers.zip", {"answers.json": answers})


GIVEN = (
    "right", "lists", "texts", "reversed", "crash", "crash of spans", "milliseconds", "foreign", "missing", "cut",
)  # fmt: skip


def test_with_an_answer_file_outside_of_a_workspace(type_all: Callable[..., list[Step]], state: Path) -> None:
    beside_an_answer_file(state)
    truth = "--truth 'the answers.json'"
    first = [f"cmivqa {command} '{name}.json' {truth}" for name in GIVEN for command in ("validate", "score")]
    first += [f"cmivqa diagnose '{name}.json' {truth}" for name in ("right", "crash", "texts")]
    first += [f"cmivqa compare right.json '{name}.json' {truth}" for name in ("missing", "lists", "cut")]
    first += [f"cmivqa {command} lists.json --truth 'videos alone.json' --track 2" for command in ("validate", "score")]
    first += ["cmivqa score lists.json --truth 'videos alone.json'", f"cmivqa score right.json missing.json {truth}"]
    first += [f"cmivqa score right.json crash.json cut.json {truth}", f"cmivqa validate {truth}"]
    first += ["cmivqa score right.json --truth 'packed answers.zip'", "cmivqa validate --truth 'packed answers.zip'"]
    first += ["cmivqa score right.json --truth right.json", "cmivqa score right.json --truth gone.json"]
    steps = type_all(*first, least=20)
    assert not [
        step for step in steps if step.after and " --truth " not in step.command and "right.json" in step.command
    ]
