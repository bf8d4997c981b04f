"""The figures that the README promises, on the real corpus (TutorialVQA, which the kit may not ship)."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from baselines.bm25.baseline import BM25
from baselines.prior import DECLARATION as PRIOR
from baselines.prior.baseline import PriorOnly
from cmivqa_kit.data.convert import converter
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.types import Track
from cmivqa_kit.files import read_json
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Baseline, PredictOptions, Target
from cmivqa_kit.runs.directory import start_run
from cmivqa_kit.scoring.official import score_official
from tests.baselines.corpora import options

SOURCE = Path(os.environ.get("CMIVQA_TUTORIALVQA") or Path(__file__).parents[3] / "shared" / "data" / "tutorialvqa")
pytestmark = pytest.mark.skipif(
    not (SOURCE / "videos.json").is_file(),
    reason="TutorialVQA is not here (CC BY-NC, not shipped): get videos.json, train.json and dev.json from "
    "https://github.com/acolas1/TutorialVQAData and set CMIVQA_TUTORIALVQA to their folder",
)


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) / "corpus" for name in ("closed", "unseen")}
    for protocol, folder in folders.items():
        converter("tutorialvqa").convert(SOURCE, folder, protocol)
    return folders


def measured(
    root: Path, system: Baseline, target: Target, tracks: Sequence[Track], chosen: PredictOptions
) -> dict[Track, dict[str, float]]:
    """The figures of one list of answers per track; Tracks 2 and 3 have the same questions."""
    split = open_split(root, "dev", tracks[0])
    rows: list[dict[str, Any]] = []
    for prediction in system.predict(split.for_prediction(tracks[0]), target, chosen):
        best = prediction.candidates[0].span
        output = [[c.video_id, c.span.start, c.span.end] for c in prediction.candidates]
        rows.append(
            {"id": prediction.question_id, "start_second": best.start, "end_second": best.end, "output": output}
        )
    gold = read_json(root / "dev.json")
    return {track: score_official(track, rows, gold).metrics for track in tracks}


@pytest.mark.parametrize(
    ("protocol", "target", "least"),
    [
        ("closed", 2, {2: {"R@1": 0.42, "R@10": 0.80, "R@50": 0.96, "MRR": 0.55}}),
        ("closed", 3, {3: {"Average": 0.33}}),
        ("closed", "corpus", {2: {"Overall": 2.65}, 3: {"Average": 0.28}}),
        ("unseen", 2, {2: {"Overall": 2.70}}),
        ("unseen", 3, {3: {"Average": 0.34}}),
        ("unseen", 1, {1: {"mIoU": 28.0}}),
    ],
)
def test_bm25(roots: dict[str, Path], protocol: str, target: Target, least: dict[Track, dict[str, float]]) -> None:
    found = measured(roots[protocol], BM25(), target, list(least), options())
    wanted = [(track, name, value) for track, values in least.items() for name, value in values.items()]
    assert [(track, name) for track, name, value in wanted if found[track][name] < value] == []


def test_prior(roots: dict[str, Path], tmp_path: Path) -> None:
    system = PriorOnly()
    system.fit(open_split(roots["unseen"], "train"), None, start_run(tmp_path, "prior", settings(PRIOR), 0))
    assert measured(roots["unseen"], system, 1, [1], PredictOptions())[1]["mIoU"] == pytest.approx(9.3, abs=0.1)
