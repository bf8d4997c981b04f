"""Small corpora in the shape the organizers release them, written into a folder by the tests."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

Record = dict[str, Any]

TRAIN_VIDEOS = [f"train{n:06d}" for n in range(1, 7)]
TEST_A_VIDEOS = [f"testa{n:06d}" for n in range(1, 4)]
TEST_B_VIDEOS = [f"testb{n:06d}" for n in range(1, 4)]


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def lines(count: int = 4, seconds: float = 2.5, text: str = "第{}句") -> list[Record]:
    return [{"text": text.format(n), "start": n * seconds, "duration": seconds} for n in range(count)]


def subtitles(videos: list[str], count: int = 4) -> Record:
    return {video: lines(count) for video in videos}


def annotated(videos: list[str], first: int = 1) -> list[Record]:
    """Two questions for each video, ids running from ``first``."""
    return [
        {
            "id": first + number,
            "video_id": video,
            "question": f"{video} 的第 {number % 2 + 1} 个问题？",
            "start_second": number % 2,
            "end_second": 5 + number % 2,
        }
        for number, video in enumerate(video for video in videos for _ in range(2))
    ]


def without(records: list[Record], *keys: str) -> list[Record]:
    return [{key: value for key, value in record.items() if key not in keys} for record in records]


def track1(records: list[Record]) -> list[Record]:
    return without(records, "start_second", "end_second")


def track23(records: list[Record]) -> list[Record]:
    return without(records, "video_id", "start_second", "end_second")


def features(folder: Path, videos: list[str], rows: int = 12, width: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for video in videos:
        np.save(folder / f"{video}.npy", np.ones((rows, width), np.float32))
    return folder


def make_zip(path: Path, files: dict[str, Any]) -> Path:
    """A zip of JSON documents (dicts and lists) and raw bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
            bundle.writestr(name, data)
    return path


def npy(rows: int = 12, width: int = 4) -> bytes:
    import io

    stream = io.BytesIO()
    np.save(stream, np.ones((rows, width), np.float32))
    return stream.getvalue()


def cmivqa_2023(root: Path) -> Path:
    """The 2023 tree as released: train and dev in one file, test A with both spellings, test B."""
    train = root / "NLPCC_2023_CMIVQA_TRAIN_DEV"
    write(train / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS))
    write(train / "subtitle.json", {**subtitles(TRAIN_VIDEOS), f"{TRAIN_VIDEOS[0]}sr": lines(9)})
    features(train / "video_feature", TRAIN_VIDEOS)
    for letter, videos in (("A", TEST_A_VIDEOS), ("B", TEST_B_VIDEOS)):
        test = root / f"NLPCC_2023_CMIVQA_TEST{letter}"
        questions = annotated(videos)
        write(test / f"dataset_test{letter}_for_track1.json", track1(questions))
        if letter == "A":
            write(test / "dataset_testA_for_task_1.json", track1(questions))
        write(test / f"dataset_test{letter}_for_track23.json", track23(questions))
        write(test / "subtitle.json", subtitles(videos))
        features(test / "video_feature", videos[:-1])  # as released: some test videos have no features
    return root


def hidden_test_a(root: Path) -> Path:
    """The question files and subtitles of testA as they are handed out in 2023, without answers."""
    asked = annotated(TEST_A_VIDEOS)
    write(root / "dataset_testA_for_track1.json", track1(asked))
    write(root / "dataset_testA_for_track23.json", track23(asked))
    write(root / "subtitle.json", subtitles(TEST_A_VIDEOS))
    return root


def mmivqa_2024(root: Path) -> Path:
    """One question file per task, string ids that carry the task, a language column, a dev split of its own."""
    for split, videos in (("train", TRAIN_VIDEOS), ("dev", TEST_A_VIDEOS), ("test", TEST_B_VIDEOS)):
        for task in (1, 2, 3):
            records = [
                {
                    **record,
                    "id": f"NLPCC2024_Task{task}_{number}",
                    "language_type": ("Chinese", "English")[number % 2],
                }
                for number, record in enumerate(annotated(videos), 1)
            ]
            if split == "test":
                records = track1(records) if task == 1 else track23(records)
            write(root / split / f"MMIVQA_{split.upper()}_TASK{task}.json", records)
        write(root / split / "subtitle.json", subtitles(videos))
    return root


def medvidqa(root: Path) -> Path:
    """``data/text`` beside ``data/features/I3D``; subtitles inside the annotation; answers of all splits public."""
    for split, video in (("train", "med00000001"), ("val", "med00000002"), ("test", "med00000003")):
        records = [
            {
                "sample_id": 10 + number,
                "question": f"How to do step {number}?",
                "video_id": video,
                "video_length": 42,
                "answer_start": "00:01",
                "answer_end": "00:06",
                "answer_start_second": 1,
                "answer_end_second": 6,
                "video_sub_title": lines(3, text="Line {}"),
            }
            for number in range(2)
        ]
        write(root / "data" / "text" / f"{split}.json", records)
        features(root / "data" / "features" / "I3D", [video])
    return root


def m4ivqa_record(identity: int, video: str, **changes: Any) -> Record:
    captions = [
        {"Ch_caption": f"中{n}", "Eng_caption": f"en {n}", "start": n * 2.0, "end": n * 2.0 + 2, "duration": 2.0}
        for n in range(4)
    ]
    return {
        "id": identity,
        "video_id": video,
        "Chinese_question": f"问题 {identity}",
        "English_question": f"Question {identity}",
        "start_second": 1,
        "end_second": 5,
        "video_captions": captions,
        **changes,
    }


EVERY = 4  # `smaller` keeps every fourth video of the embedded corpus, so a sixteenth of its pairs


def smaller(source: Path, folder: Path, every: int = EVERY) -> Path:
    """The embedded corpus with a part of its videos and the questions about them."""
    subtitles = read(source / "subtitle.json")
    chosen = sorted(video for video in subtitles if len(video) == 11)[::every]
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("video_feature"))
    write(folder / "subtitle.json", {video: subtitles[video] for video in chosen})
    answers = folder / "answers" / "dataset_testA_for_task_1_answer.json"
    asked = {row["id"] for row in read(answers) if row["video_id"] in chosen}
    for path in (folder / "train.json", folder / "dev.json", answers):
        write(path, [row for row in read(path) if row["video_id"] in chosen])
    for path in folder.glob("dataset_testA_*.json"):
        write(path, [row for row in read(path) if row["id"] in asked])
    return folder
