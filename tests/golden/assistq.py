"""Replay of AssistQ's folders as the published encoder reads them (``data_assistq``), from files like a user's."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load_file

from cmivqa_kit.bench.tasks.step_choice.annotations import read_step_annotations
from cmivqa_kit.bench.tasks.step_choice.masks import BOTH, button_pictures, scaled
from cmivqa_kit.bench.tasks.step_choice.prompts import candidate_prompts, question_prompt
from cmivqa_kit.bench.tasks.step_choice.video_folders import VideoFolder, read_video_folders
from tests.golden.replay import Case, Comparison, procedure


@procedure("q2a", "data_assistq")
def data_assistq(case: Case) -> list[str]:
    """Script, buttons, prompts, chosen buttons, labels, and the pictures of buttons under all maskings."""
    check = Comparison(case)
    given, wanted = (
        json.loads((case.folder / f"{part}.json").read_text(encoding="utf-8")) for part in ("inputs", "outputs")
    )
    with TemporaryDirectory() as name:
        root = Path(name)
        for path, text in given["files"].items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        for path, pixels in load_file(case.folder / "inputs.safetensors").items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / path)
        for split, label in case.config["splits"]:
            for folder in wanted[split]:
                (root / split / folder / "video.mp4").touch()  # not looked at
            annotations = read_step_annotations(root / label, labelled=False)
            folders = read_video_folders(root / split, annotations, published=True).folders
            check.same(f"{split}: folders", sorted(folder.name for folder in folders), sorted(wanted[split]))
            for folder in folders:
                _folder(check, split, folder, wanted[split][folder.name], case.config["NUM_MASKS_modes"])
    return check.result()


def _folder(check: Comparison, split: str, folder: VideoFolder, wanted: dict[str, Any], maskings: list[int]) -> None:
    name = f"{split}/{folder.name}"
    boxes = {
        picture: {button: [box.left, box.top, box.right, box.bottom] for button, box in buttons.items()}
        for picture, buttons in folder.buttons.items()
    }
    check.same(f"{name}: script", list(folder.sentences), wanted["script_sentences"])
    check.same(f"{name}: buttons", boxes, wanted["buttons"])
    check.same(f"{name}: order", {picture: list(one) for picture, one in boxes.items()}, wanted["button_order"])
    check.same(f"{name}: questions", len(folder.questions), len(wanted["qas"]))
    for at, (question, pictures, expected) in enumerate(
        zip(folder.questions, folder.pictures, wanted["qas"], strict=True)
    ):
        labels = [step.label for step in question.steps]
        known = {"correct": labels, "labels_zero_based": [(label or 0) - 1 for label in labels]}
        got = {
            "folder": question.folder,
            "src_question": question.question,
            "question_prompt": question_prompt(question),
            "answer_prompts": [candidate_prompts(step) for step in question.steps],
            "answer_bidxs": [[group[0] for group in picture.named] for picture in pictures],
            "images": [step.image for step in question.steps],
            "num_button_images": [len(picture.boxes) + len(picture.groups) for picture in pictures],
            **({} if None in labels else known),
        }
        check.same(f"{name}: question {at}", got, expected)
        for step, picture in enumerate(pictures):
            pixels = np.asarray(Image.open(picture.path).convert("RGB"))
            for masking in maskings:
                made = button_pictures(pixels, picture.boxes, picture.groups, masking, published=True)
                rows = np.stack([np.stack([scaled(one, published=True) for one in each]) for each in made])
                rows = rows.transpose(0, 1, 4, 2, 3)
                check.tensor(f"{name}/qa{at}/step{step}/maskx{masking}", rows if masking == BOTH else rows[:, 0])
