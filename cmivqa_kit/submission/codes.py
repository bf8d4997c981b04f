"""The validation codes: what each means, what the official program does then, how to mend it.

Source: docs/spec/scoring.md, section 4. `python -m cmivqa_kit.submission.codes` prints the table that `CODES.md` holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.errors import UserError, closest

Severity = Literal["E", "W"]
FAMILIES: Mapping[str, str] = {
    "1": "The file",
    "2": "Items",
    "3": "Spans (of Track 3's entries and of Track 1; in Track 2, which scores none, the same numbers are warnings)",
    "4": "Lists of Tracks 2 and 3 (the first 50 entries; no more are read)",
    "9": "Answer files (`validate --truth`)",
}


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: what it means, what the official program does, and how to mend it.

    After a code that ``stops``, nothing further in the file is checked. One that ``leads`` explains others and is shown
    before them.
    """

    code: str
    title: str
    official: str
    fix: str
    stops: bool = False
    leads: bool = False

    @property
    def severity(self) -> Severity:
        """E: crashes the official program, loses points for sure or exploits a defect. W: harmless."""
        return "E" if self.code.startswith("E") else "W"

    @property
    def family(self) -> str:
        """What it is about: the heading that it stands under in ``CODES.md``."""
        return FAMILIES[self.code[1]]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin: one of the list of ``validate --explain --format json``."""
        return {
            "code": self.code,
            "severity": self.severity,
            "about": self.family,
            "title": self.title,
            "official": self.official,
            "fix": self.fix,
            "stops": self.stops,
        }


_SPANS = (
    Code("E301", "time is not a number", "crashes (true and false count as 1 and 0)", "write seconds as a number"),
    Code("E302", "time is not finite", "may count as right, or crashes", "write seconds as a finite number"),
    Code("E303", "negative time", "scored as it stands", "times start at 0"),
    Code("E304", "end before start", "counts 0", "swap or correct the times"),
    Code("E305", "end equals start", "counts 0", "a span needs a length"),
    Code("E306", "starts after the video's end", "counts 0", "times are seconds of that video"),
    Code("E307", "ends after the video's end", "lowers the IoU", "end with the video"),
)

_ALL = (
    Code("E101", "cannot be read", "crashes", "check the path and its permissions", stops=True),
    Code("E102", "too large", "slow", "give at most 50 entries per question, or --max-size", stops=True),
    Code("E103", "not UTF-8", "crashes", "save it as UTF-8 without a byte-order mark", stops=True),
    Code("E104", "starts with a byte-order mark", "crashes", "save it as UTF-8 without a byte-order mark"),
    Code("E105", "not JSON", "crashes", "mend the file at that place", stops=True),
    Code("E106", "NaN, Infinity or a number too large", "a NaN time counts as right", "write a finite number"),
    Code("E107", "key given twice in one object", "the last one counts", "keep one of them"),
    Code("E108", "nested too deeply", "may crash", "write plain arrays of objects", stops=True),
    Code("E109", "number with too many characters", "may crash", "write numbers with a few digits", stops=True),
    Code("E110", "top level is not an array", "crashes", "put the objects into [ ]", stops=True),
    Code("E111", "empty array", "crashes on Track 2, else scores 0", "write one object per question", stops=True),
    Code("E112", "too many items", "slow", "write one object per question", stops=True),
    Code("E113", "an archive without one submission in it", "crashes", "name the .json file itself", stops=True),
    Code("E114", "another kind of file", "crashes", "write a JSON array of answers", stops=True),
    Code("W115", "packed in an archive", "reads plain JSON only", "hand in what the organizers ask for"),
    Code("E201", "not an object", "crashes", "one object per question"),
    Code("E202", "no id", "crashes", "copy the id from the questions file"),
    Code("E203", "id of the wrong form", "matches nothing (but 0.0 counts as 0, true as 1)",
         "copy the id as it stands in the questions file"),
    Code("E204", "id more than once", "the last one counts", "keep one answer per question"),
    Code("E205", "id not in the questions file", "ignored", "copy ids from the questions file"),
    Code("E206", "questions without an answer", "count 0, and inflate the MRR", "answer every question"),
    Code("E207", "not a single id matches", "crashes on Track 2, else scores 0", "was this made for another split?"),
    Code("E208", "id is right but for number or text", "matches nothing", "write it with or without quotes, as there"),
    Code("E209", "id is right but for blanks, case, width or .0", "matches nothing", "copy it from the questions file"),
    Code("E210", "fields of another track", "crashes", "was this made for another track?"),
    Code("E211", "required field missing", "crashes", "add the field"),
    Code("E212", "id carries another track's number", "matches nothing", "use the questions file of this track"),
    Code("E213", "question text differs", "never read", "rows may be shifted: check ids against texts"),
    Code("W214", "no question text", "never read", "copy it, so that others can check the ids"),
    Code("W215", "question text differs in blanks or width", "never read", "nothing to do"),
    Code("W216", "unknown field", "never read", "leave it out"),
    Code("W217", "language_type absent or not the question's", "never read", "copy it from the questions file"),
    Code("E218", "video_id is not the question's", "never read", "answer within the given video"),
    Code("W219", "no video_id", "never read", "copy it from the questions file"),
    *_SPANS,
    # Where spans are not scored, what is wrong with them is a warning under the same number.
    *(Code(f"W{one.code[1:]}", one.title, "never read in Track 2", one.fix) for one in _SPANS),
    Code("W308", "ends just after the video's end", "hardly matters", "end with the video"),
    Code("W309", "ends far after the video's end", "lowers the IoU, or counts 0", "times are seconds of that video"),
    Code("W310", "times in another unit than seconds", "takes them for seconds (Track 2 reads none)",
         "--fix OUT --unit ms, fraction or frames=FPS", leads=True),
    Code("E401", "output is not an array", "crashes or counts 0", "an array of [video id, start, end]"),
    Code("E402", "output is empty", "crashes on Track 3, counts 0 on Track 2", "give at least one entry"),
    Code("W403", "more entries than are read", "the rest is never read", "cut the list"),
    Code("W404", "fewer entries than are read", "chances are left unused", "give as many as are read"),
    Code("E405", "entry is not an array", "crashes or counts 0", "write [video id, start, end]"),
    Code("E406", "entry too short", "crashes", "write [video id, start, end]"),
    Code("E407", "arrays nested wrongly", "counts 0 or crashes", "output is an array of [video id, start, end]"),
    Code("W408", "entry without a span", "fine on Track 2", "nothing to do"),
    Code("W409", "entry with more than three elements", "the rest is never read", "write [video id, start, end]"),
    Code("E410", "video id is not a text", "counts 0", "write the video's id"),
    Code("E411", "video not in the corpus", "counts 0", "use the ids of the split's videos"),
    Code("W412", "unlikely video id", "counts 0 if there is no such video", "ids have 11 letters, digits, _ and -"),
    Code("W413", "identical entry repeated", "a wasted rank", "drop the repetition"),
    Code("W414", "video more than once in Track 2", "each repetition takes a rank", "list each video once for Track 2"),
    Code("E901", "not an array of answers, or empty", "crashes", "one object per question, in [ ]"),
    Code("E902", "id more than once", "each row counts", "one row per question"),
    Code("E903", "field missing or of the wrong type", "crashes when it is needed", "see the organizers' answer file"),
    Code("E904", "not a valid span", "may crash or exceed 1; strict scoring refuses", "0 <= start < end, in seconds"),
    Code("E905", "video not in the corpus", "cannot be answered", "use the ids of the split's videos"),
    Code("W906", "ends after the video's end", "scored as it stands", "check the duration"),
)  # fmt: skip
CODES: dict[str, Code] = {one.code: one for one in _ALL}
BEGIN, END = "<!-- codes: begin -->", "<!-- codes: end -->"


def explained(names: Sequence[str]) -> list[Code]:
    """The codes of these names, in any case, each once.

    Raises:
        UserError: there are no such codes; all of them are named.
    """
    wanted = list(dict.fromkeys(name.strip().upper() for name in names))
    unknown = [name for name in wanted if name not in CODES]
    if unknown:
        said = ", ".join(f"{name!r}" for name in unknown)
        near = closest(unknown[0], CODES)
        raise UserError(f"no such code: {said}", f"Codes are E101 to W906, as `validate` prints them.{near}")
    return [CODES[name] for name in wanted]


def markdown() -> str:
    """The table of all codes for the documentation, one part per family."""
    return "\n".join(_lines()).strip() + "\n"


def documented(text: str) -> str:
    """``text`` with the table between the markers replaced by the present one."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown()}{END}{after}"


def _lines() -> Iterator[str]:
    for family, title in FAMILIES.items():
        yield f"\n### {title}\n"
        yield "| code | what | the official program | fix |"
        yield "| --- | --- | --- | --- |"
        for one in CODES.values():
            if one.code[1] == family:
                end = " (nothing further is checked)" if one.stops else ""
                yield f"| {one.code} | {one.title}{end} | {one.official} | {one.fix} |"


if __name__ == "__main__":
    import sys

    if sys.argv[1:] == ["--write"]:
        target = Path(__file__).with_name("CODES.md")
        target.write_text(documented(target.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    else:
        print(markdown(), end="")
