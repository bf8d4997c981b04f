"""NRCCR and MLCMR on a corpus of the challenge: pairs of languages, long videos, Track 2, in front of localizers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baselines.nrccr import DECLARATION, MLCMR
from baselines.nrccr.baseline import MLCMRBaseline, NRCCRBaseline
from baselines.nrccr.corpus import VideoRows, examples_of, language_of, translations
from baselines.nrccr.examples import Example
from baselines.nrccr.task import NRCCRTask
from baselines.nrccr.texts import Reader
from baselines.nrccr.translations import mixed_scores, read_translations
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.tokens import Special, TextReader
from cmivqa_kit.plugin.settings import merge, settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.dev_evaluation import evaluate
from cmivqa_kit.runs.directory import make_run
from tests.baselines.cross_lingual import CHINESE, WORDS

VIDEOS = 8


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))


def planted(chinese: bool = True) -> Split:
    """Videos that say three words each in English, and questions with two of them in English and in Chinese."""
    videos, questions = {}, []
    for at in range(VIDEOS):
        name, words = f"v{at}", [WORDS[(at + step * step) % len(WORDS)] for step in range(3)]
        lines = tuple(Subtitle(" ".join(words), 5.0 * line, 5.0) for line in range(3))
        videos[name] = Video(name, lines, 15.0, "given")
        for number, (one, other) in enumerate(((0, 1), (1, 2), (0, 2))):
            pair, answer = (words[one], words[other]), Span(5.0 * number, 5.0 * number + 4)
            questions.append(Question(f"{at}_{number}_e", " ".join(pair), "English", name, answer))
            if chinese:
                text = "".join(CHINESE[word] for word in pair)
                questions.append(Question(f"{at}_{number}_c", text, "Chinese", name, answer))
    return Split("train", tuple(questions), videos, SplitFeatures())


def trained(system: Any, declaration: Any, split: Split, folder: Path, overrides: Sequence[str]) -> Any:
    config = settings(declaration, "tiny", overrides)
    run = replace(make_run(folder / declaration.name, declaration.name, config, 0), device="cpu")
    system().fit(split, None, run)
    run.finish()
    loaded = system()
    loaded.load(run)
    return loaded, PredictOptions(config, device="cpu")


def test_questions_about_one_span_in_two_languages_are_translations() -> None:
    split = planted()
    pairs = translations(split.questions)
    assert len(pairs) == len(split.questions)
    assert (pairs["3_1_e"].id, pairs["3_1_c"].id) == ("3_1_c", "3_1_e")
    assert not translations(planted(chinese=False).questions)
    unsaid = [replace(question, language=None) for question in split.questions]
    assert translations(unsaid).keys() == pairs.keys()
    assert {language_of(question) for question in unsaid} == {"English", "Chinese"}


def test_rows_of_a_long_video_are_means_and_without_any_a_zero(tmp_path: Path) -> None:
    rows = np.arange(130, dtype=np.float32)[:, None].repeat(2, axis=1)
    np.save(tmp_path / "v0.npy", rows)
    shown = VideoRows(SplitFeatures((tmp_path,)), 2)
    assert shown("v0").shape == (64, 2)
    assert shown("v0")[1].tolist() == [2.5, 2.5]  # the mean of rows 2 and 3: edges at round(i * 130 / 64)
    assert shown("v1").tolist() == [[0.0, 0.0]]
    assert ("v0" in shown, "v1" in shown) == (True, False)


def test_chinese_questions_find_videos_that_speak_english(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    split = planted()
    system, options = trained(NRCCRBaseline, DECLARATION, split, tmp_path, ["train.epochs=15"])
    asked = tuple(question for question in split.questions if question.language == "Chinese")
    predictions = list(system.predict(replace(split, questions=asked).for_prediction(2), 2, options))
    figures = evaluate(predictions, asked, (2,))
    assert figures["R@1"] >= 0.5  # chance is 1/8, and no word is shared
    first = predictions[0].candidates
    assert len({candidate.video_id for candidate in first}) == len(first) == VIDEOS
    assert (first[0].span.start, first[0].span.end) == (0.0, 15.0)
    one = list(system.predict(replace(split, questions=asked[5:6]).for_prediction(2), 2, options))
    assert [c.video_id for c in one[0].candidates] == [c.video_id for c in predictions[5].candidates]
    # A translation decides where the question itself says nothing.
    mute = tuple(replace(question, text="?") for question in asked[5:7])
    (tmp_path / "t.json").write_text(json.dumps({mute[1].id: {"translation": asked[6].text}}), encoding="utf-8")
    given = replace(options, config=merge(options.config, DECLARATION, [
        f"decode.translations={tmp_path / 't.json'}", "decode.question_weight=0"]))  # fmt: skip
    helped = list(system.predict(replace(split, questions=mute).for_prediction(2), 2, given))
    assert [c.video_id for c in helped[1].candidates] == [c.video_id for c in predictions[6].candidates]
    without = list(system.predict(replace(split, questions=mute).for_prediction(2), 2, options))
    assert [c.video_id for c in helped[0].candidates] == [c.video_id for c in without[0].candidates]
    (tmp_path / "t.json").write_text('{"other": {"translation": "x"}}', encoding="utf-8")
    again = list(system.predict(replace(split, questions=mute).for_prediction(2), 2, given))
    assert again == without and "t.json: a translation of none of the 2 questions" in caplog.text
    with pytest.raises(UserError, match="finds videos, no spans in them"):
        list(system.predict(split, 3, options))


def test_only_questions_of_the_source_language_are_sources() -> None:
    split, reader = planted(), Reader(TextReader(lambda text: (7,) * len(text.split()), Special(1, 2, 0), None))
    rows = VideoRows(SplitFeatures.of({name: Path(f"{name}.npy") for name in split.videos}), 2)
    every, _ = examples_of(split, reader, rows)
    english, dropped = examples_of(split, reader, rows, "English")
    assert (len(every), len(english), +dropped) == (48, 24, {})
    assert all(example.id.endswith("_e") and example.translation for example in english)
    alone = replace(split, questions=split.questions[1:])  # the first one in Chinese is nobody's translation now
    assert +examples_of(alone, reader, rows, "English")[1] == {"other-language": 1}


def test_translations_of_a_user_come_before_those_of_the_corpus(tmp_path: Path) -> None:
    split, reader = planted(), Reader(TextReader(lambda text: tuple(map(ord, text)), Special(1, 2, 0), None))
    rows = VideoRows(SplitFeatures.of({name: Path(f"{name}.npy") for name in split.videos}), 2)
    path = tmp_path / "translations.json"
    path.write_text(
        json.dumps({"0_0_e": {"translation": "洗", "back": "wash"}, "0_0_c": {"back": "手"}}), encoding="utf-8"
    )
    first, second, *others = examples_of(split, reader, rows, given=read_translations(path))[0]
    assert (first.translation, first.back) == ((1, ord("洗"), 2), reader.english("wash"))
    assert (second.translation, second.back) == (first.source, (1, ord("手"), 2))
    assert all(example.translation and not example.back for example in others)
    path.write_text('{"1": "text", "2": {"to": "x"}, "3": {"back": 4}, "4": {}}', encoding="utf-8")
    with pytest.raises(UserError, match="3 problems") as raised:
        read_translations(path)
    assert "/2: not an object of texts translation and back" in raised.value.message


def test_a_question_is_mixed_with_its_translation_and_others_stay() -> None:
    own, other = np.array([[0.0, 1.0], [0.5, 0.0], [0.25, 0.75]]), np.array([[-1.0, 1.0], [0.0, -1.0]])
    scores = mixed_scores(own, other, [2, 0], 0.75)
    assert scores.tolist() == [[0.125, 0.75], [0.5, 0.0], [0.1875, 0.8125]]
    assert mixed_scores(np.ones((1, 1)), np.ones((1, 1)), [0], 0.5).tolist() == [[0.0]]  # all alike, no NaN


def test_one_language_trains_without_the_cross_lingual_losses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    system, options = trained(MLCMRBaseline, MLCMR, planted(chinese=False), tmp_path, ["train.epochs=1"])
    assert "no question has a second language: the cross-lingual losses are off" in caplog.text
    retriever = system.retriever(options)
    ranking = retriever.rank(planted(chinese=False).for_prediction(2), 3)
    assert [len(videos) for videos in ranking] == [3] * 24


def test_batches_do_not_mix_examples_with_and_without_translations(tmp_path: Path) -> None:
    examples = [Example(str(n), "v", (1,), (1,) if n % 2 else ()) for n in range(11)]
    task: Any = NRCCRTask.__new__(NRCCRTask)
    task.examples, task.seed = tuple(examples), 0
    task.settings = replace(NRCCRBaseline.settings.of({}).train, batch=4)
    batches = task.numbers(0)
    assert sorted(map(len, batches)) == [2, 4, 4]  # one of the 6 + 5 alone is no batch
    assert all(len({number % 2 for number in batch}) == 1 for batch in batches)
    assert task.numbers(0) == batches != task.numbers(1)
