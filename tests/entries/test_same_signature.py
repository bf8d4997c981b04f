"""The same answers have the same signature however they are given: workspace, data root, answer file, Python."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import cmivqa_kit as ck
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.entries import Ground, open_entry, open_ground
from cmivqa_kit.scoring.truth import truth_fingerprint
from tests.cli.running import cmivqa_here
from tests.data.corpora import (
    TEST_A_VIDEOS,
    annotated,
    cmivqa_2023,
    m4ivqa_record,
    medvidqa,
    mmivqa_2024,
    read,
    write,
)

Rows = list[dict[str, Any]]
TIMES = ("start_second", "end_second")


@dataclass(frozen=True, slots=True)
class Case:
    """A data root with the answers of a split in ``truth``, and what its signature says."""

    make: Callable[[Path], Path]
    truth: str
    edition: str
    split: str
    track: Track = 1


def with_answers(root: Path) -> Path:
    """The tree of 2023 with the organizers' answers of test A."""
    cmivqa_2023(root)
    write(root / "answers" / "dataset_testA_for_task_1_answer.json", annotated(TEST_A_VIDEOS))
    return root


def m4ivqa_2025(root: Path) -> Path:
    """A training file and a dev file with captions inside, two questions in each record."""
    for split, first in (("train", 1), ("dev", 11)):
        write(root / f"{split}.json", [m4ivqa_record(first + n, f"{split}{n:06d}") for n in range(3)])
    return root


def medvidqa_apart(root: Path) -> Path:
    """The MedVidQA tree with other ids in its test split, so that ids and texts tell the splits apart."""
    test = medvidqa(root) / "data" / "text" / "test.json"
    rows = [{**row, "sample_id": row["sample_id"] + 50, "question": f"{row['question']}?"} for row in read(test)]
    write(test, rows)
    return root


CASES = {
    "2023": Case(with_answers, "answers/dataset_testA_for_task_1_answer.json", "cmivqa-2023", "testA"),
    "2024": Case(mmivqa_2024, "dev/MMIVQA_DEV_TASK1.json", "mmivqa-2024", "dev"),
    "2024, Track 3": Case(mmivqa_2024, "dev/MMIVQA_DEV_TASK3.json", "mmivqa-2024", "dev", 3),
    "2025": Case(m4ivqa_2025, "dev.json", "m4ivqa-2025", "dev"),
    "MedVidQA": Case(medvidqa_apart, "data/text/test.json", "medvidqa", "test"),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def root(tmp_path: Path, case: Case) -> Path:
    return case.make(tmp_path / "root")


@pytest.fixture
def submission(tmp_path: Path, case: Case, root: Path) -> Path:
    """The right answers as a submission, under the ids that the data root has."""
    questions = ck.open_split(root, case.split, case.track).questions
    answers = open_ground(root).root.answers(case.split, case.track)
    assert answers is not None
    assert [row["id"] for row in answers[0]] == [question.id for question in questions]
    rows = [
        {"id": row["id"], "question": row["question"], "output": [[row["video_id"], *(row[name] for name in TIMES)]]}
        if case.track == 3
        else {key: row[key] for key in ("id", "question", *TIMES)}
        for row in answers[0]
    ]
    return write(tmp_path / "submission.json", rows)


def signature(*arguments: str | Path, cwd: Path) -> str:
    done = cmivqa_here("score", "submission.json", *arguments, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    [entry] = json.loads(done.stdout)
    [card] = entry["scores"]
    assert card["official"]["metrics"][card["headline"]] == 1
    text: str = card["signature"]
    return text


def in_other_words(rows: Rows, number: Callable[[float], float]) -> Rows:
    """The same answers with keys in another order and times written in another way."""
    keys = {key for row in rows for key in row if key.endswith("_second")}
    return [
        {key: number(value) if key in keys else value for key, value in reversed(list(row.items()))} for row in rows
    ]


def test_every_way_gives_the_same_signature(tmp_path: Path, case: Case, root: Path, submission: Path) -> None:
    truth, track = root / case.truth, ("--track", str(case.track))
    expected = signature("--data", root, *track, cwd=tmp_path)
    assert f"|edition:{case.edition}|split:{case.split}|track:{case.track}|" in expected
    raw = read(truth)
    others = {
        "as it stands": raw,
        "whole floats": in_other_words(raw, float),
        "integers": in_other_words(raw, int),
    }
    copies = [write(tmp_path / f"{case.split}_copy{n}.json", rows) for n, rows in enumerate(others.values())]
    packed = tmp_path / f"{case.split}.json.gz"
    packed.write_bytes(gzip.compress(truth.read_bytes()))
    nameless = write(tmp_path / "of last year.json", others["whole floats"])

    ways = {
        "--truth": signature("--truth", truth, *track, cwd=tmp_path),
        "--data and --truth": signature("--data", root, "--truth", nameless, *track, cwd=tmp_path),
        "path": ck.score(submission, truth, case.track).signature,
        "ground": open_entry(submission, Ground(root, truth=nameless, track=case.track)).cards[0].signature,
        "ground without data": open_entry(submission, Ground(truth=copies[1], track=case.track)).cards[0].signature,
        "archive": ck.score(submission, packed, case.track).signature,
        "archive by command": signature("--truth", packed, *track, cwd=tmp_path),
    }
    ways |= {f"copy {path.name}": signature("--truth", path, *track, cwd=tmp_path) for path in copies}
    ways |= {f"list, {name}": ck.score(submission, rows, case.track, split=case.split).signature
             for name, rows in others.items()}  # fmt: skip
    assert cmivqa_here("init", "--data", root, cwd=tmp_path).returncode == 0
    ways |= {
        "workspace": signature(*track, cwd=tmp_path),
        "workspace and --truth": signature("--truth", truth, *track, cwd=tmp_path),
        "workspace and a copy": signature("--truth", nameless, *track, cwd=tmp_path),
    }
    assert ways == dict.fromkeys(ways, expected)


def test_a_name_that_says_nothing_changes_the_split_alone(
    tmp_path: Path, case: Case, root: Path, submission: Path
) -> None:
    nameless = write(tmp_path / "of last year.json", read(root / case.truth))
    expected = signature("--data", root, "--track", str(case.track), cwd=tmp_path)
    given = ck.score(submission, nameless, case.track).signature
    assert given == expected.replace(f"split:{case.split}", "split:of last year")
    listed = ck.score(submission, read(nameless), case.track).signature
    assert listed == expected.replace(f"split:{case.split}", "split:unnamed")


def test_other_answers_are_not_those_of_the_workspace(tmp_path: Path) -> None:
    root = with_answers(tmp_path / "root")
    rows = annotated(TEST_A_VIDEOS)
    other = write(tmp_path / "mine.json", [{**rows[0], "end_second": 99}, *rows[1:]])
    ground = open_ground(Ground(root, truth=other))
    assert (ground.truth_split, ground.edition.name) == ("mine", "cmivqa-2023")


def test_a_stated_edition_and_split_stand(tmp_path: Path) -> None:
    truth = mmivqa_2024(tmp_path / "root") / "dev" / "MMIVQA_DEV_TASK1.json"
    ground = open_ground(Ground(tmp_path / "root", truth=truth, split="Mine", edition="m4ivqa-2025"))
    assert (ground.truth_split, ground.edition.name) == ("Mine", "m4ivqa-2025")


def test_answers_of_several_tracks_in_one_file(tmp_path: Path) -> None:
    edition = load_edition("mmivqa-2024")
    rows = [{**row, "id": f"NLPCC2024_Task{task}_{row['id']}"} for task in (1, 2, 3) for row in annotated(["v"])]
    own = [row for row in rows if edition.track_of_id(row["id"]) == 1]
    truth = write(tmp_path / "test.json", rows)
    spans = write(tmp_path / "e.json", own)
    [card] = open_entry(spans, Ground(truth=truth)).cards
    assert (card.official.metrics or {})["mIoU"] == 1 and len(card.question_ids) == 2
    assert card.signature == ck.score(spans, truth).signature == ck.score(own, rows, 1, split="test").signature
    assert card.signature.endswith(truth_fingerprint(own))
