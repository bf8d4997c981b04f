"""The reader never raises: what is wrong with a file is a finding with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.submission.read import Document, interpreter, plain_id, read_submission, shape_of
from tests.submission.small import lists, records

SMALL = json.dumps(lists(records("dev"))[:1], ensure_ascii=False)


def read(path: Path, data: bytes | str) -> Document:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_submission(path)


def codes(document: Document) -> list[str]:
    return [finding.code for finding in document.findings]


def test_a_good_file(tmp_path: Path) -> None:
    document = read(tmp_path / "x.json", SMALL)
    assert document.readable
    assert not document.findings
    assert document.rows == json.loads(SMALL)


def test_missing_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        document = read_submission(path)
        assert codes(document) == ["E101"]
        assert not document.readable
        assert document.rows == ()


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (SMALL.encode("utf-16"), "E103", "UTF-16"),
        (SMALL.encode("gbk"), "E103", "GB18030"),
        (SMALL.encode("utf-32"), "E103", "UTF-32"),
        (SMALL.encode()[: SMALL.encode().index(b"\xe5") + 1], "E103", "cut off"),
        (b"", "E105", "empty"),
        (SMALL.encode() * 2, "E105", "Extra data"),
        (SMALL.replace("0.0", "nul").encode(), "E105", "Expecting value"),
        (b"[" * 100_000, "E105", "nested too deeply"),
        (b'[{"id": ' + b"1" * 5001 + b"}]", "E105", "integer of more than"),
        (b"[{'id': 1}]", "E105", "double quotes"),
    ],
    ids=range(10),
)
def test_unreadable(tmp_path: Path, data: bytes, code: str, text: str) -> None:
    document = read(tmp_path / "x.json", data)
    assert codes(document) == [code]
    assert not document.readable
    assert text in document.findings[0].message
    assert str(tmp_path) not in document.findings[0].message


def test_the_place_of_a_trailing_comma(tmp_path: Path) -> None:
    (finding,) = read(tmp_path / "x.json", '[\n{"id": 0},\n{"id": 1,}\n]').findings
    assert "trailing comma" in finding.message
    assert finding.line == 3
    assert finding.column in (9, 10)  # the bracket; from Python 3.13 on, the comma


def test_a_mark_is_a_finding_but_no_end(tmp_path: Path) -> None:
    document = read(tmp_path / "x.json", b"\xef\xbb\xbf" + SMALL.encode())
    assert codes(document) == ["E104"]
    assert document.encoding_fault
    assert document.rows == json.loads(SMALL)
    both = read(tmp_path / "x.json", b"\xef\xbb\xbf[")
    assert codes(both) == ["E104", "E105"]
    assert not both.readable


@pytest.mark.parametrize(
    ("text", "kind"),
    [("{}", "an object"), ('"a"', "a string"), ("null", "null"), ("1", "a number"), ("1.5", "a number"),
     ("NaN", "a number"), ("true", "true or false")],
)  # fmt: skip
def test_no_array(tmp_path: Path, text: str, kind: str) -> None:
    document = read(tmp_path / "x.json", text)
    assert codes(document) == ["E110"]
    assert document.findings[0].message.startswith(kind)
    assert document.readable
    assert document.rows == ()


def test_an_empty_array(tmp_path: Path) -> None:
    assert codes(read(tmp_path / "x.json", "[ ]")) == ["E111"]


def test_cut_off_at_every_byte(tmp_path: Path) -> None:
    data = SMALL.encode()
    for length in range(len(data)):
        document = read(tmp_path / "x.json", data[:length])
        assert codes(document)[-1] in ("E103", "E105")
        assert "cut off" in document.findings[-1].message or length == 0


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    document = read(tmp_path_factory.getbasetemp() / "any.json", data)
    for finding in document.findings:
        assert json.dumps(finding.to_dict())


def test_shapes() -> None:
    span, corpus = {"id": 0, "start_second": 1}, {"id": 0, "output": []}
    assert shape_of([span, span, corpus]) == "span"
    assert shape_of([span, corpus]) == "corpus"
    assert shape_of([{**span, **corpus}]) == "corpus"  # baselines copy the whole question record
    assert shape_of([{"end_second": 1}]) == "span"
    assert shape_of([{"id": 0}, 7, None, "output"]) is None
    assert shape_of([]) is None


def test_plain_ids() -> None:
    assert [plain_id({"id": i}) for i in (0, "x", True, 1.0, None, [1], {})] == [0, "x", *[None] * 5]
    assert plain_id({}) is None
    assert plain_id("id") is None


def test_the_interpreter_is_named() -> None:
    assert interpreter().startswith("3.")
