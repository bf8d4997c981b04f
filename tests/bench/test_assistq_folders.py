"""AssistQ's folders: scripts, buttons, which of them a candidate names, their pictures, and what is amiss."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.bench.tasks.step_choice.annotations import read_step_annotations
from cmivqa_kit.bench.tasks.step_choice.buttons import Box, named_buttons, read_buttons
from cmivqa_kit.bench.tasks.step_choice.masks import BOTH, ONLY, WITHOUT, button_pictures, scaled
from cmivqa_kit.bench.tasks.step_choice.script import lines_without_times, script_sentences
from cmivqa_kit.bench.tasks.step_choice.video_folders import read_video_folders
from cmivqa_kit.errors import UserError
from tests.assistq_root import make_root

SCRIPT = "0:00:00-0:00:04 Turn it. Wait.\n\n00:01:15-00:01:20 Set it to 3.5 bar\n0:01:20-0:01:22\nWithout times\n"


def test_sentences_of_both_recipes() -> None:
    assert script_sentences(SCRIPT, published=True) == ("Turn it", "Wait.", "", "0 Set it to 3.5 bar", "", "")
    assert script_sentences(SCRIPT, published=False) == ("Turn it", "Wait.", "Set it to 3.5 bar", "Without times")
    assert lines_without_times(SCRIPT) == (5,)
    assert script_sentences(SCRIPT.replace("\n", "\r\n"), False) == script_sentences(SCRIPT, False)
    assert script_sentences("", published=False) == ()


@given(st.text(max_size=80))
def test_no_script_fails(text: str) -> None:
    assert all(sentence.strip() for sentence in script_sentences(text, published=False))
    script_sentences(text, published=True)


def test_buttons_keep_their_position_and_take_the_last_box() -> None:
    text = "b2,1,2,3,4,a.png,9,9\nb1,0,0,1,1,a.png,9,9\nb2,5,5,2,2,a.png,9,9\n"
    buttons = read_buttons(text, Path("x"), published=True)
    assert list(buttons["a.png"].items()) == [("b2", Box(5, 5, 7, 7)), ("b1", Box(0, 0, 1, 1))]


@pytest.mark.parametrize(
    ("line", "said"),
    [("b1,1,2,3", "line 2: 4 columns, not 8"), ("b1,x,2,3,4,a.png,9,9", "line 2: 'x' is not a whole number"),
     ("b1,1,2,0,4,a.png,9,9", "line 2: a box of 0 x 4 pixels"), ("b1,1.5,2,3,4,a.png,9,9", "'1.5'")],
)  # fmt: skip
def test_lines_that_are_no_buttons(line: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_buttons(f"b0,1,2,3,4,a.png,9,9\n{line}\n", Path("buttons.csv"), published=False)


def test_blank_lines_are_errors_as_published_alone() -> None:
    text = "b1,1,2,3,4,a.png,9,9\n\n"
    assert list(read_buttons(text, Path("x"), published=False)) == ["a.png"]
    with pytest.raises(UserError, match="line 2: 0 columns"):
        read_buttons(text, Path("x"), published=True)


def test_button1_is_in_button10_as_published_alone() -> None:
    names = ["button1", "button10"]
    assert named_buttons("Press <button10>", names, published=True) == (0, 1)
    assert named_buttons("Press <button10>", names, published=False) == (1,)
    assert named_buttons("Wait", names, published=False) == ()


def test_pictures_of_buttons() -> None:
    picture = np.full((2, 6, 3), 100, np.uint8)
    boxes = [Box(0, 0, 2, 2), Box(2, 0, 4, 2), Box(5, 1, 9, 9)]

    def row(masking: int, published: bool, number: int) -> list[int]:
        made = button_pictures(picture, boxes, [(0, 2)], masking, published)
        assert len(made) == 4
        return [int(pixel) // 100 for pixel in made[number][-1][1, :, 0]]

    assert row(ONLY, False, 1) == [0, 0, 1, 1, 1, 0]
    assert row(ONLY, True, 1) == [1, 1, 1, 1, 1, 0]
    assert row(WITHOUT, False, 1) == [1, 1, 0, 0, 1, 1]
    assert row(WITHOUT, True, 1) == [0, 0, 0, 0, 1, 1]
    for published in (False, True):
        assert row(ONLY, published, 3) == [1, 1, 0, 0, 1, 1]
        assert row(WITHOUT, published, 3) == [0, 0, 1, 1, 1, 0]
    assert len(button_pictures(picture, boxes, [], BOTH, False)[0]) == 2
    assert int(picture.min()) == 100
    assert float(scaled(picture, published=True).max()) < -0.99
    assert float(scaled(picture, published=False).max()) == pytest.approx(100 / 127.5 - 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_root(tmp_path_factory.mktemp("root") / "assistq", train=2, test=0, questions=1)


def read(root: Path, published: bool = False) -> None:
    read_video_folders(root / "train", read_step_annotations(root / "train.json"), published)


def test_a_whole_root(whole: Path) -> None:
    annotations = read_step_annotations(whole / "train.json")
    folders = read_video_folders(whole / "train", annotations)
    assert [folder.name for folder in folders.folders] == ["device0_a0b2c", "device1_a1b2c"]
    assert folders.remarks == ()
    first = folders.folders[0]
    assert first.sentences == ("This is device 0", "Look at it.", "Press a button")
    assert [picture.named for picture in first.pictures[0]] == [((0,), (1,), (2,)), ((2,), (1,), (0,))]


def rewritten(name: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(home: Path) -> None:
        path = home / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [(shutil.rmtree, "device0_a0b2c: no such folder"),
     (lambda home: (home / "video.mp4").unlink(), "no video.mp4 and no video.mov"),
     (lambda home: (home / "script.txt").unlink(), "no script.txt"),
     (lambda home: (home / "script.txt").write_text("", encoding="utf-8"), "script.txt: no sentence in it"),
     (lambda home: (home / "script.txt").write_bytes(b"0:00:00-0:00:01 \xff\xfe"), "script.txt: "),
     (lambda home: (home / "buttons.csv").unlink(), "no buttons.csv"),
     (rewritten("buttons.csv", "button2,14", "button2,left"), "buttons.csv, line 2: 'left' is not a whole number"),
     (rewritten("buttons.csv", "panel.png", "other.png"), "buttons.csv has no button of panel.png"),
     (rewritten("buttons.csv", "button10", "button11"),
      r"step 1: candidate 3 \('Press <button10>'\) names none of the picture's buttons \(button1, button2, button11\)"),
     (lambda home: (home / "images" / "panel.png").unlink(), "no images/panel.png"),
     (rewritten("../../train.json", '"panel.png"', '"../panel.png"'), r"no images/\.\./panel.png")],
)  # fmt: skip
def test_everything_that_is_amiss_is_named(
    whole: Path, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    root = tmp_path / "assistq"
    shutil.copytree(whole, root)
    damage(root / "train" / "device0_a0b2c")
    with pytest.raises(UserError, match=said):
        read(root)


def test_all_of_it_at_once(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "assistq"
    shutil.copytree(whole, root)
    (root / "train" / "device0_a0b2c" / "script.txt").unlink()
    (root / "train" / "device1_a1b2c" / "video.mp4").unlink()
    with pytest.raises(UserError, match=r"2 problems\n.*no script.txt\n.*no video.mp4"):
        read(root)


def test_lines_without_times_are_told(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "assistq"
    shutil.copytree(whole, root)
    rewritten("script.txt", "0:00:01-0:00:02 ", "")(root / "train" / "device0_a0b2c")
    annotations = read_step_annotations(root / "train.json")
    assert "1 line without times (line 2)" in read_video_folders(root / "train", annotations).remarks[0]
    assert json.loads((root / "train.json").read_text(encoding="utf-8"))
