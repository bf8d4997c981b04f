"""Bundles for Codabench: their form, their limits, the same bytes each time, and who is told the answers."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmivqa_kit.data.answer_rows import AnswerRows
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports.codabench.bundle import Bundle, make_bundle
from cmivqa_kit.leaderboard.exports.codabench.limits import check_bundle, check_output
from cmivqa_kit.leaderboard.exports.codabench.logo import logo
from cmivqa_kit.leaderboard.exports.codabench.plain_yaml import yaml_text
from cmivqa_kit.leaderboard.exports.codabench.plan import Dates, check_dates
from cmivqa_kit.leaderboard.exports.codabench.scoring_program import COLUMNS
from cmivqa_kit.leaderboard.exports.codabench.sources import AnswerFile, answer_files, make_plan
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.scan import Limits
from cmivqa_kit.submission.validate import validate
from tests.leaderboard.exports.small import answers
from tests.submission.small import put

TRACKS: Any = [1, 2, 3]


def source(seed: int = 0, name: str = "answers_testA.json", edition: str = "cmivqa-2023") -> AnswerFile:
    rules = load_edition(edition)
    prefix = None if rules.id_form == "integer" else "NLPCC2024_Task3_"
    return AnswerFile(Path(name), rules, AnswerRows(answers(12, seed, prefix), edition))


def bundle(track: Any, **options: Any) -> Bundle:
    return make_bundle(make_plan([source()], track, **options))


def inside(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("track", TRACKS)
def test_the_form(track: Any) -> None:
    made = bundle(track)
    files = inside(made.data)
    document = yaml.safe_load(files["competition.yaml"])
    assert document == made.competition
    assert (document["version"], len(document["leaderboards"]), len(document["phases"])) == (2, 1, 1)
    columns = document["leaderboards"][0]["columns"]
    assert [(column["key"], column["title"]) for column in columns] == list(COLUMNS[track])
    assert document["phases"][0]["max_submissions_per_day"] == 3
    assert "end" not in document["phases"][0]
    assert isinstance(document["phases"][0]["start"], str)  # as a date Codabench would drop its time of day
    program = inside(files["scoring_program.zip"])
    command = yaml.safe_load(program["metadata.yaml"])["command"]
    assert command == f"python3 /app/program/scoring_program.py {track} /app/input /app/output"
    assert set(program) == {"metadata.yaml", "scoring_program.py"}
    for page in document["pages"]:
        assert files[page["file"]].strip()
    assert not [check for check in check_bundle(made) if check.fault]


@pytest.mark.parametrize(
    ("edition", "options", "limits"),
    [
        ("cmivqa-2023", {}, (3, None)),
        ("mmivqa-2024", {}, (None, 5)),
        ("cmivqa-2023", {"per_day": 7}, (7, None)),
        ("cmivqa-2023", {"in_all": 9}, (None, 9)),
        ("mmivqa-2024", {"per_day": 1, "in_all": 2}, (1, 2)),
    ],
)
def test_the_limits_are_those_of_the_edition_unless_others_are_given(
    edition: str, options: dict[str, int], limits: tuple[int | None, int | None]
) -> None:
    rules = load_edition(edition)
    made = make_bundle(make_plan([AnswerFile(Path("a.json"), rules, AnswerRows(answers(), "x"))], 1, **options))
    (phase,) = made.competition["phases"]
    assert (phase.get("max_submissions_per_day"), phase.get("max_submissions")) == limits


@pytest.mark.parametrize("track", TRACKS)
def test_the_same_bytes_each_time(track: Any) -> None:
    assert bundle(track).data == bundle(track).data
    assert {member.date_time for member in zipfile.ZipFile(io.BytesIO(bundle(track).data)).infolist()} == {
        (1980, 1, 1, 0, 0, 0)
    }


@pytest.mark.parametrize("track", TRACKS)
def test_only_the_reference_data_tells_answers(track: Any) -> None:
    files = inside(bundle(track).data)
    reference = json.loads(inside(files.pop("reference_data_0.zip"))["answers.json"])
    assert [set(row) for row in reference] == [{"id", "video_id", "start_second", "end_second"}] * 12
    texts = [data for name, data in files.items() if not name.endswith(".zip")]
    texts += [data for name, data in files.items() if name.endswith(".zip") for data in inside(data).values()]
    for row in answers(12):
        for told in (str(row["start_second"]), str(row["end_second"]), *([] if track == 1 else [row["video_id"]])):
            assert not any(told.encode() in text for text in texts), told


@pytest.mark.parametrize("edition", ["cmivqa-2023", "mmivqa-2024"])
@pytest.mark.parametrize("track", [1, 3])
def test_the_starting_kit_holds_a_valid_submission(tmp_path: Path, track: Any, edition: str) -> None:
    if edition == "mmivqa-2024" and track == 1:
        return  # its ids are those of Track 3
    made = make_bundle(make_plan([source(edition=edition)], track))
    sample = inside(made.files["starting_kit_0.zip"])["submission.json"]
    (tmp_path / "sample.json").write_bytes(sample)
    document = read_guarded(tmp_path / "sample.json", Limits())
    report = validate(document, (track,), load_edition(edition), None, ())
    assert report.errors == 0, report.findings[:3]


def test_an_edition_without_a_form_has_no_starting_kit() -> None:
    rules = replace(load_edition(), submission="")
    made = make_bundle(make_plan([AnswerFile(Path("a.json"), rules, AnswerRows(answers(), "x"))], 1))
    assert "starting_kit" not in made.competition["phases"][0]
    assert not [check for check in check_bundle(made) if check.fault]


def test_two_phases() -> None:
    dates = [Dates(date(2026, 12, 1), date(2026, 12, 20)), Dates(date(2026, 12, 21), date(2026, 12, 31))]
    made = make_bundle(make_plan([source(), source(1, "answers_testB.json")], 2, dates, in_all=5))
    phases = made.competition["phases"]
    assert [(phase["name"], phase["start"], phase["end"]) for phase in phases] == [
        ("testA", "2026-12-01 00:00:00", "2026-12-20 23:59:59"),
        ("testB", "2026-12-21 00:00:00", "2026-12-31 23:59:59"),
    ]
    assert [phase["tasks"] for phase in phases] == [[0], [1]]
    assert {phase["max_submissions"] for phase in phases} == {5}
    first, second = (inside(made.files[f"reference_data_{at}.zip"])["answers.json"] for at in (0, 1))
    assert first != second


@pytest.mark.parametrize(
    "days",
    [
        [("2026-12-20", "2026-12-01"), ("2026-12-21", "2026-12-31")],
        [("2026-12-01", "2026-12-20"), ("2026-12-20", "2026-12-31")],
        [("2026-12-01", "2026-12-20"), ("2026-11-20", "2026-11-30")],
        [("2026-12-01", None), ("2026-12-20", "2026-12-31")],
    ],
)
def test_phases_that_codabench_refuses(days: list[tuple[str, str | None]]) -> None:
    dates = [Dates(date.fromisoformat(first), date.fromisoformat(last) if last else None) for first, last in days]
    with pytest.raises(UserError, match="phase"):
        check_dates([("a", dates[0]), ("b", dates[1])])
    with pytest.raises(UserError, match="phase"):
        make_plan([source(), source(1, "answers_testB.json")], 2, dates)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_as_many_dates_as_splits(count: int) -> None:
    with pytest.raises(UserError, match="dates"):
        make_plan([source(), source(1, "b.json")], 2, [Dates()] * count)


@pytest.mark.parametrize(
    ("rows", "track", "said"),
    [
        ([{"id": 1, "video_id": "A"}], 1, "no start_second"),
        ([{"id": 1, "start_second": 0, "end_second": 1}], 2, "no video_id"),
        ([{"id": 1, "video_id": "A", "start_second": 3, "end_second": 3}], 3, "is no span"),
        ([{"id": 1, "video_id": "A"}, {"id": 1, "video_id": "B"}], 2, "twice"),
    ],
)
def test_answers_that_cannot_be_scored(rows: list[dict[str, Any]], track: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make_plan([AnswerFile(Path("a.json"), load_edition(), AnswerRows(rows, "cmivqa-2023"))], track)


def test_answers_of_another_track_are_none() -> None:
    with pytest.raises(UserError, match="no answers for Track 2"):
        make_plan([source(edition="mmivqa-2024")], 2)


def test_answer_files_of_two_editions_are_not_one_competition(tmp_path: Path) -> None:
    first = put(tmp_path / "a.json", answers(3))
    other = put(tmp_path / "b.json", answers(3, prefix="NLPCC2024_Task1_"))
    with pytest.raises(UserError, match="answers of mmivqa-2024"):
        answer_files([first, other], None)
    assert len(answer_files([first, other], "cmivqa-2023")) == 2


def test_long_names_are_cut() -> None:
    rules = replace(load_edition(), title="A very long title of a challenge that nobody would print: 挑战")
    long = AnswerFile(Path("a" * 80 + ".json"), rules, AnswerRows(answers(), "x"))
    assert not [check for check in check_bundle(make_bundle(make_plan([long], 3))) if check.fault]


def _broken(made: Bundle, **changes: Any) -> list[str]:
    document = {**json.loads(json.dumps(made.competition)), **changes.pop("document", {})}
    return [check.demand for check in check_bundle(replace(made, competition=document, **changes)) if check.fault]


def test_every_limit_is_seen() -> None:
    made = bundle(2)
    board = made.competition["leaderboards"][0]
    assert _broken(made) == []
    whole = ["version 2, one board, pages and terms that are not empty"]
    assert _broken(made, document={"version": 1}) == whole
    assert _broken(made, document={"pages": []}) == whole
    assert _broken(made, document={"title": "x" * 37}) == ["titles and keys of at most 36 characters"]
    assert _broken(made, document={"leaderboards": [{**board, "columns": board["columns"][:2]}]}) == [
        "columns in order, each key once, 4 decimals"
    ]
    assert _broken(made, files={**made.files, "terms.md": b""}) == [
        "version 2, one board, pages and terms that are not empty"
    ]
    assert _broken(made, files={**made.files, "terms.md": "\u4f60".encode()}) == ["pages in ASCII"]
    assert _broken(made, files={**made.files, "scoring_program.zip": b"PK"}) == ["a program with its command"]


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"metadata": b""}, "metadata"),
        ({"scores.json": b'{"overall": 1}'}, "keys overall"),
        ({"scores.json": b'{"overall": 1e999, "r1": 0, "r10": 0, "r50": 0, "mrr": 0}'}, "overall"),
        ({"detailed_results.html": b"<img src=x>"}, "<img"),
        ({"detailed_results.html": b"https://example.org"}, "https://"),
        ({"detailed_results.html": answers(12)[0]["video_id"].encode()}, "right videos"),
        ({"detailed_results.html": b""}, "there is none"),
    ],
)
def test_limits_of_what_the_program_writes(files: dict[str, bytes], fault: str) -> None:
    made = bundle(2)
    faults = [
        c.fault for c in check_output(made, made.plan.phases[0], {"detailed_results.html": b"fine", **files}) if c.fault
    ]
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize(
    "document",
    [
        {"a": 1, "b": [1, "x", 2.5, True, None]},
        {"a": {"b": {"c": [{"d": "2026-12-01", "e": [{"f": 1}]}, {"g": "yes"}]}}, "h": [], "i": ""},
        {"text": 'quotes " and \\ and : # - \u4f60 \n'},
    ],
)
def test_the_yaml_reads_as_it_was(document: dict[str, Any]) -> None:
    assert yaml.safe_load(yaml_text(document)) == document
    assert yaml_text(document).isascii()


@pytest.mark.parametrize("track", TRACKS)
def test_the_logo_is_a_picture(track: Any) -> None:
    data = logo(track)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT")
    (size,) = struct.unpack(">I", data[start - 4 : start])
    assert len(zlib.decompress(data[start + 4 : start + 4 + size])) == 128 * (1 + 128 // 8)
    assert len({logo(number) for number in TRACKS}) == 3
