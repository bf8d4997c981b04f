"""Table ``[metrics]`` of an edition file: what scoring takes from it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions import Combination, Edition, MetricRules, edition_names, load_edition
from cmivqa_kit.editions.metrics import metrics_of
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.official import CUTOFFS, ENTRIES, HEADLINE, THRESHOLDS

REST = (
    'name = "mine"\ntitle = "T"\nyear = 2030\nid_form = "any"\nid_pattern = ""\nlanguage_column = false\n'
    'corpus_files = "shared"\nboard_decimals = 4\n'
)


def edition_of(folder: Path, text: str, numbers: str = "entries = 50\ncutoffs = [1, 10, 50]\n") -> Edition:
    file = folder / "mine.toml"
    file.write_text(f"{REST}{numbers}[splits.train]\n{text}", encoding="utf-8")
    return load_edition(str(file))


@pytest.mark.parametrize("name", edition_names())
def test_all_editions_of_the_kit_are_scored_like_the_official_program(name: str) -> None:
    edition = load_edition(name)
    assert (edition.cutoffs, edition.entries, edition.board_decimals) == (CUTOFFS, ENTRIES, 4)
    assert edition.metrics == MetricRules()
    assert edition.metrics.thresholds == THRESHOLDS
    assert [metrics_of(track, edition)[0].name for track in TRACKS] == [HEADLINE[track] for track in TRACKS]


def test_what_is_left_out_is_as_on_all_boards(tmp_path: Path) -> None:
    assert edition_of(tmp_path, "").metrics == MetricRules()
    rules = edition_of(tmp_path, "[metrics]\nthresholds = [1, 0.25]\n").metrics
    assert rules == MetricRules(thresholds=(1.0, 0.25))


def test_what_is_formed_of_others(tmp_path: Path) -> None:
    text = '[metrics.combined]\nOverall = { mean = ["MRR", "R@{n}"] }\nTwo = { sum = ["R@1", "R@10"] }\n'
    assert edition_of(tmp_path, text).metrics.combined == {
        "Overall": Combination(("MRR", "R@{n}"), mean=True), "Two": Combination(("R@1", "R@10")),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[metrics]\ncolour = 1\n", "missing or unknown"),
        ("[metrics]\nthresholds = [0]\n", "metrics.thresholds is wrong"),
        ("[metrics]\nthresholds = [1.5]\n", "metrics.thresholds is wrong"),
        ("[metrics]\nthresholds = []\n", "metrics.thresholds is wrong"),
        ('[metrics]\nthresholds = ["x"]\n', "missing or unknown"),
        ("[metrics]\nthresholds = 0.5\n", "missing or unknown"),
        ('[metrics]\nranks = ["mIoU"]\n', "metrics.ranks is wrong"),
        ("[metrics]\nranks = [1, 2, 3]\n", "metrics.ranks is wrong"),
        ('[metrics.combined]\nOverall = { product = ["MRR"] }\n', "formed by 'product'"),
        ('[metrics.combined]\nOverall = { sum = ["MRR"], mean = ["MRR"] }\n', "missing or unknown"),
        ("[metrics.combined]\nOverall = { sum = [] }\n", "metrics.combined is wrong"),
        ("[metrics.combined]\nOverall = { sum = [1] }\n", "metrics.combined is wrong"),
        ("[metrics.combined]\nOverall = 5\n", "missing or unknown"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: str, part: str) -> None:
    with pytest.raises(UserError) as caught:
        edition_of(tmp_path, text)
    assert part in caught.value.message
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize(
    ("numbers", "part"),
    [("entries = 0\ncutoffs = [1]\n", "entries is wrong"), ("entries = 5\ncutoffs = []\n", "cutoffs is wrong"),
     ("entries = 5\ncutoffs = [10, 1]\n", "cutoffs is wrong"), ("entries = 5\ncutoffs = 5\n", "cutoffs is wrong"),
     ("entries = true\ncutoffs = [1]\n", "entries is wrong"), ("entries = 5\ncutoffs = [1.5]\n", "cutoffs is wrong")],
)  # fmt: skip
def test_wrong_numbers(tmp_path: Path, numbers: str, part: str) -> None:
    with pytest.raises(UserError, match=part):
        edition_of(tmp_path, "", numbers)
