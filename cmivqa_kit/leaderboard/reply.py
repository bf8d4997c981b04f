"""The reply to a team, in Chinese and English, ready to be pasted into an e-mail: plain text, one line a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from cmivqa_kit.data.display import count, cut, tracks_in_words
from cmivqa_kit.leaderboard.chinese_findings import CHINESE
from cmivqa_kit.leaderboard.intake import Receipt
from cmivqa_kit.leaderboard.records import Standing, State
from cmivqa_kit.submission.findings import CODES, Finding, brief

LOCATIONS = 5  # findings of one code that are named
NAME = 80  # characters of a team's or a file's name
# Where the validator advises what to type.
_FIXES = {
    "E102": "give at most 50 entries per question",
    "E113": "pack one .json file alone, or send it as it is",
    "W310": "write seconds",
}
_NUMERALS = "零一二三"


@dataclass(frozen=True, slots=True)
class Reply:
    """The two texts."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]


def reply_to(receipt: Receipt) -> Reply:
    """What to write to the team about an attachment."""
    return Reply(tuple(_chinese(receipt)), tuple(_english(receipt)))


def _chinese(receipt: Receipt) -> Iterator[str]:
    team, file = _names(receipt)
    yield f"{team}：您好！"
    if not receipt.accepted:
        yield f"{file} 未能接收，不计入提交次数。请改正以下各处后重新发送："
        yield from _faults(receipt, chinese=True)
        yield f"附件的 SHA-256：{receipt.entry.files[0].sha256}"
        return
    entry = receipt.entry
    if receipt.known:
        yield f"{file} 与此前收到的 {entry.run} 完全相同，未重复登记，也不另计次数。"
    else:
        yield f"{file} 已收到并通过检查，登记为 {entry.edition} 的 {entry.run}。"
    yield f"赛道：{_chinese_tracks(receipt)}"
    yield f"接收时间：{_time(receipt)}"
    yield f"SHA-256：{entry.files[0].sha256}"
    if not receipt.known and (counted := _chinese_limit(receipt)):
        yield counted
    yield from _hints(receipt, chinese=True)


def _english(receipt: Receipt) -> Iterator[str]:
    team, file = _names(receipt)
    yield f"Dear {team},"
    if not receipt.accepted:
        yield f"{file} could not be accepted; it does not count as a submission. Please mend this and send it again:"
        yield from _faults(receipt, chinese=False)
        yield f"SHA-256 of the attachment: {receipt.entry.files[0].sha256}"
        return
    entry = receipt.entry
    if receipt.known:
        yield f"{file} is the same as {entry.run}, received before. It was not filed again and does not count again."
    else:
        yield f"{file} was received and is valid. It is filed as {entry.run} of {entry.edition}."
    yield f"For: {_english_tracks(receipt)}"
    yield f"Received: {_time(receipt)}"
    yield f"SHA-256: {entry.files[0].sha256}"
    if not receipt.known and (counted := _english_limit(receipt)):
        yield counted
    yield from _hints(receipt, chinese=False)


def _names(receipt: Receipt) -> tuple[str, str]:
    """The team and the file as a line can hold them."""
    original = receipt.attachment.path.name
    return cut(" ".join(receipt.entry.team.split()), NAME), cut(" ".join(original.split()), NAME)


def _time(receipt: Receipt) -> str:
    received = receipt.entry.received
    return "-" if received is None else received.astimezone(receipt.rules.zone).isoformat(" ", "minutes")


def _chinese_tracks(receipt: Receipt) -> str:
    tracks = "、".join(f"赛道{_NUMERALS[track]}" for track in receipt.entry.tracks)
    return f"{tracks or '-'}{f'（{receipt.report.split}）' if receipt.report.split else ''}"


def _english_tracks(receipt: Receipt) -> str:
    tracks = tracks_in_words(receipt.entry.tracks) if receipt.entry.tracks else "-"
    return f"{tracks}{f' ({receipt.report.split})' if receipt.report.split else ''}"


def over_limit(receipt: Receipt) -> bool:
    """True where the team had used up its limit before this entry."""
    limited = receipt.accepted and not receipt.known and receipt.entry.standing is Standing.COMPETING
    return limited and receipt.rules.limit is not None and receipt.used >= receipt.rules.limit


def _chinese_limit(receipt: Receipt) -> str:
    limit, day = receipt.rules.limit, receipt.rules.per == "day"
    if receipt.entry.standing is not Standing.COMPETING:
        return f"作为{'基线' if receipt.entry.standing is Standing.BASELINE else '逾期提交'}展示，不参与排名。"
    if limit is None:
        return ""
    rule = f"每队{'每天' if day else '总共'}最多 {limit} 次"
    if over_limit(receipt):
        return f"注意：{rule}，此前已用完。本次提交已登记，但不计入排名。"
    return f"这是贵队{'当天' if day else ''}的第 {receipt.used + 1} 次提交（{rule}）。"


def _english_limit(receipt: Receipt) -> str:
    limit, day = receipt.rules.limit, receipt.rules.per == "day"
    if receipt.entry.standing is not Standing.COMPETING:
        return f"It will be shown as {receipt.entry.standing.value}, outside of the ranking."
    if limit is None:
        return ""
    rule = f"at most {limit} {'a day' if day else 'in all'} for a team"
    if over_limit(receipt):
        return f"Please note: {rule}, and these were used up before. It is filed, but does not count for the ranking."
    return f"It is submission {receipt.used + 1} of yours{' on that day' if day else ''} ({rule})."


def _faults(receipt: Receipt, chinese: bool) -> Iterator[str]:
    """Every code of an error with what to do, and where: the first places of each."""
    counts = receipt.report.counts
    errors = [finding for finding in receipt.report.findings if finding.severity == "E"]
    for code, group in groupby(sorted(errors, key=lambda finding: finding.code), key=lambda finding: finding.code):
        findings = list(group)
        number = counts.get(code, len(findings))
        if chinese:
            title, fix = CHINESE[code]
            yield f"- {code} {title}（{number} 处）。{fix}{'' if fix.endswith('？') else '。'}"
        else:
            title, fix = CODES[code].title, _FIXES.get(code, CODES[code].fix)
            yield f"- {code} {title} ({number}). {fix[:1].upper()}{fix[1:]}{'' if fix.endswith('?') else '.'}"
        yield from (f"    {line}" for line in _locations(findings[:LOCATIONS], chinese))
        if number > LOCATIONS:
            yield f"    ……共 {number} 处" if chinese else f"    ... and {number - LOCATIONS} more"


def _locations(findings: Sequence[Finding], chinese: bool) -> Iterator[str]:
    for finding in findings:
        parts = []
        if finding.line:
            line, column = finding.line, finding.column
            parts.append(f"第 {line} 行第 {column} 列" if chinese else f"line {line}, column {column}")
        parts += [brief(finding.path)] if finding.path else []
        if finding.id is not None:
            parts.append(f"id {brief(repr(finding.id))}")
        location = ("，" if chinese else ", ").join(parts)
        yield f"{location}{'：' if chinese else ': '}{finding.message}" if location else finding.message


def _hints(receipt: Receipt, chinese: bool) -> Iterator[str]:
    """Warnings, a line for each code: nothing that has to be mended."""
    counts = {code: number for code, number in receipt.report.counts.items() if code.startswith("W")}
    if not counts or receipt.entry.state is State.REJECTED:
        return
    yield "供参考（无须改正即已接收）：" if chinese else "For your information (accepted all the same):"
    for code, number in counts.items():
        if chinese:
            title, fix = CHINESE[code]
            yield f"- {code} {title}（{number} 处）：{fix}"
        else:
            yield f"- {code} {CODES[code].title} ({count(number, 'time')}): {_FIXES.get(code, CODES[code].fix)}"
