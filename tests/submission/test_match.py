"""Working out split and tracks; a foreign file is never taken for the embedded corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.editions import load_edition
from cmivqa_kit.entries import Ground, open_entry
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.files import write_json
from cmivqa_kit.submission.match import Match, find, tracks_of, tracks_of_shape
from tests.submission.small import lists, put, records, root_2023, root_2024, spans, without


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture(scope="module")
def demo() -> Catalogue:
    return catalogue(demo_corpus())


def refusal(rows: Any, files: Catalogue, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        find(rows, files, **options)
    assert caught.value.code == ExitCode.USAGE
    return caught.value


@pytest.mark.parametrize("split", ["train", "dev", "testA"])
def test_ids_and_texts_tell_the_split(files: Catalogue, split: str) -> None:
    rows = records(split)
    match = find(lists(rows), files)
    assert (match.split, match.tracks) == (split, (2, 3))
    assert (match.rows, match.ids, match.both) == (len(rows), len(rows), len(rows))
    assert [q.text for q in match.questions.questions] == [row["question"] for row in rows]
    assert find(spans(rows), files).tracks == (1,)
    assert find(lists(rows), files, track=2).tracks == (2,)


def test_some_wrong_rows_do_not_matter(files: Catalogue) -> None:
    rows = [*lists(records("testA")), 5, {"output": []}]
    rows[0]["question"] = "something else"
    match = find(rows, files)
    assert (match.split, match.ids, match.both) == ("testA", 4, 3)


def test_a_file_without_texts_is_judged_by_its_ids(files: Catalogue) -> None:
    by_ids = without(lists(records("testA")), "question")
    error = refusal(by_ids[:3], files)
    assert "train and dev and testA equally well" in error.message
    assert "--split dev" in error.fix
    assert find(by_ids[:3], files, split="testA").split == "testA"


def test_texts_decide_where_two_splits_have_the_same_ids(files: Catalogue) -> None:
    assert find(lists(records("dev")), files).split == "dev"
    assert find(lists(records("testA"))[:3], files).split == "testA"


def test_the_same_questions_in_two_splits_are_ambiguous(files: Catalogue, tmp_path: Path) -> None:
    put(tmp_path / "root" / "dev.json", records("testA"))
    error = refusal(lists(records("testA")), catalogue(tmp_path / "root"))
    assert error.message == "the file fits dev and testA equally well"
    assert error.fix == "Say which: --split dev or --split testA"


def test_a_named_split_needs_no_agreement(files: Catalogue) -> None:
    foreign = [{"id": 100 + i, "question": "?", "output": []} for i in range(9)]
    error = refusal(foreign, files)
    assert "matches no split" in error.message
    assert "--split" in error.fix
    assert "--truth" in error.fix
    assert "cmivqa init" in error.fix
    assert find(foreign, files, split="TESTA").split == "testA"
    assert "no split 'tset'" in refusal(foreign, files, split="tset").message


def test_the_track_must_be_told(files: Catalogue) -> None:
    assert "cannot tell the track" in refusal([{"id": 0}, 7], files).message
    assert find([{"id": 0, "question": records("dev")[0]["question"]}], files, track=3).split == "dev"
    assert tracks_of_shape(None) == ()


def test_a_split_for_other_tracks_is_passed_over(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    (root / "dataset_testA_for_track1.json").unlink()
    files = catalogue(root)
    assert find(spans(records("dev")), files).split == "dev"
    assert "no question file for Track 1" in refusal(spans(records("testA")), files, split="testA").message


def test_a_damaged_split_is_named_but_stops_no_other(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    (root / "train.json").write_text("[{", encoding="utf-8")
    files = catalogue(root, "cmivqa-2023")
    assert find(lists(records("dev")), files).split == "dev"
    message = refusal(lists(records("train")), files).message
    assert message.count("not looked at: ") == 1
    assert "train.json:1:3: not JSON" in message


class TestPerTrackEditions:
    @pytest.fixture
    def later(self, tmp_path: Path) -> Catalogue:
        return catalogue(root_2024(tmp_path / "root"))

    @pytest.mark.parametrize("track", [1, 2, 3])
    @pytest.mark.parametrize("split", ["dev", "test"])
    def test_ids_tell_the_track(self, later: Catalogue, track: int, split: str) -> None:
        rows = [
            {**row, "id": f"NLPCC2024_Task{track}_{row['id'] + 1}"}
            for row in records("dev" if split == "dev" else "testA")
        ]
        match = find(spans(rows) if track == 1 else lists(rows), later)
        assert (match.split, match.tracks) == (split, (track,))
        assert match.both == len(rows)

    def test_one_file_with_the_ids_of_both_tracks(self, tmp_path: Path) -> None:
        rows = [{**row, "id": f"NLPCC2024_Task{t}_{row['id'] + 1}"} for t in (2, 3) for row in records("dev")]
        put(tmp_path / "dev.json", rows)
        put(tmp_path / "subtitle.json", {})
        files = catalogue(tmp_path, "mmivqa-2024")
        match = find(lists([row for row in rows if "Task3" in row["id"]]), files)
        assert match.tracks == (3,)
        assert match.both == 3

    def test_numbers_are_read_where_they_fit_the_shape(self) -> None:
        edition = load_edition("mmivqa-2024")
        assert tracks_of([{"id": "NLPCC2024_Task2_1", "output": []}], edition) == (2,)
        assert tracks_of([{"id": "NLPCC2024_Task1_1", "output": []}], edition) == (2, 3)
        assert tracks_of([{"id": [], "output": []}, {"output": []}], edition) == (2, 3)
        assert tracks_of([], edition) == ()


class TestTheEmbeddedCorpus:
    def answers(self, demo: Catalogue, split: str) -> list[dict[str, Any]]:
        name = "answers/dataset_testA_for_task_1_answer.json" if split == "testA" else f"{split}.json"
        rows: list[dict[str, Any]] = json.loads((demo.root / name).read_text(encoding="utf-8"))
        return lists(rows)

    @pytest.mark.parametrize("split", ["train", "dev", "testA"])
    def test_its_own_files_match(self, demo: Catalogue, split: str) -> None:
        rows = self.answers(demo, split)
        assert find(rows, demo, exact=True).split == split
        assert find(rows[:5], demo, exact=True).split == split

    @pytest.mark.parametrize("options", [{}, {"split": "dev"}, {"split": "testA", "track": 3}, {"track": 2}])
    def test_a_foreign_file_is_never_judged_on_it(
        self, demo: Catalogue, options: dict[str, Any], tmp_path: Path
    ) -> None:
        rows = [{"id": i, "question": f"问题 {i}", "output": [["v", 0.0, 1.0]]} for i in range(300)]
        for foreign in (rows, without(rows, "question"), rows[:1]):
            error = refusal(foreign, demo, exact=True, **options)
            assert "--truth" in error.fix
            assert "cmivqa init" in error.fix
            entry = open_entry(put(tmp_path / "x.json", foreign), Ground(**options))
            with pytest.raises(UserError, match="nothing is judged on the embedded demo corpus"):
                _ = entry.cards
            with pytest.raises(UserError, match="nothing is judged on the embedded demo corpus"):
                _ = entry.report

    def test_one_other_row_is_enough_to_refuse(self, demo: Catalogue) -> None:
        for other in ({"id": 0, "question": "another"}, {"id": 9999, "question": "another"}, {}, 7):
            rows = [*self.answers(demo, "dev")[1:], other]
            assert "embedded demo corpus" in refusal(rows, demo, exact=True).message


def test_matches_are_compared_by_identity(files: Catalogue) -> None:
    one = find(lists(records("dev")), files)
    assert one != Match(one.split, one.tracks, one.questions, one.rows, one.ids, one.both, one.texts)


def test_the_validator_takes_the_split_whose_questions_are_asked(tmp_path: Path) -> None:
    """Ids as texts fit no split, but the questions do: the validator can say what is wrong with the ids."""
    write_json(tmp_path / "dev.json", [{"id": i, "question": f"how {i}", "video_id": "v"} for i in range(4)])
    write_json(tmp_path / "train.json", [{"id": i, "question": f"why {i}", "video_id": "v"} for i in range(4)])
    rows = [{"id": str(i), "question": f"how {i}", "output": [["v", 0.0, 1.0]]} for i in range(4)]
    files = catalogue(tmp_path)
    with pytest.raises(UserError, match="matches no split"):
        find(rows, files)
    match = find(rows, files, texts_suffice=True)
    assert (match.split, match.ids, match.texts) == ("dev", 0, 4)
    with pytest.raises(UserError):
        find(rows, files, texts_suffice=True, exact=True)
