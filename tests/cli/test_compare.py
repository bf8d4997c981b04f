"""`cmivqa compare`: what it prints, with which code it leaves, and what it refuses."""

from __future__ import annotations

import json
import random
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cmivqa_kit.cli.main import cli
from tests.cli.running import made_by, python
from tests.metrics.boundary_error import NAME, boundary_error

VIDEOS, EACH = 30, 3
FAST = ("--resamples", "500")


def answers() -> list[dict[str, Any]]:
    return [
        {"id": v * EACH + i, "video_id": f"video{v:06}", "start_second": 10, "end_second": 30}
        for v in range(VIDEOS)
        for i in range(EACH)
    ]


def entry(skill: float, seed: int) -> list[dict[str, Any]]:
    """The right video first with the chance ``skill``, else at some place or nowhere."""
    made = random.Random(seed)
    rows = []
    for target in answers():
        output: list[list[Any]] = [[f"other{i:06}", 0, 5] for i in range(50)]
        rank = 0 if made.random() < skill else made.randrange(1, 90)
        if rank < 50:
            output[rank] = [target["video_id"], 10, 10 + made.randint(1, 20)]
        rows.append({"id": target["id"], "output": output})
    return rows


def spans(length: float) -> list[dict[str, Any]]:
    return [{"id": target["id"], "start_second": 10, "end_second": 10 + length} for target in answers()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents = {
        "truth": answers(), "base": entry(0.2, 1), "like": entry(0.2, 2), "good": entry(0.8, 3), "spans": spans(15),
        "crashing": [*entry(0.8, 3), {"output": []}],
    }  # fmt: skip
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["compare", *arguments, "--truth", "truth.json", *FAST])
    assert result.exit_code == code, result.output
    return result


def documents(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = json.loads(run(*arguments, "--format", "json", code=code).stdout)
    return documents


def test_a_person_reads_a_table_a_sentence_and_a_signature(folder: Path) -> None:
    lines = run("base.json", "good.json", "--track", "2").stdout.splitlines()
    assert lines[:3] == ["Track 2, truth, strict scores; 90 questions of 30 videos", "  A  base.json", "  B  good.json"]
    assert lines[3].split() == [
        "metric",
        "A",
        "B",
        "B",
        "-",
        "A",
        "95%",
        "interval",
        "p",
        "p",
        "(Holm)",
        "win/tie/loss",
    ]
    assert [line.split()[0] for line in lines[4:9]] == ["Overall", "R@1", "R@10", "R@50", "MRR"]
    assert lines[9].startswith("good.json is better than base.json on Overall by ")
    assert "(5 metrics x 1 pair)" in lines[10]
    assert "|track:2|mode:strict|" in lines[-2] and lines[-2].endswith("|holm:5")
    assert lines[-1] == "Next: cmivqa score base.json good.json --truth truth.json --track 2"


def test_who_made_a_file_is_named_with_the_recipe(folder: Path) -> None:
    run_name = made_by("ccgs", "kit", "good.json")
    lines = run("base.json", "good.json", "--track", "2").stdout.splitlines()
    assert lines[1:3] == [
        "  A  base.json",
        f"  B  good.json, made by ccgs (recipe kit: not the published baseline), run {run_name}",
    ]
    for found in documents("base.json", "good.json"):
        nothing, record = found["made_by"]
        assert nothing is None and found["systems"] == ["base.json", "good.json"]
        assert (record["baseline"], record["recipe"], record["run"]) == ("ccgs", "kit", run_name)


def test_the_next_command_runs(folder: Path) -> None:
    last = run("base.json", "good.json", "--track", "2").stdout.splitlines()[-1]
    words = shlex.split(last.removeprefix("Next: cmivqa "))
    assert CliRunner().invoke(cli, words).exit_code == 0


def test_a_corpus_file_of_2023_is_compared_on_both_tracks(folder: Path) -> None:
    second, third = documents("base.json", "good.json")
    assert (second["track"], second["headline"], third["track"], third["headline"]) == (2, "Overall", 3, "Average")
    assert second["systems"] == ["base.json", "good.json"]
    assert second["settings"]["tests"] == 5 and third["settings"]["tests"] == 4
    assert second["pairs"][0]["metrics"][0]["verdict"] == "better"


def test_nothing_to_tell_is_said_with_the_limit_of_the_split(folder: Path) -> None:
    text = run("base.json", "like.json", "--track", "2").stdout
    assert "No difference between like.json and base.json can be told on Overall" in text
    assert "the smallest this split could show is " in text


def test_the_code_is_0_whoever_wins_unless_asked(folder: Path) -> None:
    run("good.json", "base.json")
    run("good.json", "base.json", "--fail-if-worse", code=1)
    run("base.json", "good.json", "--fail-if-worse")
    run("base.json", "like.json", "--fail-if-worse")
    run("good.json", "good.json", "--fail-if-worse")
    # Of three, the first is what the others are measured by; that like is worse than good is no failure.
    run("base.json", "good.json", "like.json", "--all-pairs", "--fail-if-worse")
    assert documents("good.json", "base.json", "--fail-if-worse", code=1)[0]["pairs"][0]["metrics"]


def test_fail_if_worse_wants_its_headline(folder: Path) -> None:
    refused = run("good.json", "base.json", "--metric", "MRR", "--fail-if-worse", code=2)
    assert "judges Track 2 by Overall, which is not compared" in refused.stderr


def test_every_pair_has_a_table(folder: Path) -> None:
    text = run("base.json", "like.json", "good.json", "--track", "2").stdout
    assert text.count("win/tie/loss") == 2 and "B - A" in text and "C - A" in text and "C - B" not in text
    text = run("base.json", "like.json", "good.json", "--track", "2", "--all-pairs").stdout
    assert text.count("win/tie/loss") == 3 and "C - B" in text and "15 tests (5 metrics x 3 pairs)" in text


def test_many_files_are_a_matrix(folder: Path) -> None:
    for name in ("fourth", "fifth"):
        (folder / f"{name}.json").write_bytes((folder / "good.json").read_bytes())
    files = ("base.json", "like.json", "good.json", "fourth.json", "fifth.json")
    found = documents(*files, "--track", "2", "--all-pairs")[0]
    text = run(*files, "--track", "2", "--all-pairs").stdout
    assert "win/tie/loss" not in text and "-v: every metric of each of the 10 pairs" in text
    lines = text.splitlines()
    top = next(at for at, line in enumerate(lines) if line.split() == ["Overall", "B", "C", "D", "E"])
    marks = {"better": ">", "worse": "<", "open": "~"}
    for at, letter in enumerate("ABCDE"):
        pairs = [pair["metrics"][0] for pair in found["pairs"] if pair["a"] == files[at]]
        cells = lines[top + 1 + 2 * at].split()
        assert cells[0] == letter
        assert cells[2::2] == [f"{one['difference']:+.4f}" for one in pairs]
        assert cells[3::2] == [marks[one["verdict"]] for one in pairs]
        if pairs:
            assert lines[top + 2 + 2 * at].split() == [
                "<0.0001" if one["p_holm"] < 0.0001 else f"{one['p_holm']:.4f}" for one in pairs
            ]
        for one in pairs:  # the difference and its interval are told the same way round
            assert one["interval"]["low"] <= one["difference"] <= one["interval"]["high"]
    assert run(*files, "--track", "2", "--all-pairs", "-v").stdout.count("win/tie/loss") == 10


def test_many_files_beside_the_first(folder: Path) -> None:
    text = run("base.json", "like.json", "good.json", "--track", "2", "--metric", "MRR", "--metric", "R@1").stdout
    lines = [line.split() for line in text.splitlines()]
    for metric in ("MRR", "R@1"):
        top = lines.index([metric, "minus", "A", "95%", "interval", "p", "(Holm)"])
        assert [line[0] for line in lines[top + 1 : top + 4]] == ["A", "B", "C"]
        assert lines[top + 3][3] == ">" and lines[top + 3][5] == "to"


def test_a_folder_of_entries(folder: Path) -> None:
    (folder / "entries").mkdir()
    for name in ("base", "good"):
        (folder / f"{name}.json").rename(folder / "entries" / f"{name}.json")
    found = documents("entries", "--track", "2")
    assert found[0]["systems"] == [str(Path("entries") / "base.json"), str(Path("entries") / "good.json")]


def test_metrics_are_compared_on_the_tracks_that_have_them(folder: Path) -> None:
    second, third = documents("base.json", "good.json", "--metric", "MRR", "--metric", "R@1|mIoU")
    assert [one["metric"] for one in second["pairs"][0]["metrics"]] == ["MRR"]
    assert [one["metric"] for one in third["pairs"][0]["metrics"]] == ["MRR", "R@1|mIoU"]
    (only,) = documents("base.json", "good.json", "--metric", "R@10|mIoU")
    assert only["track"] == 3 and only["pairs"][0]["conclusion"] is None
    refused = run("base.json", "good.json", "--metric", "mrr", code=2)
    assert "no metric 'mrr' on Tracks 2 and 3." in refused.stderr and "There are: Overall" in refused.stderr


def test_settings_reach_the_numbers(folder: Path) -> None:
    def first(*arguments: str) -> dict[str, Any]:
        document: dict[str, Any] = documents("base.json", "like.json", "--track", "2", *arguments)[0]
        return {**document["pairs"][0]["metrics"][0], "signature": document["signature"]}

    plain = first()
    assert first() == plain
    assert first("--seed", "5")["interval"] != plain["interval"]
    by_question = first("--by", "question")
    assert by_question["interval"] != plain["interval"] and "|by:question|" in by_question["signature"]
    wide = first("--alpha", "0.01")
    assert wide["interval"]["level"] == 0.99 and wide["interval"]["low"] < plain["interval"]["low"]
    assert wide["detectable"] > plain["detectable"]
    assert "99% interval" in run("base.json", "like.json", "--alpha", "0.01").stdout


def test_what_crashes_the_official_program_is_compared_with_a_remark(folder: Path) -> None:
    text = run("good.json", "crashing.json", "--track", "2").stdout
    assert "crashing.json: the official program crashes on it (KeyError" in text
    assert "the same value on every question" in text


@pytest.mark.parametrize("content", ["", "[", "{}", "3", "\ufeff[]", '{"id": 1, "output": []}'])
@pytest.mark.parametrize("track", [(), ("--track", "2")])
def test_what_cannot_be_compared_is_wrong_usage(folder: Path, content: str, track: tuple[str, ...]) -> None:
    (folder / "bad one.json").write_text(content, encoding="utf-8")
    refused = run("base.json", "bad one.json", *track, code=2)
    assert "bad one.json" in refused.stderr
    assert "Traceback" not in refused.output


def test_a_submission_without_answers(folder: Path) -> None:
    (folder / "empty.json").write_text("[]", encoding="utf-8")
    assert "empty.json: nothing to score" in run("base.json", "empty.json", code=2).stderr
    text = run("good.json", "empty.json", "--track", "2").stdout
    assert "empty.json is worse than good.json on Overall" in text
    assert "empty.json: the official program crashes on it (ZeroDivisionError" in text


def test_missing_files(folder: Path) -> None:
    assert "nowhere.json: cannot be compared: E101" in run("base.json", "nowhere.json", code=2).stderr
    result = CliRunner().invoke(cli, ["compare", "base.json", "good.json", "--truth", "nowhere.json"])
    assert result.exit_code == 2 and "nowhere.json" in result.stderr
    assert "one file is no comparison" in run("base.json", code=2).stderr
    assert run(code=2).stderr


def test_files_of_different_tracks(folder: Path) -> None:
    refused = run("base.json", "spans.json", code=2)
    assert "no track in common: base.json is for Tracks 2 and 3; spans.json is for Track 1" in refused.stderr
    (one,) = documents("spans.json", "spans.json")
    assert one["headline"] == "mIoU"


def test_a_truth_that_strict_scoring_refuses(folder: Path) -> None:
    doubled = [*answers(), answers()[0]]
    (folder / "truth.json").write_text(json.dumps(doubled), encoding="utf-8")
    assert (
        "base.json: cannot be compared: answer 90 (id 0): the id is there twice"
        in run("base.json", "good.json", code=2).stderr
    )


@pytest.mark.parametrize(
    "bad",
    [("--alpha", "0"), ("--alpha", "1"), ("--resamples", "0"), ("--seed", "-1"), ("--by", "week"), ("--track", "4")],
)
def test_settings_out_of_range(folder: Path, bad: tuple[str, str]) -> None:
    result = CliRunner().invoke(cli, ["compare", "base.json", "good.json", "--truth", "truth.json", *bad])
    assert result.exit_code == 2
    assert bad[0] in result.stderr


def test_splits_are_worked_out_and_must_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for split in ("dev", "testA"):
        made = CliRunner().invoke(cli, ["sample", "--split", split, "--track", "3", "--out", f"{split}.json"])
        assert made.exit_code == 0, made.output
    same = CliRunner().invoke(cli, ["compare", "dev.json", "dev.json", *FAST])
    assert same.exit_code == 0, same.output
    assert "Track 3, dev" in same.stdout and "the same value on every question" in same.stdout
    assert "Next: cmivqa score dev.json dev.json" in same.stdout
    other = CliRunner().invoke(cli, ["compare", "dev.json", "testA.json", *FAST])
    assert other.exit_code == 2
    assert "the scores cannot be compared: split is dev for dev.json and testA for testA.json; truth is" in other.stderr


def test_scipy_is_not_needed(folder: Path) -> None:
    code = (
        "import sys; from cmivqa_kit.cli.main import cli; "
        "cli(['compare', 'base.json', 'good.json', '--truth', 'truth.json'], standalone_mode=False); "
        "assert 'numpy' in sys.modules; assert not {'scipy', 'torch', 'statsmodels'} & set(sys.modules)"
    )
    done = python(code, cwd=folder)
    assert done.returncode == 0, done.stderr


def test_a_metric_of_which_less_is_better(folder: Path) -> None:
    """Units in the table, "worse" for the higher value, exit code 1 by it; `score` says the unit and the direction."""
    import cmivqa_kit.editions

    own = Path(cmivqa_kit.editions.__file__).with_name("cmivqa-2023.toml").read_text(encoding="utf-8")
    own = own.replace('name = "cmivqa-2023"', 'name = "by-seconds"').replace('ranks = ["mIoU"', f'ranks = ["{NAME}"')
    (folder / "mine.toml").write_text(own, encoding="utf-8")
    (folder / "exact.json").write_text(json.dumps(spans(19)), encoding="utf-8")
    flags = ("--track", "1", "--edition", "mine.toml")
    with boundary_error():
        worse = run("exact.json", "spans.json", *flags, "--fail-if-worse", code=1).stdout
        better = run("spans.json", "exact.json", *flags, "--fail-if-worse").stdout
        scored = CliRunner().invoke(cli, ["score", "spans.json", "--truth", "truth.json", *flags, *FAST])
        document = CliRunner().invoke(
            cli, ["score", "spans.json", "--truth", "truth.json", *flags, *FAST, "--format", "json"]
        )
        table = (
            CliRunner()
            .invoke(cli, ["score", "spans.json", "exact.json", "--truth", "truth.json", *flags, *FAST])
            .stdout
        )
        refused = CliRunner().invoke(cli, ["diagnose", "spans.json", "--truth", "truth.json", *flags])
    row = next(line for line in worse.splitlines() if NAME in line)
    assert row.split()[:8] == [NAME, "(lower", "is", "better)", "1.0000", "s", "5.0000", "s"]
    assert "+4.0000 s" in row and "0/0/90" in row
    assert f"spans.json is worse than exact.json on {NAME} by 4.0000 s" in worse
    assert f"exact.json is better than spans.json on {NAME} by 4.0000 s" in better
    assert f"{NAME} (lower is better)   5.0000 s strict   [5.0000, 5.0000] s" in scored.stdout
    assert f"{NAME} (lower is better)" in table and "1.0000 s" in table
    (strict,) = [score["strict"] for file in json.loads(document.stdout) for score in file["scores"]]
    assert strict["scales"][NAME] == {"unit": "seconds", "higher_is_better": False, "bounds": [0.0, None]}
    assert strict["scales"]["mIoU"] == {"unit": "fraction", "higher_is_better": True, "bounds": [0.0, 1.0]}
    assert refused.exit_code == 2 and "is not the mean overlap" in refused.stderr
