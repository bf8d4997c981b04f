"""A pass on disk: ``RUN/predictions/SPLIT``, one file per chunk, each whole or not there.

While it is under way the folder is called ``SPLIT.partial``; a pass that is killed loses the chunk it was working on.
``pass.json`` says what the answers depend on, so that nothing is mixed: a pass goes on only where all of it is equal.
Arrays are read without pickle.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import atomic_path, read_json, write_json
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.pairs.pass_options import Chunk, FirstStage
from cmivqa_kit.prediction.pairs.pass_record import AGAIN, SECONDS, SPANS, require_record
from cmivqa_kit.prediction.pairs.ranking import Ranked, RankedCells

MANIFEST = "pass.json"
RETRIEVED = "retrieved.json"
PARTIAL = ".partial"


@dataclass(frozen=True)
class PassFolder:
    """The folder of a pass, finished or under way."""

    path: Path

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The content of ``pass.json``.

        Raises:
            UserError: it is missing or damaged.
        """
        document = read_json(self.path / MANIFEST, "record of a pass")
        require_record(document, self.path / MANIFEST)
        manifest: Mapping[str, Any] = document
        return manifest

    @property
    def chunks(self) -> list[Chunk]:
        """The chunks of the pass."""
        return [Chunk(number, language, tuple(questions))
                for number, (language, questions) in enumerate(self.manifest["chunks"])]  # fmt: skip

    def videos(self, language: str | None) -> Sequence[str]:
        """The ids of the videos in ``language``, in their order."""
        return self._corpora[language][1]

    def line_times(self, language: str | None) -> LineTimes:
        """The line times of the videos in ``language``.

        Raises:
            UserError: they are missing or damaged.
        """
        if language not in self._line_times:
            number, _ = self._corpora[language]
            self._line_times[language] = LineTimes(*self._load(f"corpus-{number}.npz", ("start", "end", "first")))
        return self._line_times[language]

    @cached_property
    def _corpora(self) -> Mapping[str | None, tuple[int, Sequence[str]]]:
        """Number and videos by language."""
        corpora = self.manifest["corpora"]
        return {corpus["language"]: (number, corpus["videos"]) for number, corpus in enumerate(corpora)}

    @cached_property
    def _line_times(self) -> dict[str | None, LineTimes]:
        """Those that were read."""
        return {}

    def write_corpus(self, number: int, line_times: LineTimes) -> None:
        """Write the line times of corpus ``number`` of the manifest."""
        self._save(
            f"corpus-{number}.npz", {"start": line_times.start, "end": line_times.end, "first": line_times.first}
        )

    @cached_property
    def retrieved(self) -> list[tuple[tuple[str, float], ...]]:
        """The videos of the retriever with scores per question, best first; empty without a retriever.

        Raises:
            UserError: they are missing or damaged.
        """
        if not self.manifest.get("retriever"):
            return []
        document = read_json(self.path / RETRIEVED, "list of a retriever")
        try:
            rankings = [tuple((str(video), float(score)) for video, score in videos) for videos in document]
        except (TypeError, ValueError, OverflowError, RecursionError):
            rankings = []
        sound = all(videos and all(math.isfinite(score) for _, score in videos) for videos in rankings)
        if not sound or len(rankings) != len(self.manifest["questions"]):
            raise UserError(f"{self.path / RETRIEVED}: damaged", "Predict again.")
        return rankings

    def has(self, chunk: Chunk) -> bool:
        """True where the chunk is there and sound."""
        try:
            self.read(chunk)
        except UserError:
            return False
        return True

    def write(self, chunk: Chunk, ranked: Ranked | RankedCells) -> None:
        """Write the ranked spans of a chunk.

        Raises:
            RunFailed: the disk is full; nothing is left behind of this chunk.
        """
        self._save(_name(chunk), {field.name: getattr(ranked, field.name) for field in fields(ranked)})

    def read(self, chunk: Chunk) -> Ranked | RankedCells:
        """The ranked spans of a chunk as they are kept.

        Raises:
            UserError: it is missing or damaged.
        """
        kind = Ranked if self.manifest.get(SPANS) == SECONDS else RankedCells
        ranked = kind(*self._load(_name(chunk), [field.name for field in fields(kind)]))
        if len(ranked.score) != len(chunk.questions):
            raise UserError(f"{self.path / _name(chunk)}: not of this pass", "Predict again.")
        return ranked

    def in_seconds(self, chunk: Chunk) -> Ranked:
        """The ranked spans of a chunk in seconds.

        Raises:
            UserError: it is missing or damaged.
        """
        ranked = self.read(chunk)
        if isinstance(ranked, Ranked):
            return ranked
        line_times = self.line_times(chunk.language)
        with reading(self.path / _name(chunk), "a part of a pass", AGAIN):
            return ranked.in_seconds(line_times)

    def missing(self) -> list[Chunk]:
        """The chunks that are still to be done."""
        return [chunk for chunk in self.chunks if not self.has(chunk)]

    def __iter__(self) -> Iterator[tuple[Chunk, Ranked | RankedCells]]:
        """Yield all chunks with their ranked spans, in order."""
        for chunk in self.chunks:
            yield chunk, self.read(chunk)

    def _save(self, name: str, arrays: Mapping[str, Any]) -> None:
        try:
            with atomic_path(self.path / name) as temporary, temporary.open("wb") as stream:
                np.savez(stream, **arrays)
        except RunFailed as error:
            raise RunFailed(error.message, "Free some space, then run the same command with --resume.") from None

    def _load(self, name: str, names: Sequence[str]) -> list[Any]:
        path = self.path / name
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return [arrays[key] for key in names]
        except Exception:  # zipfile, zlib and numpy have exceptions of every kind for damage
            raise UserError(f"{path}: missing or damaged", AGAIN) from None


def _name(chunk: Chunk) -> str:
    return f"chunk-{chunk.number:05}.npz"


def begin(
    path: Path, manifest: Mapping[str, Any], line_times: Sequence[LineTimes | None], resume: bool, force: bool,
    retrieved: Sequence[Sequence[tuple[str, float]]] = (),
) -> PassFolder:  # fmt: skip
    """Make the folder for a new pass ``path``, or open the one that was left unfinished.

    Args:
        path: what it will be called when it is finished.
        manifest: what it is of.
        line_times: of its corpora; ``None`` where spans are kept in seconds.
        resume: go on with the unfinished one.
        force: throw that away.
        retrieved: per question the videos of a retriever, where there is one.

    Raises:
        UserError: there is an unfinished one and neither ``resume`` nor ``force``; it is of another pass; or there is
            nothing to resume.
    """
    under_way = PassFolder(path.with_name(path.name + PARTIAL))
    exists = (under_way.path / MANIFEST).is_file()
    if resume and not exists:
        raise UserError(f"{path}: nothing to resume", "Leave out --resume.")
    if resume:
        if under_way.manifest["key"] != manifest["key"]:
            raise UserError(
                f"{under_way.path}: the pass that was begun differs in {_difference(under_way.manifest, manifest)}",
                "Repeat the command as it was, or begin anew with --force.",
            )
        return under_way
    if exists and not force:
        left, chunks = len(under_way.missing()), len(under_way.chunks)
        raise UserError(
            f"{under_way.path}: a pass was begun here, {chunks - left} of {chunks} parts are done",
            "Go on with --resume, or begin anew with --force.",
        )
    if under_way.path.exists():
        shutil.rmtree(under_way.path)
    try:
        under_way.path.mkdir(parents=True)
    except OSError as error:
        raise RunFailed(f"{under_way.path}: cannot be made ({error.strerror})", "Choose another run folder.") from None
    for number, times in enumerate(line_times):
        if times is not None:
            under_way.write_corpus(number, times)
    if retrieved:
        write_json(under_way.path / RETRIEVED, retrieved, indent=None)
    write_json(under_way.path / MANIFEST, manifest)  # last: without it there is no pass
    return under_way


def first_stage(path: Path) -> FirstStage | None:
    """The first stage of the unfinished pass ``path``; ``None`` where it has none, or there is no such pass.

    Raises:
        UserError: its record is damaged.
    """
    under_way = PassFolder(path.with_name(path.name + PARTIAL))
    if not (under_way.path / MANIFEST).is_file():
        return None
    given = under_way.manifest.get("first_stage")
    with reading(under_way.path / MANIFEST, "the record of a pass", "Begin anew with --force."):
        return FirstStage.of_record(given) if given else None


def finish(under_way: PassFolder) -> PassFolder:
    """Give a whole pass its name; an older one of that name goes."""
    final = under_way.path.with_name(under_way.path.name.removesuffix(PARTIAL))
    old = final.with_name(final.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.replace(old)
    under_way.path.replace(final)
    shutil.rmtree(old, ignore_errors=True)
    return PassFolder(final)


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    names = sorted(name for name in {*before, *now} - {"key"} if before.get(name) != now.get(name))
    return ", ".join(names) or "something"
