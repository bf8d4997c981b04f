"""The trained tier of hybrid on a GPU gives the answers that it gives on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from baselines.hybrid import DECLARATION
from baselines.hybrid.baseline import HybridBaseline
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions, Target
from cmivqa_kit.runs.directory import make_run
from tests.baselines.corpora import split, video
from tests.gpu.device import DEVICE

pytestmark = pytest.mark.gpu


def test_a_training_there_answers_alike_on_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    tools = ("bandage", "splint", "needle", "thermometer", "towel", "syringe", "mask", "glove")
    videos = [video(f"v{n}", [f"step {i} with the {tool}" for i in range(9)]) for n, tool in enumerate(tools)]
    asked = [
        Question(
            n,
            f"how is the {tool} used?",
            "English",
            f"v{n}",
            Span(videos[n].subtitles[2].start, videos[n].subtitles[5].end),
        )
        for n, tool in enumerate(tools)
    ]
    data = split(videos, asked)
    config = settings(DECLARATION, "tiny", ("train.epochs=2", 'train.precision="bf16"'))
    run = replace(make_run(tmp_path / "run", "hybrid", config, 0), device=str(DEVICE))
    HybridBaseline().fit(data, data, run)
    run.finish()
    system = HybridBaseline()
    system.load(run)
    targets: tuple[Target, ...] = (1, 2)
    for target in targets:
        shown = data.for_prediction(target if target == 1 else 2)
        first = [
            [
                prediction.candidates[0]
                for prediction in system.predict(shown, target, PredictOptions(config, device=device))
            ]
            for device in ("cpu", str(DEVICE))
        ]
        assert [(one.video_id, one.span) for one in first[0]] == [(one.video_id, one.span) for one in first[1]]
