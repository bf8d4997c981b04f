"""The files of a collection: captions in several languages joined by their ids, and the features of what they tell.

``C`` is what the files begin with, ``T`` the setting ``data.data_type`` (``google_enc2zh``), ``xx`` the target:

| split | source | target language | back-translation |
| --- | --- | --- | --- |
| train | ``Ctrain`` (videos), ``Ctrain_enc`` (images) | ``Ctrain_T`` | ``Ctrain_google_enc2xx2enc`` |
| val | ``Cval_google_xx2enc`` | ``Cval_xx`` | |
| test | ``Ctest_google_xx2enc`` | ``Ctest_xx`` | |

Of images the test files end in ``_2016`` (without it they are taken too) and those of German in ``_task1`` besides.
MLCMR's are in `mlcmr_collection`.
Source: docs/spec/nrccr.md, sections 1.1 to 1.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from baselines.nrccr.collection_features import HELP, Features, features_of
from baselines.nrccr.examples import Example
from baselines.nrccr.texts import Reader
from cmivqa_kit.bench.tasks.captions import Caption, CaptionFile, read_captions
from cmivqa_kit.errors import Problem, UserError, problems_error

TEXTS, FEATURES, END = "TextData", "FeatureData", ".caption.txt"
SOURCE = "enc"  # the language that people labelled
FLICKR = "Flickr30k"  # what the training files of Multi30K's second task begin with


@dataclass(frozen=True, slots=True)
class Record:
    """A caption with its other languages, and the id of its video (or image)."""

    video: str
    source: Caption
    translation: Caption | None = None
    back: Caption | None = None

    @property
    def captions(self) -> tuple[Caption, ...]:
        """All that there are."""
        return tuple(caption for caption in (self.source, self.translation, self.back) if caption is not None)

    @property
    def asked(self) -> Caption:
        """The caption that people wrote in the target language, of one that asks."""
        return self.translation or self.source


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
    ) -> Self:  # fmt: skip
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

    def example(self, record: Record, reader: Reader, trained: bool = True) -> Example:
        """The texts of a record as token ids: the source after the published cleaning of English, all else as it is.

        Of images the cleaning is that of the captions that are ``trained`` on alone.
        """
        read = reader.english if trained or not self.images else reader.raw
        translation, back = (reader.raw(text.text) if text else () for text in (record.translation, record.back))
        return Example(record.source.id, record.video, read(record.source.text), translation, back)

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
        back = self._file(back_name) if self._path(back_name).exists() else None
        return joined(source, translation, (SOURCE, tag), back, f"{SOURCE}2{self.target}2{SOURCE}")

    def questions(self, split: str) -> tuple[Record, ...]:
        """The captions that ask in ``val`` or ``test``: people wrote the target language, a machine the source.

        Videos come in the order of the source's file, images in that of the target's.

        Raises:
            UserError: as `training`.
        """
        target = self.target
        tags = f"{target}2{SOURCE}", f"{target}c2en"  # the second as MLCMR's files are called
        names = [(tag, f"{self.name}{split}_google_{tag}{end}", f"{self.name}{split}_{target}{end}")
                 for end in self._ends(split) for tag in tags]  # fmt: skip
        tag, source, asked = next((each for each in names if self._path(each[1]).is_file()), names[0])
        return joined(self._file(source), self._file(asked), (tag, target), by_translation=self.images)

    def videos(self, records: Sequence[Record]) -> tuple[str, ...]:
        """The videos of captions, in the order in which they first come."""
        return tuple(dict.fromkeys(record.video for record in records))

    def features(self, split: str) -> Features:
        """The features of a split: a store of all splits, or of images a matrix with the list of their ids.

        Raises:
            UserError: they are not there, or cannot be read.
        """
        return features_of(self.folder / FEATURES / self.feature, split, self.target, self.images)

    def _ends(self, split: str) -> tuple[str, ...]:
        """What the files of a split may end in: the published names of images first, then plain ones."""
        task = "_task1" if self.images and self.target == "de" and self.task == 1 else ""
        return ("_2016" + task, task) if self.images and split == "test" else (task,)

    def _path(self, name: str) -> Path:
        return self.folder / TEXTS / f"{name}{END}"

    def _file(self, name: str) -> CaptionFile:
        return read_captions(self._path(name))


def joined(
    source: CaptionFile, translation: CaptionFile, tags: tuple[str, str], back: CaptionFile | None = None,
    back_tag: str = "", by_translation: bool = False,
) -> tuple[Record, ...]:  # fmt: skip
    """Captions joined by their ids with another language tag.

    Args:
        source: the captions whose order counts, unless ``by_translation``.
        translation: the same in the other language.
        tags: of both.
        back: the source translated there and back, where there is such a file.
        back_tag: its tag.
        by_translation: the order is that of ``translation``.

    Raises:
        UserError: captions lack one of the others; all are named.
    """
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
