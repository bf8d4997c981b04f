"""Published figures: the shipped files are sound, their README tables are fresh, and mistakes are all named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions import edition_names, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.board_names import BOARD_NAMES
from cmivqa_kit.plugin.published_figures import BEGIN, END, Figure, fitting, main, markdown, named, published
from cmivqa_kit.plugin.registry import baseline_names, find_declaration
from tests.prediction.fake import DECLARATION, install

FAKE = replace(DECLARATION, published="fake_settings:published.toml")
SOUND = """
[[table]]
source = "a table"
corpus = "cmivqa-2023"
questions = { testA = 492, testB = 511 }
[table.track2.testA]
"R@1" = 0.5
MRR = { value = 0.6125, doubt = "hearsay" }
[[table]]
source = "another"
corpus = "elsewhere"
preset = "small"
questions.minival = 7
[table.track1.minival]
mIoU = 1
"""
SHIPPED = [name for name in baseline_names() if find_declaration(name).published]
HALF = 0.00005  # the figures are printed with four decimals


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the fake baseline's package, the only one installed."""
    install(monkeypatch, tmp_path)
    monkeypatch.setattr("tests.prediction.fake.DECLARATION", FAKE)
    found = tmp_path / "packages" / "fake_settings"
    (found / "published.toml").write_text(SOUND, encoding="utf-8")
    return found


def test_ccgs_has_figures_and_doubtful_ones() -> None:
    assert "ccgs" in SHIPPED
    figures = named("ccgs")
    assert len(figures) == 18
    assert {(f.track, f.split, f.metric) for f in figures if not f.confirmed} == {
        (2, "testB", "R@50"),
        (2, "testB", "Overall"),
    }
    first = next(f for f in figures if (f.track, f.split, f.metric) == (2, "testA", "R@1"))
    assert (first.value, first.questions, first.corpus, first.preset) == (0.3943, 492, "cmivqa-2023", "")


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_table_is_not_stale(name: str) -> None:
    package = find_declaration(name).published.partition(":")[0]
    text = (resources.files(package) / "README.md").read_text(encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "cmivqa_kit.plugin.published_figures", name], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(BEGIN)
    assert done.stdout.endswith(f"{END}\n")
    assert text.count(BEGIN) == text.count(END) == 1
    assert done.stdout in text, f"python -m cmivqa_kit.plugin.published_figures {name} prints another table"


@pytest.mark.parametrize("name", SHIPPED)
def test_unconfirmed_values_are_not_in_the_readme(name: str) -> None:
    figures = published(find_declaration(name))
    shown = {f"{f.value:.4f}" for f in figures if f.confirmed}
    text = markdown(figures)
    assert all(value in text for value in shown)
    assert not [f for f in figures if not f.confirmed and f"{f.value:.4f}" in text and f"{f.value:.4f}" not in shown]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_figures_follow_from_each_other(name: str) -> None:
    """Overall is a sum, Average a mean, a recall a number of questions; sizes are those that the edition knows."""
    figures = published(find_declaration(name))
    for corpus, preset, track, split in dict.fromkeys((f.corpus, f.preset, f.track, f.split) for f in figures):
        here = [f for f in figures if (f.corpus, f.preset, f.track, f.split) == (corpus, preset, track, split)]
        known = {f.metric: f.value for f in here if f.confirmed}
        names = BOARD_NAMES[track][:-1] if track != 1 else ()
        doubtful = any(f.metric in names for f in here if not f.confirmed)
        assert not (doubtful and known.keys() & {"Overall", "Average"}), "what rests on a doubtful figure is doubtful"
        if known.keys() >= set(names):
            whole = sum(known[name] for name in names)
            assert known.get("Overall", whole) == pytest.approx(whole, abs=5 * HALF + 1e-9)
            assert known.get("Average", whole / 3) == pytest.approx(whole / 3, abs=2 * HALF + 1e-9)
        number = here[0].questions
        for metric, value in known.items():
            if metric in BOARD_NAMES[1][:3] or metric in BOARD_NAMES[2][:3]:
                assert abs(round(value * number) / number - value) <= HALF + 1e-9, (split, metric)
        if corpus in edition_names():
            assert load_edition(corpus).splits[split].questions in (None, number)


def test_metric_names_are_the_official_ones() -> None:
    from cmivqa_kit.scoring.official import score_official

    target: dict[str, Any] = {"id": 0, "video_id": "v", "start_second": 0, "end_second": 1}
    prediction = {**target, "output": [["v", 0, 1]]}
    for track in TRACKS:
        assert tuple(score_official(track, [prediction], [target]).metrics) == BOARD_NAMES[track]


def test_a_file_is_read(folder: Path) -> None:
    assert published(DECLARATION) == ()
    assert published(FAKE) == (
        Figure(2, "testA", "R@1", 0.5, "a table", "cmivqa-2023", 492),
        Figure(2, "testA", "MRR", 0.6125, "a table", "cmivqa-2023", 492, doubt="hearsay"),
        Figure(1, "minival", "mIoU", 1.0, "another", "elsewhere", 7, preset="small"),
    )
    assert [f.confirmed for f in published(FAKE)] == [True, False, True]


def test_figures_go_by_the_name_of_a_baseline_or_preset(folder: Path) -> None:
    assert named("fake") + named("fake/small") == published(FAKE)
    for name in ("fake/smal", "fake/"):
        with pytest.raises(UserError, match=r"Did you mean 'fake") as caught:
            named(name)
        assert caught.value.fix == "There are: fake, fake/small."
    with pytest.raises(UserError, match=r"unknown baseline 'fke'\. Did you mean 'fake'"):
        named("fke/small")


def test_a_baseline_without_figures_says_who_has_some() -> None:
    with pytest.raises(UserError, match="bm25 has no published figures") as caught:
        named("bm25")
    assert "ccgs" in caught.value.fix


def test_figures_fit_a_split_by_any_of_its_names(folder: Path) -> None:
    figures = published(FAKE)
    for split in ("testA", "TESTA", "test", "dataset_testA_for_task_1_answer"):
        assert [f.metric for f in fitting(figures, 2, split, "cmivqa-2023")] == ["R@1", "MRR"]
    assert len(fitting(figures, 2, "test", "mmivqa-2024")) == 2  # another corpus; the output says so
    assert fitting(figures, 1, "testA", "cmivqa-2023") == fitting(figures, 2, "dev", "cmivqa-2023") == ()
    assert len(fitting(figures, 1, "minival", "elsewhere")) == 1


def test_figures_of_the_scored_corpus_go_first() -> None:
    own, other = (Figure(2, "testA", "R@1", 0.1, "s", corpus, 9) for corpus in ("cmivqa-2023", "elsewhere"))
    for figures in ([own, other], [other, own]):
        assert fitting(figures, 2, "testA", "cmivqa-2023") == (own,)
        assert fitting(figures, 2, "testA", "elsewhere") == (other,)
        assert fitting(figures, 2, "testA", "medvidqa") == (figures[0],)


def test_the_table_of_a_readme(folder: Path) -> None:
    assert markdown(published(FAKE)).splitlines() == [
        "Source: a table (`cmivqa-2023`). Fractions.",
        "",
        "| Track 2 | questions | R@1 | MRR |",
        "| --- | ---: | ---: | ---: |",
        "| testA | 492 | 0.5000 | - (1) |",
        "",
        "Source: another (`elsewhere`, preset `small`). Fractions.",
        "",
        "| Track 1 | questions | mIoU |",
        "| --- | ---: | ---: |",
        "| minival | 7 | 1.0000 |",
        "",
        "(1) Not confirmed and left out: hearsay.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("[[table]]", "[[tabel]]", ["tabel: unknown key. Did you mean 'table'?"]),
        ("", "table = 5\n", ["table: not an array of tables"]),
        ("", "table = [5]\n", ["table 1: not a table"]),
        ('source = "a table"', "", ["table 1.source: missing"]),
        ('corpus = "cmivqa-2023"', "corpus = 5", ["table 1.corpus: 5 is not a text"]),
        ('"a table"', '"a table"\nsuorce = 1', ["table 1.suorce: unknown key. Did you mean 'source'?"]),
        ('preset = "small"', 'preset = "smal"', ["table 2.preset: config.toml has no preset 'smal'. Did you mean"]),
        ("testA = 492, ", "", ["table 1.track2.testA: no number of questions"]),
        ("492", "true", ["table 1.questions.testA: True is not a number of questions"]),
        ("questions = { testA = 492, testB = 511 }", "questions = 492", ["table 1.questions: not a table"]),
        ("[table.track2.testA]", "[table.track2.testa]", ["testa: cmivqa-2023 has no split 'testa'. Did you"]),
        ("[table.track2.testA]", "[table.track4.testA]", ["table 1.track4: unknown key"]),
        ('[table.track2.testA]\n"R@1" = 0.5', "track2 = 5\n[table.track3.testA]", ["table 1.track2: not a table"]),
        ('"R@1" =', '"R@5" =', ["table 1.track2.testA.R@5: no metric of Track 2. Did you mean 'R@50'?"]),
        ("mIoU = 1", "mIoU = 1\nOverall = 1", ["table 2.track1.minival.Overall: no metric of Track 1"]),
        ("mIoU = 1", "mIoU = 39.7", ["mIoU: 39.7 is not a number from 0 to 1 (fractions, no percent)"]),
        ("mIoU = 1", "mIoU = nan", ["mIoU: nan is not a number"]),
        ("mIoU = 1", "mIoU = true", ["mIoU: True is not a number"]),
        ("mIoU = 1", 'mIoU = "1"', ["mIoU: '1' is not a number"]),
        ('doubt = "hearsay"', 'doubt = ""', ["table 1.track2.testA.MRR.doubt: '' is not a text"]),
        ('doubt = "hearsay"', "doubts = 1", ["MRR.doubts: unknown key. Did you mean 'doubt'?", "MRR.doubt: missing"]),
        ("value = 0.6125, ", "", ["MRR: None is not a number"]),
        ("mIoU = 1", SOUND.split("[[table]]")[1].join(("mIoU = 1\n[[table]]", "")), ["table 3.track2.testA.R@1: st"]),
    ],
)  # fmt: skip
def test_every_mistake_is_named(folder: Path, old: str, new: str, messages: Sequence[str]) -> None:
    text = SOUND.replace(old, new) if old else new
    (folder / "published.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        published(FAKE)
    assert caught.value.message.startswith("baseline 'fake': fake_settings:published.toml")
    assert caught.value.fix == "Reinstall or mend its package."
    for message in messages:
        assert message in caught.value.message


@pytest.mark.parametrize(
    "place", ["fake_settings:none.toml", "no_such_package_here:published.toml", ":", "fake_settings:"]
)
def test_a_file_that_cannot_be_read(folder: Path, place: str) -> None:
    with pytest.raises(UserError, match=r"baseline 'fake': .* cannot be read"):
        published(replace(FAKE, published=place))
    (folder / "published.toml").write_text("[", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read"):
        published(FAKE)


def test_the_program_refuses_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["ccsg"]) == 2
    assert "Did you mean 'ccgs'?" in capsys.readouterr().err
