"""`.srt` and `.vtt` as real tools write them, and what is said about those that cannot be read."""

from __future__ import annotations

import html
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.srt import convert_folder, parse_srt, parse_vtt, split_name
from cmivqa_kit.data.subtitles import read_subtitles
from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.errors import Problem, UserError

SRT = "1\n00:00:17,520 --> 00:00:19,800\n先用流动水\n\n2\n00:00:20,000 --> 00:01:21,000\n洗手\n"

# As YouTube writes automatic captions: two lines roll, each line is shown again for 10 ms.
ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.389 align:start position:0%
\x20
hello<00:00:00.480><c> and</c><00:00:00.640><c> welcome</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
hello and welcome
\x20

00:00:02.399 --> 00:00:04.070 align:start position:0%
hello and welcome
to<00:00:02.560><c> first</c><00:00:03.000><c> aid</c>

00:00:04.070 --> 00:00:04.080 align:start position:0%
to first aid
\x20
"""


def texts(parsed: tuple[tuple[Subtitle, ...], list[Problem]]) -> list[str]:
    assert parsed[1] == []
    return [line.text for line in parsed[0]]


def test_a_plain_srt_file() -> None:
    lines, problems = parse_srt(SRT)
    assert lines == (Subtitle("先用流动水", 17.52, 2.28), Subtitle("洗手", 20.0, 61.0))
    assert problems == []


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + SRT,
        SRT.replace("\n", "\r\n"),
        SRT.replace("\n", "\r"),
        SRT.replace(",", "."),
        SRT.replace("\n\n", "\n \t\n\n\n"),
        SRT.replace("\n\n", "\n"),
        SRT.replace("1\n", "", 1).replace("\n2\n", "\n"),
        SRT.replace("00:00:17,520", "0:0:17,52"),
        SRT.replace("00:00:17,520", "00:17,520"),
        SRT.replace("19,800\n", "19,800 X1:40 X2:600 Y1:20 Y2:50\n"),
        SRT.replace("先用流动水", '<font color="#ffffff"><i>先用</i></font><b>流动水</b>{\\an8}'),
        SRT + "\n3\n00:02:00,000 --> 00:02:01,000\n\n",
        SRT + "\n3\n",
        SRT.replace("1\n", "1\n\n", 1),
    ],
)
def test_variants_of_the_same_srt_file(text: str) -> None:
    assert parse_srt(text) == parse_srt(SRT)


def test_text_of_several_lines_is_joined_even_across_a_blank_line() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n two \n\nthree\n\n2\n00:00:03,000 --> 00:00:04,000\nx"
    assert texts(parse_srt(text)) == ["one two three", "x"]


def test_text_that_looks_like_markup_stays() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nif a < b & c > d, R&D, &amp;lt; &#39;x&#39; &unknown; <3 <cat>\na --> b\n"
    assert texts(parse_srt(text)) == ["if a < b & c > d, R&D, &lt; 'x' &unknown; <3 <cat> a --> b"]


def test_faults_of_srt_are_named_with_their_line() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:04,000\nreversed\n\n"
        "2\n00:00:xx --> 00:00:07,000\nunreadable\n\n"
        "3\n00:00:08,000 -> 00:00:09,000\nno arrow\n\n"
        "4\n00:99:08,000 --> 01:00:09,000\nminutes\n\n"
        "5\n00:00:10,000 --> 00:00:11,000\ngood\n"
    )
    lines, problems = parse_srt(text)
    assert [line.text for line in lines] == ["good"]
    assert [problem.location for problem in problems] == ["2", "6", "9", "14"]
    assert "ends before it starts" in problems[0].message
    assert "unreadable times" in problems[1].message
    assert "no times" in problems[2].message
    assert "above 59" in problems[3].message


def test_text_without_any_times_is_a_problem() -> None:
    lines, problems = parse_srt("just some text\nof two lines\n")
    assert lines == ()
    assert [problem.location for problem in problems] == ["1"]


def test_vtt_blocks_settings_ids_tags_and_entities() -> None:
    text = (
        "WEBVTT - a title\nKind: captions\n\nNOTE\nnot said\nnor this\n\nSTYLE\n::cue { color: red }\n\n"
        "REGION\nid:fred\nwidth:40%\n\nNOTE also not\n\nintro\n"
        "00:01.000 --> 00:02.500 line:0 position:20%\n<v Fred Smith>Tom &amp; <c.yellow.bg_blue>Ann</c>\n<i>two</i>\n\n"
        "100:00:00.000 --> 100:00:01.000\n&lt;c&gt; stays\n"
    )
    lines, problems = parse_vtt(text)
    assert problems == []
    assert lines == (Subtitle("Tom & Ann two", 1.0, 1.5), Subtitle("<c> stays", 360000.0, 1.0))


def test_vtt_without_header_or_blank_lines() -> None:
    assert texts(parse_vtt("WEBVTT\n00:01.000 --> 00:02.000\na\n00:03.000 --> 00:04.000\nb")) == ["a", "b"]
    assert texts(parse_vtt("00:01.000 --> 00:02.000\na\n")) == ["a"]


def test_a_vtt_cue_without_times_is_named() -> None:
    lines, problems = parse_vtt("WEBVTT\n\nid\nspoken\n\n00:01.000 --> 99\nspoken\n")
    assert lines == ()
    assert [problem.location for problem in problems] == ["3", "6"]


def test_rolling_captions_are_said_once() -> None:
    assert parse_vtt(ROLLING) == (
        (Subtitle("hello and welcome", 0.16, 2.229), Subtitle("to first aid", 2.399, 1.671)),
        [],
    )
    without_tags = ROLLING
    for tag in ("<00:00:00.480>", "<00:00:00.640>", "<00:00:02.560>", "<00:00:03.000>", "<c>", "</c>"):
        without_tags = without_tags.replace(tag, "")
    assert parse_vtt(without_tags) == parse_vtt(ROLLING)


def test_what_a_person_says_twice_stays() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\npress\n\n00:02.000 --> 00:03.000\npress\n"
    assert texts(parse_vtt(text)) == ["press", "press"]


WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp", "Cf")), min_size=1, max_size=12).filter(
    lambda word: not word.isdecimal()
)
CUES = st.lists(
    st.tuples(st.integers(0, 10**8), st.integers(60, 10**6), st.lists(WORDS, min_size=1, max_size=4).map(" ".join)).map(
        lambda cue: Subtitle(cue[2], cue[0] / 1000, cue[1] / 1000)
    ),
    max_size=12,
)


def clock(seconds: float, comma: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{comma}{rest % 1000:03}"


def written(lines: list[Subtitle], comma: str, newline: str) -> str:
    blocks = [
        f"{number}\n{clock(one.start, comma)} --> {clock(one.end, comma)}\n{html.escape(one.text, quote=False)}\n"
        for number, one in enumerate(lines, 1)
    ]
    return "\n".join(blocks).replace("\n", newline)


def unlike(lines: list[Subtitle]) -> list[Subtitle]:
    """The cues with texts of which none repeats another: what is repeated is a matter of its own."""
    return [Subtitle(f"q{number} {line.text}", line.start, line.duration) for number, line in enumerate(lines)]


@given(CUES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_srt_round_trip(lines: list[Subtitle], newline: str) -> None:
    lines = unlike(lines)
    assert parse_srt(written(lines, ",", newline)) == (tuple(lines), [])


@given(CUES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_vtt_round_trip(lines: list[Subtitle], newline: str) -> None:
    lines = unlike(lines)
    text = f"WEBVTT{newline}{newline}NOTE x{newline}{newline}" + written(lines, ".", newline)
    assert parse_vtt(text) == (tuple(lines), [])


TOKENS = ["1", "\n", "\n\n", "-->", " ", "00:00:01,000", "00:00:02.000", "<c>", "NOTE", "WEBVTT", "&#0;", "x"]
PIECES = st.lists(st.sampled_from(TOKENS) | st.text(max_size=4), max_size=30).map("".join)


@given(PIECES)
def test_any_text_is_parsed_without_raising(text: str) -> None:
    for parse in (parse_srt, parse_vtt):
        lines, problems = parse(text)
        assert all(line.text and line.start >= 0 and line.duration >= 0 for line in lines)
        assert all(1 <= int(problem.location) <= text.count("\n") + text.count("\r") + 1 for problem in problems)


# --- folders ---


def put(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def test_a_folder_becomes_a_subtitle_file_that_is_read_back(tmp_path: Path) -> None:
    put(tmp_path, "in/b.zh-Hans.srt", SRT)
    put(tmp_path, "in/sub/a.en.vtt", ROLLING)
    put(tmp_path, "in/._a.srt", "rubbish")
    put(tmp_path, "in/readme.txt", "rubbish")
    conversion = convert_folder(tmp_path / "in", tmp_path / "out" / "subtitle.json")
    assert (conversion.videos, conversion.lines, conversion.notes) == (2, 4, ())
    videos, notes = read_subtitles(tmp_path / "out" / "subtitle.json")
    assert list(videos) == ["a", "b"]
    assert videos["b"] == parse_srt(SRT)[0]
    assert notes == ()
    assert list(json.loads((tmp_path / "out" / "subtitle.json").read_text("utf-8"))["a"][0]) == [
        "text",
        "start",
        "duration",
    ]


def test_one_file(tmp_path: Path) -> None:
    convert_folder(put(tmp_path, "LILVsv4Ft_E.zh-CN.srt", SRT), tmp_path / "s.json")
    assert list(read_subtitles(tmp_path / "s.json")[0]) == ["LILVsv4Ft_E"]


def test_ids_and_languages_of_file_names() -> None:
    names = ["abc.srt", "abc.zh-Hans.vtt", "abc.en.srt", "abc.zh_CN.srt", "abc.en-orig.vtt", "a.b.c1.srt", ".en.srt"]
    assert [split_name(Path(name)) for name in names] == [
        ("abc", None),
        ("abc", "zh-Hans"),
        ("abc", "en"),
        ("abc", "zh_CN"),
        ("abc", "en-orig"),
        ("a.b.c1", None),
        (".en", None),
    ]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("gb18030", "GB18030"), ("gbk", "GB18030")],
)
def test_encodings(tmp_path: Path, encoding: str, note: str) -> None:
    put(tmp_path, "in/a.srt", SRT, encoding)
    notes = convert_folder(tmp_path / "in", tmp_path / "s.json").notes
    assert read_subtitles(tmp_path / "s.json")[0]["a"] == parse_srt(SRT)[0]
    assert [found.why for found in notes] == ([f"read as {note}"] if note else [])


def test_unreadable_bytes_and_bad_cues_of_all_files_in_one_error(tmp_path: Path) -> None:
    put(tmp_path, "in/a.srt", "1\n00:00:05,000 --> 00:00:04,000\nx\n")
    (tmp_path / "in" / "b.srt").write_bytes(b"\xff\xff\x00\x80" * 9)
    put(tmp_path, "in/c.vtt", "WEBVTT\n\nno times\nat all\n")
    destination = put(tmp_path, "s.json", "old")
    with pytest.raises(UserError) as caught:
        convert_folder(tmp_path / "in", destination)
    for part in ("a.srt:2: ends before", "b.srt: not text", "c.vtt:3: no times", "3 problems"):
        assert part in caught.value.message
    assert destination.read_text("utf-8") == "old"


def test_several_languages_ask_for_a_choice(tmp_path: Path) -> None:
    put(tmp_path, "in/a.zh-Hans.srt", SRT)
    put(tmp_path, "in/a.en.srt", SRT.replace("洗手", "wash"))
    put(tmp_path, "in/b.srt", SRT)
    put(tmp_path, "in/c.en.srt", SRT)
    with pytest.raises(UserError, match=r"a: several languages: a\.en\.srt, a\.zh-Hans\.srt; .* --language CODE"):
        convert_folder(tmp_path / "in", tmp_path / "s.json")
    for language in ("zh", "zh-hans", "zh_Hans"):
        conversion = convert_folder(tmp_path / "in", tmp_path / "s.json", language)
        videos, _ = read_subtitles(tmp_path / "s.json")
        assert {video: lines[1].text for video, lines in videos.items()} == {"a": "洗手", "b": "洗手"}
        assert [note.subject for note in conversion.notes] == ["c.en.srt"]


def test_two_formats_of_one_video_and_two_files_of_one_format(tmp_path: Path) -> None:
    put(tmp_path, "in/a.en.srt", SRT)
    put(tmp_path, "in/a.en.vtt", ROLLING)
    conversion = convert_folder(tmp_path / "in", tmp_path / "s.json")
    assert read_subtitles(tmp_path / "s.json")[0]["a"] == parse_srt(SRT)[0]
    assert [note.subject for note in conversion.notes] == ["a.en.vtt"]
    put(tmp_path, "in/more/a.en.srt", SRT)
    with pytest.raises(UserError, match=r"several files: a\.en\.srt, a\.en\.vtt, more/a\.en\.srt"):
        convert_folder(tmp_path / "in", tmp_path / "s.json")


def test_odd_files_are_noted(tmp_path: Path) -> None:
    put(tmp_path, "in/a.srt", "")
    put(tmp_path, "in/b.srt", "00:00:05,000 --> 00:00:06,000\nb\n\n00:00:01,000 --> 00:00:02,000\na\n")
    put(tmp_path, "in/c.srt", ROLLING)
    conversion = convert_folder(tmp_path / "in", tmp_path / "s.json")
    assert [note.subject for note in conversion.notes] == ["a.srt", "b.srt"]
    assert [line.text for line in read_subtitles(tmp_path / "s.json")[0]["b"]] == ["a", "b"]
    assert conversion.lines == 4


def test_nothing_to_convert(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for source, message in ((tmp_path / "in", "no .srt or .vtt"), (tmp_path / "none", "no such file or folder")):
        with pytest.raises(UserError, match=message):
            convert_folder(source, tmp_path / "s.json")
    with pytest.raises(UserError, match=r"not a \.srt"):
        convert_folder(put(tmp_path, "a.txt", SRT), tmp_path / "s.json")
    put(tmp_path, "in/a.en.srt", SRT)
    with pytest.raises(UserError, match="no file in the language 'fr'") as caught:
        convert_folder(tmp_path / "in", tmp_path / "s.json", "fr")
    assert "en" in caught.value.fix
    assert not (tmp_path / "s.json").exists()


def test_animated_captions_count_once_and_lose_what_has_no_width(tmp_path: Path) -> None:
    cue = "00:00:01.000 --> 00:00:02.000\n\u200b press\u200b here\n\n"
    other = "00:00:02.000 --> 00:00:03.000\n按\u200b住\u2060傷口\n\n00:00:04.000 --> 00:00:05.000\n\u200b\n"
    assert texts(parse_vtt("WEBVTT\n\n" + cue + cue + other)) == ["press here", "按住傷口"]
    again = cue.replace("00:00:01", "00:00:06").replace("00:00:02", "00:00:07")
    assert texts(parse_vtt("WEBVTT\n\n" + cue + other + again)) == ["press here", "按住傷口", "press here"]


def test_rolling_captions_joined_on_one_line_are_unrolled() -> None:
    spoken = ["wash your hands", "with warm water", "then dry them", "用毛巾擦干", "再按住伤口"]
    joined = [spoken[0], *(f"{before} {after}" for before, after in pairwise(spoken))]
    blocks = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{text}\n" for n, text in enumerate(joined)]
    assert texts(parse_vtt("WEBVTT\n\n" + "\n".join(blocks))) == spoken


def test_people_who_repeat_themselves_are_left_alone() -> None:
    spoken = ["press here", "press here again", "and rest", "and breathe in", "lift the leg", "the other one"]
    blocks = [f"00:00:0{n}.000 --> 00:00:0{n + 1}.000\n{text}\n" for n, text in enumerate(spoken)]
    assert texts(parse_vtt("WEBVTT\n\n" + "\n".join(blocks))) == spoken


@pytest.mark.parametrize(("encoding", "named"), [("big5", "Big5"), ("shift_jis", "Shift-JIS"), ("euc_kr", "EUC-KR")])
def test_other_encodings_are_named_and_decided_by_the_user(tmp_path: Path, encoding: str, named: str) -> None:
    said = {"big5": "請先用肥皂洗手", "shift_jis": "手を洗ってください", "euc_kr": "손을 깨끗이 씻으세요"}[encoding]
    cue = put(tmp_path, "in/a.srt", "")
    cue.write_bytes(f"1\n00:00:01,000 --> 00:00:02,000\n{said}\n".encode(encoding))
    with pytest.raises(UserError, match=f"it looks like {named}; say which it is with --encoding {encoding}"):
        convert_folder(tmp_path / "in", tmp_path / "s.json")
    convert_folder(tmp_path / "in", tmp_path / "s.json", encoding=encoding)
    assert read_subtitles(tmp_path / "s.json")[0]["a"][-1].text == said
