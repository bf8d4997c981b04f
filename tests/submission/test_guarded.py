"""Reading for validation: limits, hostile files, lines and columns. No input raises."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.locate import offsets_of
from cmivqa_kit.submission.read import Document, read_submission
from cmivqa_kit.submission.scan import Limits, line_columns, suspicion, trailing_commas
from cmivqa_kit.submission.validate import validate
from tests.submission.small import lists, records

SMALL = json.dumps(lists(records("dev"))[:1], ensure_ascii=False)
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "official_samples"
FAULTY_FILES: dict[str, bytes] = {
    "E102": b" " * 1001,
    "E103": b"\xff",
    "E104": b"\xef\xbb\xbf[]",
    "E105": b"[",
    "E106": b'[{"id": NaN}]',
    "E107": b'[{"id": 1, "id": 2}]',
    "E108": b"[" * 33 + b"]" * 33,
    "E109": b"[" + b"1" * 65 + b"]",
    "E110": b"{}",
    "E111": b"[]",
    "E112": b"[1, 2, 3, 4]",
    "E113": b"PK\x05\x06" + bytes(18),  # an empty zip
    "E114": b"%PDF-1.7",
    "W115": gzip.compress(b"[]"),
}


def read(folder: Path, data: bytes | str, **limits: int) -> Document:
    path = folder / "x.json"
    path.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    return read_guarded(path, Limits(**limits))


def found(document: Document) -> list[tuple[str, str, int | None, int | None]]:
    return [(f.code, f.path, f.line, f.column) for f in document.findings]


def codes(document: Document) -> list[str]:
    return [finding.code for finding in document.findings]


def test_a_good_file(tmp_path: Path) -> None:
    document = read(tmp_path, SMALL)
    assert document.findings == ()
    assert document.rows == json.loads(SMALL)
    assert document.text == SMALL


def test_limits(tmp_path: Path) -> None:
    assert codes(read(tmp_path, SMALL, size=len(SMALL.encode()) - 1)) == ["E102"]
    assert codes(read(tmp_path, SMALL, size=len(SMALL.encode()))) == []
    assert codes(read(tmp_path, "[" * 32 + "]" * 32)) == []
    assert codes(read(tmp_path, '{"a":' * 16 + "[" * 17)) == ["E108"]
    assert codes(read(tmp_path, '[{"a":' * 16 + "[]" + "}]" * 16)) == ["E108"]
    assert codes(read(tmp_path, "[-" + "9" * 63 + "]")) == []
    assert found(read(tmp_path, "[1,\n -" + "9" * 64 + "]")) == [("E109", "", 2, 2)]
    assert codes(read(tmp_path, "[1, 2]", items=2)) == []
    assert codes(read(tmp_path, "[1, 2, 3]", items=2)) == ["E112"]
    assert codes(read_guarded(tmp_path)) == ["E101"]
    assert codes(read_guarded(tmp_path / "none")) == ["E101"]
    assert codes(read_guarded(tmp_path / "a\0b")) == ["E101"]


def test_strings_are_no_structure(tmp_path: Path) -> None:
    for text in ("[" * 40, "]" * 40, '\\"' + "[" * 40, "1" * 99, "\\\\", "NaN 1e999", ",]"):
        document = read(tmp_path, f'[{{"id": 1, "x": "{text}", "y": [[{{}}]]}}]')
        assert codes(document) == []
    # Closing brackets in strings hide no depth.
    assert codes(read(tmp_path, '["]", ' * 40 + "1" + "]" * 40)) == ["E108"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"id": NaN}]', [("E106", "/0/id", 1, 9)]),
        ('[{"a": 1},\r\n {"é": [1, -Infinity, 1e999]}]', [("E106", "/1/é/1", 2, 12), ("E106", "/1/é/2", 2, 23)]),
        ('[{"a": 1.5e300, "b": "NaN", "c": true, "d": 1E-5}]', []),
        ('[{"问": 1, "问": 2}]', [("E107", "/0/问", 1, 11)]),
        ('[1, {"a": {"b/c": 1, "b\\u002fc": 1, "b/c": 1}}]',
         [("E107", "/1/a/b~1c", 1, 22), ("E107", "/1/a/b~1c", 1, 37)]),
        ('[{"x": [], "y": {}}, [], [[], {}], "", {"a": 1, "a": [{}]}]', [("E107", "/4/a", 1, 49)]),
        ("  {}", [("E110", "", 1, 3)]),
        ("\n 5", [("E110", "", 2, 2)]),
        ("\n []", [("E111", "", 2, 2)]),
        ('[\n{"id": 0},\n{"id": 1,}\n]', [("E105", "", 3, 9)]),
        ('["问" , \n]', [("E105", "", 1, 6)]),
        ("[1,\n2,,]", [("E105", "", 2, 3)]),
        ("\r\n[nul]", [("E105", "", 2, 2)]),
    ],
)  # fmt: skip
def test_places(tmp_path: Path, text: str, expected: list[Any]) -> None:
    assert found(read(tmp_path, text)) == expected


@pytest.mark.parametrize("newline", ["\n", "\r\n", " "])
def test_findings_in_items_have_their_place(tmp_path: Path, newline: str) -> None:
    rows = [{"id": 0, "question": '问题 "😀\\', "output": [["vidA_______", 5, 2], ["v\u2028w", "x", 3]], "a/b": 1}, 7]
    text = json.dumps(rows, indent=1, ensure_ascii=False).replace("\n", newline)
    report = validate(read(tmp_path, text), (3,), load_edition())
    places_found = {f.path: (f.line, f.column) for f in report.located(report.findings)}
    lines = text.split("\n")
    wanted = {"/0/output/0": "[", "/0/output/1/1": '"x"', "/1": "7", "/0/a~1b": "1", "/0": "{"}
    assert wanted.keys() <= {*places_found, "/0"}
    for path, begin in wanted.items():
        if path in places_found:
            line, column = places_found[path]
            assert line is not None
            assert column is not None
            assert lines[line - 1][column - 1 :].startswith(begin)
    assert all("line" in finding for finding in report.to_dict()["findings"])


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    ),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_every_pointer_is_found(value: Any, indent: int | None, escape: bool) -> None:
    text = json.dumps([value], indent=indent, ensure_ascii=escape)
    decoder = json.JSONDecoder()

    def walk(node: Any, path: str) -> Any:
        yield path, node
        inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, below in inside:
            yield from walk(below, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")

    pointers = dict(walk(value, "/0"))
    offsets = offsets_of(text, [*pointers, "/9", "/0/none/at/all"])
    assert offsets.keys() - {"/0/none/at/all"} == pointers.keys()
    for path, node in pointers.items():
        assert decoder.raw_decode(text, offsets[path])[0] == node


def test_places_agree_with_counting() -> None:
    text = "".join(random.Random(1).choice("ab\n\r问") for _ in range(500))
    at = line_columns(text, range(len(text)))
    for offset in range(len(text)):
        before = text[:offset].split("\n")
        assert at[offset] == (len(before), len(before[-1]) + 1)


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet='[]{}"\\,:1e-', max_size=30), st.integers(1, 4), st.integers(2, 5))
def test_the_fast_scan_agrees_with_the_exact_one(text: str, depth: int, number: int) -> None:
    """On any text that is JSON; on others either finds a fault or leaves it to the parser."""
    try:
        document = json.loads(text)
    except ValueError:
        suspicion(text, Limits(depth=depth, number=number))
        return

    def deep(value: Any) -> int:
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inside is None else 1 + max(map(deep, inside), default=0)

    suspect = suspicion(text, Limits(depth=depth, number=1000))
    assert (suspect is not None) == (deep(document) > depth)


def test_cut_off_at_every_byte(tmp_path: Path) -> None:
    data = SMALL.encode()
    for length in range(len(data)):
        document = read(tmp_path, data[:length])
        assert codes(document)[-1] in ("E103", "E105")
        assert not document.readable
        assert not validate(document, (3,), load_edition()).ok


def test_one_byte_changed_anywhere(tmp_path: Path) -> None:
    data, chance = SMALL.encode(), random.Random(2)
    for at in range(len(data)):
        changed = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        report = validate(read(tmp_path, changed), (3,), load_edition())
        assert json.dumps(report.to_dict())


def any_report(folder: Path, data: bytes) -> None:
    document = read(folder, data)
    for tracks in ((1,), (2, 3)):
        report = validate(document, tracks, load_edition())  # type: ignore[arg-type]
        assert json.dumps(report.to_dict())
    plain = read_submission(folder / "x.json")
    if document.readable:
        assert json.dumps(plain.raw) == json.dumps(document.raw)  # the same document, NaN included
    elif plain.readable:
        assert codes(document)[-1] in ("E108", "E109", "E112")


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=80))
@example(b"\xef\xbb\xbf")
@example(b"[" * 70)
@example(b'["' + b'\\"' * 30)
@example("[1]".encode("utf-16"))
@example(b'[{"id": "\\ud800", "\\udc00": 1, "output": [["\\ud800", 1, 2]]}]')
@example(b'[{"id": ' + b"9" * 64 + b', "output": 1e999}]')
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    any_report(tmp_path_factory.getbasetemp(), data)


TOKENS = (
    "[", "]", "{", "}", ",", ":", '"id"', '"output"', "NaN", "-Infinity", "1e999", "12", "-0.5", '"v"', '"\\ud800"',
    "\n", "true", "null", "[[", "]]", '{"id":1}', '"start_second":', '"question":"问",', "\ufeff", "//",
)  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_no_tokens_raise(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    any_report(tmp_path_factory.getbasetemp(), ("[" + "".join(parts) + "]").encode())


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 2_000_000,
        b'[{"a":' * 300_000,
        b'"' + b'\\"' * 1_000_000,
        b"[" + b", " * 500_000 + b"]",
        b"[" + b" " * 2_000_000,
        b"[" + b"-" * 2_000_000,
        b"[" + b"1" * 2_000_000,
        b"[" + b"1e" * 1_000_000,
        b"[" + b"NaN," * 20_000 + b"1]",
        b"[{" + b'"a":1,' * 50_000 + b'"a":1}]',
        b"[{}" + b",{}" * 20_000 + b"]",
        b'[{"id":1,"output":[' + b"[]," * 500_000 + b"[]]}]",
        b'[{"id":"\xff',
        b"\0" * 1_000_000,
    ],
    ids=range(14),
)
def test_hostile_files_take_linear_time(tmp_path: Path, hostile: bytes) -> None:
    """No clock is read: anything quadratic at these sizes would take hours."""
    document = read(tmp_path, hostile)
    report = validate(document, (3,), load_edition())
    assert not report.ok
    report.located(report.findings)


def test_trailing_commas_are_found_outside_strings() -> None:
    assert trailing_commas('[1, ",]", "\\",]", 2 , ]') == [20]
    assert trailing_commas('{"a": [1,\n],}') == [8, 11]


DIAGNOSES: dict[str, list[tuple[str, int, int]]] = {
    "2023_Submit_Example_track1.json": [("E110", 1, 1)],
    "2023_Submit_Example_track23.json": [("E110", 1, 1)],
    "2024_MMIVQA_TASK1_Sample.json": [("E105", 17, 6)],
    "2024_MMIVQA_TASK2_Sample.json": [("E105", 257, 35), ("E105", 514, 35), ("E105", 515, 6)],
    "2024_MMIVQA_TASK3_Sample.json": [("E105", 257, 35), ("E105", 514, 35), ("E105", 515, 6)],
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the organizers' samples are not beside the project")
@pytest.mark.parametrize("name", DIAGNOSES)
def test_the_official_samples(name: str) -> None:
    document = read_guarded(SAMPLES / name)
    assert [(f.code, f.line, f.column) for f in document.findings] == DIAGNOSES[name]


def test_faults_as_in_the_official_samples(tmp_path: Path) -> None:
    """The same faults in files made here: a single object (CRLF), and commas after the last element and member."""
    single = json.dumps(records("dev")[0], indent=4, ensure_ascii=False).replace("\n", "\r\n")
    assert found(read(tmp_path, single)) == [("E110", "", 1, 1)]
    row = lists(records("dev"))[0]
    text = json.dumps([row, row], indent=4, ensure_ascii=False)
    commas = text.replace("]\n    }", '],\n        "language_type": "Chinese", \n    }').replace(
        "    }\n]", "    },\n\n]"
    )
    lines = commas.split("\n")
    wanted = [(i, line.rindex(",") + 1) for i, line in enumerate(lines, 1) if line.endswith(('"Chinese", ',))]
    wanted.append((len(lines) - 2, 6))
    document = read(tmp_path, commas)
    assert [(f.code, f.line, f.column) for f in document.findings] == [("E105", *at) for at in wanted]
    assert "trailing comma" in document.findings[0].message
