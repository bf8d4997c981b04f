"""Submissions in archives, and files of another kind: read, or refused with what they are and the limit."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.scoring.crashes import load_crash
from cmivqa_kit.submission import unpacking
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import read_submission
from cmivqa_kit.submission.scan import Limits

JSON = b'[{"id": 1, "output": [["v", 0, 1]]}]'
PATH = Path("my run.zip")


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def tarred(**files: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as bundle:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            bundle.addfile(info, io.BytesIO(data))
    return made.getvalue()


def linked() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as bundle:
        info = tarfile.TarInfo("a.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bundle.addfile(info)
    return made.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped(**{"a.json": JSON}))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    return bytes(data)


MAC = {"__MACOSX/._a.json": b"\0\5\x16\7", "sub/": b"", ".DS_Store": b"x"}


@pytest.mark.parametrize(
    "data",
    [
        zipped(**{"a.json": JSON}),
        zipped(**{"../../etc/a.json": JSON}),  # a name is no path here
        zipped(**{"deep/a.txt": JSON}),
        zipped(**{**MAC, "sub/a.json": JSON, "README.md": b"hello"}),
        packed(JSON),
        bz2.compress(JSON),
        lzma.compress(JSON),
        tarred(**{"a.json": JSON}),
        packed(tarred(**{"a.json": JSON, "._a.json": b"x"})),
    ],
    ids=["zip", "path", "txt", "mac", "gz", "bz2", "xz", "tar", "tar.gz"],
)
def test_the_one_submission_is_read(tmp_path: Path, data: bytes) -> None:
    content = content_of(PATH, data)
    assert content.data == JSON
    assert [finding.code for finding in content.findings] == ["W115"]
    path = tmp_path / "x.json"
    path.write_bytes(data)
    for document in (read_guarded(path), read_submission(path)):
        assert document.readable and len(document.rows) == 1
        assert [finding.code for finding in document.findings] == ["W115"]
    assert load_crash(path) is None  # the official program is given what is in it


def test_other_members_are_named() -> None:
    (finding,) = content_of(PATH, zipped(**{"a.json": JSON, "README.md": b"hello"})).findings
    assert "a.json" in finding.message and "not read: README.md" in finding.message


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (zipped(**{"a.json": JSON, "b.json": JSON}), "E113", "2 submissions in it (a.json, b.json)"),
        (zipped(**{"a.txt": JSON, "b.txt": JSON}), "E113", "several files, none named .json"),
        (zipped(), "E113", "without a file in it"),
        (zipped(**MAC), "E113", "without a file in it"),
        (zipped(**{"a.json": zipped(**{"b.json": JSON})}), "E113", "with a zip archive in it (a.json)"),
        (packed(packed(JSON)), "E113", "with a gzip file in it"),
        (packed(JSON)[:20], "E113", "damaged or cut off"),
        (zipped(**{"a.json": JSON})[:60], "E113", "damaged or cut off"),
        (encrypted(), "E113", "encrypted"),
        (linked(), "E113", "is a link, no file"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(30), "E113", "a 7z archive"),
        (packed(bytes(30 * 2**20)), "E113", "1,000 times its size: a decompression bomb"),
        (zipped(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "E114", "an Excel workbook"),
        (zipped(**{"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), "E114", "a Word document"),
        (zipped(mimetype=b"application/vnd.oasis"), "E114", "an OpenDocument file"),
        (zipped(**{"arr_0.npy": b"\x93NUMPY1"}), "E114", "a NumPy array"),
        (b"1 Q0 v 1 50 run\n2 Q0 v 1 50 run\n", "E114", "a TREC run"),
        (b"<!DOCTYPE html><html></html>", "E114", "a web page"),
        (b"\0\5\x16\7\0\2\0\0", "E114", "macOS"),
        (b"{\\rtf1 x}", "E114", "RTF"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(data: bytes, code: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(NotASubmission) as refused:
        content_of(PATH, data)
    assert refused.value.code_of_finding == code
    assert said in refused.value.message
    assert refused.value.fix
    path = tmp_path / "x.json"
    path.write_bytes(data)
    for document in (read_guarded(path), read_submission(path)):
        assert not document.readable
        assert [finding.code for finding in document.findings] == [code]
    assert load_crash(path) is not None


def test_the_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(NotASubmission, match="unpacks to more than") as refused:
        content_of(PATH, zipped(**{"a.json": JSON + b" " * 100}), 100)
    assert refused.value.code_of_finding == "E102"
    monkeypatch.setattr(unpacking, "MEMBERS", 2)
    with pytest.raises(NotASubmission, match="limit of 2 members"):
        content_of(PATH, zipped(**{"a.json": JSON, "b": b"", "c": b""}))
    path = tmp_path / "x.gz"
    path.write_bytes(packed(JSON + b" " * 1000))
    assert [f.code for f in read_guarded(path, Limits(size=500)).findings] == ["E102"]


@pytest.mark.parametrize("pack", [zipped, tarred, lambda **files: packed(tarred(**files))])
def test_a_submission_lies_at_most_32_folders_deep(pack: Callable[..., bytes]) -> None:
    assert content_of(PATH, pack(**{"d/" * 32 + "a.json": JSON})).data == JSON
    with pytest.raises(NotASubmission, match="800 folders deep, more than the limit of 32") as refused:
        content_of(PATH, pack(**{"a.json": JSON, "d/" * 800 + "x": b""}))
    assert refused.value.code_of_finding == "E113"
    assert len(str(refused.value)) < 400


def test_plain_text_is_handed_on_as_it_is() -> None:
    for data in (JSON, b"", b"  [", b"\xef\xbb\xbf[]", b"{}", b"\xff\xfe[\0]\0", b"id,start\n"):
        assert content_of(PATH, data).data is data


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b"BZh9", b"\xfd7zXZ\0"]))
def test_no_bytes_raise_anything_else(data: bytes, magic: bytes) -> None:
    assert read_submission(PATH, magic + data).findings or not magic + data


@given(st.integers(0, 200), st.integers(0, 255))
def test_damaged_archives(at: int, byte: int) -> None:
    for whole in (zipped(**{"a.json": JSON}), packed(JSON), tarred(**{"a.json": JSON})):
        data = bytearray(whole)
        data[at % len(data)] = byte
        assert read_submission(PATH, bytes(data)).path == PATH


@pytest.mark.parametrize("ending", ["a.json", "sub/a.json", "a..json", "a..b/c.json"])
def test_a_strict_reading_takes_an_honest_archive(ending: str) -> None:
    for pack in (zipped, tarred):
        assert content_of(PATH, pack(**{ending: JSON, **MAC}), strict=True).data == JSON


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        ("../a.txt", "a name that leads out of its folder"),
        ("a/../../b", "a name that leads out of its folder"),
        ("/etc/passwd", "a name that leads out of its folder"),
        ("..\\a.txt", "a name that leads out of its folder"),
        ("C:\\a.txt", "a name that leads out of its folder"),
        ("inner.zip", "another archive"),
        ("sub/INNER.TAR.GZ", "another archive"),
        ("inner.7z", "another archive"),
    ],
)
def test_a_strict_reading_refuses_what_lies_beside_the_submission(member: str, fault: str) -> None:
    for pack in (zipped, tarred):
        data = pack(**{"a.json": JSON, member: b"x"})
        assert content_of(PATH, data).data == JSON
        with pytest.raises(NotASubmission, match=fault) as error:
            content_of(PATH, data, strict=True)
        assert error.value.code_of_finding == "E113"


def test_a_strict_reading_refuses_links_beside_the_submission() -> None:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as bundle:
        info = tarfile.TarInfo("a.json")
        info.size = len(JSON)
        bundle.addfile(info, io.BytesIO(JSON))
        info = tarfile.TarInfo("notes")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bundle.addfile(info)
    assert content_of(PATH, made.getvalue()).data == JSON
    for data in (made.getvalue(), packed(made.getvalue())):
        with pytest.raises(NotASubmission, match="a link in it"):
            content_of(PATH, data, strict=True)
