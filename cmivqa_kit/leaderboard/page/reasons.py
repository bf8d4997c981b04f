"""Why an entry is not ranked, in English and Chinese: the board's own phrases, and the codes of the validator."""

from __future__ import annotations

import re
from collections.abc import Callable

from cmivqa_kit.leaderboard.chinese_findings import CHINESE

_CODE = re.compile(r"([EW]\d{3}) [^(]*(?:\(([\d,]+)(?: times)?\))?")
# English as `boards`, `limits` and `file_scores` word it -> Chinese with the same numbers.
_PHRASES: dict[re.Pattern[str], Callable[[re.Match[str]], str]] = {
    re.compile(r"rejected when it came in"): lambda match: "收到时未通过校验",
    re.compile(r"changed since it was filed: another SHA-256"): lambda match: "登记后文件有改动（SHA-256 不符）",
    re.compile(r"its track cannot be told"): lambda match: "无法判断所属赛道",
    re.compile(r"answers (\S+), not (\S+)"): lambda match: f"回答的是 {match[1]} 的问题，而非 {match[2]}",
    re.compile(r"answers other questions than those of (\S+)"): lambda match: f"回答的不是 {match[1]} 的问题",
    re.compile(r"is of (\S+), the board of (\S+)"): lambda match: f"属于 {match[1]}，本榜单为 {match[2]}",
    re.compile(r"over the limit: number (\d+) of its team(?: on (\S+))?, (\d+) (?:a day|in all) are allowed"): (
        lambda match: f"该队{f' {match[2]} 当天' if match[2] else ''}的第 {match[1]} 次提交，最多 {match[3]} 次"
    ),
    re.compile(r"crash: the official program would stop with (\w+).*?(?:\((Q\d+)\))?"): (
        lambda match: f"官方程序会因 {match[1]} 终止" + (f"（{match[2]}）" if match[2] else "")
    ),
}


def in_both_languages(reason: str) -> list[str]:
    """A reason in English and Chinese; what the board does not word itself stays as it is."""
    code = _CODE.match(reason)
    if code is not None and code[1] in CHINESE:
        number = f"（{code[2]} 处）" if code[2] else ""
        return [reason, f"{code[1]} {CHINESE[code[1]][0]}{number}"]
    for phrase, chinese in _PHRASES.items():
        match = phrase.fullmatch(reason)
        if match is not None:
            return [reason, chinese(match)]
    return [reason, reason]
