"""TREC files: their texts, what is refused, and that trec_eval gives the strict numbers on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ir_measures
import pytest
import pytrec_eval

from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports import trec
from cmivqa_kit.leaderboard.exports.trec_files import QRELS, RUN
from cmivqa_kit.scoring.scorer import score_documents
from tests.leaderboard.exports.small import answers, lists


def test_the_texts() -> None:
    targets = [{"id": 7, "video_id": "A"}, {"id": "q", "video_id": "B"}]
    predictions = [
        {"id": "q", "output": [["C", 0, 1], ["B", 0, 1, 0.5], ["C", 5, 6], ["B"]]},
        {"id": 7, "output": [["A", 1]]},
        {"id": "other", "output": None},
        None,
    ]
    exported = trec(predictions, targets, tag="mine")
    assert exported.files[QRELS] == "7 0 A 1\nq 0 B 1\n"
    assert exported.files[RUN] == "7 Q0 A 1 1 mine\nq Q0 C 1 2 mine\nq Q0 B 2 1 mine\n"
    assert (exported.questions, exported.answered, exported.answers, exported.warnings) == (2, 2, (QRELS,), ())


def test_only_the_first_entries_are_read_before_repetitions_are_dropped() -> None:
    output: list[Any] = [["A", 0, 1]] * 49 + [["B", 0, 1], ["C", 0, 1], None]
    run = trec([{"id": 1, "output": output}], [{"id": 1, "video_id": "B"}]).files[RUN]
    assert [line.split()[2] for line in run.splitlines()] == ["A", "B"]


@pytest.mark.parametrize(
    ("predictions", "answered", "warnings"),
    [
        ([], 0, 0),
        ([{"id": 1, "output": []}], 0, 0),
        ([{"id": 1, "output": [["A"]]}, {"id": 1, "output": [["A"]]}], 0, 1),
    ],
)
def test_what_is_not_answered_is_not_in_the_run(predictions: Any, answered: int, warnings: int) -> None:
    exported = trec(predictions, [{"id": 1, "video_id": "A"}, {"id": 2, "video_id": "B"}])
    assert exported.files[RUN] == ""
    assert exported.files[QRELS].count("\n") == 2
    assert (exported.answered, len(exported.warnings)) == (answered, warnings)
    assert all(warning.startswith("W803") and warning.endswith(": 1") for warning in exported.warnings)


@pytest.mark.parametrize("word", ["", "a b", "a\n", "\u00a0", "a\tb", "x\0"])
@pytest.mark.parametrize("place", ["id", "video_id", "output"])
def test_ids_that_cannot_stand_in_a_column_are_refused(word: str, place: str) -> None:
    target = {"id": "q", "video_id": "A"}
    output = [["A", 0, 1], ["B", 0, 1]]
    if place == "output":
        output[1][0] = word
    elif word or place == "id":
        target[place] = word
    else:
        return  # an empty video is refused as an answer
    with pytest.raises(UserError, match="E801"):
        trec([{"id": target["id"], "output": output}], [target])


def test_two_ids_of_one_spelling_are_refused() -> None:
    with pytest.raises(UserError, match="E801: in the files its id is the same as 1"):
        trec([], [{"id": 1, "video_id": "A"}, {"id": "1", "video_id": "A"}])


@pytest.mark.parametrize("fault", [None, 5, "A", [], [5], [None, 0, 1], {"0": "A"}, [["A", 0, 1]]])
def test_a_malformed_entry_is_refused_with_its_place(fault: Any) -> None:
    good = {"id": 1, "output": [["A", 0, 1]]}
    with pytest.raises(UserError, match=r"/1/output/1: E802"):
        trec([good, {"id": 2, "output": [["A", 0, 1], fault]}], [{"id": n, "video_id": "A"} for n in (1, 2)])


@pytest.mark.parametrize("output", [None, True, "ABC", {}, 5])
def test_an_output_that_is_no_list_is_refused(output: Any) -> None:
    with pytest.raises(UserError, match="/0/output: E802"):
        trec([{"id": 1, "output": output}], [{"id": 1, "video_id": "A"}])


@pytest.mark.parametrize("tag", ["", "a b", "x" * 21, "ä", "a\n"])
def test_a_tag_is_a_short_word(tag: str) -> None:
    with pytest.raises(UserError, match="tag"):
        trec([], [{"id": 1, "video_id": "A"}], tag=tag)


@pytest.mark.parametrize("predictions", [{}, None, "x", {"id": 1}])
def test_a_submission_that_is_no_array_is_refused(predictions: Any) -> None:
    with pytest.raises(UserError, match="not an array"):
        trec(predictions, [{"id": 1, "video_id": "A"}])


@pytest.mark.parametrize(
    "targets", [[], None, [{"id": 1}], [{"id": 1, "video_id": ""}], [{"id": True, "video_id": "A"}]]
)
def test_answers_that_cannot_be_scored_are_refused(targets: Any) -> None:
    with pytest.raises(UserError, match="nothing can be exported"):
        trec([], targets)


@pytest.mark.parametrize("track", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_trec_eval_gives_the_strict_numbers(tmp_path: Path, seed: int, track: Any) -> None:
    targets = answers(30, seed)
    predictions = [item for item in lists(targets, seed + 1) if item["id"] % 5 != 3]
    predictions.append(predictions[0])  # answered twice
    exported = trec(predictions, targets, track)
    for name, text in exported.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    strict = score_documents(predictions, targets, track, load_edition()).strict.metrics
    with (tmp_path / QRELS).open() as qrels, (tmp_path / RUN).open() as run:
        judged, ranked = pytrec_eval.parse_qrel(qrels), pytrec_eval.parse_run(run)
    found = pytrec_eval.RelevanceEvaluator(judged, {"success.1,10,50", "recall.1,10,50", "recip_rank"}).evaluate(ranked)
    names = {"recip_rank": "MRR", **{f"{kind}_{k}": f"R@{k}" for kind in ("success", "recall") for k in (1, 10, 50)}}
    for measure, metric in names.items():
        value = sum(topic[measure] for topic in found.values()) / len(judged)  # over all topics: trec_eval -c
        assert value == pytest.approx(strict[metric], abs=1e-12), measure
    measures = {"MRR": "RR", "R@1": "Success@1", "R@10": "R@10", "R@50": "R@50"}
    parsed = {metric: ir_measures.parse_measure(name) for metric, name in measures.items()}
    values = ir_measures.calc_aggregate(
        list(parsed.values()),
        list(ir_measures.read_trec_qrels(str(tmp_path / QRELS))),
        list(ir_measures.read_trec_run(str(tmp_path / RUN))),
    )
    for metric, measure in parsed.items():
        assert values[measure] == pytest.approx(strict[metric], abs=1e-12), metric
