"""AssistQ's video folders beside the annotations: what of them is there.

Source: docs/spec/q2a.md, section 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations
from cmivqa_kit.data.display import count

VIDEOS = ("video.mp4", "video.mov")
TEXTS = ("script.txt", "buttons.csv")
_NAMED = 3


def folder_remarks(media: Path, annotations: StepAnnotations) -> Iterator[str]:
    """What is missing of the folders that questions are about, one sentence per kind of file.

    Scoring needs none of them; training does.
    """
    folders = [folder for folder, _ in annotations.by_folder()]
    if not media.is_dir():
        yield f"no folder {media.name} with the {count(len(folders), 'video')}: enough to score, not to train."
        return
    there = [folder for folder in folders if is_plain_name(folder) and (media / folder).is_dir()]
    if len(there) < len(folders):
        yield _missing([folder for folder in folders if folder not in there], "folder", media.name)
    lacking = [folder for folder in there if not any((media / folder / name).is_file() for name in VIDEOS)]
    if lacking:
        yield _missing(lacking, " or ".join(VIDEOS), media.name)
    for name in TEXTS:
        lacking = [folder for folder in there if not (media / folder / name).is_file()]
        if lacking:
            yield _missing(lacking, name, media.name)
    wanted = {
        (question.folder, step.image)
        for question in annotations.questions
        for step in question.steps
        if step.image and question.folder in there
    }
    images = sorted(
        {
            folder
            for folder, image in wanted
            if not is_plain_name(image) or not (media / folder / "images" / image).is_file()
        }
    )
    if images:
        yield _missing(images, "picture of every step", media.name)


def is_plain_name(name: str) -> bool:
    """True for a name that leads nowhere else."""
    return name not in ("", ".", "..") and "/" not in name and "\\" not in name and "\0" not in name


def _missing(folders: list[str], noun: str, media: str) -> str:
    more = len(folders) - _NAMED
    names = ", ".join(folders[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{media}: no {noun} for {count(len(folders), 'video')} ({names})."
