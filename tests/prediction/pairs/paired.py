"""A baseline that scores pairs with known logits; also a program: predicting in processes that are killed.

``python -m tests.prediction.pairs.paired ROOT RUN OUT [KILL_AT]`` answers testA of the data root with the run, in one
process or, under a launcher, in several. With KILL_AT it kills itself (SIGKILL) before it writes its chunk of that
number.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.types import Split
from cmivqa_kit.plugin.types import Declaration, PredictOptions, Target
from cmivqa_kit.prediction.answer import predict
from cmivqa_kit.prediction.answer_files import Written
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pairs.run_pass import in_memory
from cmivqa_kit.runs.directory import RunDirectory, open_run
from cmivqa_kit.runs.processes import joined
from tests.prediction import fake
from tests.prediction.pairs.scorers import KnownScorer

CONFIG: dict[str, dict[str, Any]] = {
    "decode": {"questions_at_once": 1, "tokens": 400, "by_video": True, "spans_per_video": 0, "kept_per_video": 4,
               "overlap": 0.5},
}  # fmt: skip
DECLARATION = Declaration(
    name="fake", title="Knows its logits", tracks=(2, 3), factory="tests.prediction.pairs.paired:Paired",
    config="fake_settings:config.toml",
)  # fmt: skip
SETTINGS = """
[default.decode]
questions_at_once = 1
tokens = 400
by_video = true
spans_per_video = 0
kept_per_video = 4
overlap = 0.5
"""


class Paired:
    """Scores pairs. ``made`` is every scorer it has given out."""

    made: list[KnownScorer] = []
    use: dict[str, Any] = {}

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Nothing to learn."""
        run.write("learnt.json", {})

    def load(self, run: RunDirectory) -> None:
        """Nothing to load."""

    def scorer(self, split: Split, options: PredictOptions) -> KnownScorer:
        """A new one."""
        found = KnownScorer(levels=50, **type(self).use)
        type(self).made.append(found)
        return found

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Any:
        """From memory."""
        one = CorpusPass(self.scorer(split, options), split, split.questions, TopK(options.limit, 4))
        return in_memory(one, track, options)


def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **points: str) -> type[Paired]:
    """Make it the installed baseline."""
    monkeypatch.setattr(fake, "CONFIG", SETTINGS)
    fake.install(monkeypatch, tmp_path, **points)
    monkeypatch.setattr("cmivqa_kit.prediction.answer.find_declaration", lambda name: DECLARATION)
    monkeypatch.setattr(Paired, "made", [])
    monkeypatch.setattr(Paired, "use", {})
    return Paired


def ask(
    files: Catalogue, run: RunDirectory, out: Path, pass_options: PassOptions, split: str = "testA", sample: int = 0,
    finished_pass: Path | None = None, **decode: Any,
) -> list[Written]:  # fmt: skip
    """Predict with the effective settings of the run, some of them changed."""
    options = PredictOptions(config={"decode": {**CONFIG["decode"], **decode}})
    return predict(
        AnswerPlan.in_root(files, split, (2, 3), out), run, options, True, sample=sample, pass_options=pass_options,
        finished_pass=finished_pass,
    )  # fmt: skip


def answer_and_die(install: Callable[..., Any], root: Path, run: Path, out: Path, kill_at: int) -> None:
    """Answer with an installed system, in this process and those it was launched with; die at a chunk."""
    signal.alarm(120)  # a launch that hangs fails
    patch = pytest.MonkeyPatch()
    install(patch, out.parent / f"packages-{os.getpid()}")
    write = store.PassFolder.write

    def killed(self: store.PassFolder, chunk: Any, ranked: Any) -> None:
        if chunk.number == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, chunk, ranked)

    patch.setattr(store.PassFolder, "write", killed)
    with joined("cpu") as group:
        ask(catalogue(root), open_run(run), out, PassOptions(group=group, resume=(run / "resume").exists()))


if __name__ == "__main__":
    answer_and_die(install, *map(Path, sys.argv[1:4]), int(sys.argv[4]) if len(sys.argv) > 4 else -1)
