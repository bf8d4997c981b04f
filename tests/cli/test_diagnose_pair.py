"""`cmivqa diagnose A B`: what it prints, what it refuses, and that no option is passed over."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import cmivqa_here
from tests.data.corpora import read, write
from tests.diagnosis.made import answer, others, target

TRUTH = ("--truth", "truth.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a b.json` finds the first 12 of 20 videos at rank 10, `b.json` the first 6 at rank 1, with the right span."""
    folder = tmp_path_factory.mktemp("pair")
    write(folder / "truth.json", [target(i, f"v{i:02}", i, i + 10, question=f"why {i}?") for i in range(20)])
    late = [[f"v{i:02}", i, i + 5] if i < 12 else ["v99", 0, 1] for i in range(20)]
    write(folder / "a b.json", [answer(i, *others(9), late[i]) for i in range(20)])
    write(folder / "b.json", [answer(i, *([[f"v{i:02}", i, i + 10]] if i < 6 else others(3))) for i in range(19)])
    write(folder / "spans.json", [{"id": i, "start_second": i, "end_second": i + 5} for i in range(20)])
    return folder


def run(folder: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    done = cmivqa_here("diagnose", *arguments, cwd=folder)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *arguments, "--format", "json")[0])
    return found


def test_what_it_prints(folder: Path) -> None:
    text, _ = run(folder, "a b.json", "b.json", *TRUTH)
    lines = text.splitlines()
    assert lines[0] == "Track 3, truth, 20 questions, strict scores"
    assert lines[1:3] == ["  A  a b.json", "  B  b.json"]
    (row,) = (line.split() for line in lines if line.startswith("  Average  "))
    assert row == ["Average", "0.2000", "0.3000", "+0.1000"]
    assert "  Average: A better on 6, B better on 6, the same on 0, and on 8 both earn nothing." in lines
    at = lines.index("  where they differ most")
    assert lines[at + 1 : at + 4] == [
        "  id       A       B    B - A",
        "  0   0.3333  1.0000  +0.6667  why 0?",
        "      A: right video ranked low, rank 10; B: hit, rank 1",
    ]
    assert "  and 2 more (--html FILE or --format json has all)" in lines
    compare = next(line for line in lines if "more than chance" in line).partition(": ")[2]
    assert compare == "cmivqa compare 'a b.json' b.json --truth truth.json"
    assert cmivqa_here(*shlex.split(compare)[1:], "--resamples", "50", cwd=folder).returncode == 0
    assert lines[-1] == "Next: cmivqa diagnose 'a b.json' b.json --html side-by-side.html --truth truth.json"


def test_json_and_the_page(folder: Path) -> None:
    found = document(folder, "a b.json", "b.json", *TRUTH)
    assert [one["name"] for one in found["systems"]] == ["a b.json", "b.json"]
    assert found["difference"] == pytest.approx(0.1)
    assert found["verdicts"] == {"a-better": 6, "b-better": 6, "both-miss": 8, "same": 0}
    assert [one["id"] for one in found["questions"][:7]] == [0, 1, 2, 3, 4, 5, 6]
    assert found["questions"][-1]["b"]["answer"] == "missing"
    assert found["organizers_only"] is True  # of an unnamed split nobody knows better
    text, _ = run(folder, "a b.json", "b.json", *TRUTH, "--html", "page.html")
    assert "page.html: open it in a browser" in text and "for organizers only" in text
    assert text.splitlines()[-1] == "Next: cmivqa compare 'a b.json' b.json --truth truth.json"
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "a b.json / b.json" in page and '"gold":[' in page
    assert "exists already" in run(folder, "a b.json", "b.json", *TRUTH, "--html", "page.html", code=2)[1]
    for name in ("a b.json", "b.json", "truth.json"):
        refused = run(folder, "a b.json", "b.json", *TRUTH, "--html", name, "--force", code=2)[1]
        assert f"{name}: is read by this command" in refused


def test_every_option_counts_for_both(folder: Path) -> None:
    found = document(folder, "a b.json", "b.json", *TRUTH, "--only", "0,1,19", "--cutoffs", "1,20")
    assert sorted(one["id"] for one in found["questions"]) == [0, 1, 19]
    assert found["cutoffs"] == [1, 20] and len(found["questions"][0]["a"]["m"]) == 2
    public = document(folder, "a b.json", "b.json", *TRUTH, "--public")
    assert "organizers_only" not in public
    assert all(one[system]["position"] is None for one in public["questions"] for system in "ab")
    text, _ = run(folder, "a b.json", "b.json", *TRUTH, "--public", "--html", "public.html")
    assert "rank 10" not in text and "organizers" not in text
    assert '"gold":null' in (folder / "public.html").read_text(encoding="utf-8")
    refused = run(folder, "a b.json", "b.json", *TRUTH, "--public", "--track", "2", code=2)[1]
    assert "--public: on Track 2 the value of a question tells the rank" in refused
    assert document(folder, "a b.json", "b.json", *TRUTH, "--track", "2")["headline"] == "Overall"


def test_lists_without_spans_are_track_2(folder: Path) -> None:
    write(folder / "names.json", [answer(i, [f"v{i:02}"]) for i in range(20)])
    text, _ = run(folder, "b.json", "names.json", *TRUTH)
    assert text.startswith("Track 2, truth, 20 questions")
    assert "not in the list" in text


def test_the_same_answers(folder: Path) -> None:
    text, _ = run(folder, "b.json", "b.json", *TRUTH)
    assert "They have the same value on every question." in text
    assert "the same on 6, and on 14 both earn nothing" in text


def test_what_cannot_stand_side_by_side(folder: Path) -> None:
    said = run(folder, "b.json", "spans.json", *TRUTH, code=2)[1]
    assert "no track in common: b.json is for Tracks 2 and 3; spans.json is for Track 1" in said
    three = run(folder, "a b.json", "b.json", "c.json", code=2)[1]
    assert "takes one file, or two to hold side by side, and 3 are named" in three
    assert "Run: cmivqa compare 'a b.json' b.json c.json" in three
    assert "- is named twice" in run(folder, "-", "-", code=2)[1]
    assert "nowhere.json: cannot be diagnosed: E101" in run(folder, "b.json", "nowhere.json", *TRUTH, code=2)[1]
    write(folder / "twice.json", read(folder / "truth.json") * 2)
    twice = run(folder, "a b.json", "b.json", "--truth", "twice.json", code=2)[1]
    assert "a b.json: cannot be diagnosed" in twice and "the id is there twice" in twice


def test_files_for_two_splits_say_what_differs(folder: Path) -> None:
    for split in ("dev", "testA"):
        assert (
            cmivqa_here("sample", "--split", split, "--track", "1", "--out", f"{split}.json", cwd=folder).returncode
            == 0
        )
    said = run(folder, "dev.json", "testA.json", code=2)[1]
    assert "split is dev for dev.json and testA for testA.json; truth is" in said
    assert "Score all systems on the same answers" in said


def test_the_next_step_of_an_unsound_file_is_to_validate_it(folder: Path) -> None:
    write(folder / "crash.json", [*read(folder / "b.json"), {"output": []}])
    text, _ = run(folder, "crash.json", "b.json", *TRUTH)
    assert text.splitlines()[-1] == "Next: cmivqa validate crash.json --truth truth.json"
    assert "crash.json: the official program crashes on it" in text
