"""Lists made of a finished pass that lies in a run: no network, and no torch, is needed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.pairs import expected
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.answer_list import cut
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.pipeline import PipelineSettings, combine, complete, spans_in, with_fallback
from cmivqa_kit.prediction.settings import PIPELINE, ListOptions, require_same

Asked = tuple[str, str | None]  # text and language: what makes two questions one
_CHUNKS = 4  # kept in memory while lists are cut: languages take turns in a question file


def asked_as(question: Question) -> Asked:
    """The text and language of a question: what makes two questions one."""
    return question.text, question.language


class CachedPass:
    """A finished pass from which lists are cut.

    Args:
        folder: the pass, finished.

    Raises:
        UserError: it is unfinished or damaged.
    """

    def __init__(self, folder: store.PassFolder) -> None:
        if folder.path.name.endswith(store.PARTIAL):
            raise UserError(f"{folder.path}: this pass is not finished", "Go on with: cmivqa predict --resume")
        self.folder = folder
        self.numbers: dict[Asked, int] = {
            (text, language): number for number, (text, language) in enumerate(folder.manifest["questions"])
        }
        self._chunk_of = {number: (chunk, at) for chunk in folder.chunks for at, number in enumerate(chunk.questions)}
        self._read: OrderedDict[int, Ranked] = OrderedDict()

    def require(self, split: Split, options: PredictOptions) -> None:
        """Refuse questions and settings that need another pass.

        Raises:
            UserError: the questions or the settings are not those of this pass.
        """
        behind = self.folder.manifest.get("retriever")
        config = complete(options.config) if behind else options.config
        require_same(self.folder.manifest["config"], config, self.folder.path)
        if behind:
            first = self.folder.manifest["first_stage"]
            most, top = self.folder.manifest[PIPELINE]["retrieve_top"], config[PIPELINE]["retrieve_top"]
            if top > most and first["videos"] < first["of"]:
                raise UserError(
                    f"{self.folder.path}: pipeline.retrieve_top = {top}, and the pass looked into {most} videos",
                    f"Give {most} or less, or predict again without --from.",
                )
        lacking = [question for question in split.questions if asked_as(question) not in self.numbers]
        if lacking:
            raise UserError(
                f"{self.folder.path}: {len(lacking)} of {len(split.questions)} questions are not in this pass, e.g. "
                f"{lacking[0].id!r}",
                f"It is of {self.folder.manifest['split']}: give --split, or predict again without --from.",
            )

    def predictions(
        self, split: Split, target: Target, options: PredictOptions, fitted: Calibration | None = None
    ) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Args:
            split: whose questions.
            target: what the lists are for.
            options: with the settings of lists.
            fitted: the calibration of the run, for lists by expected overlap.

        Raises:
            UserError: a part is damaged, or more spans are wanted than were kept.
        """
        list_options = ListOptions.of(options.config, target, options.limit)
        behind, pipeline = self.folder.retrieved, PipelineSettings.of(options.config)
        decoding = DecodingSettings.of(options.config)
        calibration = decoding.over(fitted or Calibration())
        spans = pipeline.spans_per_video if pipeline.span_source == "lines" else 1  # of several windows the surest
        for question in split.questions:
            chunk, at = self._chunk_of[self.numbers[asked_as(question)]]
            if chunk.number not in self._read:
                self._read[chunk.number] = self.folder.in_seconds(chunk)
                if len(self._read) > _CHUNKS:
                    self._read.popitem(last=False)
            videos = self.folder.videos(chunk.language)
            ranked = self._read[chunk.number]
            if not behind and decoding.by_overlap:
                answers = expected.of_corpus(ranked, at, videos, calibration, target, options.limit)
                yield Prediction(question.id, answers)
                continue
            if not behind:
                yield Prediction(question.id, cut(ranked, at, videos, list_options))
                continue
            ranking = behind[self.numbers[asked_as(question)]][: pipeline.retrieve_top]
            if decoding.by_overlap:
                spans = self.folder.manifest["kept_per_video"] if pipeline.span_source == "lines" else 1
            localized = spans_in(ranked, at, videos, ranking, spans)
            whole = with_fallback(localized, ranking, split, question)
            if decoding.by_overlap:
                both = replace(calibration, videos=decoding.video_temperature or pipeline.temperature)
                yield Prediction(question.id, expected.behind_retriever(ranking, whole, both, target, options.limit))
                continue
            yield Prediction(question.id, combine(ranking, whole, pipeline, target, options.limit))


NEVER = "never measured"


def marks(manifest: Mapping[str, Any]) -> str:
    """The remark that a first stage left videos out, which readers of the answers must know; empty where none did."""
    first = manifest.get("first_stage")
    if not first:
        return ""
    known = first["recall_on_dev"]
    among = f" among {first['dev_videos']:,} videos" if first.get("dev_videos") else ""
    lost = f"it finds the right video of {known:.1%} of the dev questions{among}" if known is not None else NEVER
    without = first.get("without", 0)
    instead = (
        f"; for {without} of {len(manifest['questions'])} questions it names no video of the corpus, and the list of "
        f"{first['spare']} stands there"
        if without
        else ""
    )
    return (
        f"not the published system: {first['name']} passed on {first['videos']} of {first['of']} videos ({lost})"
        f"{instead}"
    )
