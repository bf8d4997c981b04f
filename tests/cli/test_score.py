"""`cmivqa score`: what it prints, writes and refuses, and with which code it leaves."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from tests.cli.running import made_by, python

NUMBER = 12
FAST = ("--resamples", "200")
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e"


def answers(prefix: str = "") -> list[dict[str, Any]]:
    """Twelve questions of six videos, the even ones in Chinese; ids 0 to 11, or texts that begin with ``prefix``."""
    return [
        {
            "id": f"{prefix}{i}" if prefix else i,
            "video_id": f"video{i // 2:06}",
            "start_second": 10,
            "end_second": 30,
            "language_type": "English" if i % 2 else "Chinese",
        }
        for i in range(NUMBER)
    ]


def corpus_rows(rank: int = 0) -> list[dict[str, Any]]:
    """The right span of the right video, after ``rank`` others."""
    return [
        {"id": a["id"], "output": [*([f"other{i:06}", 0, 5] for i in range(rank)), [a["video_id"], 10, 30]]}
        for a in answers()
    ]


def span_rows(end: float = 20) -> list[dict[str, Any]]:
    return [{"id": a["id"], "start_second": 10, "end_second": end} for a in answers()]


def write(name: str, document: Any) -> Path:
    path = Path(name)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("truth.json", answers())
    write("corpus.json", corpus_rows())
    write("second.json", corpus_rows(1))
    write("spans.json", span_rows())
    differing = corpus_rows()
    for row in differing[:7]:  # one video four times before the right one: rank 5, or 2
        row["output"] = [*([["other", 0, 5]] * 4), *row["output"]]
    del differing[7]
    write("differing.json", [*differing, differing[9], {"id": "unknown", "output": [["x", 0, 1]]}])
    crashing = corpus_rows()
    crashing[3]["output"] = []
    write("crashing.json", crashing)
    return tmp_path


def run(*arguments: str, code: int = 0, truth: bool = True) -> Result:
    result = CliRunner().invoke(cli, ["score", *FAST, *arguments, *(["--truth", "truth.json"] if truth else [])])
    assert result.exit_code == code, result.output
    return result


def text(*arguments: str, code: int = 0) -> str:
    return run(*arguments, code=code).stdout


def documents(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = json.loads(
        run(*arguments, "--format", "json", code=code).stdout, parse_constant=lambda name: pytest.fail(name)
    )
    return documents


def cells(line: str) -> list[str]:
    return line.split()


def test_what_ranks_comes_first_then_the_rest(folder: Path) -> None:
    lines = text("spans.json").splitlines()
    assert lines[0] == "spans.json: Track 1, truth"
    assert lines[2] == "  mIoU   0.5000 official   0.5000 strict   [0.5000, 0.5000]"
    assert cells(lines[4]) == ["metric", "official", "strict", "95%", "interval"]
    assert [cells(line)[0] for line in lines[5:8]] == ["R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7"]
    assert cells(lines[6])[1:3] == ["1.0000", "1.0000"]
    joined = "\n".join(lines)
    assert "12 of 12 questions answered" in joined
    assert "official and strict agree on every question" in joined
    assert lines[-2].startswith("  cmivqa-kit:") and "|track:1|" in lines[-2]
    assert lines[-1] == "Next: cmivqa diagnose spans.json --truth truth.json"


def test_a_corpus_file_has_a_card_per_track(folder: Path) -> None:
    found = text("corpus.json")
    assert found.index("corpus.json: Track 2, truth") < found.index("corpus.json: Track 3, truth")
    third = next(line for line in found.splitlines() if cells(line)[:1] == ["R@1,IoU=0.3"])
    assert cells(third)[1] == "-"  # the official program has no such metric


def test_intervals_say_how_they_were_drawn_and_how_far_to_trust_them(folder: Path) -> None:
    found = text("differing.json", "--track", "2", "--seed", "7")
    assert "95% intervals of the strict scores: 200 resamples of 6 videos with all their questions, seed 7" in found
    assert "only 6 videos: likely too narrow" in found
    without = text("differing.json", "--track", "2", "--no-intervals")
    assert "interval" not in without and "[" not in without.splitlines()[2]
    (score,) = documents("differing.json", "--track", "2", "--no-intervals")[0]["scores"]
    assert (score["intervals"], score["resampling"]) == (None, None)


def test_the_same_seed_draws_the_same(folder: Path) -> None:
    one, same, other = (text("differing.json", "--seed", seed) for seed in ("1", "1", "2"))
    assert one == same != other


def test_answers_without_videos_are_resampled_by_question(folder: Path) -> None:
    write("truth.json", [{k: v for k, v in a.items() if k != "video_id"} for a in answers()])
    assert "200 resamples of 12 questions, seed" in text("spans.json")
    (score,) = documents("spans.json")[0]["scores"]
    assert score["resampling"] == {"by": "question", "units": 12, "resamples": 200, "seed": 2023}


def test_where_the_two_differ_the_quirk_and_the_questions_are_named(folder: Path) -> None:
    lines = text("differing.json", "--track", "2").splitlines()
    at = lines.index("  where official and strict differ:")
    assert lines[at + 1].startswith("    Q61, 7 questions: a video is in the list more than once")
    assert lines[at + 2] == "      changes Overall, MRR; ids 0, 1, 2, 3, 4 and 2 more"
    assert any(line.startswith("    Q10, 1 question: the id is in the file more than once") for line in lines)
    assert any(line.startswith("    Q12, 1 question: not answered") for line in lines)
    assert "  10 of 12 questions answered; 1 missing, 1 duplicated, 1 extra" in lines
    assert not any("agree on every question" in line for line in lines)
    mrr = next(cells(line) for line in lines if cells(line)[:1] == ["MRR"])
    assert mrr[1] == f"{(7 / 5 + 4) / 11:.4f}"
    assert mrr[2] == f"{(7 / 2 + 3) / 12:.4f}"


def test_by_language(folder: Path) -> None:
    lines = text("differing.json", "--track", "2").splitlines()
    at = next(i for i, line in enumerate(lines) if "by language" in line)
    assert [cells(line)[:2] for line in lines[at + 1 : at + 3]] == [["Chinese", "6"], ["English", "6"]]
    assert cells(lines[at])[-5:] == ["Overall", "R@1", "R@10", "R@50", "MRR"]
    write("truth.json", [{k: v for k, v in a.items() if k != "language_type"} for a in answers()])
    assert "by language" not in text("differing.json")


def test_a_crash_has_its_reason_the_repaired_numbers_and_the_code(folder: Path) -> None:
    result = text("crashing.json", "--track", "3", code=3)
    lines = result.splitlines()
    assert "the official program would crash: ValueError at question 3: output is empty (Q70)" in lines[1]
    assert (
        lines[2] == "  repaired: what the program would say of all that it can read, without the answers to 1 question"
    )
    assert lines[4].startswith("  Average   no official score   0.9167 repaired   0.9167 strict   [")
    assert cells(lines[6])[:3] == ["metric", "repaired", "strict"]
    assert lines[-1] == "Next: cmivqa validate crashing.json --truth truth.json --track 3"
    (score,) = documents("crashing.json", "--track", "3", code=3)[0]["scores"]
    assert score["official"]["status"] == "official_crash" and score["official"]["metrics"] is None
    assert score["official"]["repaired"]["dropped_questions"] == 1
    assert score["strict"]["metrics"]["Average"] == pytest.approx(11 / 12)


def test_an_unreadable_file_and_one_with_a_mark_leave_with_3(folder: Path) -> None:
    Path("mark.json").write_bytes(b"\xef\xbb\xbf" + Path("spans.json").read_bytes())
    found = text("mark.json", code=3)
    assert "mark.json:1:1: E104" in found and "(Q5)" in found
    assert "no strict scores: the submission cannot be read" in found
    write("broken.json", "[{")
    assert "E105" in text("broken.json", code=3)
    (document,) = documents("broken.json", code=3)
    assert (document["status"], document["truth"], document["scores"]) == ("unreadable", None, [])
    object_ = write("object.json", json.dumps(corpus_rows()[0]))
    (score,) = documents(str(object_), "--track", "2", code=3)[0]["scores"]
    assert score["strict"] == {
        "status": "refused", "error": "submission_not_array", "message": "the submission is not an array",
        "metrics": None, "by_language": None, "scales": None,
    }  # fmt: skip
    assert score["intervals"] is None


def test_answers_that_strict_refuses_are_said_in_a_line(folder: Path) -> None:
    rows = answers()
    rows[4]["end_second"] = 5
    write("truth.json", rows)
    found = text("spans.json", "-v")
    assert "no strict scores: answer 4 (id 4): 10 to 5 s is no span" in found
    assert "mIoU   0.4583 official" in found and "agree" not in found
    table = text("spans.json", "second.json", "--track", "1", code=3)
    assert "no strict scores" in table


def test_raw_stands_beside_unrounded(folder: Path) -> None:
    write("spans.json", span_rows(end=10 + 20 / 3))
    lines = text("spans.json", "--raw").splitlines()
    assert "0.3333 official   33.3333333" in lines[2] and "official, raw" in lines[2]
    assert cells(lines[4])[1:5] == ["official", "official,", "raw", "strict"]
    assert cells(lines[5])[:4] == ["R@1,IoU=0.3", "1.0000", "100.0", "1.0000"]
    assert "official, raw" in text("spans.json", "corpus.json", "--raw")
    assert "official, raw" not in text("spans.json")
    assert documents("spans.json")[0]["scores"][0]["official"]["raw"]["R@1,IoU=0.3"] == 100.0
    assert "repaired, raw" in text("crashing.json", "--track", "3", "--raw", code=3)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ids.json", "[0, 1]"),
        ("ids.json", '[{"id": 0, "output": []}, {"id": 1}]'),
        ("ids.txt", "0\n\n 1 \n"),
        ("ids.jsonl", '{"id": 0}\n{"id": 1, "answer": "given"}\n'),
        ("noending", "0\n1"),
        ("", "0, 1"),
    ],
)
def test_only_some_questions(folder: Path, name: str, content: str) -> None:
    if name:
        write(name, content)
    (score,) = documents("differing.json", "--track", "2", "--only", name or content)[0]["scores"]
    assert score["counts"]["questions"] == 2 and score["counts"]["extra"] == 1
    assert "|only:2of12|" in score["signature"]
    assert "--only: 2 questions scored" in text("differing.json", "--track", "2", "--only", name or content)


def test_ids_that_are_typed_may_be_texts_of_digits(folder: Path) -> None:
    write("truth.json", [{**a, "id": str(a["id"])} for a in answers()])
    write("spans.json", [{**row, "id": str(row["id"])} for row in span_rows()])
    for edition in ("cmivqa-2023", "mmivqa-2024"):
        (score,) = documents("spans.json", "--only", "3,4,4", "--edition", edition)[0]["scores"]
        assert score["counts"]["answered"] == 2
    run("spans.json", "--only", "3,4", "--edition", "mmivqa-2024")
    write("ids.json", "[3, 4]")  # a JSON file says which it means
    assert "no question has the id 3, 4" in run("spans.json", "--only", "ids.json", code=2).stderr


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--only", "0,zz,99"), "spans.json: cannot score a part of the questions: no question has the id 'zz', 99"),
        (("--only", "none.txt"), "none.txt: no such file of ids"),
        (("--only", " , "), "no id in it"),
        (("--only", ""), "no id in it"),
        (("--only", "bad.json"), "/1: None is no id"),
        (("--only", "a/b"), "no question has the id 'a/b'"),
        (("--cutoffs", "1,ten"), "not whole numbers"),
        (("--cutoffs", "0,10"), "not positive integers"),
        (("--cutoffs", "9" * 5000), "not whole numbers"),
        (("--resamples", "0"), "is not in the range"),
        (("--seed", "-1"), "is not in the range"),
        (("--per-question", "rows.json"), "Name it .jsonl (JSON Lines) or .csv"),
        (("--per-question", "there.csv"), "there.csv: exists already"),
        (("--truth", "none.json"), "none.json: no such answer file"),
        (("--edition", "none.toml"), "none.toml: edition file cannot be read"),
    ],
)
def test_wrong_usage_is_2_and_says_what_to_do(folder: Path, flags: tuple[str, ...], message: str) -> None:
    write("bad.json", "[1, null]")
    write("there.csv", "mine")
    refused = run("--truth", "truth.json", "spans.json", *flags, code=2, truth=False)
    assert message in refused.stderr
    assert "Traceback" not in refused.output
    assert Path("there.csv").read_text(encoding="utf-8") == "mine"


def test_cutoffs_are_those_of_the_strict_scores(folder: Path) -> None:
    found = text("differing.json", "--track", "2", "--cutoffs", "100,1,10")
    assert "cut-offs 1, 10, 100: of the strict scores, which read 100 entries of a list" in found
    rows = {cells(line)[0]: cells(line) for line in found.splitlines() if line.startswith("  R@")}
    assert rows["R@100"][1] == "-" and rows["R@50"][2] == "-"
    assert "cut-offs" not in text("spans.json", "--cutoffs", "1,10,100").replace("cutoffs:", "")


def test_an_edition_outside_the_package(folder: Path) -> None:
    import cmivqa_kit.editions

    own = Path(cmivqa_kit.editions.__file__).with_name("cmivqa-2023.toml").read_text(encoding="utf-8")
    own = own.replace('name = "cmivqa-2023"', 'name = "mine-2030"').replace("board_decimals = 4", "board_decimals = 2")
    write("mine.toml", own.replace("cutoffs = [1, 10, 50]", "cutoffs = [1, 5]"))
    found = text("differing.json", "--track", "2", "--edition", "mine.toml")
    assert "|edition:mine-2030|" in found and "cut-offs 1, 5" in found
    assert next(cells(line) for line in found.splitlines() if line.startswith("  R@5 "))[2] == "0.83"


def test_several_files_are_one_table_by_track(folder: Path) -> None:
    result = run("spans.json", "differing.json", "crashing.json", "second.json", "spans.json", code=3)
    lines = result.stdout.splitlines()
    assert lines[0] == "5 files, truth"
    assert lines[1].split("  ")[0] == "file" and cells(lines[1])[-1] == "remarks"
    rows = [cells(line) for line in lines[2:10]]
    assert [row[1] for row in rows[:2]] == ["1", "1"]  # the same file twice: one rank
    assert [row[2] for row in rows] == ["1", "1", "2", "2", "2", "3", "3", "3"]
    assert {tuple(row[2:4]) for row in rows} == {("1", "mIoU"), ("2", "Overall"), ("3", "Average")}
    for start, stop in ((2, 5), (5, 8)):
        assert [row[1] for row in rows[start:stop]] == ["1", "2", "3"]
        strict = [float(row[5]) for row in rows[start:stop]]
        assert strict == sorted(strict, reverse=True)
    (differing,) = (line for line in lines[4:7] if line.startswith("differing.json"))
    assert "10/12" in differing and differing.rstrip().endswith("differs: Q61 on 7, Q10 on 1, Q12 on 1")
    (crashing,) = (line for line in lines[7:10] if line.startswith("crashing.json"))
    assert cells(crashing)[4] == "-" and crashing.rstrip().endswith("crash Q70; repaired 0.9167")
    assert any(line == "crashing.json, Track 3:" for line in lines)
    assert "by language" not in result.stdout
    assert lines[-1] == "Next: cmivqa compare differing.json second.json --truth truth.json"


def test_what_cannot_be_scored_is_in_the_table_and_rows_are_written_before_it_is_printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("foreign.json", '[{"id": 1}]')
    assert "foreign.json  " in run("spans.json", "foreign.json", "spans.json", code=2).stdout
    order: list[bool] = []
    monkeypatch.setattr("cmivqa_kit.cli.scorecard.show_file", lambda *_: order.append(Path("rows.csv").exists()))
    text("spans.json", "--per-question", "rows.csv")
    assert order == [True]


def test_the_proposed_comparison_runs(folder: Path) -> None:
    last = text("corpus.json", "second.json", "--track", "2", "--only", "0,1,2,3").splitlines()[-1]
    words = shlex.split(last.removeprefix("Next: cmivqa "))
    assert words[:3] == ["compare", "corpus.json", "second.json"] and words[-2:] == ["--only", "0,1,2,3"]
    done = CliRunner().invoke(cli, [*words, *FAST])
    assert done.exit_code == 0, done.output
    assert "4 questions of 2 videos" in done.stdout
    assert "|only:4of12|" in done.stdout
    again = done.stdout.splitlines()[-1]
    assert again == "Next: cmivqa score corpus.json second.json --truth truth.json --track 2 --only 0,1,2,3"


def test_compare_takes_other_cutoffs(folder: Path) -> None:
    flags = ["--truth", "truth.json", "--track", "2", "--cutoffs", "1,3", *FAST]
    done = CliRunner().invoke(cli, ["compare", "corpus.json", "second.json", *flags])
    assert done.exit_code == 0, done.output
    assert "R@3 " in done.stdout and "R@50" not in done.stdout
    refused = CliRunner().invoke(cli, ["compare", "corpus.json", "second.json", *flags, "--only", "77"])
    assert refused.exit_code == 2 and "no question has the id 77" in refused.stderr


def test_a_folder_is_its_files_and_verbose_has_the_cards_too(folder: Path) -> None:
    Path("entries").mkdir()
    for name in ("a", "b"):
        write(f"entries/{name}.json", span_rows())
    found = text("entries", "-v")
    assert found.count("mIoU   0.5000 official") == 2
    assert found.index("R@1,IoU=0.3") < found.index("2 files, truth")
    assert "R@1,IoU=0.3" not in text("entries")
    Path("entries/b.json").unlink()
    assert "mIoU   0.5000 official" in text("entries")  # one file is a card


def test_of_several_the_highest_code_and_the_others_are_scored(folder: Path) -> None:
    write("foreign.json", '[{"id": 1}]')
    result = run("spans.json", "foreign.json", code=2)
    assert "foreign.json: cannot tell the track" in result.stderr
    assert "1 file, truth" in result.stdout
    assert result.stdout.splitlines()[-1] == "Next: cmivqa validate foreign.json --truth truth.json"
    write("broken.json", "[{")
    result = run("spans.json", "foreign.json", "broken.json", code=3)
    assert "broken.json:1:3: E105" in result.stdout


def test_published_figures_are_rows_of_the_table(folder: Path) -> None:
    Path("truth.json").rename("dataset_testA_answer.json")
    arguments = ("corpus.json", "second.json", "--truth", "dataset_testA_answer.json", "--published", "ccgs")
    lines = run(*arguments, truth=False).stdout.splitlines()
    rows = [line for line in lines if line.startswith("ccgs, published")]
    assert [cells(row)[5] for row in rows] == ["2.0144", "0.3251"]
    assert all("another corpus: for orientation only" in row for row in rows)
    assert sum("organisers' results table" in line for line in lines) == 1


def test_per_question_as_json_lines(folder: Path) -> None:
    shown = text("differing.json", "spans.json", "--per-question", "rows.jsonl")
    assert "rows.jsonl: 36 rows" in shown
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["file"], row["track"]) for row in rows[::12]] == [
        ("differing.json", 2), ("differing.json", 3), ("spans.json", 1),
    ]  # fmt: skip
    assert rows[0]["id"] == 0 and rows[0]["video"] == "video000000" and rows[0]["language"] == "Chinese"
    assert rows[0]["official:MRR"] == 0.2 and rows[0]["strict:MRR"] == 0.5
    assert rows[7]["answer"] == "missing" and rows[7]["official:MRR"] is None  # left out of the mean
    assert rows[10]["answer"] == "duplicated"
    run("spans.json", "--per-question", "rows.jsonl", code=2)
    assert json.loads(
        run("spans.json", "--per-question", "rows.jsonl", "--force", "--format", "json").stdout
    )  # what is written is said beside, not in it
    assert len(Path("rows.jsonl").read_text(encoding="utf-8").splitlines()) == 12
    assert not list(folder.glob(".*tmp*"))


def test_per_question_as_csv(folder: Path) -> None:
    rows = answers("=SUM(A1);")
    write("truth.json", rows)
    write("spans.json", [{**row, "id": a["id"]} for row, a in zip(span_rows(), rows, strict=True)])
    write("corpus.json", [{**row, "id": a["id"]} for row, a in zip(corpus_rows(), rows, strict=True)])
    run("spans.json", "corpus.json", "--per-question", "rows.csv")
    with Path("rows.csv").open(encoding="utf-8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert len(found) == 36
    assert found[0]["id"] == "'=SUM(A1);0"  # a spreadsheet would run it
    assert found[0]["strict:mIoU"] == "0.5" and found[0]["strict:MRR"] == ""
    assert found[12]["strict:mIoU"] == "" and found[12]["strict:MRR"] == "1.0"
    assert list(found[0])[:6] == ["file", "track", "id", "video", "language", "answer"]


def test_per_question_writes_nothing_where_nothing_is_scored(folder: Path) -> None:
    write("broken.json", "[{")
    assert "rows.csv: not written, nothing scored" in text("broken.json", "--per-question", "rows.csv", code=3)
    assert not Path("rows.csv").exists()
    write("truth.jsonl", json.dumps(answers()))
    arguments = ("spans.json", "--truth", "truth.jsonl", "--per-question", "truth.jsonl", "--force")
    assert "is read by this command" in run(*arguments, code=2, truth=False).stderr
    assert json.loads(Path("truth.jsonl").read_text(encoding="utf-8")) == answers()


def test_who_made_a_file_is_named_with_the_recipe(folder: Path) -> None:
    kit, published = made_by("ccgs", "kit", "corpus.json"), made_by("ccgs", "published", "second.json")
    line = f"made by ccgs (recipe kit: not the published baseline), run {kit}"
    assert f"  {line}" in text("corpus.json").splitlines()
    lines = text("corpus.json", "second.json", "spans.json").splitlines()
    assert [found for found in lines if "made by" in found] == [
        f"  corpus.json: {line}", f"  second.json: made by ccgs (recipe published), run {published}"
    ]  # fmt: skip
    assert [one["made_by"] and one["made_by"]["run"] for one in documents("second.json", "spans.json")] == [
        published, None
    ]  # fmt: skip


def test_the_keys_of_the_json_are_stable(folder: Path) -> None:
    (document,) = documents("differing.json")
    assert list(document) == ["file", "status", "findings", "truth", "made_by", "scores"]
    assert (document["file"], document["status"], document["truth"]) == ("differing.json", "ok", "truth.json")
    for score in document["scores"]:
        assert list(score) == [
            "track", "split", "edition", "headline", "cutoffs", "entries", "official", "strict", "counts",
            "differences", "signature", "intervals", "resampling", "published", "corpus_videos",
        ]  # fmt: skip
        assert list(score["official"]) == ["status", "metrics", "raw", "crash", "repaired"]
        assert list(score["strict"]) == ["status", "error", "message", "metrics", "by_language", "scales"]
        assert list(score["intervals"]) == list(score["strict"]["metrics"])
        for name, interval in score["intervals"].items():
            assert list(interval) == ["low", "high", "level", "error", "note"]
            assert interval["low"] <= score["strict"]["metrics"][name] <= interval["high"]
        assert score["resampling"] == {"by": "video", "units": 6, "resamples": 200, "seed": 2023}
        assert score["published"] is None
    assert list(document["scores"][0]["differences"][0]) == ["code", "why", "metrics", "questions", "ids"]


def test_not_a_number_does_not_reach_the_json(folder: Path) -> None:
    rows = '[{"id": 0, "start_second": NaN, "end_second": NaN}, {"id": 1, "start_second": 1e999, "end_second": 5}]'
    write("nan.json", rows)
    (score,) = documents("nan.json")[0]["scores"]  # fails on the literals
    assert score["differences"][0]["code"] == "Q37"
    assert score["official"]["metrics"]["mIoU"] == pytest.approx(1 / 12)
    assert score["strict"]["metrics"]["mIoU"] == 0


def test_hostile_texts_are_harmless_on_a_terminal(folder: Path) -> None:
    rows = answers(HOSTILE)
    for row in rows:
        row["language_type"] = row["video_id"] = HOSTILE
    write("truth.json", rows)
    entry = [{"id": row["id"], "output": [["x\x07", 0, 1], ["x\x07", 0, 1], [HOSTILE, 10, 30]]} for row in rows]
    entry[0]["output"] = []
    write("hostile.json", entry)
    write("hostile\x1b[32m.json", entry)
    for files in (["hostile.json"], ["hostile.json", "hostile\x1b[32m.json"]):
        found = text(*files, "-v", "--per-question", "rows.jsonl", "--force", code=3)
        assert not {"\x1b", "\x07", "\u202e"} & set(found)
        assert "Q61" in found and "\\x1b[31m" in found and "Q70" in found


def test_nothing_heavy_is_imported(folder: Path) -> None:
    from tests.cli.test_fast_start import SPY

    arguments = ("score", "differing.json", "spans.json", "--truth", "truth.json", "-v", "--per-question", "rows.csv")
    done = python(SPY, *arguments, *FAST, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("HEAVY []"), done.stderr
