"""Boards: everything validated, scored and ranked, and nothing dropped silently."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import cmivqa_kit as ck
from cmivqa_kit.entries.ground import Ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard import Board, Row, Section, board_of
from cmivqa_kit.leaderboard.boards import boards_of
from cmivqa_kit.leaderboard.public import for_everybody
from cmivqa_kit.leaderboard.records import FiledEntry, Standing, State
from cmivqa_kit.scoring.statistics.bootstrap import Resampling
from tests.leaderboard.small_board import ANSWERS, corpus, put, spans, truth

FEW = Ground(resampling=Resampling(50))
NOON = datetime.fromisoformat("2023-05-20T12:00:00+08:00")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


def boards(tmp_path: Path, entries: list[FiledEntry], **options: Any) -> list[Board]:
    return boards_of(entries, FEW, [truth(tmp_path)], **options)


def only(tmp_path: Path, entries: list[FiledEntry], track: Any = 3, **options: Any) -> Board:
    (board,) = boards(tmp_path, entries, tracks=[track], **options)
    return board


def teams(rows: tuple[Row, ...]) -> list[tuple[int | None, str]]:
    return [(row.rank, row.team) for row in rows]


def test_ranks_are_those_of_the_official_score_and_the_scores_those_of_score(tmp_path: Path) -> None:
    entries = [put(tmp_path, "low", corpus(0.2)), put(tmp_path, "high", corpus(0.9)), put(tmp_path, "T1", spans(3))]
    first, second, third = boards(tmp_path, entries)
    assert (first.track, first.metric, teams(first.rows)) == (1, "mIoU", [(1, "T1")])
    assert (second.metric, teams(second.rows)) == ("Overall", [(1, "high"), (2, "low")])
    assert (third.metric, teams(third.rows)) == ("Average", [(1, "high"), (2, "low")])
    assert third.metrics == ("R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average")
    assert (third.split, third.edition, third.questions, third.videos) == ("testB", "cmivqa-2023", 24, 12)
    row = third.rows[0]
    ground = Ground(truth=tmp_path / "answers_testB.json", track=3, resampling=Resampling(50))
    (card,) = ck.open_entry(row.entry.paths[0], ground).cards
    assert row.official == card.metrics
    assert row.strict == card.strict.metrics
    assert row.intervals == card.intervals  # bit for bit
    assert row.counts == card.counts
    assert third.signature == card.signature


def test_equal_scores_share_a_rank(tmp_path: Path) -> None:
    same = corpus(0.5)
    entries = [put(tmp_path, "a", same), put(tmp_path, "b", same), put(tmp_path, "c", corpus(0.0))]
    assert teams(only(tmp_path, entries).rows) == [(1, "a"), (1, "b"), (3, "c")]


def test_what_the_official_program_crashes_on_stands_unranked_with_its_repaired_numbers(tmp_path: Path) -> None:
    broken = corpus(0.9)
    broken[3]["output"] = []
    board = only(tmp_path, [put(tmp_path, "crash", broken), put(tmp_path, "fine", corpus(0.2))])
    fine, crash = board.rows
    assert (fine.rank, crash.rank, crash.section) == (1, None, Section.UNRANKED)
    assert crash.official == {}
    assert crash.repaired["Average"] > fine.official["Average"]
    assert crash.reasons[0] == "crash: the official program would stop with ValueError: output is empty (Q70)"
    assert crash.tie_group is None


def test_an_invalid_entry_is_listed_with_its_numbers_and_the_reason(tmp_path: Path) -> None:
    board = only(tmp_path, [put(tmp_path, "half", corpus(0.9)[:20])])
    (row,) = board.rows
    assert (row.section, row.rank, row.reasons) == (Section.INVALID, None, ("E206 questions without an answer",))
    assert row.official["Average"] > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps(corpus(0.5))[:300], "E105 not JSON"),
        ("[]", "E111 empty array"),
        ("", "E105 not JSON"),
        ("[1, 2]", "E201 not an object (2 times)"),
    ],
)
def test_a_file_without_a_track_is_on_no_board_and_not_forgotten(tmp_path: Path, content: str, reason: str) -> None:
    for board in boards(tmp_path, [put(tmp_path, "bad", content)]):
        assert board.rows == ()
        (row,) = board.unplaced
        assert (row.team, row.track, row.section, row.reasons) == ("bad", None, Section.INVALID, (reason,))


def test_baselines_late_and_rejected_entries(tmp_path: Path) -> None:
    entries = [
        put(tmp_path, "late", corpus(1.0), standing=Standing.LATE),
        put(tmp_path, "base", corpus(0.4), standing=Standing.BASELINE),
        put(tmp_path, "team", corpus(0.7)),
        put(tmp_path, "no", corpus(0.8), state=State.REJECTED, reasons=("E206 one question without an answer",)),
    ]
    board = only(tmp_path, entries)
    assert teams(board.rows) == [(None, "late"), (1, "team"), (None, "base")]
    assert [row.reasons for row in board.rows] == [("late",), (), ("baseline",)]
    (rejected,) = board.unplaced
    assert rejected.reasons == ("rejected when it came in", "E206 one question without an answer")


def test_runs_of_a_team(tmp_path: Path) -> None:
    entries = [put(tmp_path, "team", corpus(skill), f"run-{run}") for run, skill in ((1, 0.3), (2, 0.9), (3, 0.6))]
    for per_team, ranked in (("best", ["run-2"]), ("last", ["run-3"]), ("all", ["run-2", "run-3", "run-1"])):
        board = only(tmp_path, entries, per_team=per_team)
        assert [row.run for row in board.at(Section.RANKED)] == ranked
        assert len(board.rows) == 3
        assert [row.rank for row in board.at(Section.RANKED)] == list(range(1, len(ranked) + 1))
    superseded = only(tmp_path, entries).at(Section.SUPERSEDED)
    assert {row.reasons for row in superseded} == {("another run is its team's best",)}


def test_runs_over_the_limit_of_the_day_stand_unranked(tmp_path: Path) -> None:
    entries = [put(tmp_path, "team", corpus(run / 5), f"run-{run}", received=NOON) for run in range(1, 6)]
    board = only(tmp_path, entries)
    assert [row.run for row in board.at(Section.RANKED)] == ["run-3"]
    over = {row.run: row.reasons[0] for row in board.at(Section.UNRANKED)}
    assert over == {
        f"run-{run}": f"over the limit: number {run} of its team on 2023-05-20, 3 a day are allowed" for run in (4, 5)
    }


def test_the_limit_is_of_a_track_and_what_is_not_valid_does_not_count(tmp_path: Path) -> None:
    bad = [put(tmp_path, "team", corpus(0.5)[run:], f"run-{run}", received=NOON) for run in (1, 2)]
    spanned = [put(tmp_path, "team", spans(run), f"run-{run}", received=NOON) for run in (3, 4, 5)]
    good = [put(tmp_path, "team", corpus(run / 10), f"run-{run}", received=NOON) for run in (6, 7, 8)]
    for board in boards(tmp_path, [*bad, *spanned, *good], per_team="all"):
        assert [row.rank for row in board.at(Section.RANKED)] == [1, 2, 3]
        assert board.at(Section.UNRANKED) == ()


def test_other_questions_and_other_editions_are_listed_as_such(tmp_path: Path) -> None:
    others = [{**row, "question": f"另一个问题{row['id']}"} for row in corpus(0.9)]
    entries = [
        put(tmp_path, "split", others),
        put(tmp_path, "year", corpus(0.9), edition="mmivqa-2024"),
        put(tmp_path, "fine", corpus(0.9)),
    ]
    (board,) = boards_of(entries, Ground(edition="cmivqa-2023", resampling=None), [truth(tmp_path)], [3])
    assert [(row.team, row.section) for row in board.rows] == [("fine", Section.RANKED), ("split", Section.ELSEWHERE)]
    assert board.rows[1].reasons == ("answers other questions than those of testB",)
    (year,) = board.unplaced
    assert (year.section, year.reasons) == (Section.ELSEWHERE, ("is of mmivqa-2024, the board of cmivqa-2023",))


def test_a_file_that_changed_since_it_was_filed_is_not_ranked(tmp_path: Path) -> None:
    entry = put(tmp_path, "team", corpus(0.5))
    entry.paths[0].write_text(json.dumps(corpus(0.9)), encoding="utf-8")
    (row,) = only(tmp_path, [entry]).rows
    assert (row.section, row.reasons) == (Section.INVALID, ("changed since it was filed: another SHA-256",))


def test_a_file_that_is_gone_is_listed(tmp_path: Path) -> None:
    entry = put(tmp_path, "team", corpus(0.5))
    entry.paths[0].unlink()
    (row,) = only(tmp_path, [entry]).unplaced
    assert row.reasons == ("cannot be read (No such file or directory)",)


def test_one_answer_file_for_each_track(tmp_path: Path) -> None:
    without_times = [{key: answer[key] for key in ("id", "video_id", "question")} for answer in ANSWERS]
    paths = [
        truth(tmp_path, ANSWERS[:20], "answers_track1.json"),
        truth(tmp_path, without_times, "answers_track2.json"),
    ]
    entries = [put(tmp_path, "a", corpus(0.5)), put(tmp_path, "b", spans(2)[:20])]
    first, second = boards_of(entries, FEW, paths)
    assert (first.track, first.questions, first.truth) == (1, 20, "answers_track1.json")
    assert (second.track, second.questions, second.truth) == (2, 24, "answers_track2.json")
    (third,) = first.unplaced
    assert (third.track, third.section) == (3, Section.ELSEWHERE)
    assert third.reasons[0].startswith("no answers for Track 3 in ")


def test_different_answers_for_one_track_are_refused(tmp_path: Path) -> None:
    paths = [truth(tmp_path, ANSWERS, "one.json"), truth(tmp_path, ANSWERS[:9], "two.json")]
    with pytest.raises(UserError, match=r"different answers for Track 1: .*one\.json, .*two\.json"):
        boards_of([], FEW, paths)
    assert len(boards_of([], FEW, [paths[0], truth(tmp_path, ANSWERS, "copy.json")])) == 3


def test_answers_without_the_fields_of_any_track_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="24 of 24 answers lack id or video_id"):
        boards_of([], FEW, [truth(tmp_path, [{"id": row["id"]} for row in ANSWERS])])


def test_a_track_that_has_no_answers_is_refused_where_no_other_is_wanted(tmp_path: Path) -> None:
    path = truth(tmp_path, [{"id": row["id"], "video_id": row["video_id"]} for row in ANSWERS])
    with pytest.raises(UserError, match="no answers for Track 1 in "):
        boards_of([], FEW, [path], [1])
    assert [board.track for board in boards_of([], FEW, [path])] == [2]


def test_the_folder_of_an_edition_is_not_that_of_all_entries(tmp_path: Path) -> None:
    entry = put(tmp_path, "a", corpus(0.5))
    with pytest.raises(UserError, match="holds the entries of one edition"):
        board_of(entry.folder.parent.parent, FEW, [truth(tmp_path)])
    assert board_of(tmp_path, FEW, [truth(tmp_path)])[2].rows[0].rank == 1


def test_in_a_data_root_a_file_for_another_split_is_listed_as_such(tmp_path: Path) -> None:
    from tests.submission import small

    root = small.root_2023(tmp_path / "root")
    entries = [put(tmp_path, split, small.lists(small.records(split))) for split in ("dev", "testA")]
    board = boards_of(entries, Ground(data=root, split="dev", resampling=None), tracks=[3])[0]
    assert [(row.team, row.section, row.reasons[:1]) for row in board.rows][-1] == (
        "testA", Section.ELSEWHERE, ("answers testA, not dev",),
    )  # fmt: skip
    assert board.rows[0].team == "dev"
    assert board.rows[0].official


def test_no_entries_are_empty_boards(tmp_path: Path) -> None:
    for board in boards(tmp_path, []):
        assert (board.rows, board.unplaced, board.questions, board.comparisons) == ((), (), 0, 0)


def test_tie_groups_are_of_the_ranked(tmp_path: Path) -> None:
    same = corpus(1.0)
    entries = [
        put(tmp_path, "a", same),
        put(tmp_path, "b", same),
        put(tmp_path, "base", same, standing=Standing.BASELINE),
        put(tmp_path, "c", corpus(0.0)),
    ]
    board = only(tmp_path, entries)
    assert [(row.team, row.tie_group) for row in board.rows] == [("a", 1), ("b", 1), ("base", None), ("c", 2)]
    assert board.comparisons == 2


def test_p_values_are_those_of_compare_on_the_metric_that_ranks(tmp_path: Path) -> None:
    made = (("a", 0.7, 0), ("b", 0.6, 1), ("c", 0.6, 2))
    entries = [put(tmp_path, team, corpus(skill, seed)) for team, skill, seed in made]
    ground = Ground(truth=truth(tmp_path), resampling=None)
    first, *others = boards_of(entries, ground, [truth(tmp_path)], [3])[0].rows
    assert [row.tie_group for row in others] == [1, 1]
    paths = [row.entry.paths[0] for row in (first, *others)]
    comparison = ck.compare(*paths, ground=ground, metrics=["Average"])[0]
    assert [row.p for row in others] == [pair.differences[0].p_holm for pair in comparison.pairs]


def test_for_everybody_numbers_are_those_that_boards_show(tmp_path: Path) -> None:
    board = only(tmp_path, [put(tmp_path, "a", corpus(0.5)), put(tmp_path, "b", corpus(0.3))])
    public = for_everybody(board)
    assert (board.public, public.public) == (False, True)
    exact = board.rows[0].strict["Average"]
    assert public.rows[0].strict["Average"] == round(exact, 4) != exact
    assert [(row.rank, row.tie_group) for row in public.rows] == [(row.rank, row.tie_group) for row in board.rows]
    long = [text for text in json.dumps(public.to_dict()).replace(",", " ").split() if len(text.partition(".")[2]) > 12]
    assert not [text for text in long if text.replace(".", "").isdigit()]


def test_nothing_of_a_board_names_a_video_or_an_answer(tmp_path: Path) -> None:
    wrong = corpus(0.5)
    wrong[2]["output"] = []
    wrong[3]["output"][0][0] = "?"
    entries = [put(tmp_path, "a", wrong), put(tmp_path, "b", spans(1)), put(tmp_path, "c", corpus(0.5)[:5])]
    text = json.dumps([board.to_dict() for board in boards(tmp_path, entries)])
    assert "video_0" not in text
    assert "问题" not in json.loads(json.dumps(text))


def test_the_embedded_corpus_is_the_ground_where_none_is_given(tmp_path: Path) -> None:
    from cmivqa_kit.data.demo import demo_corpus

    answers = json.loads((demo_corpus() / "answers/dataset_testA_for_task_1_answer.json").read_text(encoding="utf-8"))
    rows = [
        {
            "id": row["id"],
            "question": row["question"],
            "output": [[row["video_id"], row["start_second"], row["end_second"]]],
        }
        for row in answers
    ]
    text = json.dumps(rows)
    entry = put(tmp_path, "team", text)
    assert entry.files[0].sha256 == hashlib.sha256(text.encode()).hexdigest()
    _, second, third = boards_of([entry], Ground(resampling=Resampling(20)))
    assert (second.split, second.rows[0].rank, second.rows[0].official["R@1"]) == ("testA", 1, 1.0)
    assert third.rows[0].official["Average"] == 1.0
