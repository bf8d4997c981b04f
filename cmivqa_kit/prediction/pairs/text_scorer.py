"""What scorers of pairs of lines share: questions and subtitles as token ids, where the network is, its precision."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from cmivqa_kit.data.types import Question, Video
from cmivqa_kit.neural.settings import WindowSettings
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.neural.windows import tightest
from cmivqa_kit.prediction.types import EncodedVideo, TokenIds
from cmivqa_kit.runs.device import precision_on


class TextScorer:
    """The base of a `PairScorer` around a network with a text encoder.

    A system adds ``special_tokens``, ``ordered_spans``, ``collate`` and ``score``, and says which videos it leaves out.

    Args:
        model: in evaluation mode, where it is to run.
        reader: of texts for its encoder.
        settings: section ``decode``.
    """

    def __init__(self, model: nn.Module, reader: TextReader, settings: WindowSettings) -> None:
        self.model = model
        self.tokens, self.special = reader.tokens, reader.special
        self.limit = tightest(reader.limit, settings.maxlen)
        self.overlap = settings.overlap
        self.precision = precision_on(self.device, settings.precision)

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        return next(self.model.parameters()).device

    def leaves_out(self, video: Video, lines: int) -> bool:
        """True for a video that is not scored though it has ``lines`` subtitle lines, at least one."""
        return False

    def encode_question(self, question: Question) -> TokenIds:
        """The token ids of a question."""
        return np.array(self.tokens(question.text), np.int32)

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo | None:
        """The tokenized lines of a video; ``None`` where it has none, or is left out."""
        subtitles = video.subtitles_in(language)
        if not subtitles or self.leaves_out(video, len(subtitles)):
            return None
        # Of copies: a tokenizer makes a text keep its UTF-8 form, and these texts live as long as the corpus.
        texts = ((line.text + " ")[:-1] for line in subtitles)
        return EncodedVideo.of(video.id, [self.tokens(text) for text in texts], subtitles)
