"""`cmivqa init --from`: downloads under any name become one data root, or nothing is placed at all."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit import joint_files
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import open_split, truth_records
from cmivqa_kit.data.intake import Intake, gather
from cmivqa_kit.errors import UserError
from tests.data.corpora import (
    TEST_A_VIDEOS,
    TEST_B_VIDEOS,
    TRAIN_VIDEOS,
    annotated,
    cmivqa_2023,
    features,
    m4ivqa_record,
    make_zip,
    medvidqa,
    mmivqa_2024,
    npy,
    read,
    subtitles,
    track1,
    track23,
    write,
)
from tests.test_temporary_files import in_child

SRT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\n再见\n"


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "workspace" / "data"


def tree(root: Path) -> list[str]:
    """Every file and linked folder below the root."""
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() or p.is_symlink())


def refused(paths: list[Path], root: Path, **options: Any) -> str:
    """The message; the data root is as it was, and nothing was left beside it."""
    before = {p: p.read_bytes() if p.is_file() else None for p in root.parent.rglob("*")}
    with pytest.raises(UserError) as caught:
        gather(paths, root, **options)
    after = {p: p.read_bytes() if p.is_file() else None for p in root.parent.rglob("*")}
    assert after == before
    return str(caught.value)


def whats(intake: Intake) -> list[tuple[str, str]]:
    return sorted((place.target.relative_to(intake.root).as_posix(), place.kind) for place in intake.placements)


def test_loose_json_with_meaningless_names(downloads: Path, root: Path) -> None:
    """Two question files of the official sizes, an annotated one, and two subtitle.json in one go.

    Of the annotated file a folder's name must say that it is training data: a submission has the same shape.
    """
    test_b = [{"id": n, "video_id": TEST_B_VIDEOS[n % 3], "question": f"第{n}问"} for n in range(511)]
    files = [
        write(downloads / "download.json", subtitles(TEST_B_VIDEOS)),
        write(downloads / "download (1).json", subtitles([*TRAIN_VIDEOS, f"{TRAIN_VIDEOS[0]}sr"])),
        make_zip(downloads / "train_dev.zip", {"download (2).json": annotated(TRAIN_VIDEOS)}),
        write(downloads / "download (3).json", test_b),
        write(downloads / "download (4).json", track23(test_b)),
    ]
    intake = gather(files, root)
    assert intake.edition.name == "cmivqa-2023"
    assert whats(intake) == [
        ("testB/dataset_testB_for_track1.json", "questions"),
        ("testB/dataset_testB_for_track23.json", "questions"),
        ("testB/subtitle.json", "subtitles"),
        ("train/CMIVQA_Train_Dev.json", "questions"),
        ("train/subtitle.json", "subtitles"),
    ]
    assert list(open_split(root, "testB", 2).videos) == TEST_B_VIDEOS
    assert list(open_split(root, "train").videos) == TRAIN_VIDEOS
    assert intake.reissued == ("LILVsv4Ft_E", "D_igZblZVp0")
    assert "dev: not among the files (make one with: cmivqa data split)" in intake.missing
    assert "testA: not among the files, 492 questions" in intake.missing
    assert "train: video features (text baselines do without)" in intake.missing
    assert not any("subtitle" in missing for missing in intake.missing)


def test_the_released_tree_as_folders(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    intake = gather([released / f"NLPCC_2023_CMIVQA_{name}" for name in ("TRAIN_DEV", "TESTA", "TESTB")], root)
    assert tree(root) == [
        "corpus.json",
        "testA/dataset_testA_for_task_1.json", "testA/dataset_testA_for_track1.json",
        "testA/dataset_testA_for_track23.json", "testA/subtitle.json", "testA/video_feature",
        "testB/dataset_testB_for_track1.json", "testB/dataset_testB_for_track23.json", "testB/subtitle.json",
        "testB/video_feature",
        "train/CMIVQA_Train_Dev.json", "train/subtitle.json", "train/video_feature",
    ]  # fmt: skip
    assert (root / "train" / "video_feature").is_symlink()
    assert intake.missing == ("dev: not among the files (make one with: cmivqa data split)",)
    assert len(open_split(root, "train").features) == 6
    assert read(root / "corpus.json") == {"name": intake.edition.title, "edition": "cmivqa-2023"}


def test_the_whole_folder_in_one(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "test_everything0")  # a name that says "test" must not mislead
    gather([released], root)
    assert [len(open_split(root, name, 1).questions) for name in ("train", "testA", "testB")] == [12, 6, 6]


def test_zips_with_weird_names_a_folder_inside_and_media(downloads: Path, root: Path) -> None:
    prefix = "新建文件夹 (2)/NLPCC_2023_CMIVQA_TRAIN_DEV/"
    archive = make_zip(
        downloads / "wetransfer_b7 (1)",  # no ending at all
        {
            prefix + "CMIVQA_Train_Dev.json": annotated(TRAIN_VIDEOS),
            prefix + "subtitle.json": subtitles(TRAIN_VIDEOS),
            prefix + "videos/a.mp4": b"x" * 100,
            prefix + "audios/a.mp3": b"x",
            "__MACOSX/._x": b"x",
            **{f"{prefix}video_feature/{video}.npy": npy() for video in TRAIN_VIDEOS},
        },
    )
    (downloads / "loose.MP4").write_bytes(b"x")
    intake = gather([archive, downloads / "loose.MP4"], root)
    assert whats(intake) == [
        ("train/CMIVQA_Train_Dev.json", "questions"),
        ("train/subtitle.json", "subtitles"),
        ("train/video_feature", "features"),
    ]
    assert not (root / "train" / "video_feature").is_symlink()
    assert len(list((root / "train" / "video_feature").iterdir())) == 6
    assert not list(root.parent.rglob("*.mp4"))
    notes = {note.subject: note.why for note in intake.ignored}
    assert notes["1 .mp4 files"] == "videos and audios are not used"
    assert any("3 files not unpacked" in why for why in notes.values())
    assert sorted(p.name for p in root.parent.iterdir()) == ["data"]  # no staging folder is left


def test_a_windows_zip_with_gbk_names(downloads: Path, root: Path) -> None:
    name = "测试数据/dataset_testA_for_track23.json"
    stand_in = "x" * len(name.encode("gbk")[: -len("/dataset_testA_for_track23.json")])
    archive = make_zip(
        downloads / "a.zip", {f"{stand_in}/dataset_testA_for_track23.json": track23(annotated(TEST_A_VIDEOS))}
    )
    archive.write_bytes(archive.read_bytes().replace(stand_in.encode() + b"/", "测试数据/".encode("gbk")))
    intake = gather([archive], root)
    assert whats(intake) == [("testA/dataset_testA_for_track23.json", "questions")]


def test_members_of_archives_in_an_archive_are_counted_together(
    downloads: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmivqa_kit.data.downloads.MAX_MEMBERS", 5)
    inner = [make_zip(downloads / f"{n}.zip", {f"{n}{k}.txt": b"" for k in "ab"}) for n in range(3)]
    packed = {path.name: path.read_bytes() for path in inner}
    for path in inner:
        path.unlink()
    make_zip(downloads / "outer.zip", packed)
    assert "more than the limit of 5 members" in refused([downloads / "outer.zip"], root)


def test_many_question_files_are_refused(downloads: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmivqa_kit.data.intake.MOST_QUESTION_FILES", 3)
    for number in range(4):
        write(downloads / f"q{number}.json", track23(annotated(TEST_A_VIDEOS)))
    assert "4 question files, more than the limit of 3" in refused([downloads], root)


def test_a_folder_that_links_to_itself_is_entered_once(downloads: Path, root: Path) -> None:
    write(downloads / "a" / "train.json", annotated(TRAIN_VIDEOS))
    (downloads / "a" / "again").symlink_to(downloads, target_is_directory=True)
    gather([downloads], root)
    assert tree(root) == ["corpus.json", "train/train.json"]


def test_nested_archives(downloads: Path, root: Path) -> None:
    inner = make_zip(downloads / "TESTA.zip", {"q.json": track1(annotated(TEST_A_VIDEOS))}).read_bytes()
    middle = make_zip(downloads / "middle.zip", {"NLPCC/TESTA.zip": inner}).read_bytes()
    outer = make_zip(downloads / "outer.zip", {"middle.zip": middle, "train.json": annotated(TRAIN_VIDEOS)})
    assert whats(gather([outer], root)) == [
        ("testA/dataset_testA_for_track1.json", "questions"),
        ("train/train.json", "questions"),
    ]


def test_archives_without_end_are_refused(downloads: Path, root: Path) -> None:
    data = make_zip(downloads / "0.zip", {"train.json": annotated(["v"])}).read_bytes()
    for depth in range(6):
        data = make_zip(downloads / f"{depth}.zip", {"in.zip": data}).read_bytes()
    root.parent.mkdir()
    assert "more than 4 archives in each other" in refused([downloads / "5.zip"], root)


def test_json_is_known_by_its_content_whatever_it_is_called(downloads: Path, root: Path) -> None:
    for name, document in (("CMIVQA_Train_Dev", annotated(TRAIN_VIDEOS)), ("subs.json.txt", subtitles(TRAIN_VIDEOS))):
        (downloads / name).write_text(json.dumps(document), encoding="utf-8-sig")
    (downloads / "README.md").write_text("# read me", encoding="utf-8")
    make_zip(downloads / "registration.docx", {"word/document.xml": b"<x/>", "word/train.json": annotated(["x"])})
    intake = gather([downloads], root)
    assert whats(intake) == [("train/CMIVQA_Train_Dev.json", "questions"), ("train/subtitle.json", "subtitles")]
    assert {note.subject for note in intake.ignored} == {"README.md", "registration.docx"}
    assert list(open_split(root, "train").videos) == TRAIN_VIDEOS


def test_features_in_parts_are_put_together(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    features(downloads / "linked", TRAIN_VIDEOS[:3])
    part = make_zip(downloads / "part2.zip", {f"f/{video}.npy": npy() for video in TRAIN_VIDEOS[3:]})
    intake = gather([downloads / "train.json", downloads / "linked", part], root)
    assert [place.kind for place in intake.placements].count("features") == 2
    assert sorted(open_split(root, "train").features) == TRAIN_VIDEOS
    again = gather([part], root)  # nothing new, no complaint
    assert again.placements
    more = features(downloads / "more", ["other000001", *TRAIN_VIDEOS[:3]])
    gather([more], root)
    assert len(open_split(root, "train").features) == 7
    assert len(list((downloads / "linked").iterdir())) == 3  # the user's own folder is never written into


def test_features_that_serve_several_splits_lie_at_the_root(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    files = [p for p in released.rglob("*.json") if p.name != "subtitle.json"]
    both = write(tmp_path / "subtitle.json", subtitles(TRAIN_VIDEOS + TEST_A_VIDEOS + TEST_B_VIDEOS))
    folder = features(tmp_path / "all", TRAIN_VIDEOS + TEST_A_VIDEOS + TEST_B_VIDEOS)
    intake = gather([*files, both, folder], root)
    assert {("subtitle.json", "subtitles"), ("video_feature", "features")} <= set(whats(intake))
    assert len(open_split(root, "testB", 2).features) == 12


def test_the_answers_of_the_organizers(downloads: Path, root: Path) -> None:
    write(downloads / "dataset_testA_for_track1.json", track1(annotated(TEST_A_VIDEOS)))
    write(downloads / "dataset_testA_for_task_1_answer.json", annotated(TEST_A_VIDEOS))
    assert whats(gather([downloads], root)) == [
        ("answers/dataset_testA_for_task_1_answer.json", "answers"),
        ("testA/dataset_testA_for_track1.json", "questions"),
    ]
    found = truth_records(catalogue(root), "testA", 3)
    assert found is not None
    assert found[0] == annotated(TEST_A_VIDEOS)
    assert not open_split(root, "testA", 1).has_answers


def test_planted_answers_do_not_make_a_question_file_an_answer_file(downloads: Path, root: Path) -> None:
    write(downloads / "dataset_testA_for_track1.json", annotated(TEST_A_VIDEOS))
    assert whats(gather([downloads], root)) == [("testA/dataset_testA_for_track1.json", "questions")]
    assert not (root / "answers").exists()


def test_a_submission_in_the_same_folder_is_left_out(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    write(downloads / "output_task1.json", annotated(TEST_A_VIDEOS))
    write(downloads / "x.json", [{"id": 1, "question": "q", "output": []}])
    intake = gather([downloads], root)
    assert whats(intake) == [("train/train.json", "questions")]
    assert {note.subject for note in intake.ignored} == {"output_task1.json", "x.json"}


def test_a_second_init_adds_test_b(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    first = gather([released / "NLPCC_2023_CMIVQA_TRAIN_DEV"], root)
    assert "testB: not among the files, 511 questions" in first.missing
    write(root / "corpus.json", {"name": "Mine", "edition": "cmivqa-2023", "licence": "L"})
    before = tree(root)
    second = gather([released / "NLPCC_2023_CMIVQA_TESTB"], root)
    assert set(before) < set(tree(root))
    assert not any(missing.startswith(("train", "testB")) for missing in second.missing)
    assert read(root / "corpus.json") == {"name": "Mine", "edition": "cmivqa-2023", "licence": "L"}
    assert gather([released / "NLPCC_2023_CMIVQA_TESTB"], root).missing == second.missing  # the same again is fine


def test_a_second_init_that_is_killed_is_completed_by_the_next_reader(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    gather([released / "NLPCC_2023_CMIVQA_TRAIN_DEV"], root)
    before = tree(root)
    plain = joint_files._put

    def put(staged: Path, target: Path) -> None:
        plain(staged, target)
        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        joint_files._put = put
        gather([released / "NLPCC_2023_CMIVQA_TESTB"], root)

    assert in_child(work) == signal.SIGKILL
    catalogue(root)
    completed = tree(root)
    assert set(completed) > set(before)
    gather([released / "NLPCC_2023_CMIVQA_TESTB"], root)
    assert tree(root) == completed
    assert [path.name for path in root.iterdir() if path.name.startswith(".")] == []


def test_subtitles_alone_join_the_split_that_is_there(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    questions = [p for p in released.rglob("*.json") if p.name != "subtitle.json"]
    assert "testA: subtitle.json" in gather(questions, root).missing
    subs = write(tmp_path / "download (9).json", subtitles(TEST_A_VIDEOS))
    intake = gather([subs], root)
    assert whats(intake) == [("testA/subtitle.json", "subtitles")]
    assert "testA: subtitle.json" not in intake.missing
    assert "testB: subtitle.json" in intake.missing


def test_subtitles_of_a_split_that_names_no_video(downloads: Path, root: Path) -> None:
    files = [
        write(downloads / "train.json", annotated(TRAIN_VIDEOS)),
        write(downloads / "dataset_testA_for_track23.json", track23(annotated(TEST_A_VIDEOS))),
        write(downloads / "s1.json", subtitles(TEST_A_VIDEOS)),
        write(downloads / "s2.json", subtitles(TRAIN_VIDEOS[:2])),  # a part of train's
    ]
    assert ("testA/subtitle.json", "subtitles") in whats(gather(files, root))
    assert list(open_split(root, "testA", 2).videos) == TEST_A_VIDEOS
    assert list(open_split(root, "train").videos) == TRAIN_VIDEOS[:2]


def test_a_conflicting_file_changes_nothing(tmp_path: Path, root: Path) -> None:
    released = cmivqa_2023(tmp_path / "released")
    gather([released / "NLPCC_2023_CMIVQA_TRAIN_DEV"], root)
    other = tmp_path / "other"
    write(other / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS, first=100))
    write(other / "dataset_testA_for_track1.json", track1(annotated(TEST_A_VIDEOS)))
    message = refused([other], root)
    assert f"{root / 'train' / 'CMIVQA_Train_Dev.json'}: exists and differs from other/CMIVQA_Train_Dev.json" in message


def test_two_different_files_for_one_place(downloads: Path, root: Path) -> None:
    one = write(downloads / "a" / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS))
    two = write(downloads / "b" / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS, first=50))
    root.parent.mkdir()
    assert f"{one} and {two}: both would be" in refused([one, two], root)
    write(two, read(one))  # a second copy of the same download is one file
    assert whats(gather([one, two], root)) == [("train/CMIVQA_Train_Dev.json", "questions")]


def test_files_of_one_name_are_told_apart(downloads: Path, root: Path) -> None:
    """Everything is called subtitle.json: the archive and folder it came in say which."""
    zips = [make_zip(downloads / f"{n}.zip", {"x/train.json": annotated(TRAIN_VIDEOS, first=n)}) for n in (1, 50)]
    root.parent.mkdir()
    assert "1.zip/x/train.json and 50.zip/x/train.json: both would be" in refused(zips, root)
    assert [place.name for place in gather(zips[:1], root).placements] == ["1.zip/x/train.json"]


def test_features_of_a_few_videos_of_several_splits_serve_them_all(downloads: Path, root: Path) -> None:
    medvidqa(downloads)
    text = downloads / "data" / "text"
    for name, prefix in (("train", "a"), ("val", "b"), ("test", "c")):
        write(
            text / f"{name}.json",
            [
                {**r, "video_id": f"{prefix}{n}", "sample_id": n}
                for n in range(6)
                for r in read(text / f"{name}.json")[:1]
            ],
        )
    features(downloads / "few", ["a0", "b0", "c0"])
    gather([text, downloads / "few"], root)
    assert [
        open_split(root, name).features.rows(f"{name_prefix}0")
        for name, name_prefix in (("train", "a"), ("dev", "b"), ("test", "c"))
    ] == [12, 12, 12]


def test_a_hostile_zip_places_nothing(downloads: Path, root: Path) -> None:
    good = write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    bad = make_zip(downloads / "bad.zip", {"../../evil.json": [], "dev.json": annotated(["v"])})
    root.parent.mkdir()
    message = refused([good, bad], root)
    assert "'../../evil.json': path that leaves the folder" in message
    assert not root.exists()
    assert not list(downloads.parent.rglob("evil.json"))


def test_a_damaged_zip_places_nothing(downloads: Path, root: Path) -> None:
    good = write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    bad = make_zip(downloads / "bad.zip", {"dev.json": annotated(["v"])})
    bad.write_bytes(bad.read_bytes()[:-30])
    root.parent.mkdir()
    assert "damaged or cut off" in refused([good, bad], root)


@pytest.mark.parametrize("edition", ["cmivqa-2023", "mmivqa-2024", "m4ivqa-2025"])
def test_the_edition_is_worked_out(downloads: Path, root: Path, edition: str) -> None:
    if edition == "cmivqa-2023":
        cmivqa_2023(downloads)
    elif edition == "mmivqa-2024":
        mmivqa_2024(downloads)
    else:
        write(downloads / "train.json", [m4ivqa_record(n, f"v{n}") for n in range(3)])
    intake = gather([downloads], root)
    assert intake.edition.name == edition
    assert catalogue(root).edition.name == edition
    assert intake.reissued == (("LILVsv4Ft_E", "D_igZblZVp0") if edition == "cmivqa-2023" else ())


def test_mmivqa_keeps_one_file_per_task(downloads: Path, root: Path) -> None:
    mmivqa_2024(downloads)
    for number, path in enumerate(sorted(downloads.glob("train/MMIVQA_*.json"))):
        path.rename(path.with_name(f"download ({number}).json"))  # only the ids tell the task now
    assert [what for what in whats(gather([downloads], root)) if what[1] == "questions"] == [
        (name, "questions")
        for name in [
            "dev/dev_task1.json", "dev/dev_task2.json", "dev/dev_task3.json",
            *(f"test/dataset_test_for_track{track}.json" for track in (1, 2, 3)),
            "train/train_task1.json", "train/train_task2.json", "train/train_task3.json",
        ]
    ]  # fmt: skip
    for track in (1, 2, 3):
        assert open_split(root, "train", track).questions[0].id == f"NLPCC2024_Task{track}_1"  # type: ignore[arg-type]


def test_an_unnamed_file_without_answers_is_the_only_hidden_split(downloads: Path, root: Path) -> None:
    file = write(downloads / "download.json", [{"id": "NLPCC2024_Task2_1", "question": "q"}])
    assert whats(gather([file], root)) == [("test/dataset_test_for_track2.json", "questions")]


def test_medvidqa(tmp_path: Path, root: Path) -> None:
    intake = gather([medvidqa(tmp_path / "MedVidQA")], root)
    assert whats(intake) == [
        ("dev/dev.json", "questions"),
        ("test/test.json", "questions"),
        ("train/train.json", "questions"),
        ("video_feature", "features"),
    ]
    # Not the 2023 challenge: nothing of that is missing, and no video of it was re-issued.
    assert (intake.edition.name, intake.missing, intake.reissued) == ("medvidqa", (), ())
    # One folder serves all splits; each has the features of its own videos.
    assert [list(open_split(root, name).features) for name in ("train", "dev", "test")] == [
        ["med00000001"], ["med00000002"], ["med00000003"]
    ]  # fmt: skip


def test_only_srt_files(downloads: Path, root: Path) -> None:
    write(downloads / "CMIVQA_Train_Dev.json", annotated(TRAIN_VIDEOS))
    write(downloads / "dataset_testA_for_track1.json", track1(annotated(TEST_A_VIDEOS)))
    for folder, videos in (("s1", TRAIN_VIDEOS), ("s2", TEST_A_VIDEOS)):
        (downloads / folder).mkdir()
        for video in videos:
            (downloads / folder / f"{video}.srt").write_text(SRT.format("你好"), encoding="utf-8")
    gather([downloads], root)
    assert list(open_split(root, "train").videos) == TRAIN_VIDEOS
    videos = open_split(root, "testA", 1).videos
    assert list(videos) == TEST_A_VIDEOS  # each split has its own corpus
    assert [line.text for line in videos[TEST_A_VIDEOS[0]].subtitles] == ["你好", "再见"]


def test_srt_files_only_fill_what_no_subtitle_json_has(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    write(downloads / "subtitle.json", subtitles(TRAIN_VIDEOS))
    (downloads / f"{TRAIN_VIDEOS[0]}.srt").write_text(SRT.format("x"), encoding="utf-8")
    intake = gather([downloads], root)
    assert any("a subtitle.json has these videos" in note.why for note in intake.ignored)
    assert len(open_split(root, "train").videos[TRAIN_VIDEOS[0]].subtitles) == 4


def test_a_broken_srt_is_named_with_its_line(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    (downloads / f"{TRAIN_VIDEOS[0]}.srt").write_text("1\n00:00:99,000 --> x\nhallo\n", encoding="utf-8")
    root.parent.mkdir()
    message = refused([downloads], root)
    assert f"{TRAIN_VIDEOS[0]}.srt:2: " in message
    assert ".cmivqa-intake" not in message
    assert "cmivqa data subtitles" in message


def test_a_truncated_file_is_left_out_with_its_reason(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(TRAIN_VIDEOS))
    (downloads / "subtitle.json").write_text('{"a": [', encoding="utf-8")
    intake = gather([downloads], root)
    assert [note.subject for note in intake.ignored] == ["subtitle.json"]
    assert "not JSON" in intake.ignored[0].why
    assert "train: subtitle.json" in intake.missing


def test_a_split_that_cannot_be_told(downloads: Path, root: Path) -> None:
    root.parent.mkdir()
    message = refused([write(downloads / "download.json", track23(annotated(["v"])))], root)
    assert "download.json: 2 questions without answers" in message
    assert "Rename each so that its name holds one of train, dev, testA, testB" in message


def test_a_file_with_the_questions_of_a_named_one_is_of_its_split(downloads: Path, root: Path) -> None:
    files = [
        write(downloads / "x.json", track23(annotated(TEST_B_VIDEOS))),
        write(downloads / "dataset_testB_for_task_1.json", track1(annotated(TEST_B_VIDEOS))),
    ]
    assert ("testB/dataset_testB_for_track23.json", "questions") in whats(gather(files, root))


def test_files_of_another_edition_are_not_mixed_in(tmp_path: Path, root: Path) -> None:
    gather([cmivqa_2023(tmp_path / "a") / "NLPCC_2023_CMIVQA_TESTA"], root)
    message = refused([mmivqa_2024(tmp_path / "b") / "train"], root)
    assert "the data root holds cmivqa-2023, these files look like mmivqa-2024" in message


def test_missing_paths_are_all_named(tmp_path: Path, root: Path) -> None:
    message = refused([tmp_path / "a.zip", tmp_path / "b"], root)
    assert "2 problems" in message
    assert str(tmp_path / "b") in message


@pytest.mark.parametrize("content", ["nothing", "videos", "submission"])
def test_nothing_usable(downloads: Path, root: Path, content: str) -> None:
    if content == "videos":
        (downloads / "a.mp4").write_bytes(b"x")
    elif content == "submission":
        write(downloads / "a.json", [{"id": 1, "output": []}])
    root.parent.mkdir()
    message = refused([downloads], root)
    assert "no question file found in what was given" in message
    assert ("a submission or a sample of one" in message) == (content == "submission")


def test_the_data_root_itself_is_no_download(tmp_path: Path, root: Path) -> None:
    gather([cmivqa_2023(tmp_path / "a")], root)
    assert "name it with --data, without --from" in refused([root], root)
    assert "or in it" in refused([root / "train"], root)


def test_a_folder_that_holds_the_data_root_too(tmp_path: Path) -> None:
    cmivqa_2023(tmp_path / "a")
    first = gather([tmp_path], tmp_path / "data")
    again = gather([tmp_path], tmp_path / "data")
    assert whats(again) == whats(first)
    assert again.ignored == first.ignored


def test_linked_folders_are_entered_once(downloads: Path, root: Path, tmp_path: Path) -> None:
    cmivqa_2023(tmp_path / "elsewhere")
    (downloads / "link").symlink_to(tmp_path / "elsewhere")
    (downloads / "loop").symlink_to(downloads)
    assert len(gather([downloads], root).placements) == 12


def test_a_data_root_that_is_a_file(downloads: Path, root: Path) -> None:
    write(downloads / "train.json", annotated(["v"]))
    root.parent.mkdir()
    root.write_text("x", encoding="utf-8")
    assert "the data root is a file" in refused([downloads], root)
