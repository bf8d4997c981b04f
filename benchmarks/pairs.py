"""What the benchmarks of prediction share: the demo generator's videos in any number, networks of random weights, and
the system that the engine runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import ModernBertConfig

from baselines.ccgs.model import GlobalSpanModel
from baselines.ccgs.scorer import SpanScorer
from baselines.ccgs.settings import Settings
from cmivqa_kit.data.demo import speech_zh, topics_zh_care, topics_zh_move
from cmivqa_kit.data.demo.text import ask_step, pick, write_script
from cmivqa_kit.data.demo.timing import timed_lines
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.neural.encoders import position_limit
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import TextReader
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.line_corpus import LineCorpus
from cmivqa_kit.runs.directory import RunDirectory

SEED = "cmivqa-kit benchmarks"
TOPICS = topics_zh_care.TOPICS + topics_zh_move.TOPICS
# The quirks of the published code that decide a list: every cell counts, and equal rows may repeat.
PUBLISHED = {"decode": {"repeats": True, "by_video": False}}


def make_videos(count: int, scripts: Sequence[int] = (1,), lines: int = 0) -> Iterator[Video]:
    """Videos as those of the embedded corpus in Chinese: about 30 lines and 330 tokens each, none like another.

    Args:
        count: how many.
        scripts: how many of them are spoken one behind the other in each video, by turns.
        lines: only so many first lines of each; 0: all.
    """
    for number in range(count):
        rng = Random(f"{SEED} video {number}")
        subtitles: list[Subtitle] = []
        for _ in range(scripts[number % len(scripts)]):
            topic = pick(rng, TOPICS)
            script = write_script(speech_zh.SPEECH, topic, int(rng.random() * len(topic.variants)), rng)
            shift = subtitles[-1].end + 1 if subtitles else 0.0
            placed = (line for part in timed_lines(script, "Chinese", rng) for line in part)
            subtitles += [Subtitle(line.text, round(line.start + shift, 2), line.duration) for line in placed]
        yield Video(f"v{number:06}-_X", tuple(subtitles[:lines] if lines else subtitles), duration=subtitles[-1].end)


def make_questions(count: int) -> tuple[Question, ...]:
    """Questions as those of the embedded corpus; a number in each makes them different."""
    made = []
    for number in range(count):
        rng = Random(f"{SEED} question {number}")
        topic = pick(rng, TOPICS)
        text = ask_step(speech_zh.SPEECH, pick(rng, topic.variants), pick(rng, topic.steps), rng)
        made.append(Question(number, f"{number}，{text}", "Chinese"))
    return tuple(made)


def make_split(questions: int, videos: int, scripts: Sequence[int] = (1,), lines: int = 0) -> Split:
    """Both together."""
    made = {video.id: video for video in make_videos(videos, scripts, lines)}
    return Split("testA", make_questions(questions), made, SplitFeatures())


def make_tokenizer() -> Any:
    """A WordPiece tokenizer that knows the words of the first videos; a Chinese sign is a token."""
    texts = [line.text for video in make_videos(200) for line in video.subtitles]
    return tiny_tokenizer([*texts, *(question.text for question in make_questions(200))])


def modernbert(tokenizer: Any, layers: int, hidden: int, heads: int) -> Any:
    """The kind of ``--preset tiny`` in some size; that of DeBERTa-v2 is `encoder_modes.config`."""
    special: dict[str, Any] = dict.fromkeys(("cls_token_id", "bos_token_id"), tokenizer.cls_token_id)
    special |= dict.fromkeys(("sep_token_id", "eos_token_id"), tokenizer.sep_token_id)
    build: Any = ModernBertConfig  # it carries no types
    return build(
        vocab_size=len(tokenizer), hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=2 * hidden, global_attn_every_n_layers=1, pad_token_id=tokenizer.pad_token_id, **special,
    )  # fmt: skip


def make_model(config: Any, device: str, seed: int = 0) -> GlobalSpanModel:
    """The text variant around an encoder of random weights, in evaluation mode.

    Its head is as wide as the encoder, as ``inner_dim = 0`` makes it.
    """
    torch.manual_seed(seed)
    return GlobalSpanModel(config, config.hidden_size, dim=8, visual_dim=8).eval().to(device)


@dataclass(frozen=True)
class System:
    """What `run_pass` asks: CCGS's scorer, around a network that is there already."""

    model: GlobalSpanModel
    tokenizer: Any

    def scorer(self, split: Split, options: PredictOptions) -> SpanScorer:
        """For ``split``, by the settings of ``options``."""
        settings = Settings.of(options.config)
        limit = position_limit(self.model.P_Encoder.config)
        return SpanScorer(self.model, split, TextReader.of(self.tokenizer, limit), settings.decode)


def corpus_of(scorer: SpanScorer, split: Split) -> LineCorpus:
    """The videos of a split as the engine keeps them."""
    encoded = (scorer.encode_video(video, None) for video in split.videos.values())
    return LineCorpus(scorer, [one for one in encoded if one])


def run_in(folder: Path, config: dict[str, Any]) -> RunDirectory:
    """A run without weights of its own, to keep a pass in."""
    return RunDirectory(folder, "ccgs", config, seed=0)
