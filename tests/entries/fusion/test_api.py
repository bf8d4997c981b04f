"""Fusing files: what is written, how weights are fitted, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.entries.fusion import fuse
from cmivqa_kit.entries.fusion.api import gains
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.statistics.paired import Settings
from tests.entries.fusion.submissions import answer_file, corpus_file, ground, outputs, read, span_file

RIGHT = {i: (f"v{i}", 10.0, 20.0) for i in range(6)}


def systems(folder: Path, name: str = "") -> tuple[Path, Path, Path]:
    """A good system, a bad one that is right on one question, and the answers."""
    good = {i: [RIGHT[i] if i else ("x", 0.0, 5.0), ("y", 0.0, 5.0)] for i in RIGHT}
    bad = {i: [("z", 0.0, 5.0), ("y", 0.0, 5.0)] if i else [RIGHT[0]] for i in RIGHT}
    return (
        corpus_file(folder / f"{name}good.json", good),
        corpus_file(folder / f"{name}bad.json", bad),
        answer_file(folder / f"{name}answers.json", RIGHT),
    )


def test_the_file_is_a_submission_like_any_other(tmp_path: Path) -> None:
    good, bad, _ = systems(tmp_path)
    fused = fuse([good, bad], tmp_path / "out.json", weights=[3, 1])
    assert fused.weights == (3, 1)
    rows = read(tmp_path / "out.json")
    assert [set(row) for row in rows] == [{"id", "question", "output"}] * 6
    assert rows[0]["output"] == [["x", 0.0, 5.0], ["y", 0.0, 5.0], ["v0", 10.0, 20.0]]
    first = (tmp_path / "out.json").read_bytes()
    fuse([good, bad], tmp_path / "again.json", weights=[3, 1])
    assert (tmp_path / "again.json").read_bytes() == first


def test_track_1_and_its_language(tmp_path: Path) -> None:
    ids = [f"NLPCC2024_Task1_{number}" for number in (1, 2)]
    first = span_file(tmp_path / "a.json", {ids[0]: (0, 10), ids[1]: (5, 6)})
    second = span_file(tmp_path / "b.json", {ids[0]: (2, 12)})
    fuse([first, second], tmp_path / "out.json")
    assert [(row["video_id"], row["start_second"], row["end_second"]) for row in read(tmp_path / "out.json")] == [
        ("v", 1.0, 11.0), ("v", 5.0, 6.0),
    ]  # fmt: skip


def test_weights_fitted_on_another_split(tmp_path: Path) -> None:
    good, bad, _ = systems(tmp_path)
    dev = systems(tmp_path, "dev_")
    fused = fuse([bad, good], tmp_path / "out.json", fit_on=[dev[1], dev[0]], fit_ground=ground(dev[2]))
    assert fused.fit is not None
    assert (fused.fit.metric, fused.fit.track, fused.fit.questions) == ("Average", 3, 6)
    assert fused.fit.alone == (pytest.approx(1 / 6), pytest.approx(5 / 6))
    assert fused.fit.fitted >= max(fused.fit.equal, *fused.fit.alone)
    assert sum(fused.weights) == pytest.approx(1)
    assert fused.weights[1] > fused.weights[0]


def test_equal_systems_keep_equal_weights(tmp_path: Path) -> None:
    good, _, answers = systems(tmp_path)
    fused = fuse([good, good, good], tmp_path / "out.json", fit_on=[good] * 3, fit_ground=ground(answers))
    assert fused.weights == pytest.approx((1 / 3,) * 3)


def test_the_gain_over_each_part(tmp_path: Path) -> None:
    good, bad, answers = systems(tmp_path)
    fused = fuse([good, bad], tmp_path / "out.json")
    track2, track3 = gains(fused, ground(answers), Settings(resamples=50))
    assert track2.names[-1] == str(tmp_path / "out.json")
    assert {(pair.a, pair.b) for pair in track3.pairs} == {(0, 1), (0, 2), (1, 2)}
    gain = next(pair for pair in track3.pairs if (pair.a, pair.b) == (1, 2)).on("Average")
    assert gain is not None
    assert gain.difference > 0


def test_a_question_that_no_file_answers_is_named(tmp_path: Path) -> None:
    files = [corpus_file(tmp_path / f"{name}.json", {1: [("v", 1, 2)], 2: []}) for name in "ab"]
    with pytest.raises(UserError, match="question 2: has an empty list of entries"):
        fuse(files, tmp_path / "out.json")
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [0, 0], [-1, 2], [float("nan"), 1], [float("inf"), 1]])
def test_weights_that_are_none(tmp_path: Path, weights: list[float]) -> None:
    good, bad, _ = systems(tmp_path)
    with pytest.raises(UserError, match="not 2 numbers from 0 on"):
        fuse([good, bad], tmp_path / "out.json", weights=weights)


def test_what_is_there_is_not_replaced_and_what_is_read_never(tmp_path: Path) -> None:
    good, bad, _ = systems(tmp_path)
    with pytest.raises(UserError, match="is read by this command"):
        fuse([good, bad], good, force=True)
    out = corpus_file(tmp_path / "out.json", {})
    with pytest.raises(UserError, match="exists already"):
        fuse([good, bad], out)
    fuse([good, bad], out, force=True)
    assert len(outputs(out)) == 6


def test_dev_files_must_go_with_the_files(tmp_path: Path) -> None:
    good, bad, answers = systems(tmp_path)
    with pytest.raises(UserError, match="2 files to fuse, and 1 to fit"):
        fuse([good, bad], tmp_path / "out.json", fit_on=[good], fit_ground=ground(answers))
    with pytest.raises(UserError, match="given and to be fitted too"):
        fuse([good, bad], tmp_path / "out.json", weights=[1, 1], fit_on=[good, bad])
