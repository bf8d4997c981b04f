import ast
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cmivqa_kit
from cmivqa_kit.data.folding import LONGEST, fold, nfkc

MARKS = "\u0301\u0323"
JAMO = "\u1100\u1161\u11a8"  # a syllable of Hangul, taken apart
# What joins what stands before it: marks, vowels and finals of Hangul, half-width kana, Bengali and Tamil vowels.
ODD = [
    *MARKS,
    *JAMO,
    "\u0345",
    "\uff76",
    "\uff9e",
    "\u09c7",
    "\u09be",
    "\u0bc6",
    "\u0bbe",
    "\u212b",
    "\ufb01",
    "\uac00",
]
honest = st.lists(
    st.sampled_from([*ODD, "a", "洗", "ｶ", "１", " ", "\u3000", "か", "ж", "ก", "\U0001f600"]), max_size=120
)


@settings(max_examples=60, deadline=None)
@given(honest)
def test_a_long_text_is_folded_as_the_whole_of_it_is(signs: list[str]) -> None:
    text = ("".join(signs) + "x") * 5
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_no_cut_changes_what_any_character_becomes() -> None:
    signs = [chr(n) for n in range(0x20, 0x30000) if unicodedata.category(chr(n)) not in ("Cs", "Cn", "Co")]
    random.Random(0).shuffle(signs)
    for begin in range(0, len(signs), 600):
        text = "".join(signs[begin : begin + 600])
        assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_what_joins_is_never_cut_off() -> None:
    for joined in ("e\u0301", JAMO, "\uff76\uff9e", "\u0995\u09c7\u09be", "\u0b95\u0bc6\u0bbe"):
        text = joined * LONGEST
        for shift in range(len(joined)):
            shifted = "x" * shift + text
            assert nfkc(shifted) == unicodedata.normalize("NFKC", shifted)


def test_marks_without_end_stay_and_what_is_around_them_does_not() -> None:
    marks = MARKS * LONGEST
    assert nfkc("１" + "x" * LONGEST + marks + "ｘ２") == "1" + "x" * (LONGEST - 1) + "x" + marks + "x2"
    assert nfkc(marks) == marks


@pytest.mark.parametrize("text", ["a" * LONGEST, "１" * 3 * LONGEST, MARKS * 20_000, ("e" + MARKS * 100) * 300])
def test_nothing_longer_than_the_limit_is_normalized(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = [0]
    plain = unicodedata.normalize

    def counted(form: str, piece: str) -> str:
        lengths.append(len(piece))
        return plain(form, piece)  # type: ignore[arg-type]

    monkeypatch.setattr(unicodedata, "normalize", counted)
    fold(text)
    assert max(lengths) <= LONGEST


def test_folding_takes_width_and_white_space_away() -> None:
    assert fold(" Ａ\u3000 １\n") == "A 1"


def test_nothing_else_normalizes() -> None:
    kit = Path(cmivqa_kit.__file__).parent
    callers = {
        path.name
        for folder in (kit, kit.parent / "baselines")
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "unicodedata"
        and node.attr in ("normalize", "is_normalized")
    }
    assert callers == {"folding.py"}
