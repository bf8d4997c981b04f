"""AssistQ's video folders, read whole: script, buttons, which picture and buttons each candidate is about.

Everything that is missing, damaged or does not fit together is listed at once. No picture and no video is decoded here.

Source: docs/spec/q2a.md, sections 1.1 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.bench.tasks.documents import FaultyFile, raise_problems, read_text
from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, StepQuestion
from cmivqa_kit.bench.tasks.step_choice.buttons import FIX as BUTTONS_FIX
from cmivqa_kit.bench.tasks.step_choice.buttons import Box, Buttons, named_buttons, read_buttons
from cmivqa_kit.bench.tasks.step_choice.folders import VIDEOS, is_plain_name
from cmivqa_kit.bench.tasks.step_choice.script import lines_without_times, script_sentences
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import Problem, UserError

SCRIPT, BUTTONS, PICTURES = "script.txt", "buttons.csv", "images"
SIZE = 16 * 2**20  # bytes of a script or a table of buttons
FIX = "Put these files in place as AssistQ hands them out; or leave these folders out of the annotations."


@dataclass(frozen=True, slots=True)
class StepPicture:
    """The picture of a step, and its buttons.

    Attributes:
        path: of the picture.
        boxes: of all its buttons.
        named: for every candidate the numbers of the buttons that it names, at least one.
    """

    path: Path
    boxes: tuple[Box, ...]
    named: tuple[tuple[int, ...], ...]

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """The candidates' buttons where they name several, one group for each such candidate."""
        return tuple(group for group in self.named if len(group) > 1)


@dataclass(frozen=True, slots=True)
class VideoFolder:
    """A folder of AssistQ with the questions about it.

    Attributes:
        name: of the folder.
        video: its file.
        sentences: of the script.
        buttons: of its pictures.
        questions: about it, in the order of the annotations.
        pictures: of every step of every question.
    """

    name: str
    video: Path
    sentences: tuple[str, ...]
    buttons: Buttons
    questions: tuple[StepQuestion, ...]
    pictures: tuple[tuple[StepPicture, ...], ...]


@dataclass(frozen=True, slots=True)
class VideoFolders:
    """All folders that annotations are about, and what is only to be known of them."""

    folders: tuple[VideoFolder, ...]
    remarks: tuple[str, ...]


def read_video_folders(media: Path, annotations: StepAnnotations, published: bool = False) -> VideoFolders:
    """The folders that the questions are about.

    Args:
        media: the folder of a split, with one folder per video.
        annotations: the questions.
        published: script and buttons are read as the published program does, defects included.

    Raises:
        UserError: something is missing or does not fit; everything is listed.
    """
    if not media.is_dir():
        raise UserError(f"{media}: no such folder", "Name the folder that holds one folder for each video.")
    problems: list[Problem] = []
    remarks: list[str] = []
    folders: list[VideoFolder] = []
    for name, questions in annotations.by_folder():
        before = len(problems)
        folder = _read(media, name, questions, published, problems, remarks)
        if folder is not None and len(problems) == before:
            folders.append(folder)
    raise_problems(media, problems, FIX)
    return VideoFolders(tuple(folders), tuple(remarks))


def _read(
    media: Path, name: str, questions: tuple[StepQuestion, ...], published: bool, problems: list[Problem],
    remarks: list[str],
) -> VideoFolder | None:  # fmt: skip
    """A folder; ``None`` or one with gaps where something was added to the ``problems``."""
    home = media / name
    if not is_plain_name(name) or not home.is_dir():
        problems.append(Problem(name, "no such folder"))
        return None
    video = next((home / file for file in VIDEOS if (home / file).is_file()), None)
    if video is None:
        problems.append(Problem(name, f"no {' and no '.join(VIDEOS)}"))
    script = _text(home, SCRIPT, problems)
    sentences = script_sentences(script or "", published)
    if script is not None and not sentences:
        problems.append(Problem(f"{name}/{SCRIPT}", "no sentence in it"))
    if not published and (numbers := lines_without_times(script or "")):
        remarks.append(f"{name}/{SCRIPT}: {count(len(numbers), 'line')} without times (line {numbers[0]}): taken whole")
    table = _text(home, BUTTONS, problems)
    buttons: Buttons = {}
    try:
        buttons = read_buttons(table or "", home / BUTTONS, published)
    except FaultyFile as error:
        problems += [Problem(f"{name}/{BUTTONS}, {one.location}", one.message) for one in error.problems]
        return None
    if table is None:
        return None
    pictures = tuple(tuple(_pictures(home, question, buttons, published, problems)) for question in questions)
    return None if video is None else VideoFolder(name, video, sentences, buttons, questions, pictures)


def _pictures(
    home: Path, question: StepQuestion, buttons: Buttons, published: bool, problems: list[Problem]
) -> Iterator[StepPicture]:
    for number, step in enumerate(question.steps, 1):
        own = f"{home.name}, question {question.number}, step {number}"
        path = home / PICTURES / step.image
        if not step.image:
            problems.append(Problem(own, "the annotations name no picture"))
            continue
        if not is_plain_name(step.image) or not path.is_file():
            problems.append(Problem(own, f"no {PICTURES}/{step.image}"))
        if step.image not in buttons:
            problems.append(Problem(own, f"{BUTTONS} has no button of {step.image}"))
            continue
        names = list(buttons[step.image])
        named = tuple(named_buttons(candidate, names, published) for candidate in step.candidates)
        for at, group in enumerate(named):
            if not group:
                problems.append(Problem(own, f"candidate {at + 1} ({_short(step.candidates[at])}) {_no_button(names)}"))
        if all(named):
            yield StepPicture(path, tuple(buttons[step.image].values()), named)


def _no_button(names: Sequence[str]) -> str:
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"names none of the picture's buttons ({listed})"


def _short(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def _text(home: Path, file: str, problems: list[Problem]) -> str | None:
    """The text of a file; ``None`` where it cannot be read, which is added to the ``problems``."""
    path = home / file
    if not path.is_file():
        problems.append(Problem(home.name, f"no {file}"))
        return None
    try:
        return read_text(path, "text", BUTTONS_FIX if file == BUTTONS else FIX, size=SIZE)
    except UserError as error:
        problems.append(Problem(f"{home.name}/{file}", error.message.removeprefix(f"{path}: ")))
        return None
