"""A trained baseline without a text encoder: a linear map says of every feature row whether the answer lies in it.

It has only what is its own: settings, sizes, network, task, dev evaluation, and how it answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.neural.feature_sources import FeatureSettings
from cmivqa_kit.neural.networks import Flag, NetworkSizes, Width, new_network
from cmivqa_kit.neural.official_checkpoints import CheckpointFormat, Weights
from cmivqa_kit.neural.settings import SystemSettings, TrainSettings
from cmivqa_kit.neural.state_dicts import StateDict
from cmivqa_kit.neural.video_rows import VideoRows
from cmivqa_kit.plugin.sections import Positive
from cmivqa_kit.plugin.types import Candidate, Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.dev_evaluation import dev_subset, evaluate
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.bucketed_task import BucketedTask, Figures
from cmivqa_kit.training.trained import NO_DEV, DevEvaluation, TrainedBaseline, Training, drawn
from cmivqa_kit.training.usable_examples import require_enough

MOST_ROWS, WIDTH = 40, 8
DECLARATION = Declaration(
    name="tiny",
    title="A linear map of feature rows",
    tracks=(1,),
    factory="tests.training.tiny_system:TinySystem",
    config="tests.training:tiny_system.toml",
)


@dataclass(frozen=True, slots=True)
class TinyTrainSettings(TrainSettings):
    batch_size: Positive


@dataclass(frozen=True, slots=True)
class TinySettings(SystemSettings):
    declaration = DECLARATION
    train: TinyTrainSettings
    features: FeatureSettings

    @property
    def feature_source(self) -> FeatureSettings:
        return self.features


class RowScorer(nn.Module):
    def __init__(self, width: int, bias: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 1, bias=bias)

    def forward(self, rows: Tensor, mask: Tensor) -> Tensor:
        """(B, T, F) and (B, T) to logits (B, T)."""
        scores: Tensor = self.linear(rows)[:, :, 0]
        return scores.masked_fill(mask == 0, -torch.inf)


@dataclass(frozen=True, slots=True)
class TinyNetwork(NetworkSizes):
    needs = 'It needs {"width": 8}.'
    width: Width
    bias: Flag = True

    def build(self) -> RowScorer:
        return RowScorer(self.width, self.bias)


@dataclass(frozen=True, slots=True)
class RowExample:
    video: str
    row: int


class TinyTask(BucketedTask[RowExample]):
    def __init__(
        self, model: RowScorer, examples: Sequence[RowExample], rows: VideoRows, settings: TinyTrainSettings, seed: int,
        figures: Figures,
    ) -> None:  # fmt: skip
        self.rows = rows
        groups = [{"params": list(model.parameters())}]
        super().__init__(model, examples, groups, settings, seed, figures, settings.batch_size)

    def size(self, epoch: int, number: int) -> tuple[int, int]:
        return 1, 1  # so many examples share a batch, whatever their rows

    def batch(self, epoch: int, index: int) -> Mapping[str, Any]:
        examples = [self.examples[number] for number in self.numbers(epoch)[index]]
        rows, mask = self.rows.batch([example.video for example in examples])
        return {"rows": rows, "mask": mask, "row": torch.tensor([example.row for example in examples])}

    def loss(self, model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
        return nn.functional.cross_entropy(model(batch["rows"], batch["mask"]), batch["row"])


class TinySystem(TrainedBaseline[TinySettings, TinyNetwork, RowScorer]):
    name, settings, sizes = "tiny", TinySettings, TinyNetwork
    reads_text = False

    def training(self, train: Split, dev: Split | None, run: RunDirectory, settings: TinySettings) -> Training:
        source = self.row_source(settings, train, run)
        network = TinyNetwork(source.size or WIDTH)
        rows = VideoRows(source.features(train), MOST_ROWS, network.width)
        examples, dropped = _examples(train, rows)
        require_enough(train, examples, dropped, settings.train.max_dropped)
        evaluation = NO_DEV
        if dev is not None:
            asked = dev_subset(dev.questions, settings.train.dev_questions, run.seed)
            dev_rows = VideoRows(source.features(dev), MOST_ROWS, network.width)

            def figures(model: nn.Module) -> Mapping[str, float]:
                return evaluate(answers(model, asked, dev_rows), asked, (1,), run.dev_progress.question)

            evaluation = DevEvaluation(figures, len(asked), 0.1)
        used = drawn(examples, settings, run)
        model = new_network(network, RowScorer, run)
        task = TinyTask(model, used, rows, settings.train, run.seed, evaluation.figures)
        return Training(task, len(used), len(examples), dropped, evaluation)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        loaded, _ = self.ready()
        rows = VideoRows(self.features(split, options), MOST_ROWS, loaded.network.width)
        return answers(loaded.model, split.questions, rows)


class TinyCheckpoints(CheckpointFormat[TinyNetwork]):
    title, network, reported = "Tiny", TinyNetwork, ("width",)
    old_buffers, state_dicts = ("linear.steps",), (StateDict(("model",)),)

    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        return {"width": weights["linear.weight"].shape[1], "bias": "linear.bias" in weights}


def answers(model: nn.Module, questions: Sequence[Question], rows: VideoRows) -> Iterator[Prediction]:
    """The seconds of the best row of each question's video."""
    for question in questions:
        video = question.video_id or ""
        edges = rows.edges(video)
        with torch.inference_mode():
            best = int(model(*rows.batch([video])).argmax())
        span = Span(float(edges[best]), float(edges[best + 1])) if edges is not None else Span(0.0, 1.0)
        yield Prediction(question.id, (Candidate(video, span, 1.0),))


def _examples(split: Split, rows: VideoRows) -> tuple[list[RowExample], Counter[str]]:
    examples, dropped = [], Counter[str]()
    for question in split.questions:
        count = rows.count(question.video_id or "")
        if count is None or question.answer is None or question.video_id is None:
            dropped["no-features"] += 1
        else:
            examples.append(RowExample(question.video_id, min(int(question.answer.start), count - 1)))
    return examples, dropped
