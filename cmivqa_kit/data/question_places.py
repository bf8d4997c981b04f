"""The place of a question file in a data root: its split where its name does not say it, and its path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cmivqa_kit.data.answer_evidence import Sorted
from cmivqa_kit.data.dev_corpus import DEV
from cmivqa_kit.data.recognise import Recognised
from cmivqa_kit.editions import Edition

COVERED = 0.5  # share of a split's videos that a file must hold to serve that split


def split_of_another(
    question_file: Recognised, questions: Sequence[Sorted], spoken: Sequence[Recognised], edition: Edition
) -> str | None:
    """The split of a file that does not say it: that of a file with the same questions, of subtitles with the same
    videos, or the only split whose answers are hidden."""
    texts = {asked.text for asked in question_file.asked.values()}
    for other in questions if texts else ():
        if other.split is not None:
            alike = texts & {asked.text for asked in other.file.asked.values()}
            if len(alike) >= COVERED * len(texts):
                return other.split
    for subtitles in spoken:
        split = edition.split_in(*subtitles.named, subtitles.outer)
        if (
            split is not None
            and question_file.videos
            and len(question_file.videos & subtitles.videos) >= COVERED * len(question_file.videos)
        ):
            return split
    hidden = [name for name, facts in edition.splits.items() if facts.answers == "organizers"]
    return hidden[0] if len(hidden) == 1 else None


def question_path(question_file: Recognised, split: str, edition: Edition, held: bool) -> Path:
    """The path below the data root: official names stay, any other becomes one that says split and track."""
    stated = question_file.stated_tracks(edition)
    if held:
        if edition.corpus_files == "per-track" and not stated:  # one file for all tracks
            return Path("answers") / f"dataset_{split}_answer.json"
        track = stated[0] if edition.corpus_files == "per-track" else 1  # the official program's name
        return Path("answers") / f"dataset_{split}_for_task_{track}_answer.json"
    official = edition.splits[split].files
    if question_file.path.name in (*official, f"{split}.json"):
        return Path(split) / question_file.path.name
    if edition.splits[split].answers == "public":
        if stated and edition.corpus_files == "per-track":
            return Path(split) / f"{split}_task{''.join(map(str, stated))}.json"
        return Path(split) / (official[0] if len(official) == 1 else f"{split}.json")
    return Path(split) / f"dataset_{split}_for_track{''.join(map(str, question_file.tracks(edition)))}.json"


def dev_folder(planned: Iterable[Path], present: Iterable[Recognised], edition: Edition, root: Path) -> Path | None:
    """The folder of the dev questions: of those to be placed, else of those that are there; ``None`` without any.

    Args:
        planned: the folders of the question files to be placed.
        present: the question files in the data root.
        edition: the edition of both.
        root: the data root.
    """
    there = [file.path.parent for file in present if file.split(edition) == DEV]
    return root / DEV if root / DEV in planned else next(iter(there), None)
