"""The id of a corpus that another one is nearest to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.spelling import near_id, near_spelling

CORPUS = ("Ar-iCq292-m", "JGWhV3sG_jR", "abc", "abcdef")


@pytest.mark.parametrize(
    ("video_id", "near"),
    [
        ("Ar-iCq292-m.mp4", "Ar-iCq292-m"),
        ("v_Ar-iCq292-m", "Ar-iCq292-m"),
        ("https://youtu.be/JGWhV3sG_jR?t=3", "JGWhV3sG_jR"),
        ("abcdef.npy", "abcdef"),  # not the shorter one that stands in it too
        ("jgwhv3sg_jr", "JGWhV3sG_jR"),
        ("JGWhV3sG_jr7", "JGWhV3sG_jR"),
        ("elsewhere", None),
    ],
)
def test_near_ids(video_id: str, near: str | None) -> None:
    assert near_id(video_id, CORPUS) == near


def test_an_example_that_helps_comes_before_one_that_does_not() -> None:
    assert near_spelling(["elsewhere", "abc.mp4"], CORPUS) == "'abc.mp4' (in the corpus: 'abc')"
    assert near_spelling(["elsewhere"], CORPUS) == "'elsewhere'"


@given(st.text(), st.lists(st.text()))
def test_any_text_is_near_one_of_the_corpus_or_none(video_id: str, corpus: list[str]) -> None:
    assert near_id(video_id, corpus) in (None, *corpus)
