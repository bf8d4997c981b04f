"""The files of a collection as MLCMR reads them: English and Chinese in either role, or one language per caption.

``C`` is what the files begin with. Which captions are trained on:

| ``data.mode`` | ``data.data_type`` | English | Chinese |
| --- | --- | --- | --- |
| parallel | ``zh``: people wrote both | ``Ctrain`` | ``Ctrain_zh`` |
| parallel | ``google_enc2zh`` | ``Ctrain`` | ``Ctrain_google_enc2zh`` |
| parallel | ``google_zhc2en`` | ``Ctrain_google_zhc2en`` | ``Ctrain_zh`` |
| unparallel | any | ``Ctrain_half`` | ``Ctrain_zh_half`` |

``C<split>_zh`` asks in Chinese, beside ``C<split>_google_zhc2en``; in English ``C<split>`` beside
``C<split>_google_enc2zh``.
Source: docs/spec/nrccr.md, appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass

from baselines.nrccr.collection import SOURCE, Collection, Record, joined
from baselines.nrccr.examples import Example
from baselines.nrccr.texts import Reader
from cmivqa_kit.bench.tasks.captions import Caption

CHINESE, ENGLISH = "zh", "en"
TARGETS = (CHINESE, ENGLISH)
PARALLEL, UNPARALLEL = "parallel", "unparallel"
MODES = (PARALLEL, UNPARALLEL)
HALF = "_half"  # of the captions' files where a video has one language
TO_CHINESE, TO_ENGLISH = f"{SOURCE}2zh", "zhc2en"


@dataclass(frozen=True)
class MLCMRCollection(Collection):
    """A collection in English and Chinese.

    Attributes, beside those of `Collection`:
        mode: "parallel": captions in both languages; "unparallel": each in its own.
        asked_in: "zh" or "en"; empty: what ``data_type`` ends in.
    """

    mode: str = PARALLEL
    asked_in: str = ""

    @property
    def target(self) -> str:
        """The language that is asked in."""
        return self.asked_in or super().target

    def example(self, record: Record, reader: Reader, trained: bool = True) -> Example:
        """The texts of a record as token ids: English after the published cleaning, Chinese as it is."""
        source, *others = (_tokens(caption, reader) for caption in record.captions)
        return Example(record.source.id, record.video, source, *others)

    def training(self) -> tuple[Record, ...]:
        """The captions that are trained on, English before Chinese.

        Raises:
            UserError: a file is missing or damaged, or lacks captions; all of them are named.
        """
        english, chinese = f"{self.name}train", f"{self.name}train_{CHINESE}"
        if self.mode == UNPARALLEL:
            files = self._file(english + HALF), self._file(chinese + HALF)
            return tuple(Record(caption.video, caption) for file in files for caption in file.captions)
        if self.data_type.endswith(TO_ENGLISH):
            tags = TO_ENGLISH, CHINESE
            return joined(self._file(f"{english}_{self.data_type}"), self._file(chinese), tags)
        tag = self.data_type.rpartition("_")[2]
        return joined(self._file(english), self._file(f"{english}_{self.data_type}"), (SOURCE, tag))

    def questions(self, split: str) -> tuple[Record, ...]:
        """The captions that ask: people wrote the target language, a machine the other one.

        Raises:
            UserError: as `training`.
        """
        if self.target != ENGLISH:
            return super().questions(split)
        name = f"{self.name}{split}"
        return joined(self._file(f"{name}_google_{TO_CHINESE}"), self._file(name), (TO_CHINESE, SOURCE))


def _tokens(caption: Caption, reader: Reader) -> tuple[int, ...]:
    return reader.english(caption.text) if caption.tag.endswith((SOURCE, ENGLISH)) else reader.raw(caption.text)
