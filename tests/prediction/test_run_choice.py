"""The run that answers where none is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cmivqa_kit.data.display import target_in_words, tracks_in_words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.prediction.run_choice import newest_serving_run
from cmivqa_kit.runs.directory import start_run
from tests.prediction.fake import DECLARATION, install

CORPUS = replace(DECLARATION, name="corpus", tracks=(2, 3))
GIVEN = replace(DECLARATION, name="given", tracks=(1,), factory=f"{__name__}:Localizes")
LACKING = replace(GIVEN, needs=("package:no_such_package_here",))
BROKEN: Declaration | None = None


class Localizes:
    def localizer(self, split: object, options: object) -> None: ...


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = {"corpus": "CORPUS", "given": "GIVEN", "lacking": "LACKING", "broken": "BROKEN"}
    install(monkeypatch, tmp_path, **{name: f"{__name__}:{constant}" for name, constant in names.items()})
    return tmp_path / "runs"


def finished(folder: Path, *baselines: str) -> None:
    for name in baselines:
        start_run(folder, name, {}, 0).finish()


@pytest.mark.parametrize(
    ("track", "behind", "name"),
    [(None, False, "corpus-1"), (2, False, "corpus-1"), (1, False, "given-2"), (None, True, "given-2")],
)
def test_the_newest_that_serves_what_is_asked(runs: Path, track: Track | None, behind: bool, name: str) -> None:
    finished(runs, "given", "corpus", "given", "broken", "uninstalled")
    assert newest_serving_run(runs, track, behind).path.name == name


def test_one_of_track_1_never_answers_for_the_corpus(runs: Path) -> None:
    finished(runs, "given", "given")
    with pytest.raises(
        UserError, match=r"no finished run serves Tracks 2 and 3 \(.*given-2 serves Track 1\)"
    ) as caught:
        newest_serving_run(runs)
    assert "Train one that does: cmivqa train; or ask for what there is: --track 1" in caught.value.fix


def test_without_a_localizer_there_is_nothing_behind_a_retriever(runs: Path) -> None:
    finished(runs, "corpus")
    with pytest.raises(UserError, match="no finished run finds spans in the videos of a retriever"):
        newest_serving_run(runs, behind_retriever=True)


def test_without_a_run(runs: Path) -> None:
    with pytest.raises(UserError, match="no finished run") as caught:
        newest_serving_run(runs)
    assert caught.value.fix == "Train first: cmivqa train"


def test_tracks_in_words() -> None:
    assert [tracks_in_words(tracks) for tracks in ((1,), (2, 3), (1, 2, 3))] == [
        "Track 1", "Tracks 2 and 3", "Tracks 1, 2 and 3",
    ]  # fmt: skip
    assert (target_in_words("corpus"), target_in_words(3)) == ("Tracks 2 and 3", "Track 3")


def test_a_localizer_that_lacks_a_package_is_told(runs: Path) -> None:
    finished(runs, "lacking")
    with pytest.raises(UserError, match="'given' needs no_such_package_here, not installed here"):
        newest_serving_run(runs, behind_retriever=True)
    finished(runs, "given")
    assert newest_serving_run(runs, behind_retriever=True).path.name == "given-1"
