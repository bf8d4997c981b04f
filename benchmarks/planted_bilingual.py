"""Questions in a language that no subtitle is in: NRCCR on a planted bilingual corpus, beside chance and BM25.

Every word of the embedded corpus's English questions is mapped, one to one and by a seed, to a made-up word of two CJK
characters: the two languages have no word in common. Trained on questions in both, asked in the made-up one alone,
about videos with English subtitles.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from baselines.nrccr import DECLARATION
from baselines.nrccr.baseline import NRCCRBaseline
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.plugin.registry import create, find_declaration
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions
from cmivqa_kit.prediction.dev_evaluation import evaluate
from cmivqa_kit.runs.directory import make_run

ENGLISH, PLANTED = "English", "Chinese"
CROSS_LINGUAL = ("tri_alpha", "dtl_beta", "l1_gama", "scale")
HELD_OUT = 5  # of the questions about each video every fifth is asked


def word_map(texts: Iterable[str], seed: int) -> dict[str, str]:
    """Every word to a word of two CJK characters, no two to the same."""
    words = sorted({word for text in texts for word in re.findall(r"\w+", text.lower())})
    draw = random.Random(f"planted {seed}")
    numbers = draw.sample(range(2000 * 2000), len(words))
    made = [chr(0x4E00 + number // 2000) + chr(0x4E00 + 2000 + number % 2000) for number in numbers]
    return dict(zip(words, made, strict=True))


def planted(seed: int) -> tuple[Split, Split]:
    """Training questions in both languages, and other questions about the same videos in the made-up one alone."""
    files = catalogue(demo_corpus())
    train, dev = load_split(files, "train"), load_split(files, "dev")
    english = [question for question in (*train.questions, *dev.questions) if question.language == ENGLISH]
    named = sorted({question.video_id for question in english if question.video_id is not None})
    words = word_map((question.text for question in english), seed)

    def turned(question: Question, number: int) -> Question:
        text = "".join(words[word] for word in re.findall(r"\w+", question.text.lower()))
        return replace(question, id=f"{number}_{PLANTED}", text=text, language=PLANTED)

    taught: list[Question] = []
    asked: list[Question] = []
    for video in named:
        own = [question for question in english if question.video_id == video]
        random.Random(f"asked {seed} {video}").shuffle(own)
        for at, question in enumerate(own):
            number = len(taught) + len(asked)
            if at % HELD_OUT == 0 and len(own) > 1:
                asked.append(turned(question, number))
            else:
                taught += [replace(question, id=f"{number}_{ENGLISH}"), turned(question, number)]
    videos = {name: train.videos[name] for name in named}
    corpus = replace(train, videos=videos, features=SplitFeatures())
    return replace(corpus, questions=tuple(taught)), replace(corpus, questions=tuple(asked))


def figures(predictions: Sequence[Prediction], asked: Split) -> dict[str, float]:
    """Track 2's figures."""
    return dict(evaluate(predictions, asked.questions, (2,)))


def nrccr(train: Split, asked: Split, seed: int, overrides: Sequence[str]) -> dict[str, float]:
    """The figures of a training with these settings, weights of the last step."""
    config = settings(DECLARATION, "tiny", overrides)
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run", "nrccr", config, seed)
        run = replace(run, device="cpu")
        NRCCRBaseline().fit(train, None, run)
        run.finish()
        system = NRCCRBaseline()
        system.load(run)
        options = PredictOptions(config, seed=seed, device="cpu")
        return figures(list(system.predict(asked.for_prediction(2), 2, options)), asked)


def main() -> None:
    """Print a line per system and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    given = parser.parse_args()
    off = [f"train.{name}=0.0" for name in CROSS_LINGUAL]
    for seed in range(given.seeds):
        train, asked = planted(seed)
        videos = len(asked.videos)
        print(f"seed {seed}: {len(train.questions)} taught, {len(asked.questions)} asked, {videos} videos")
        chance = 1 / videos
        print(f"  chance                R@1 {chance:.3f}  MRR {sum(1 / n for n in range(1, videos + 1)) / videos:.3f}")
        bm25 = create(find_declaration("bm25"))
        lists = list(bm25.predict(asked.for_prediction(2), 2, PredictOptions()))
        systems = {"bm25": figures(lists, asked)}
        epochs = f"train.epochs={given.epochs}"
        sources = f"train.source_language={ENGLISH}"  # as published: the made-up language comes in as a translation
        systems["nrccr"] = nrccr(train, asked, seed, [epochs, sources])
        systems["nrccr, terms off"] = nrccr(train, asked, seed, [epochs, sources, *off])
        systems["nrccr, both taught"] = nrccr(train, asked, seed, [epochs])
        for name, values in systems.items():
            print(f"  {name:20}  R@1 {values['R@1']:.3f}  R@10 {values['R@10']:.3f}  MRR {values['MRR']:.3f}")


if __name__ == "__main__":
    main()
