"""Questions of a split to lists of answers: used by prediction and by the dev evaluation alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import nn

from baselines.ccgs import decode
from baselines.ccgs.corpus import CorpusPass, SpokenVideo, spoken_videos
from baselines.ccgs.examples import Special, Tokens
from baselines.ccgs.settings import DecodeSettings
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, Target


class Answering:
    """Answers questions on the corpus of a split; subtitles are tokenized at most once per language.

    Args:
        split: its videos, and which languages they have subtitles in.
        tokens: text to ids.
        special: ids of the tokenizer's own tokens.
        limit: the most tokens the encoder takes, or ``None``.
        settings: section ``decode``.
    """

    def __init__(
        self, split: Split, tokens: Tokens, special: Special, limit: int | None, settings: DecodeSettings
    ) -> None:
        self.split, self.tokens, self.special = split, tokens, special
        self.settings = settings
        limits = [one for one in (limit, settings.maxlen) if one]
        self.limit = min(limits) if limits else None
        self.languages = {language for video in split.videos.values() for language in video.translations}
        self._corpora: dict[str | None, list[SpokenVideo]] = {}

    def ask(
        self, model: nn.Module, questions: Sequence[Question], track: Target, count: int = 50
    ) -> Iterator[Prediction]:
        """At most ``count`` answers per question, in the order of the questions.

        Raises:
            UserError: no video has subtitles.
        """
        for language, some in self._neighbours(questions):
            corpus = self.corpus(language)
            one = CorpusPass(model, corpus, self.special, self.limit, self.settings, count)
            rankings = one.rank([self.tokens(question.text) for question in some])
            for question, ranking in zip(some, rankings, strict=True):
                yield Prediction(question.id, answers(ranking, corpus, track, self.settings, count))

    def corpus(self, language: str | None) -> list[SpokenVideo]:
        """The videos with what is said in them in ``language``.

        Raises:
            UserError: there is none.
        """
        if language not in self._corpora:
            found = spoken_videos(self.split, self.tokens, self.settings.corpus, language)
            if not found:
                raise UserError(
                    f"split {self.split.name!r} has no video with usable subtitles", "Put its subtitle.json beside it."
                )
            self._corpora[language] = found
        return self._corpora[language]

    def _neighbours(self, questions: Sequence[Question]) -> Iterator[tuple[str | None, list[Question]]]:
        """Neighbouring questions of one language; one group where the corpus has its subtitles only once."""
        group: list[Question] = []
        current: str | None = None
        for question in questions:
            language = question.language if question.language in self.languages else None
            if group and language != current:
                yield current, group
                group = []
            current = language
            group.append(question)
        if group:
            yield current, group


def answers(
    rankings: Sequence[decode.Ranked],
    corpus: Sequence[SpokenVideo],
    track: Target,
    settings: DecodeSettings,
    count: int,
) -> tuple[Candidate, ...]:
    """The list of a question from the rankings within the videos: videos once each for Track 2 where asked for, else
    spans.

    No submission may hold a span without length, so such a span (a last line of no duration) is left out.
    """
    once = track == 2 and settings.by_video
    chosen = decode.by_video(rankings, count) if once else decode.join(rankings, count)
    rows = zip(chosen.score, chosen.video, chosen.start, chosen.end, strict=True)
    made = (Candidate(corpus[v].id, Span(float(start), float(end)), round(float(s), 6)) for s, v, start, end in rows)
    return tuple(candidate for candidate in made if candidate.span.valid)
