"""Every code that a submission can get is said in Chinese too."""

from __future__ import annotations

import re

from cmivqa_kit.leaderboard.chinese_findings import CHINESE
from cmivqa_kit.submission.codes import CODES


def test_every_code_of_submissions_is_there() -> None:
    assert set(CHINESE) == {code for code in CODES if code[1] != "9"}  # 9: answer files, which no team sends


def test_the_texts_are_chinese() -> None:
    for title, fix in CHINESE.values():
        assert re.search("[\u4e00-\u9fff]", title)
        assert re.search("[\u4e00-\u9fff]", fix)
        assert not fix.endswith("。")
