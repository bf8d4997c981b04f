"""The files of a collection: captions in several languages joined by their ids, and the features of what they tell.

``C`` is what the files begin with, ``T`` the setting ``data.data_type`` (``google_enc2zh``), ``xx`` the target:

| split | source | target language | back-translation |
| --- | --- | --- | --- |
| train | ``Ctrain`` (videos), ``Ctrain_enc`` (images) | ``Ctrain_T`` | ``Ctrain_google_enc2xx2enc`` |
| val | ``Cval_google_xx2enc`` | ``Cval_xx`` | |
| test | ``Ctest_google_xx2enc`` | ``Ctest_xx`` | |

Of images the test files end in ``_2016`` and those of German in ``_task1`` besides.
Source: docs/spec/nrccr.md, sections 1.1 to 1.3; appendix A for MLCMR (``zhc2en`` for ``zh2enc``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from baselines.nrccr.examples import Example, Rows
from baselines.nrccr.texts import Reader
from cmivqa_kit.bench.tasks.captions import Caption, CaptionFile, read_captions
from cmivqa_kit.damage import reading
from cmivqa_kit.data.stores.registry import open_store
from cmivqa_kit.data.stores.store import FeatureStore
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import decode, read_bytes

TEXTS, FEATURES, END = "TextData", "FeatureData", ".caption.txt"
SOURCE = "enc"  # the language that people labelled
FLICKR = "Flickr30k"  # what the training files of Multi30K's second task begin with
HELP = "docs/spec/nrccr.md, section 1.3 lists the files of a collection."


@dataclass(frozen=True, slots=True)
class Record:
    """A caption with its other languages, and the id of its video (or image)."""

    video: str
    source: Caption
    translation: Caption
    back: Caption | None = None

    def example(self, reader: Reader, cleaned: bool) -> Example:
        """The texts as token ids; ``cleaned``: the source after the published cleaning of English."""
        source = reader.english(self.source.text) if cleaned else reader.raw(self.source.text)
        back = reader.raw(self.back.text) if self.back else ()
        return Example(self.source.id, self.video, source, reader.raw(self.translation.text), back)


@dataclass(frozen=True)
class Features:
    """Rows by the id of a video, and where they lie."""

    store: FeatureStore | Mapping[str, Rows]
    path: Path

    def __contains__(self, video: str) -> bool:
        return video in self._known

    def rows(self, video: str) -> Rows:
        """(T, D) of a video that is there."""
        return np.asarray(self.store.get(video))

    @property
    def width(self) -> int:
        """D.

        Raises:
            UserError: there are no rows, or they have several widths.
        """
        if isinstance(self.store, Mapping):
            return int(next(iter(self.store.values())).shape[1])
        if self.store.width is None:
            raise UserError(f"{self.path}: its rows have no common width", "Extract the features again, all alike.")
        return self.store.width

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.store if isinstance(self.store, Mapping) else self.store.ids)


@dataclass(frozen=True)
class Collection:
    """A collection as the published code lays it out.

    Attributes:
        folder: that holds ``TextData`` and ``FeatureData``.
        name: what its caption files begin with, C.
        images: they are of images.
        feature: folder below ``FeatureData``.
        data_type: T.
        task: of Multi30K.
    """

    folder: Path
    name: str
    images: bool
    feature: str
    data_type: str
    task: int = 1

    @classmethod
    def of(
        cls, root: Path, name: str, kind: str, feature: str, data_type: str, task: int = 1, usual: Iterable[str] = ()
    ) -> Collection:  # fmt: skip
        """The collection below a data root.

        Args:
            root: that holds the collection's folder, or is it.
            name: of the folder; empty: the first of ``usual`` that is there.
            kind: "videos" or "images".
            feature: folder below ``FeatureData``.
            data_type: T.
            task: of Multi30K.
            usual: names that the folder usually has.

        Raises:
            UserError: it is not there.
        """
        names = (name,) if name else tuple(usual)
        folders = [root / each for each in names if (root / each / TEXTS).is_dir()]
        if not folders and (root / TEXTS).is_dir():
            folders = [root]
        if not folders:
            raise UserError(
                f"{root}: no folder {' or '.join(names) or 'of a collection'} with {TEXTS} in it",
                "Name the folder that holds it (--data), and the collection: --set data.collection=NAME",
            )
        folder, images = folders[0], kind == "images"
        return cls(folder, name or _prefix(folder / TEXTS, images), images, feature, data_type, task)

    @property
    def target(self) -> str:
        """The target language, xx."""
        language = self.data_type.rpartition("_")[2]
        return language.partition("2")[2] if "2" in language else language

    def training(self) -> tuple[Record, ...]:
        """The captions that are trained on, in the order of the source's file.

        Raises:
            UserError: a file is missing or damaged, or lacks captions; all of them are named.
        """
        name = FLICKR if self.images and self.task == 2 else self.name
        tag = self.data_type.rpartition("_")[2]
        source = self._file(f"{name}train_{SOURCE}" if self.images else f"{name}train")
        translation = self._file(f"{name}train_{self.data_type}")
        back_name = f"{name}train_google_{SOURCE}2{self.target}2{SOURCE}"
        back = self._file(back_name) if (self.folder / TEXTS / (back_name + END)).exists() else None
        return _joined(source, translation, (SOURCE, tag), back, f"{SOURCE}2{self.target}2{SOURCE}")

    def questions(self, split: str) -> tuple[Record, ...]:
        """The captions that ask in ``val`` or ``test``: people wrote the target language, a machine the source.

        Videos come in the order of the source's file, images in that of the target's.

        Raises:
            UserError: as `training`.
        """
        target, end = self.target, ""
        if self.images:
            end = ("_2016" if split == "test" else "") + ("_task1" if target == "de" and self.task == 1 else "")
        names = [f"{target}2{SOURCE}", f"{target}c2en"]  # the second as MLCMR's files are called
        paths = [self.folder / TEXTS / f"{self.name}{split}_google_{each}{end}{END}" for each in names]
        at = next((number for number, path in enumerate(paths) if path.is_file()), 0)
        source, asked = read_captions(paths[at]), self._file(f"{self.name}{split}_{target}{end}")
        return _joined(source, asked, (names[at], target), None, "", by_translation=self.images)

    def videos(self, records: Sequence[Record]) -> tuple[str, ...]:
        """The videos of captions, in the order in which they first come."""
        return tuple(dict.fromkeys(record.video for record in records))

    def features(self, split: str) -> Features:
        """The features of a split: a store of all splits, or of images a matrix with the list of their ids.

        Raises:
            UserError: they are not there, or cannot be read.
        """
        path = self.folder / FEATURES / self.feature
        if not path.exists():
            there = sorted(each.name for each in (self.folder / FEATURES).glob("*"))
            raise UserError(
                f"{path}: no such features (there are: {', '.join(there) or 'none'})",
                "Name them: --set data.feature=NAME",
            )
        matrix = _matrix_of(path, split) if self.images and path.is_dir() else None
        return Features(matrix if matrix is not None else open_store(path), path)

    def _file(self, name: str) -> CaptionFile:
        return read_captions(self.folder / TEXTS / f"{name}{END}")


def _joined(
    source: CaptionFile, translation: CaptionFile, tags: tuple[str, str], back: CaptionFile | None, back_tag: str,
    by_translation: bool = False,
) -> tuple[Record, ...]:  # fmt: skip
    """Captions joined by their ids with another language tag."""
    files = [(source, tags[0]), (translation, tags[1])] + ([(back, back_tag)] if back is not None else [])
    known = [{caption.id: caption for caption in file.captions} for file, _ in files]
    records, problems = [], []
    for caption in (translation if by_translation else source).captions:
        first, _, number = caption.id.split("#")[:3]
        ids = [f"{first}#{tag}#{number}" for _, tag in files]
        lacking = [
            Problem(file.path.name, f"no {name}") for (file, _), name, captions in zip(files, ids, known, strict=True)
            if name not in captions
        ]  # fmt: skip
        if lacking:
            problems += lacking
            continue
        records.append(Record(caption.video, *(captions[name] for name, captions in zip(ids, known, strict=True))))
    if problems:
        raise problems_error(source.path.parent, problems, "Get all the files from the same place; ids join them.")
    return tuple(records)


def _prefix(folder: Path, images: bool) -> str:
    """What the caption files of a folder begin with, told by the one of the training source."""
    end = f"train_{SOURCE}{END}" if images else f"train{END}"
    names = [path.name.removesuffix(end) for path in sorted(folder.glob(f"*{end}"))]
    names = [name for name in names if name != FLICKR]
    if len(names) != 1:
        said = f"several files *{end} ({', '.join(names)})" if names else f"no file *{end}"
        raise UserError(f"{folder}: {said}", f"Name the collection: --set data.collection=NAME. {HELP}")
    return names[0]


def _matrix_of(folder: Path, split: str) -> dict[str, Rows] | None:
    """A row per image, from the one array and the one list of ids whose names begin with a split."""
    arrays, lists = sorted(folder.glob(f"{split}*.npy")), sorted(folder.glob(f"{split}*id*.txt"))
    lists = lists or sorted(folder.glob(f"*{split}_id*.txt"))
    if len(arrays) != 1 or len(lists) != 1:
        return None
    ids = decode(read_bytes(lists[0], "list of images"), lists[0]).split()
    with reading(arrays[0], "array", "Extract the features again."):
        rows = np.load(arrays[0], mmap_mode="r", allow_pickle=False)
        if rows.ndim != 2 or rows.dtype.kind != "f":
            raise UserError(f"{arrays[0]}: {rows.dtype} of shape {rows.shape}, not one row of floats per image", HELP)
    if len(rows) != len(ids):
        raise UserError(
            f"{arrays[0]}: {len(rows)} rows, where {lists[0].name} names {len(ids)} images",
            "Get both files from the same place.",
        )
    return {name.removesuffix(".jpg"): rows[at : at + 1] for at, name in enumerate(ids)}
