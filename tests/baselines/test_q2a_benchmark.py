"""AssistQ from folders to scores: encode, train, answer, validate, score, on the CPU."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from baselines.q2a import DECLARATION
from baselines.q2a.baseline import Q2ABaseline
from baselines.q2a.division import by_questions
from baselines.q2a.examples import build_examples
from baselines.q2a.model import Sample
from baselines.q2a.task import steps_loss
from cmivqa_kit.bench.contract.registry import find_benchmark
from cmivqa_kit.bench.tasks.step_choice.annotations import read_step_annotations
from cmivqa_kit.bench.tasks.step_choice.encoded import open_encoded, step_id
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.weights import read_tensors
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.runs.directory import RunDirectory, open_run, start_run
from cmivqa_kit.runs.settings import Recipe
from tests.assistq_root import make_root
from tests.cli.running import cmivqa_here
from tests.tiny_videos import make_text_model, make_vision_model

WIDTH = 32


def said(*words: str | Path, cwd: Path, code: int = 0) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    text = " ".join((done.stdout + done.stderr).decode().split())
    assert done.returncode == code, text
    return text


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with encoded features."""
    folder = tmp_path_factory.mktemp("assistq")
    make_vision_model(folder / "vit", WIDTH)
    make_text_model(folder / "bert", WIDTH)
    make_root(folder / "data", train=4, questions=3)
    encode = ("features", "encode-assistq", "data", "data/encoded", "--vision", "vit", "--text", "bert")
    text = said(*encode, cwd=folder)
    assert "train: 4 folders, 12 questions, 24 steps" in text
    assert "is encoded already" in said(*encode, cwd=folder, code=2)
    return folder / "data"


def trained(
    root: Path, runs: Path, *overrides: str, recipe: Recipe = "kit", benchmark: str = "assistq-22"
) -> RunDirectory:
    config = settings(DECLARATION, "tiny", overrides, recipe)
    run = replace(start_run(runs, "q2a", config, 0, recipe), device="cpu")
    Q2ABaseline().fit_benchmark(find_benchmark(benchmark), root, run)
    run.finish()
    return run


def answered(root: Path, run: RunDirectory, out: Path, benchmark: str = "assistq-22", split: str = "test") -> Path:
    system = Q2ABaseline()
    system.load(run)
    out.mkdir()
    return system.predict_benchmark(
        find_benchmark(benchmark), root, split, out, PredictOptions(run.config, device="cpu")
    )


def test_trained_answered_and_scored(root: Path, tmp_path: Path) -> None:
    run = trained(root, tmp_path / "runs", "train.epochs=12", "data.held_out=0.25")
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [name for name in lines[-1] if name == "R@1"] == ["R@1"]
    made = answered(root, run, tmp_path / "out")
    with zipfile.ZipFile(made.with_suffix(".zip")) as archive:
        assert json.loads(archive.read("submit_test.json")) == json.loads(made.read_text(encoding="utf-8"))
    for file in (made, made.with_suffix(".zip")):
        card = said("bench", "score", "assistq-22", file, "--data", root, "--no-intervals", cwd=tmp_path)
        assert "Recall@1" in card
    again = answered(root, run, tmp_path / "again")
    assert again.with_suffix(".zip").read_bytes() == made.with_suffix(".zip").read_bytes()
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_the_whole_way_by_commands(root: Path, tmp_path: Path) -> None:
    """Train, answer, and the benchmark's own check and figures of what was answered, as a participant types them."""
    data = ("--data", root)
    train = ("bench", "train", "assistq-22", *data, "-m", "q2a", "--preset", "tiny", "--set", "train.epochs=1")
    assert "q2a-1" in said(*train, "--device", "cpu", cwd=tmp_path)
    said("bench", "check", "assistq-22", *data, cwd=tmp_path)
    text = said("bench", "predict", "assistq-22", *data, "--split", "test", "--out", "out", cwd=tmp_path)
    assert "submit_test.json" in text
    scored = ("bench", "score", "assistq-22", "out/submit_test.json", *data, "--no-intervals")
    assert "Recall@1" in said(*scored, cwd=tmp_path)
    document = json.loads((tmp_path / "out/submit_test.json").read_text(encoding="utf-8"))
    next(iter(document.values())).pop()
    (tmp_path / "lacking.json").write_text(json.dumps(document), encoding="utf-8")
    lacking = said("bench", "score", "assistq-22", "lacking.json", *data, "--no-intervals", cwd=tmp_path, code=3)
    assert "question 3) without predictions: misses for the kit" in lacking
    lists = json.dumps([{"id": 1, "output": [["a", 0, 1]]}])
    (tmp_path / "lists.json").write_text(lists, encoding="utf-8")
    assert "not predictions of step choice" in said("bench", "score", "assistq-22", "lists.json", *data,
                                                    cwd=tmp_path, code=3)  # fmt: skip
    system = Q2ABaseline()
    system.load(open_run(tmp_path / "runs/q2a-1"))
    with pytest.raises(UserError, match="was trained on AssistQ, and re-ranks nothing"):
        system.reranker(Split("dev", (), {}, SplitFeatures.of({})), PredictOptions())


def test_new_questions_about_known_videos(root: Path, tmp_path: Path) -> None:
    run = trained(root, tmp_path / "runs", "train.epochs=1", benchmark="assistq-23")
    made = answered(root, run, tmp_path / "out", "assistq-23")
    assert len(json.loads(made.read_text(encoding="utf-8"))) == 4
    said("bench", "score", "assistq-23", made, "--data", root, "--no-intervals", cwd=tmp_path)


def test_published_keeps_the_last_weights_and_looks_at_the_test_questions(root: Path, tmp_path: Path) -> None:
    run = trained(root, tmp_path / "runs", "model.variant=context_ground", "model.heads=4", recipe="published")
    kept, last = (read_tensors(run.path / f"{name}.safetensors") for name in ("model", "last"))
    assert all(torch.equal(kept[name], last[name]) for name in last)
    assert json.loads((run.path / "outcome.json").read_text(encoding="utf-8"))["metric"] == "R@1"


def test_the_papers_split_holds_out_a_fifth_of_all_questions(root: Path, tmp_path: Path) -> None:
    """4 training videos and a test video of 3 questions each: 15, of which 3 are held out, whatever their video."""
    run = trained(root, tmp_path / "runs", "data.validation=questions", "train.epochs=1")
    assert run.read("examples.json")["used"] == 12
    parts = [read_step_annotations(root / name) for name in ("train.json", "test_with_gt.json")]
    learnt, held_out = by_questions(parts, 0)
    texts = [{(q.folder, q.question) for part in some for q in part.questions} for some in (learnt, held_out)]
    assert [len(some) for some in texts] == [12, 3]
    assert not texts[0] & texts[1]
    assert by_questions(parts, 1)[1] != held_out == by_questions(parts, 0)[1]


def test_stopped_and_resumed_is_the_same_run(root: Path, tmp_path: Path) -> None:
    whole = trained(root, tmp_path / "whole", "train.save_every=2")
    config = settings(DECLARATION, "tiny", ("train.save_every=2",))
    run = replace(start_run(tmp_path / "stopped", "q2a", config, 0), device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("baselines.q2a.task.steps_loss", _failing_at(6))
        with pytest.raises(KeyboardInterrupt):
            Q2ABaseline().fit_benchmark(find_benchmark("assistq-22"), root, run)
    Q2ABaseline().fit_benchmark(find_benchmark("assistq-22"), root, run)
    for name in ("model.safetensors", "last.safetensors", "metrics.jsonl"):
        assert (run.path / name).read_bytes() == (whole.path / name).read_bytes(), name


def _failing_at(call: int) -> Callable[[nn.Module, Sequence[Sample], str], torch.Tensor]:
    calls = iter(range(call))

    def loss(model: nn.Module, samples: Sequence[Sample], history: str) -> torch.Tensor:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return steps_loss(model, samples, history)

    return loss


def test_features_of_the_published_encoder(root: Path, tmp_path: Path) -> None:
    """The same numbers as `torch.save` files of one folder for each video, as a participant has them."""
    annotations = read_step_annotations(root / "train.json")
    stored = open_encoded(root / "encoded", "train")
    for folder, questions in annotations.by_folder():
        home = tmp_path / "published" / "train" / folder
        home.mkdir(parents=True)
        torch.save(torch.from_numpy(np.array(stored.video(folder))), home / "video.pth")
        torch.save(torch.from_numpy(np.array(stored.script(folder))), home / "script.pth")
        records = [
            {
                "question": torch.from_numpy(np.array(one.question)), "src_question": one.text, "folder": folder,
                "answers": [
                    [{"text": torch.tensor(text)[None], "button": torch.tensor(button)}
                     for text, button in zip(*step, strict=True)]
                    for step in one.steps
                ],
                "images": ["panel.png"] * 2, "correct": [1, 1],
            }
            for one in stored.questions(folder, questions)
        ]  # fmt: skip
        torch.save(records, home / "qa_maskx-1.pth")
    published = build_examples(annotations, open_encoded(tmp_path / "published", "train"), True)
    own = build_examples(annotations, stored, True)
    assert (published.dim, published.images) == (own.dim, own.images) == (WIDTH, 1)
    for one, other in zip(published.usable, own.usable, strict=True):
        assert one[:2] == other[:2]
        for step, same in zip(one.sample.steps, other.sample.steps, strict=True):
            assert torch.equal(step.texts, same.texts)
            assert torch.equal(step.buttons, same.buttons)
    (tmp_path / "published" / "train" / annotations.questions[0].folder / "video.pth").write_bytes(b"PK\3\4 cut off")
    with pytest.raises(UserError, match=r"video\.pth"):
        build_examples(annotations, open_encoded(tmp_path / "published", "train"), True)


def test_features_of_other_questions_are_refused(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "encoded", tmp_path / "encoded")
    document = json.loads((root / "train.json").read_text(encoding="utf-8"))
    folder, changed = next(iter(document)), tmp_path / "train.json"
    text = document[folder][0]["question"]
    document[folder][0]["question"] = "Another one?"
    changed.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match=f"features of {folder} are not those of its question 1"):
        build_examples(
            read_step_annotations(tmp_path / "train.json"), open_encoded(tmp_path / "encoded", "train"), True
        )
    document[folder][0]["question"] = text
    document[folder][0]["answers"][1].append("Press <button1> twice")
    changed.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match="3 texts and 3 buttons for 4 candidates"):
        build_examples(
            read_step_annotations(tmp_path / "train.json"), open_encoded(tmp_path / "encoded", "train"), True
        )


def test_no_features_says_how_to_make_them(root: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="encode-assistq"):
        open_encoded(tmp_path, "train")


def test_one_candidate_of_several_buttons_is_encoded_with_all_of_them(root: Path) -> None:
    """Exact names: button1 is not taken for button10."""
    stored = open_encoded(root / "encoded", "train")
    annotations = read_step_annotations(root / "train.json")
    folder, questions = next(annotations.by_folder())
    (_, buttons), _ = stored.questions(folder, questions)[0].steps
    assert len({row.tobytes() for row in buttons}) == 3
    assert step_id(folder, 1, 1) == f"{folder}.1.1"
