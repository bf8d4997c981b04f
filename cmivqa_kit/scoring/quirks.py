"""Why the official program crashes or gives another number: its quirks by number, each in a plain sentence.

The numbers are those of docs/spec/scoring.md, section 2.2. A few causes have none: they stand here under a word.
"""

from __future__ import annotations

from collections.abc import Mapping

CRASHES: Mapping[str, str] = {
    "Q3": "the file cannot be opened",
    "Q5": "the file is not plain UTF-8 without a byte-order mark",
    "Q6": "the file is not JSON",
    "Q7": "the file holds an integer of more digits than Python reads",
    "Q8": "the file is nested too deeply",
    "Q9": "the top level of the file is not an array",
    "Q13": "no question is answered, so the MRR divides by 0",
    "Q14": "there are no answers to score against",
    "Q16": "an item of the submission has no id",
    "Q17": "an item of the submission is not an object",
    "Q34": "the right span has no length, nor has the answer: the overlap divides by 0",
    "Q42": "a time is missing or not a number",
    "Q43": "a time is an integer too large for a floating-point number",
    "Q51": "the fields are those of another track",
    "Q64": "an entry of the list is not an array that begins with a video",
    "Q65": "output is missing or not an array",
    "Q67": "an answer to score against lacks a field, or holds no number where one is needed",
    "Q70": "output is empty",
    "Q71": "an entry with the right video lacks a time",
    "Q73": "a time of an entry with the right video is not a number",
    "Q74": "output, or an entry of it, is not an array that begins with a video",
    "Q75": "the right span has no length, nor has the answer: the overlap divides by 0",
    "rounding": "times beyond 2^53 are rounded so much that the overlap divides by 0",
}

DIFFERENCES: Mapping[str, str] = {
    "Q10": "the id is in the file more than once: the official program takes the last answer, strict takes none",
    "Q12": "not answered: the official program leaves the question out of the MRR, strict counts it as 0",
    "Q18": "the answer's id is of another kind (1.0 or true for 1): equal to the official program, no answer to strict",
    "Q37": "a time is NaN: the official program puts the right time in its place, to strict the span is not valid",
    "Q40": "a time is negative: the official program scores it as it stands, to strict the span is not valid",
    "Q41": "a time is true or false: 1 or 0 to the official program, to strict the span is not valid",
    "Q60": "the official program reads the first 50 entries, strict the first {entries}",
    "Q61": "a video is in the list more than once: it takes a rank each time officially, only once in strict",
    "Q63": "an entry is a text: the official program compares its first character, strict nothing",
    "Q65": "output is a text: the official program compares its characters, strict reads no list in it",
    "rounding": "times beyond 2^53 are rounded so much that the official overlap is above 1; strict counts 1",
    "other": "the answer holds values that JSON does not have",
}
