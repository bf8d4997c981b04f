"""Encoded features of AssistQ: those of `cmivqa features encode-assistq`, and the files of the published encoder.

Ours are a folder for each split with five feature stores (`PARTS`) and ``encoding.json``; the published ones a folder
for each video with ``video.pth``, ``script.pth`` and ``qa_maskx-1.pth``. Source: docs/spec/q2a.md, section 2.1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.tasks.step_choice.annotations import StepQuestion
from cmivqa_kit.bench.tasks.step_choice.splits import SPLITS
from cmivqa_kit.damage import reading
from cmivqa_kit.data.stores.registry import file_suffixes, open_store
from cmivqa_kit.data.stores.store import StoredFeatures
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json

VIDEO, SCRIPT, QUESTION, TEXTS, BUTTONS = PARTS = ("video", "script", "question", "texts", "buttons")
RECORD = "encoding.json"
QUESTIONS = "questions"  # in the record: folder -> the texts of its questions
PUBLISHED_QA = "qa_maskx-1.pth"
AGAIN = "Encode these annotations again: cmivqa features encode-assistq --help"
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuestion:
    """A question (1, D), and of every step the texts (A, D) and the button images (A, M * D) of its candidates."""

    text: str
    question: Rows
    steps: tuple[tuple[Rows, Rows], ...]


class EncodedSplit(ABC):
    """The features of a split by folder."""

    path: Path

    @abstractmethod
    def video(self, folder: str) -> Rows:
        """The frames of a folder's video, (T, D).

        Raises:
            UserError: they are not there, or damaged.
        """

    @abstractmethod
    def script(self, folder: str) -> Rows:
        """The sentences of its script, (S, D).

        Raises:
            UserError: they are not there, or damaged.
        """

    @abstractmethod
    def questions(self, folder: str, asked: Sequence[StepQuestion]) -> Sequence[EncodedQuestion]:
        """The questions that are asked about it, in their order, as far as they were encoded.

        Args:
            folder: the video's.
            asked: the annotations' questions about it, all or some.

        Raises:
            UserError: they are not there, or damaged.
        """


def step_id(folder: str, question: int, step: int) -> str:
    """The id of a step in the stores of texts and buttons; both numbers are from 1."""
    return f"{folder}.{question}.{step}"


def open_encoded(root: Path, split: str, qa: str = PUBLISHED_QA) -> EncodedSplit:
    """The features of a split.

    Args:
        root: what `features encode-assistq` wrote, or the folder of the published encoder's ``train`` and ``test``.
        split: ``train``, ``test`` or ``test2023``.
        qa: the published file of questions that is taken.

    Raises:
        UserError: there are none.
    """
    home, media = root / split, root / SPLITS[split].media
    if (home / RECORD).is_file():
        return StoredSplit(home, media)
    if any(home.glob(f"*/{qa}")) or any(home.glob("*/qa*.pth")):
        return PublishedSplit(home, media, qa)
    raise UserError(
        f"{home}: no encoded features of AssistQ (neither {RECORD} nor folders with {qa})",
        "Make them: cmivqa features encode-assistq --help",
    )


class StoredSplit(EncodedSplit):
    """Features in stores."""

    def __init__(self, path: Path, media: Path) -> None:
        self.path, self.media = path, media
        self.stores: dict[str, StoredFeatures] = {}
        record: Any = read_json(path / RECORD, "record of an encoding")
        self.texts: Mapping[str, Any] = record.get(QUESTIONS, {}) if isinstance(record, dict) else {}

    def video(self, folder: str) -> Rows:
        """From ``video``, of the split or of the one whose videos it asks about."""
        return self._rows(VIDEO, folder)

    def script(self, folder: str) -> Rows:
        """From ``script``, likewise."""
        return self._rows(SCRIPT, folder)

    def questions(self, folder: str, asked: Sequence[StepQuestion]) -> Sequence[EncodedQuestion]:
        """From ``question``, ``texts`` and ``buttons``."""
        rows, texts = self._rows(QUESTION, folder), self.texts.get(folder)
        if not isinstance(texts, list) or len(texts) != len(rows):
            raise UserError(f"{self.path / RECORD}: says nothing about the questions of {folder}", AGAIN)
        encoded = []
        for question in (question for question in asked if question.number <= len(rows)):
            text, row = texts[question.number - 1], rows[question.number - 1]
            ids = [step_id(folder, question.number, step) for step in range(1, len(question.steps) + 1)]
            steps = tuple((self._rows(TEXTS, name), self._rows(BUTTONS, name)) for name in ids)
            encoded.append(EncodedQuestion(str(text), row[None], steps))
        return encoded

    def _rows(self, part: str, name: str) -> Rows:
        if part not in self.stores:
            homes = (self.path, self.media) if part in (VIDEO, SCRIPT) else (self.path,)
            files = [home / f"{part}{suffix}" for home in homes for suffix in ("", *file_suffixes())]
            path = next((file for file in files if file.exists()), None)
            if path is None:
                raise UserError(f"{self.path}: no store of features named {part}", AGAIN)
            self.stores[part] = open_store(path)
        rows = self.stores[part].get(name)
        if rows is None:
            raise UserError(f"{self.stores[part].path}: nothing of {name}", AGAIN)
        return rows


class PublishedSplit(EncodedSplit):
    """The published encoder's files, read without ever running anything in them."""

    def __init__(self, path: Path, media: Path, qa: str) -> None:
        self.path, self.media, self.qa = path, media, qa
        self._load = cache(_loaded)

    def video(self, folder: str) -> Rows:
        """From ``video.pth``."""
        return self._rows(folder, "video.pth")

    def script(self, folder: str) -> Rows:
        """From ``script.pth``."""
        return self._rows(folder, "script.pth")

    def questions(self, folder: str, asked: Sequence[StepQuestion]) -> Sequence[EncodedQuestion]:
        """From ``qa_maskx-1.pth``, or the only such file that there is."""
        home = self.path / folder
        path = home / self.qa
        others = sorted(home.glob("qa*.pth"))
        if not path.is_file() and len(others) == 1:
            path = others[0]
        content = _loaded(path)
        with reading(path, "AssistQ's questions as the published encoder writes them", AGAIN):
            return [
                EncodedQuestion(
                    str(one["src_question"]), _matrix(one["question"]),
                    tuple((_stack(step, "text"), _stack(step, "button")) for step in one["answers"]),
                )
                for one in (content[question.number - 1] for question in asked if question.number <= len(content))
            ]  # fmt: skip

    def _rows(self, folder: str, name: str) -> Rows:
        path = next(
            (home / folder / name for home in (self.path, self.media) if (home / folder / name).is_file()), None
        )
        if path is None:
            raise UserError(f"{self.path / folder}: no {name}", "Encode the whole split, or copy the file there.")
        content = self._load(path)
        with reading(path, "features as the published encoder writes them", AGAIN):
            return _matrix(content)


def _loaded(path: Path) -> Any:
    if not path.is_file():
        raise UserError(f"{path}: no such file", "Encode the whole split, or copy the file there.")
    from cmivqa_kit.neural.torch_files import load_torch_file

    with reading(path, "features as torch.save writes them", AGAIN):
        return load_torch_file(path)


def _matrix(tensor: Any) -> Rows:
    rows: Rows = np.asarray(tensor.float().numpy(), np.float32)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"a tensor of {rows.shape}, not of rows")
    return rows


def _stack(step: Any, key: str) -> Rows:
    """A row for each candidate, (A, ...), of vectors of (1, D) or (M * D,)."""
    return np.stack([np.asarray(one[key].float().numpy(), np.float32).reshape(-1) for one in step])
