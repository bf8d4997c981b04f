"""What strangers write into texts and ids costs no command more than its length."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.folding import LONGEST
from cmivqa_kit.data.types import Question
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.fix.copies import once
from cmivqa_kit.submission.fix.ids import ids_as_asked, unanswered
from cmivqa_kit.submission.fix.ids_by_text import ids_of_texts
from cmivqa_kit.submission.fix.model import Context, Log
from cmivqa_kit.submission.match import agreement_of
from cmivqa_kit.submission.read import Document
from cmivqa_kit.submission.units import Timed, likely_unit
from cmivqa_kit.submission.validate import validate
from tests.cli.running import cmivqa_here
from tests.fuzz.writing_commands import HERE, corpus

MARKS = "\u0301\u0323" * 500
PRIME = 2**61 - 1  # every multiple of it has the hash 0
COMMANDS = (
    ("validate", "track1.json", *HERE),
    ("validate", "lists.json", *HERE),
    ("validate", "track1.json", *HERE, "--fix", "mended.json"),
    ("validate", "lists.json", *HERE, "--fix", "mended.json", "--force"),
    ("score", "track1.json", *HERE, "--no-intervals"),
    ("score", "lists.json", *HERE, "--no-intervals"),
    ("diagnose", "lists.json", *HERE),
    ("diagnose", "lists.json", "other.json", *HERE),
    ("compare", "lists.json", "other.json", *HERE),
    ("data", "check", *HERE),
    ("train", "-m", "bm25", *HERE),
    ("predict", *HERE, "--force"),
)


def hostile(folder: Path, name: str) -> None:
    rows: list[dict[str, Any]] = json.loads((folder / name).read_bytes())
    rows[0] |= {"question": MARKS}
    rows[-1] |= {"video_id": MARKS, "start_second": MARKS, "output": [[MARKS, 0, 1]]}
    text = json.dumps([*rows, {**rows[0], "id": MARKS}])
    (folder / name).write_text(text, encoding="utf-8")


def test_no_command_normalizes_a_text_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus(tmp_path)
    (tmp_path / "other.json").write_bytes((tmp_path / "lists.json").read_bytes())
    for name in ("track1.json", "lists.json"):
        hostile(tmp_path, name)
    subtitles = json.loads((tmp_path / "data" / "subtitle.json").read_bytes())
    for lines in subtitles.values():
        lines[0]["text"] = "洗手" + MARKS
    (tmp_path / "data" / "subtitle.json").write_text(json.dumps(subtitles), encoding="utf-8")
    for name in ("train.json", "dev.json"):
        rows = json.loads((tmp_path / "data" / name).read_bytes())
        rows[0]["question"] = "洗手" + MARKS
        (tmp_path / "data" / name).write_text(json.dumps(rows), encoding="utf-8")
    lengths: list[int] = []
    plain = unicodedata.normalize

    def counted(form: str, text: str) -> str:
        lengths.append(len(text))
        return plain(form, text)  # type: ignore[arg-type]

    monkeypatch.setattr(unicodedata, "normalize", counted)
    silent = []
    for words in COMMANDS:
        before = len(lengths)
        done = cmivqa_here(*words, cwd=tmp_path, CMIVQA_CACHE=str(tmp_path / "cache"))
        assert done.returncode in (0, 1, 2, 3), done.stderr.decode()
        if len(lengths) == before:
            silent.append(words[0])
    assert lengths
    assert max(lengths) <= LONGEST
    assert set(silent) <= {"data", "diagnose", "compare", "train", "score"}


class CountedInt(int):
    """Counts comparisons, which would be n * n if ids were compared one by one."""

    comparisons = 0
    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        CountedInt.comparisons += 1
        return int.__eq__(self, other)


NUMBER = 400
ROWS = [
    {"id": CountedInt(PRIME * step), "question": "?", "video_id": "v", "start_second": 0, "end_second": 1}
    for step in range(NUMBER)
]


@pytest.fixture(autouse=True)
def counter() -> None:
    CountedInt.comparisons = 0


def questions(of: Any) -> list[Question]:
    return [Question(of(PRIME * step), "?", None, "v") for step in range(0, NUMBER, 2)]


def test_validate_compares_no_ids_one_by_one() -> None:
    document = Document(Path("x.json"), ROWS, True, ())
    report = validate(document, (1,), load_edition(), questions=questions(CountedInt))
    assert report.counts["E205"] == NUMBER // 2
    assert CountedInt.comparisons <= 20 * NUMBER


def test_no_repair_compares_ids_one_by_one() -> None:
    context, log = Context.of(questions(CountedInt), 1, load_edition()), Log()
    for repair in (once, ids_as_asked, ids_of_texts, unanswered):
        repair(list(ROWS), context, log)
    assert [(refusal.code, refusal.count) for refusal in log.refused] == [("E205", NUMBER // 2)]
    assert CountedInt.comparisons <= 20 * NUMBER


def test_the_split_is_found_without_comparing_ids_one_by_one(tmp_path: Path) -> None:
    corpus(tmp_path)
    assert agreement_of(ROWS, catalogue(tmp_path / "data"), track=1).matches
    assert CountedInt.comparisons <= 20 * NUMBER


def test_times_are_not_compared_one_by_one() -> None:
    assert likely_unit([Timed(0, CountedInt(PRIME * step), None) for step in range(1, NUMBER)]) is not None
    assert CountedInt.comparisons <= 20 * NUMBER
