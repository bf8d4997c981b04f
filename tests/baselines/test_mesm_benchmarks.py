"""MESM on benchmarks of moments: from annotations and features to figures, other layouts, what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.mesm.benchmark_baseline import learnt_and_asked
from baselines.mesm.settings import Settings
from baselines.mesm.task import MESMTask
from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.directory import WEIGHTS
from tests.baselines.clip_folder import write_clip
from tests.baselines.moment_benchmark import STORE, TRAIN, write_benchmark
from tests.cli.running import cmivqa_here
from tests.prediction import fake

SHORT = ("--set", "train.epochs=2")


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake.install(monkeypatch, tmp_path, mesm="baselines.mesm:DECLARATION")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_benchmark(tmp_path / "data")
    return tmp_path


def printed(*words: str, cwd: Path) -> Any:
    done = cmivqa_here(*words, "--format", "json", cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def refused(*words: str, cwd: Path) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    assert done.returncode == 2, done.stdout.decode()
    assert "Traceback" not in done.stderr.decode()
    return done.stderr.decode()


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")]


def test_from_annotations_to_figures_and_on_after_a_kill(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = (*TRAIN, *SHORT, "--set", "train.batch=3", "--set", "train.save_every=2")
    made = printed(*train, cwd=here)
    assert (made["system"], made["usable"], made["dropped"]) == ("mesm", 27, {})  # of ten videos one is held out
    assert made["validation"]["metric"] == "MR-full-mAP"
    answers = records(here / made["predictions"])
    assert [answer["qid"] for answer in answers] == list(range(12))
    assert {len(answer["pred_relevant_windows"]) for answer in answers} == {10}
    assert all(np.isfinite(answer["pred_relevant_windows"]).all() for answer in answers)

    calls: list[int] = []
    batch = MESMTask.batch

    def stopped(self: MESMTask, epoch: int, index: int) -> Mapping[str, Any]:
        calls.append(index)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return batch(self, epoch, index)

    monkeypatch.setattr(MESMTask, "batch", stopped)
    cmivqa_here(*train, cwd=here)
    monkeypatch.setattr(MESMTask, "batch", batch)
    words = ("bench", "train", "charades-sta", "--data", "data", "--no-intervals", "--resume", "runs/mesm-2")
    again = printed(*words, cwd=here)
    assert (here / "runs/mesm-2" / WEIGHTS).read_bytes() == (here / made["run"] / WEIGHTS).read_bytes()
    assert (here / again["predictions"]).read_bytes() == (here / made["predictions"]).read_bytes()

    nms = printed("bench", "predict", "charades-sta", "--data", "data", "--run", "runs/mesm-1", "--out", "nms",
                  "--set", "decode.nms=0.3", cwd=here)  # fmt: skip
    fewer = records(here / nms["predictions"])
    assert sum(len(answer["pred_relevant_windows"]) for answer in fewer) < 120
    score = cmivqa_here(*nms["next"].split()[1:], "--no-intervals", cwd=here)
    assert score.returncode == 0, score.stderr.decode()


def test_clip_reads_and_hears_from_its_folder(here: Path) -> None:
    write_clip(here / "clip")
    words = ("--set", "text.encoder=clip", "--set", "text.source=clip", "--set", "train.max_steps=2")
    made = printed(*TRAIN, *words, cwd=here)
    network = json.loads((here / made["run"] / "network.json").read_text())
    assert (network["text_encoder"], network["t_feat_dim"], network["clip"]["layers"]) == ("clip", 16, 2)
    (here / "clip").rename(here / "elsewhere")  # the run has all of it
    printed("bench", "predict", "charades-sta", "--data", "data", "--out", "again", cwd=here)
    own = here / "again" / Path(made["predictions"]).name
    assert own.read_bytes() == (here / made["predictions"]).read_bytes()


def test_ready_made_vectors_of_words_from_a_store(here: Path) -> None:
    asked = [line.partition("##")[2] for split in ("train", "test")
             for line in (here / f"data/charades_sta_{split}.txt").read_text().splitlines()]  # fmt: skip
    random = np.random.default_rng(0)
    vectors = {text: random.standard_normal((number % 20 + 1, 12)).astype(np.float32)
               for number, text in enumerate(dict.fromkeys(asked))}  # fmt: skip
    np.savez(here / "words.npz", **vectors)  # type: ignore[arg-type]
    words = ("--set", "text.encoder=stored", "--set", "train.max_steps=2")
    made = printed(*TRAIN, *words, "--set", "text.source=words.npz", cwd=here)
    network = json.loads((here / made["run"] / "network.json").read_text())
    assert (network["text_encoder"], network["t_feat_dim"], network["vocab_size"]) == ("none", 12, 0)
    printed("bench", "predict", "charades-sta", "--data", "data", "--out", "again", cwd=here)
    assert (here / "again" / Path(made["predictions"]).name).read_bytes() == (here / made["predictions"]).read_bytes()
    assert 'text.encoder = "stored" needs one' in refused(*TRAIN, *words, cwd=here)
    predict = ("bench", "predict", "charades-sta", "--data", "data", "--out", "other", "--set", "text.source=other.npz")
    np.savez(here / "other.npz", **{text: rows[:, :5] for text, rows in vectors.items()})
    assert "vectors of 5 numbers; the network was trained on 12" in refused(*predict, cwd=here)
    np.savez(here / "other.npz", **dict(list(vectors.items())[:3]))
    assert "other.npz: no vectors of" in refused(*predict, cwd=here)
    np.savez(here / "other.npz", **{text: rows * np.nan for text, rows in vectors.items()})
    assert "holds NaN or infinity" in refused(*predict, cwd=here)


def tacos(root: Path) -> None:
    for split, video in (("train", "s1.avi"), ("val", "s2.avi"), ("test", "s3.avi")):
        entry = {"timestamps": [[0, 147], [294, 588], [0, 588]], "fps": 29.4, "num_frames": 588,
                 "sentences": ["She cuts it.", "He washes the egg!", "all of it"]}  # fmt: skip
        videos = {video: entry, f"x{video}": {**entry, "sentences": ["a", "b", "c"]}}
        (root / f"{split}.json").write_text(json.dumps(videos), encoding="utf-8")


def charades(root: Path, splits: tuple[str, ...], name: str, duration: str) -> None:
    for split in splits:
        entry = {"timestamps": [[0, 3.5], [4, 12]], "sentences": ["a person opens a door.", "the person sits."],
                 duration: 20.5, "news": [], "fps": 24.0}  # fmt: skip
        document = {f"{split}{number}": entry for number in range(2)}
        (root / f"{name.format(split)}.json").write_text(json.dumps(document), encoding="utf-8")


CD = ("train", "val", "test_iid", "test_ood")
CG = ("train", "novel_composition", "novel_word", "test_trivial")


def charades_cd(root: Path) -> None:
    charades(root, CD, "charades_{}", "video_duration")


def charades_cg(root: Path) -> None:
    charades(root, CG, "{}", "duration")


def qvhighlights(root: Path) -> None:
    for split in ("train", "val", "test"):
        lines = []
        for number in range(4):
            video = f"{split}{number // 2}_{150.0 * (number % 2)}_{150.0 * (number % 2) + 150}"
            record: dict[str, Any] = {"qid": number, "query": "a girl walks", "duration": 150, "vid": video}
            if split != "test":
                record |= {"relevant_clip_ids": [3, 4], "saliency_scores": [[1, 2, 3], [4, 4, 2]],
                           "relevant_windows": [[6, 10], [20, 24]]}  # fmt: skip
            lines.append(json.dumps(record))
        (root / f"highlight_{split}_release.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "write", "videos", "words"),
    [
        ("tacos", tacos, [f"{x}s{n}.avi" for n in "123" for x in ("", "x")],
         ("data.clip=-1", "data.gather=2", "loss.triplet=true", "model.shared_branch=false", "data.validation=val")),
        ("charades-cd", charades_cd, [f"{split}{n}" for split in CD for n in range(2)],
         ("train.max_steps=2", "data.validation=val")),
        ("charades-cg", charades_cg, [f"{split}{n}" for split in CG for n in range(2)], ("train.max_steps=2",)),
        ("qvhighlights", qvhighlights,
         [f"{split}{n}_{start}.0_{start + 150}.0" for split in ("train", "val", "test") for n in range(2)
          for start in (0, 150)],
         ("data.clip=2", "data.longest=75", "loss.triplet=true", "data.validation=val")),
    ],
)  # fmt: skip
def test_other_layouts(
    tmp_path: Path, name: str, write: Any, videos: list[str], words: tuple[str, ...]
) -> None:  # fmt: skip
    data = tmp_path / "data"
    (data / "features" / STORE).mkdir(parents=True)
    write(data)
    random = np.random.default_rng(0)
    for video in videos:
        np.save(data / "features" / STORE / f"{video}.npy", random.standard_normal((80, 4)).astype(np.float32))
    train = ("bench", "train", name, *TRAIN[3:], *SHORT, *(word for own in words for word in ("--set", own)))
    made = printed(*train, cwd=tmp_path)
    answers = records(tmp_path / made["predictions"])
    assert all(len(answer["pred_saliency_scores"]) == (75 if name == "qvhighlights" else 80) for answer in answers)
    if name.startswith("charades"):  # further splits are answered, and scored, by themselves
        for split in (CD if name.endswith("cd") else CG)[2:]:
            words = ("--data", "data", "--split", split)
            told = printed("bench", "predict", name, *words, cwd=tmp_path)
            assert len(records(tmp_path / told["predictions"])) == 4
            score = printed("bench", "score", name, told["predictions"], *words, "--no-intervals", cwd=tmp_path)
            assert 0 <= score[0]["official"]["brief"]["MR-full-mAP"] <= 100
    if name == "qvhighlights":  # the split without a truth is answered too: for the official server
        test = printed("bench", "predict", name, "--data", "data", "--split", "test", cwd=tmp_path)
        assert [record["qid"] for record in records(tmp_path / test["predictions"])] == [0, 1, 2, 3]


def test_no_test_split_chooses_weights_but_as_published(here: Path) -> None:
    benchmark = find_benchmark("charades-sta")
    evaluator = create_evaluator(benchmark)
    from baselines.mesm import DECLARATION

    def asked(recipe: Any, seed: int) -> tuple[set[str], set[str]]:
        own = Settings.of(settings(DECLARATION, "charades-vgg-glove", recipe=recipe))
        queries = evaluator.read_truth(evaluator.truth_files(here / "data", "train")).queries
        learnt, chosen = learnt_and_asked(queries, evaluator, benchmark, here / "data", own, seed)  # type: ignore[arg-type]
        return {query.video for query in learnt}, {query.video for query in chosen}

    learnt, held = asked("kit", 0)
    assert len(learnt) == 9 and len(held) == 1 and not learnt & held and all(v.startswith("TRAIN") for v in held)
    assert asked("kit", 0) == (learnt, held)
    assert len({frozenset(asked("kit", seed)[1]) for seed in range(8)}) > 1
    assert all(video.startswith("TEST") for video in asked("published", 0)[1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--set", 'data.features=["vgg"]'), "no features 'vgg' of charades-sta"),
        (("--set", "text.encoder=clip"), 'text.encoder = "clip" needs one'),
        (("--set", "text.encoder=clip", "--set", "text.source=data"), "data: no tokenizer of CLIP"),
        (("--set", "text.encoder=vectors", "--set", "text.source=no.pkl"), "no.pkl: cannot be read as word vectors"),
        (("--set", "text.encoder=bert"), 'must be "clip" or "vectors" or "stored" or "glove" or "drawn"'),
        (("--set", "model.dim=30"), "hidden_dim = 30 cannot be shared out"),
        (("--set", "data.clip=0"), "data.clip: 0.0 must be seconds above 0, or -1"),
        (("--set", "decode.nms=2"), "decode.nms: 2.0 must be between 0 and 1, or -1"),
        (("--set", "data.validation=dev"), "Charades-STA has no split 'dev'"),
        (("--set", "text.counts=no.txt"), "no.txt"),
        (("--data", "nowhere"), "nowhere: no such folder"),
    ],
)
def test_mistakes_are_told_plainly(here: Path, words: tuple[str, ...], message: str) -> None:
    assert message in refused(*TRAIN, *words, cwd=here)
    assert not list((here / "runs").glob("*"))


def test_features_that_are_missing_or_damaged(here: Path) -> None:
    folder = here / "data/features" / STORE
    (folder / "TRAIN0.npy").unlink()
    made = printed(*TRAIN, "--set", "train.max_steps=1", cwd=here)
    assert (made["usable"], made["dropped"]) == (24, {"no-features": 3})
    told = refused(*TRAIN, "--set", "train.max_dropped=0.01", cwd=here)
    assert "has no features for 3 queries of 30, such as of TRAIN0" in told
    run = ("bench", "predict", "charades-sta", "--data", "data", "--run", made["run"])
    (folder / "TEST1.npy").unlink()
    assert "no features of 1 video: TEST1" in refused(*run, cwd=here)
    np.save(folder / "TEST1.npy", np.full((5, 8), np.nan, np.float32))
    assert "TEST1" in refused(*run, cwd=here)
    for video in ("TEST0", "TEST1", "TEST2", "TEST3"):
        np.save(folder / f"{video}.npy", np.ones((5, 3), np.float32))
    (folder / "TRAIN1.npy").unlink()
    for path in folder.glob("TRAIN*.npy"):
        np.save(path, np.ones((5, 3), np.float32))
    assert "features of 3 numbers; the network was trained on 8" in refused(*run, cwd=here)


def test_a_run_of_a_benchmark_does_not_answer_the_challenge(here: Path) -> None:
    made = printed(*TRAIN, "--set", "train.max_steps=1", cwd=here)
    done = cmivqa_here("predict", "--run", made["run"], "--split", "testA", "--track", "1", cwd=here)
    assert done.returncode == 2 and "was trained on a benchmark and answers that one alone" in done.stderr.decode()


def test_a_missing_tagger_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    train = (*TRAIN, "--set", "train.max_steps=1", "--set", "text.tags=true")
    monkeypatch.setattr("baselines.mesm.text.nltk_tagger", lambda: None)
    printed(*train, cwd=here)
    assert "NLTK's tagger or its data are missing" in caplog.text
    caplog.clear()
    monkeypatch.setattr("baselines.mesm.text.nltk_tagger", lambda: lambda words: ["NN"] * len(words))
    printed(*train, cwd=here)
    assert "tagger" not in caplog.text
