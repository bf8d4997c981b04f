import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data import words as module
from cmivqa_kit.data.words import stem, tokenizer, uni_and_bigrams
from cmivqa_kit.errors import UserError

PLAIN = tokenizer(stemmed=False, stop_words=False)
FULL = tokenizer()


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("How do I Open it?", ["how", "do", "i", "open", "it"]),
        ("量血压", ["量", "血", "压", "量血", "血压"]),
        ("用CT检查2次", ["用", "ct", "检", "查", "检查", "2", "次"]),
        ("ＣＰＲ　１５次", ["cpr", "15", "次"]),
        ("血，压", ["血", "压"]),  # no bigram across punctuation
        ("don't patient's", ["dont", "patient"]),
        ("naïve snake_case", ["naïve", "snake", "case"]),
        ("", []),
        (" …!? ", []),
    ],
)
def test_tokens(written: str, tokens: list[str]) -> None:
    assert PLAIN(written) == tokens


def test_stop_words_and_stems() -> None:
    assert FULL("How do I open the layers?") == ["open", "layer"]


@pytest.mark.parametrize(
    "forms",
    [
        ("layer", "layers"),
        ("save", "saves", "saving", "saved"),
        ("crop", "crops", "cropping", "cropped"),
        ("copy", "copies"),
        ("brush", "brushes"),
        ("press", "presses", "pressing", "pressed"),
    ],
)
def test_forms_of_one_word_meet(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["is", "bus", "this", "ring", "bed", "cpr", "naïves", "mp3s", "glass"])
def test_words_left_alone(word: str) -> None:
    assert stem(word) == word


@given(st.text())
def test_any_text(written: str) -> None:
    tokens = FULL(written)
    assert all(token and token.strip() == token for token in tokens)
    assert tokens == FULL(written)


@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x21)))
def test_full_width_is_the_same_text(written: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in written)
    assert unicodedata.normalize("NFKC", wide) == written
    assert FULL(wide) == FULL(written)


@given(st.text(st.sampled_from("量血压用布包扎"), min_size=1))
def test_number_of_uni_and_bigrams(run: str) -> None:
    assert len(uni_and_bigrams(run)) == 2 * len(run) - 1


def test_jieba_missing_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", gone)
    with pytest.raises(UserError, match="jieba") as caught:
        tokenizer("jieba")
    assert "pip install jieba" in caught.value.fix


def test_jieba_words() -> None:
    pytest.importorskip("jieba", reason="jieba is optional: pip install jieba")
    assert "血压" in tokenizer("jieba")("如何测量血压 CPR")
    assert tokenizer("jieba")("Layers") == ["layer"]
