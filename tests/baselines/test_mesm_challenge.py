"""MESM on a corpus of the challenge: rows to clips, windows in seconds, by itself and behind a retriever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.mesm import DECLARATION
from baselines.mesm.baseline import MESMBaseline
from baselines.mesm.corpus import CorpusClips, moments_of
from baselines.mesm.decode import NmsRules, suppress
from baselines.mesm.examples import RELATIVE, ClipRules
from baselines.mesm.layers import CrossLayers
from baselines.mesm.localizer import MomentLocalizer, suppressed, widened
from baselines.mesm.task import MESMTask
from baselines.mesm.word_rows import Labels, PretrainedWords
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.neural.joined_rows import JoinedRows, Widths
from cmivqa_kit.neural.tokens import Special, TextReader
from cmivqa_kit.plugin.settings import settings as settings_of
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs import pass_folder
from cmivqa_kit.prediction.types import Localizer, Pair, ScoredWindows
from cmivqa_kit.runs.directory import open_run
from tests.baselines.corpora import lines
from tests.cli.running import cmivqa_here
from tests.prediction import fake
from tests.submission.small import put

ACTS, THINGS, WIDTH, SILENT = ("wash", "bend", "press"), ("arm", "knee", "neck"), 8, "silent_____"
TRAIN = ("train", "-m", "mesm", "--preset", "tiny", "--data", "root")
LEARN = ("--set", "train.epochs=10", "--set", "train.batch=2", "--set", "train.lr=4e-3",
         "--set", "train.evaluate_every=80")  # fmt: skip


def names(split: str) -> list[str]:
    return [f"{split}{number:02d}".ljust(11, "_") for number in range({"train": 16, "dev": 2, "testA": 3}[split])]


def write_corpus(root: Path) -> Path:
    """Questions name an act and a thing that the rows of their answer show; a video of testA has no rows."""
    random = np.random.default_rng(0)
    directions = {word: random.standard_normal(WIDTH) for word in (*ACTS, *THINGS)}
    spoken: dict[str, Any] = {}
    (root / "video_feature").mkdir(parents=True)
    for split in ("train", "dev", "testA"):
        records = []
        for video in names(split):
            rows = 0.3 * random.standard_normal((36, WIDTH))
            for start, thing in zip((2, 14, 26), random.permutation(THINGS), strict=True):
                act = random.choice(ACTS)
                rows[start : start + 8] += directions[act] + 2 * directions[thing]
                records.append({"id": len(records), "video_id": video, "question": f"how to {act} the {thing}?",
                                "start_second": start, "end_second": start + 8})  # fmt: skip
            np.save(root / "video_feature" / f"{video}.npy", rows.astype(np.float32))
            spoken[video] = [{"text": f"part {at} of {video}", "start": 6.0 * at, "duration": 5.0} for at in range(6)]
        if split == "testA":
            records.append({"id": len(records), "video_id": SILENT, "question": "how to bend the arm?",
                            "start_second": 7, "end_second": 9})  # fmt: skip
            spoken[SILENT] = [{"text": "nothing is seen", "start": 3.5, "duration": 4.25}]
            hidden = [{key: value for key, value in record.items() if "second" not in key} for record in records]
            put(root / "dataset_testA_for_track1.json", hidden)
            unknown = [{key: value for key, value in record.items() if key != "video_id"} for record in hidden]
            put(root / "dataset_testA_for_track23.json", unknown)
            put(root / "answers" / "dataset_testA_for_task_1_answer.json", records)
        else:
            put(root / f"{split}.json", records)
    put(root / "subtitle.json", spoken)
    return root


def printed(*words: str, cwd: Path) -> str:
    done = cmivqa_here(*words, cwd=cwd)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root, and a run of MESM that was trained on it."""
    folder = tmp_path_factory.mktemp("mesm")
    write_corpus(folder / "root")
    with pytest.MonkeyPatch.context() as patch:
        install(patch, folder)
        printed(*TRAIN, *LEARN, cwd=folder)
        printed("train", "-m", "bm25", "--data", "root", cwd=folder)
    return folder


def install(patch: pytest.MonkeyPatch, folder: Path) -> None:
    fake.install(patch, folder, mesm="baselines.mesm:DECLARATION", bm25="baselines.bm25:DECLARATION")


@pytest.fixture
def here(trained: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    install(monkeypatch, tmp_path)
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return trained


# From rows to clips and moments


def clips_of(folder: Path, rows: Mapping[str, Any], made: bool = False, longest: int = 50, **given: Any) -> CorpusClips:
    for name, array in rows.items():
        np.save(folder / f"{name}.npy", np.asarray(array, np.float32))
    videos = {name: Video(name, **given) for name in rows}
    return CorpusClips(SplitFeatures([folder]), videos, 2, ClipRules(RELATIVE, longest), made)


def test_rows_of_a_file_stretch_over_a_known_duration(tmp_path: Path) -> None:
    rows = [[3.0, 4.0]] * 10
    clips = clips_of(tmp_path, {"v": rows}, duration=9.5, duration_source="given")
    assert (clips.count("v"), clips.seconds("v"), clips.end("v")) == (10, 9.5, 9.5)
    np.testing.assert_allclose(clips.of("v")[:3], [[0.6, 0.8, i / 10, (i + 1) / 10] for i in range(3)], rtol=1e-6)
    made = clips_of(tmp_path, {"v": rows}, made=True, duration=9.5, duration_source="given")
    assert (made.seconds("v"), made.end("v")) == (10, 9.5)  # a row is a second; no answer reaches beyond the video
    unknown = clips_of(tmp_path, {"v": rows}, longest=4)
    assert (unknown.seconds("v"), unknown.end("v"), unknown.count("v"), len(unknown.of("v"))) == (10, 10, 4, 4)
    assert unknown.count("w") == unknown.seconds("w") == 0 and "w" not in unknown


def test_each_part_of_joined_rows_has_length_one(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("stored", "embedded")]
    for folder, row in zip(folders, ([3.0, 4.0], [0.0, 0.0, 5.0]), strict=True):
        folder.mkdir()
        np.save(folder / "v.npy", np.array([row] * 4, np.float32))
    stored, embedded = (SplitFeatures([folder]) for folder in folders)
    videos = {"v": Video("v", lines(["said"]))}
    features = JoinedRows(stored, embedded, videos, Widths(2, 3), 1.0)
    clips = CorpusClips(features, videos, 5, ClipRules(RELATIVE, 50, temporal=False), made=True)
    np.testing.assert_allclose(clips.of("v"), [[0.6, 0.8, 0, 0, 1]] * 4, rtol=1e-6)


def test_answers_become_moments_within_their_rows(tmp_path: Path) -> None:
    clips = clips_of(tmp_path, {"v": np.ones((10, 2))})
    asked = [
        Question(number, "how?", None, video, answer)
        for number, (video, answer) in enumerate((
            ("v", Span(2.0, 4.5)), ("v", Span(8.0, 12.0)), ("v", Span(10.0, 12.0)), ("v", None), ("w", Span(0.0, 1.0)),
        ))
    ]  # fmt: skip
    queries, dropped = moments_of(Split("train", tuple(asked), {}, SplitFeatures()), clips)
    assert [(query.qid, query.windows, query.duration) for query in queries] == [
        (0, ((2.0, 4.5),), 10.0), (1, ((8.0, 10.0),), 10.0)
    ]  # fmt: skip
    assert dropped == {"past-end": 1, "no-answer": 1, "no-features": 1}


def test_tokens_stand_between_the_special_ones() -> None:
    reader = TextReader(lambda text: tuple(map(int, text.split())), Special(1, 2, 0), 6)
    row = PretrainedWords(reader, Labels({5: 0, 6: 1}), 8).read("5 7 6 5 5 5")  # the encoder takes four of its own
    assert row.words.tolist() == [1, 5, 7, 6, 5, 2, -1, -1, -1, -1]
    assert row.labels.tolist() == [0, 2, 1, 0, 0, 0, 0, 0] and row.unknown.tolist() == [False, True] + [False] * 6
    assert row.weights.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


SECONDS = st.sampled_from([-3.0, 0.0, 0.25, 2.0, 2.5, 6.0, 9.75, 12.0])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(SECONDS, SECONDS, st.sampled_from([-2.0, -1.0, -0.5])), min_size=1, max_size=6),
       st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.sampled_from([0.5, 10.0]))  # fmt: skip
def test_windows_lie_in_their_video_and_the_surest_stay(
    windows: list[tuple[float, float, float]], threshold: float, limit: float
) -> None:
    first, second, score = torch.tensor(windows, dtype=torch.float64)[None].unbind(dim=2)
    start, end = widened(torch.minimum(first, second), torch.maximum(first, second), torch.tensor([[limit]]))
    assert bool((start >= 0).all() and (end <= limit).all() and (end - start >= min(1.0, limit) - 1e-9).all())
    gone = suppressed(score, start, end, threshold)[0]
    table = torch.stack((start[0], end[0], score[0]), dim=1).numpy()
    expected = suppress(table, NmsRules(threshold, 10, 10))
    left = table[~gone.numpy()]
    np.testing.assert_array_equal(left[np.argsort(-left[:, 2], kind="stable")], expected)


# Answers


def localizer_of(here: Path, *overrides: str) -> tuple[MomentLocalizer, Split]:
    run = replace(open_run(here / "runs/mesm-1"), device="cpu")
    system = MESMBaseline()
    system.load(run)
    config = {**run.config, "decode": {**run.config["decode"], **dict(word.split("=") for word in overrides)}}
    split = load_split(catalogue(here / "root"), "testA", 1).for_prediction(1)
    return system.localizer(split, PredictOptions(config, device="cpu")), split


def located(localizer: MomentLocalizer, pairs: list[Pair]) -> ScoredWindows:
    with torch.inference_mode():
        return localizer.locate(localizer.collate(pairs))


def test_it_learns_what_is_planted_and_gives_exact_seconds(here: Path, caplog: pytest.LogCaptureFixture) -> None:
    printed("predict", "-m", "mesm", "--data", "root", "--split", "testA", "--track", "1", "--out", "one.json",
            cwd=here)  # fmt: skip
    assert "1 of 22 videos have no features" in caplog.text
    answers = json.loads((here / "one.json").read_text())
    truth = json.loads((here / "root/answers/dataset_testA_for_task_1_answer.json").read_text())
    overlaps = [Span(right["start_second"], right["end_second"]).iou(Span(one["start_second"], one["end_second"]))
                for one, right in zip(answers, truth, strict=True)]  # fmt: skip
    assert np.mean(overlaps[:9]) > 0.6  # whole videos: .22
    assert (answers[9]["start_second"], answers[9]["end_second"]) == (3.5, 7.75)  # all that is said
    localizer, split = localizer_of(here)
    assert isinstance(localizer, Localizer)
    video = localizer.encode_video(split.videos[truth[0]["video_id"]], None)
    assert video is not None and localizer.encode_video(split.videos[SILENT], None) is None
    windows = located(localizer, [Pair(localizer.encode_question(split.questions[0]), video)])
    best = int(windows.score[0].argmax())
    assert answers[0]["start_second"] == float(windows.start[0, best])  # unrounded
    assert answers[0]["end_second"] == float(windows.end[0, best])
    assert bool((windows.score <= 0).all() and (windows.end - windows.start >= 1 - 1e-9).all())
    printed("validate", "one.json", "--data", "root", cwd=here)


@pytest.mark.parametrize("mask", ["correct", "published"])
def test_what_is_found_does_not_depend_on_the_batch(here: Path, mask: str) -> None:
    localizer, split = localizer_of(here)
    localizer.together = mask == "correct"
    for module in localizer.model.modules():
        if isinstance(module, CrossLayers):
            module.correct = mask == "correct"
    videos = [localizer.encode_video(video, None) for video in split.videos.values()]
    asked = [replace(split.questions[0], text=text) for text in ("how to bend the arm, and why?", "arm")]
    pairs = [Pair(localizer.encode_question(one), video) for video in videos if video for one in asked]
    rows = localizer.clips.rows
    short = rows.get(pairs[1].video.id)
    assert short is not None
    localizer.clips.rows._cache[(pairs[1].video.id,)] = short[:20]  # one shorter than the others: padding
    assert not localizer.collate(pairs)["video_mask"].all()
    all_windows = located(localizer, pairs)
    for number, pair in enumerate(pairs):
        for given_together, given_alone in zip(all_windows, located(localizer, [pair]), strict=True):
            np.testing.assert_allclose(given_together[number], given_alone[0], rtol=0, atol=5e-4)
    if mask == "published":  # in one batch it would
        localizer.together = True
        assert float((located(localizer, pairs).start - all_windows.start).abs().max()) > 5e-3


def test_behind_a_retriever_several_windows_of_a_video_and_the_same_after_a_kill(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("predict", "-m", "mesm", "--retriever", "bm25", "--data", "root", "--split", "testA",
             "--set", "pipeline.spans_per_video=2", "--set", "decode.nms=0.5",
             "--set", "decode.questions_at_once=3")  # fmt: skip
    printed(*words, "--out", "both.json", cwd=here)
    lists = json.loads((here / "both.json").read_text())
    spans: dict[str, list[Span]] = {}
    for video, start, end in lists[0]["output"]:
        spans.setdefault(video, []).append(Span(start, end))
    assert len(spans) == 22 and max(map(len, spans.values())) == 2
    assert spans[SILENT] == [Span(3.5, 7.75)]
    for own in spans.values():
        assert all(one.iou(other) <= 0.5 + 1e-6 for at, one in enumerate(own) for other in own[:at])

    folder = here / "runs/mesm-1/predictions/testA-behind-bm25"
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    write = pass_folder.PassFolder.write

    def killed(self: pass_folder.PassFolder, chunk: Any, ranked: Any) -> None:
        if chunk.number == 1:
            raise KeyboardInterrupt
        write(self, chunk, ranked)

    monkeypatch.setattr(pass_folder.PassFolder, "write", killed)
    cmivqa_here(*words, "--force", "--out", "both.json", cwd=here)
    monkeypatch.setattr(pass_folder.PassFolder, "write", write)
    assert not (here / "again.json").exists()
    printed(*words, "--resume", "--out", "again.json", cwd=here)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == whole
    assert (here / "again.json").read_bytes() == (here / "both.json").read_bytes()
    printed("score", "both.json", "--data", "root", "--no-intervals", cwd=here)


def test_a_training_that_was_killed_goes_on_to_the_same_weights(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root").symlink_to(here / "root")
    train = (*TRAIN, "--set", "train.epochs=2", "--set", "train.batch=2", "--set", "train.save_every=2")
    printed(*train, cwd=tmp_path)
    batch, calls = MESMTask.batch, list[int]()

    def stopped(self: MESMTask, epoch: int, index: int) -> Mapping[str, Any]:
        calls.append(index)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return batch(self, epoch, index)

    monkeypatch.setattr(MESMTask, "batch", stopped)
    cmivqa_here(*train, cwd=tmp_path)
    monkeypatch.setattr(MESMTask, "batch", batch)
    printed("train", "--resume", "runs/mesm-2", "--data", "root", cwd=tmp_path)
    one, two = ((tmp_path / f"runs/mesm-{number}/model.safetensors").read_bytes() for number in (1, 2))
    assert one == two


def test_videos_of_one_row_and_answers_of_a_whole_video(here: Path, tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "root")
    for split in ("train", "testA"):
        np.save(root / "video_feature" / f"{names(split)[0]}.npy", np.ones((1, WIDTH), np.float32))
    records = json.loads((root / "train.json").read_text())
    records[5] |= {"start_second": 0, "end_second": 40, "question": " "}
    records[6] |= {"start_second": 0, "end_second": 40}
    put(root / "train.json", records)
    printed(*TRAIN, "--set", "train.max_steps=2", "--set", "train.batch=1", cwd=tmp_path)
    printed("predict", "-m", "mesm", "--data", "root", "--split", "testA", "--track", "1", cwd=tmp_path)
    answers = json.loads((tmp_path / "submission.json").read_text())
    assert all(0 <= one["start_second"] < one["end_second"] <= 36 for one in answers)


@pytest.mark.parametrize(("source", "width"), [("subtitle-embedding", 64), ("joined", WIDTH + 64)])
def test_rows_of_what_is_said(here: Path, tmp_path: Path, source: str, width: int) -> None:
    (tmp_path / "root").symlink_to(here / "root")
    printed(*TRAIN, "--set", f"features={source}", "--set", "train.max_steps=2", cwd=tmp_path)
    network = json.loads((tmp_path / "runs/mesm-1/network.json").read_text())
    assert network["v_feat_dim"] == width + 2 and network["t_feat_dim"] == 64
    assert network["vocab_size"] == len({*ACTS, *THINGS, "how", "to", "the", "?"})
    printed("predict", "-m", "mesm", "--data", "root", "--split", "testA", "--track", "1", cwd=tmp_path)
    answers = json.loads((tmp_path / "submission.json").read_text())
    assert len(answers) == 10 and all(0 <= one["start_second"] < one["end_second"] <= 36 for one in answers)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("predict", "-m", "mesm", "--split", "testA", "--track", "2"), "does not serve Track 2"),
        (("predict", "-m", "mesm", "--split", "testA", "--track", "1", "--retriever", "bm25"), "within a given video"),
        ((*TRAIN[:5], "--set", "encoder="), "encoder.name: '' must be tiny, a folder"),
        ((*TRAIN[:5], "--set", "encoder=./nowhere"), "nowhere"),
        ((*TRAIN[:5], "--set", "features=pictures"), "features.name: 'pictures' must be"),
        ((*TRAIN[:5], "--set", "decode.precision=half"), "decode.precision: 'half' must be"),
        ((*TRAIN[:5], "--set", "text.counts=no.txt"), "no.txt"),
        (("bench", "predict", "charades-sta", "--run", "runs/mesm-1"), "runs/mesm-1"),
    ],
)
def test_mistakes_are_told_plainly(here: Path, words: tuple[str, ...], message: str) -> None:
    done = cmivqa_here(*words, "--data", "root", cwd=here)
    told = " ".join(done.stderr.decode().split())
    assert done.returncode == 2 and message in told and "Traceback" not in told


def test_other_and_damaged_features(here: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    words = ("predict", "--run", str(here / "runs/mesm-1"), "--data", "root", "--split", "testA", "--track", "1")
    root = write_corpus(tmp_path / "root")
    first = root / "video_feature" / f"{names('testA')[0]}.npy"
    rows = np.load(first)
    rows[3, 2] = np.nan
    np.save(first, rows)
    done = cmivqa_here(*words, cwd=tmp_path)
    assert done.returncode == 2 and first.name in done.stderr.decode()
    for path in first.parent.iterdir():
        np.save(path, np.ones((36, 3), np.float32))
    done = cmivqa_here(*words, cwd=tmp_path)
    told = " ".join(done.stderr.decode().split())
    assert done.returncode == 2 and "rows of 3 numbers; this network takes rows of 8" in told
    for path in first.parent.iterdir():
        path.unlink()
    printed(*words, cwd=tmp_path)
    assert "22 of 22 videos have no features" in caplog.text
    answers = json.loads((tmp_path / "submission.json").read_text())
    assert [(one["start_second"], one["end_second"]) for one in answers][::9] == [(0, 35.0), (3.5, 7.75)]


def test_its_settings_are_those_of_the_specification() -> None:
    table = settings_of(DECLARATION)
    wanted = {"text": {"longest": 32, "labels": 1111}, "data": {"longest": 600, "gather": 10},
              "model": {"shared_branch": False, "cross_sample_mask": "correct"}, "decode": {"nms": 0.5},
              "loss": {"triplet": True, "rank": 1.0, "cost_label": 6.0, "label": 6.0, "saliency": 1.0},
              "train": {"batch": 8}}  # fmt: skip
    assert all(table[section][key] == value for section, keys in wanted.items() for key, value in keys.items())
