"""The embedded corpus: the same everywhere, well-formed, hard enough, and never half made."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.demo import demo_corpus, generate
from cmivqa_kit.data.demo.cache import is_complete
from cmivqa_kit.data.demo.generator import ANSWERS, FILES, TRACK1, TRACK23, VERSION, make_videos
from cmivqa_kit.data.demo.text import can_pair
from cmivqa_kit.errors import ExitCode, RunFailed
from cmivqa_kit.files import read_json, sha256
from tests.hang import HANG

PROJECT = Path(__file__).resolve().parents[2]
CHILD = "from cmivqa_kit.data.demo import demo_corpus; print(demo_corpus())"


def hashes(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): sha256(path) for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "corpus"
    generate(folder)
    return folder


@pytest.fixture(scope="module")
def splits(corpus: Path) -> dict[str, list[dict[str, Any]]]:
    names = {"train": "train.json", "dev": "dev.json", "testA": ANSWERS}
    return {name: read_json(corpus / file) for name, file in names.items()}


@pytest.fixture(scope="module")
def subtitles(corpus: Path) -> dict[str, list[dict[str, Any]]]:
    subtitles: dict[str, list[dict[str, Any]]] = read_json(corpus / "subtitle.json")
    return subtitles


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def real_ids(subtitles: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [key for key in subtitles if len(key) == 11]


def test_bytes_do_not_depend_on_the_process(corpus: Path, tmp_path: Path) -> None:
    script = "import sys, pathlib; from cmivqa_kit.data.demo import generate; generate(pathlib.Path(sys.argv[1]))"
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-c", script, str(again)],
        check=True, cwd=PROJECT, env={**os.environ, "PYTHONHASHSEED": "4711", "LC_ALL": "C"},
    )  # fmt: skip
    assert hashes(again) == hashes(corpus)


def test_tree_and_size(corpus: Path, subtitles: dict[str, list[dict[str, Any]]]) -> None:
    expected = {*FILES, *(f"video_feature/{video}.npy" for video in real_ids(subtitles))}
    assert {path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if path.is_file()} == expected
    assert sum(path.stat().st_size for path in corpus.rglob("*") if path.is_file()) < 40e6
    about = read_json(corpus / "corpus.json")
    assert (about["name"], about["edition"], about["generator"]) == ("embedded demo corpus", "cmivqa-2023", VERSION)


def test_videos(subtitles: dict[str, list[dict[str, Any]]]) -> None:
    ids = real_ids(subtitles)
    assert len(ids) == 64
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{11}", video) for video in ids)
    assert any(video.endswith("sr") for video in ids)
    assert any(video.startswith("-") for video in ids)
    (junk,) = set(subtitles) - set(ids)
    assert junk.endswith("sr")
    assert subtitles[junk] == subtitles[junk.removesuffix("sr")]


def test_subtitle_times(subtitles: dict[str, list[dict[str, Any]]]) -> None:
    for lines in subtitles.values():
        clock = 0.0
        for line in lines:
            assert list(line) == ["text", "start", "duration"]
            assert line["text"].strip() == line["text"] != ""
            assert not re.search(r"[{}|=;]", line["text"])
            assert line["start"] >= round(clock, 2)
            assert 1.2 <= line["duration"] <= 6
            assert round(line["start"], 2) == line["start"]
            assert round(line["duration"], 2) == line["duration"]
            clock = line["start"] + line["duration"]
        assert 60 <= clock <= 150


def test_speaking_rate_is_human(subtitles: dict[str, list[dict[str, Any]]]) -> None:
    for lines in subtitles.values():
        signs = sum(len(re.findall(r"[\u4e00-\u9fff]", line["text"])) for line in lines)
        words = sum(len(line["text"].split()) for line in lines)
        seconds = sum(line["duration"] for line in lines)
        assert 3 <= signs / seconds <= 5 if signs else 2 <= words / seconds <= 4


def test_splits(splits: dict[str, list[dict[str, Any]]], subtitles: dict[str, list[dict[str, Any]]]) -> None:
    videos = {name: {record["video_id"] for record in records} for name, records in splits.items()}
    assert {name: len(found) for name, found in videos.items()} == {"train": 36, "dev": 12, "testA": 16}
    assert set.union(*videos.values()) == set(real_ids(subtitles))  # 64 = 36 + 12 + 16, so none is in two splits
    assert sum(map(len, splits.values())) >= 400
    assert len(splits["testA"]) >= 80
    for records in splits.values():
        assert [record["id"] for record in records] == list(range(len(records)))
        languages = Counter(record["language_type"] for record in records)
        assert set(languages) == {"Chinese", "English"}
        assert min(languages.values()) > 0.4 * len(records)


def test_one_language_per_video(
    splits: dict[str, list[dict[str, Any]]], subtitles: dict[str, list[dict[str, Any]]]
) -> None:
    for record in (record for records in splits.values() for record in records):
        spoken = "".join(line["text"] for line in subtitles[record["video_id"]])
        chinese = record["language_type"] == "Chinese"
        for text in (spoken, record["question"]):
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) is chinese
            assert bool(re.search(r"[A-Za-z]", text)) is not chinese


def test_answers_are_runs_of_lines(
    splits: dict[str, list[dict[str, Any]]], subtitles: dict[str, list[dict[str, Any]]]
) -> None:
    lengths = []
    for record in (record for records in splits.values() for record in records):
        assert list(record) == ["id", "video_id", "question", "start_second", "end_second", "language_type"]
        lines = subtitles[record["video_id"]]
        first = [line["start"] for line in lines].index(record["start_second"])
        last = [line["start"] + line["duration"] for line in lines].index(record["end_second"])
        assert 0 < first < last < len(lines) - 1
        lengths.append(record["end_second"] - record["start_second"])
    assert min(lengths) > 3
    assert max(lengths) > 2 * float(np.median(lengths))


def test_questions_are_new_words(
    splits: dict[str, list[dict[str, Any]]], subtitles: dict[str, list[dict[str, Any]]]
) -> None:
    questions = [record["question"] for records in splits.values() for record in records]
    assert len(set(questions)) == len(questions)
    spoken = {line["text"].rstrip(".?？。") for lines in subtitles.values() for line in lines}
    for question in questions:
        assert question[-1] in "?？"
        assert not re.search(r"[{}|=;]", question)
        assert question.rstrip("?？") not in spoken


def test_hidden_files_hide(corpus: Path, splits: dict[str, list[dict[str, Any]]]) -> None:
    track1, track23 = read_json(corpus / TRACK1), read_json(corpus / TRACK23)
    assert {tuple(record) for record in track1} == {("id", "video_id", "question", "language_type")}
    assert {tuple(record) for record in track23} == {("id", "question", "language_type")}
    for full, one, two in zip(splits["testA"], track1, track23, strict=True):
        assert one == {key: full[key] for key in one}
        assert two == {key: full[key] for key in two}


def test_feature_shapes(corpus: Path, subtitles: dict[str, list[dict[str, Any]]]) -> None:
    for video in real_ids(subtitles):
        rows = np.load(corpus / "video_feature" / f"{video}.npy", allow_pickle=False)
        last = subtitles[video][-1]
        assert rows.dtype == np.dtype("<f4")
        assert rows.shape == (math.ceil(last["start"] + last["duration"]), 1024)
        assert np.isfinite(rows).all()
        assert rows.min() >= 0
        assert 0.2 < rows.mean() < 0.4


def test_features_tell_the_steps_of_a_video_apart(corpus: Path) -> None:
    """Every second row of a step makes its centroid; the other rows should be nearest to their own."""
    right = total = 0
    chance = []
    for video in make_videos():
        rows = np.load(corpus / "video_feature" / f"{video.id}.npy")
        spans = [(s[0].start, s[-1].end) for p, s in zip(video.passages, video.lines, strict=True) if p.step]
        steps = [rows[math.ceil(begin) : math.floor(end)] for begin, end in spans]
        centroids = np.stack([step[::2].mean(axis=0) for step in steps])
        for label, step in enumerate(steps):
            distances = ((step[1::2, None] - centroids[None]) ** 2).sum(axis=2)
            right += int((distances.argmin(axis=1) == label).sum())
            total += len(distances)
        chance.append(1 / len(steps))
    assert right / total > 3 * float(np.mean(chance))


def test_features_carry_over_to_unseen_videos(corpus: Path) -> None:
    """Step centroids of the training videos recognise the same steps of the same topic in the test videos."""
    centroids: dict[tuple[str, str, str], list[Any]] = {}
    queries: list[tuple[tuple[str, str, str], Any]] = []
    for video in make_videos():
        rows = np.load(corpus / "video_feature" / f"{video.id}.npy")
        for passage, lines in zip(video.passages, video.lines, strict=True):
            if passage.step is None:
                continue
            key = (video.speech.language, video.topic.key, passage.step.key)
            mean = rows[math.ceil(lines[0].start) : math.floor(lines[-1].end)].mean(axis=0)
            if video.split == "train":
                centroids.setdefault(key, []).append(mean)
            elif video.split == "testA":
                queries.append((key, mean))
    keys = list(centroids)
    table = np.stack([np.mean(centroids[key], axis=0) for key in keys])
    known = [(key, mean) for key, mean in queries if key in centroids]
    hits = [keys[int(((table - mean) ** 2).sum(axis=1).argmin())] == key for key, mean in known]
    assert len(known) > 60
    assert float(np.mean(hits)) > 10 / len(keys)


def test_steps_and_pairs() -> None:
    for video in make_videos():
        steps = [passage.step for passage in video.passages if passage.step]
        assert 4 <= len(steps) <= 9
        assert all(2 <= len(passage.lines) <= 6 for passage in video.passages if passage.step)
        assert not can_pair(video.speech.opening[0], video.speech.closing[0])


def test_cache_is_honoured_and_reused(cache: Path) -> None:
    package = PROJECT / "cmivqa_kit" / "data" / "demo"
    before = {path for path in package.rglob("*") if "__pycache__" not in path.parts}
    root = demo_corpus()
    assert root == cache / f"demo-{VERSION}"
    assert is_complete(root)
    assert [path.name for path in cache.iterdir()] == [root.name]
    stamp = (root / "corpus.json").stat().st_mtime_ns
    assert demo_corpus() == root
    assert (root / "corpus.json").stat().st_mtime_ns == stamp
    demo_corpus(refresh=True)
    assert (root / "corpus.json").stat().st_mtime_ns > stamp
    assert {path for path in package.rglob("*") if "__pycache__" not in path.parts} == before


@pytest.mark.parametrize("missing", ["corpus.json", "subtitle.json", ANSWERS, "video_feature", "one feature", "all"])
def test_half_made_folder_is_replaced(cache: Path, corpus: Path, missing: str) -> None:
    root = cache / f"demo-{VERSION}"
    shutil.copytree(corpus, root)
    assert is_complete(root)
    if missing == "all":
        shutil.rmtree(root)
        root.mkdir()
    elif missing == "video_feature":
        shutil.rmtree(root / missing)
    elif missing == "one feature":
        next((root / "video_feature").iterdir()).unlink()
    else:
        (root / missing).unlink()
    assert not is_complete(root)
    assert hashes(demo_corpus()) == hashes(corpus)


def test_another_version_is_not_complete(tmp_path: Path, corpus: Path) -> None:
    shutil.copytree(corpus, tmp_path / "other")
    about = read_json(corpus / "corpus.json")
    (tmp_path / "other" / "corpus.json").write_text(json.dumps({**about, "generator": "0"}), encoding="utf-8")
    assert not is_complete(tmp_path / "other")


def test_processes_at_once(cache: Path, corpus: Path) -> None:
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = [child.communicate(timeout=HANG)[0].strip() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert set(printed) == {str(cache / f"demo-{VERSION}")}
    assert [path.name for path in cache.iterdir()] == [f"demo-{VERSION}"]
    assert hashes(Path(printed[0])) == hashes(corpus)


def test_left_overs_of_a_killed_process_go(cache: Path) -> None:
    old, young = cache / f".demo-{VERSION}.old", cache / f".demo-{VERSION}.young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (0, 0))
    demo_corpus()
    assert not old.exists()
    assert young.exists()


def test_unusable_cache_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "file"))
    with pytest.raises(RunFailed, match="could not be made") as caught:
        demo_corpus()
    assert "CMIVQA_CACHE" in caught.value.fix
    assert caught.value.code == ExitCode.FAILED


def test_full_disk_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RunFailed, match="No space left on device") as caught:
        demo_corpus()
    assert "CMIVQA_CACHE" in caught.value.fix
    assert list(cache.iterdir()) == []


def test_import_is_cheap() -> None:
    script = (
        "import sys; import cmivqa_kit.data; before = set(sys.modules); import cmivqa_kit.data.demo; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True, capture_output=True, text=True)
    assert "numpy" not in done.stdout
    assert "generator" not in done.stdout
