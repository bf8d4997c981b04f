"""Archives are unpacked whole or not at all, and hostile ones not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data import archive as module
from cmivqa_kit.data.archive import is_archive, unpack
from cmivqa_kit.errors import RunFailed, UserError

FILES = {"data/subtitle.json": b"{}", "data/video_feature/a.npy": b"\x93NUMPY" * 1000, "中文/题.json": "题".encode()}
KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")
PACK: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


def make_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as bundle:
        for name, content in files.items():
            bundle.writestr(name, content)
    return path


def tar_bytes(members: list[tuple[tarfile.TarInfo, bytes]], **options: object) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", **options) as bundle:  # type: ignore[call-overload]
        for info, content in members:
            bundle.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(content), kind
    return info, content


def make(folder: Path, kind: str, files: dict[str, bytes]) -> Path:
    path = folder / f"release.{kind}"
    if kind == "zip":
        return make_zip(path, files)
    data = tar_bytes([member("data", kind=tarfile.DIRTYPE), *(member(n, c) for n, c in files.items())])
    path.write_bytes(PACK[kind[4:]](data) if kind != "tar" else data)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refusal(archive: Path, **options: int) -> str:
    """The message of the error; nothing may have been written beside the archive."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(UserError) as caught:
        unpack(archive, archive.parent / "out" / "deep", **options)
    assert sorted(archive.parent.rglob("*")) == before
    return caught.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_unpacked(tmp_path: Path, kind: str) -> None:
    archive = make(tmp_path, kind, FILES)
    assert is_archive(archive)
    unpacked = unpack(archive, tmp_path / "out")
    assert contents(tmp_path / "out") == FILES
    assert unpacked.files == tuple(sorted(tmp_path / "out" / name for name in FILES))
    assert unpacked.notes == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", archive.name]
    assert (tmp_path / "out").stat().st_mode & 0o500 == 0o500


@pytest.mark.parametrize("kind", KINDS)
def test_only_wanted_members_and_no_clutter(tmp_path: Path, kind: str) -> None:
    clutter = {"__MACOSX/data/._a.json": b"x", "data/.DS_Store": b"x", "data/a.mp4": b"x"}
    archive = make(tmp_path, kind, FILES | clutter)
    unpacked = unpack(archive, tmp_path / "out", wanted=lambda name: not name.endswith(".mp4"))
    assert contents(tmp_path / "out") == FILES
    assert len(unpacked.notes) == 1
    assert "3 files not unpacked" in unpacked.notes[0].why


def test_names_are_cleaned(tmp_path: Path) -> None:
    unpack(make(tmp_path, "tar", {"./a//b.json": b"1"}), tmp_path / "out")
    assert contents(tmp_path / "out") == {"a/b.json": b"1"}


BAD_NAMES = [
    "/etc/passwd",
    "../up.json",
    "a/../../up.json",
    "a/..",
    "C:/x.json",
    "c:x.json",
    "..\\up.json",
    "a\\b.json",
    "\\\\server\\share",
    "a\nb.json",
    "a\x1b[2Jb.json",
    "a\x7f.json",
    "n" * 300,
]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_hostile_names_are_all_listed_and_nothing_is_written(tmp_path: Path, kind: str) -> None:
    message = refusal(make(tmp_path, kind, {"good.json": b"1", **dict.fromkeys(BAD_NAMES, b"x")}))
    assert f"{len(BAD_NAMES)} problems" in message
    for name in BAD_NAMES:
        assert repr(name[:100]) in message


def test_nul_in_a_zip_name(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"good.jsonX.exe": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"good.jsonX", b"good.json\0"))
    assert "control characters" in refusal(archive)


def test_hostile_names_of_unwanted_members_and_folders_are_refused_too(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_bytes([member("../x.mp4", b"1"), member("../up", kind=tarfile.DIRTYPE)]))
    with pytest.raises(UserError, match="2 problems"):
        unpack(archive, tmp_path / "out", wanted=lambda name: False)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a device, pipe"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
    ],
)
def test_links_and_devices_in_tars(tmp_path: Path, kind: bytes, what: str) -> None:
    info, _ = member("data/x", kind=kind)
    info.linkname = "/etc/passwd"
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_bytes([(info, b""), member("data/x/y", b"1")]))
    assert f"'data/x': {what}" in refusal(archive)


@pytest.mark.parametrize(("mode", "what"), [(0o120777, "a link"), (0o020666, "a device"), (0o010666, "a device")])
def test_links_and_devices_in_zips(tmp_path: Path, mode: int, what: str) -> None:
    info = zipfile.ZipInfo("data/x")
    info.external_attr = mode << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as bundle:
        bundle.writestr(info, "/etc/passwd")
    assert f"'data/x': {what}" in refusal(tmp_path / "a.zip")


def test_a_name_twice_and_a_file_that_is_also_a_folder(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(tar_bytes([member("a", b"1"), member("a/b", b"1"), member("c", b"1"), member("./c", b"2")]))
    message = refusal(archive)
    assert "'a': is both a file and a folder" in message
    assert "'./c': stands twice" in message


def test_encrypted_zips(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"a.json": b"1"})
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    assert "encrypted" in refusal(archive)


def test_a_method_python_cannot_read(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"a.json": b"1"})
    data = bytearray(archive.read_bytes())
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 9  # Deflate64, which Windows uses for large members
    archive.write_bytes(data)
    with pytest.raises(UserError) as caught:
        unpack(archive, tmp_path / "out")
    assert "7-Zip" in caught.value.fix
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_counts_what_is_wanted(tmp_path: Path, kind: str) -> None:
    archive = make(tmp_path, kind, {"a.json": b"x" * 600, "b.json": b"x" * 600, "c.mp4": b"x" * 5000})
    assert "limit of 1,000 bytes" in refusal(archive, limit_bytes=1000)
    unpack(archive, tmp_path / "out", limit_bytes=1200, wanted=lambda name: name.endswith(".json"))
    assert len(contents(tmp_path / "out")) == 2


def test_bytes_are_counted_whatever_was_declared(tmp_path: Path) -> None:
    sink = module._Counted(io.BytesIO(), 10)
    assert sink.write(b"x" * 10) == 10
    with pytest.raises(module._TooMuch):
        sink.write(b"x")


def test_a_zip_that_declares_less_than_it_holds_is_damaged(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"a.json": b"x" * 5000})
    data = bytearray(archive.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    archive.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_zip_bombs(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"a.json": bytes(30 * 2**20)})
    assert "'a.json': unpacks" in refusal(archive)
    unpack(archive, tmp_path / "out", wanted=lambda name: False)


@pytest.mark.parametrize("kind", ["tar.bz2", "tar.xz"])
def test_tar_bombs(tmp_path: Path, kind: str) -> None:
    archive = make(tmp_path, kind, {"a.json": bytes(30 * 2**20)})
    assert "decompression bomb" in refusal(archive)


def test_a_tar_header_of_absurd_size_is_not_read_into_memory(tmp_path: Path) -> None:
    info, _ = member("././@LongLink", kind=tarfile.GNUTYPE_LONGNAME)
    info.size = 2**33 - 512
    (tmp_path / "a.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "absurd size" in refusal(tmp_path / "a.tar")


def test_a_tar_member_of_negative_size_does_not_loop(tmp_path: Path) -> None:
    info, _ = member("a.json")
    info.size = -1024
    first = member("b.json")[0].tobuf()
    (tmp_path / "a.tar").write_bytes(first * 3 + info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    refusal(tmp_path / "a.tar")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 5)
    for kind in ("zip", "tar"):
        assert "more than the limit of 5 members" in refusal(make(tmp_path, kind, {f"{i}.json": b"" for i in range(6)}))


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_archives(tmp_path: Path, kind: str) -> None:
    noise = random.Random(1).randbytes(20_000)
    archive = make(tmp_path, kind, {"a.npy": noise, "b.npy": noise[::-1]})
    data = archive.read_bytes()
    for keep in (3, 300, len(data) // 3, len(data) - 1200, *([len(data) - 6] if kind != "tar" else [])):
        archive.write_bytes(data[:keep])
        if kind == "tar" and keep > len(data) - 10240:  # only padding is missing there
            continue
        refusal(archive)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_is_found_in_packed_archives(tmp_path: Path, kind: str) -> None:
    archive = make(tmp_path, kind, {"a.npy": random.Random(1).randbytes(5000)})
    data = bytearray(archive.read_bytes())
    data[(156 if kind == "tar" else 2500)] ^= 0x55
    archive.write_bytes(data)
    assert "damaged" in refusal(archive)


def test_a_damaged_header_in_the_middle_of_a_tar_is_not_its_end(tmp_path: Path) -> None:
    data = bytearray(tar_bytes([member("a.json", b"1"), member("b.json", b"2")]))
    data[1024 + 150] ^= 0x55
    (tmp_path / "a.tar").write_bytes(data)
    assert "damaged member header" in refusal(tmp_path / "a.tar")


def test_gbk_names_are_repaired(tmp_path: Path) -> None:
    # Chinese Windows writes GBK without saying so; 0x5c as the second byte of a character is no backslash.
    name = "数据/乗.json"
    assert b"\\" in name.encode("gb18030")
    archive = make_zip(tmp_path / "a.zip", {"x" * len(name.encode("gb18030")): b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"x" * len(name.encode("gb18030")), name.encode("gb18030")))
    unpack(archive, tmp_path / "zip")
    (tmp_path / "a.tar").write_bytes(tar_bytes([member(name, b"1")], encoding="gb18030", format=tarfile.GNU_FORMAT))
    unpack(tmp_path / "a.tar", tmp_path / "tar")
    assert contents(tmp_path / "zip") == contents(tmp_path / "tar") == {name: b"1"}


def test_names_in_no_known_encoding_are_refused(tmp_path: Path) -> None:
    stream = tar_bytes([member("abc.json", b"1")]).replace(b"abc.json", b"a\xff.json\0")
    header = bytearray(stream)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    (tmp_path / "a.tar").write_bytes(header)
    assert "neither in UTF-8 nor in GB18030" in refusal(tmp_path / "a.tar")


def test_an_existing_destination_is_left_alone(tmp_path: Path) -> None:
    archive = make(tmp_path, "zip", FILES)
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("out", "link"):
        with pytest.raises(UserError, match="already exists"):
            unpack(archive, tmp_path / name)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_disk_error_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, data: bytes) -> int:
        raise module._WriteFailed("No space left on device")

    archive = make(tmp_path, "tar.gz", FILES)
    monkeypatch.setattr(module._Counted, "write", full)
    with pytest.raises(RunFailed, match="No space left"):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_a_stopped_run_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(self: object, data: bytes) -> int:
        raise KeyboardInterrupt

    archive = make(tmp_path, "zip", FILES)
    monkeypatch.setattr(module._Counted, "write", stopped)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def test_what_is_no_archive(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("<html>" * 500, encoding="utf-8")
    named = tmp_path / "login.zip"
    named.write_bytes(page.read_bytes())
    packed = tmp_path / "a.json.gz"
    packed.write_bytes(gzip.compress(b"{}" * 500))
    assert [is_archive(path) for path in (page, named, packed, tmp_path, tmp_path / "none.zip")] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert "is a web page, not the file itself" in refusal(page)
    assert "is a web page, not the file itself" in refusal(named)
    refusal(packed)
    assert "is a folder" in refusal(tmp_path)
    assert "no such archive" in refusal(tmp_path / "none.zip")
    unnamed = tmp_path / "download"
    unnamed.write_bytes(make(tmp_path, "tar.gz", FILES).read_bytes())
    assert is_archive(unnamed)


def attempt(data: bytes, name: str) -> None:
    """Unpack bytes of any kind: only documented errors, and never half a folder."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / name
        archive.write_bytes(data)
        is_archive(archive)
        try:
            unpack(archive, Path(folder) / "out", limit_bytes=10**6)
        except UserError:
            assert [path.name for path in Path(folder).iterdir()] == [name]


@given(
    st.binary(max_size=1500), st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08\0", b"BZh9", b"\xfd7zXZ\0"])
)
def test_random_bytes(noise: bytes, magic: bytes) -> None:
    attempt(magic + noise, "a.bin")


SAMPLES: list[tuple[str, bytes]] = []
for _kind in KINDS:
    with tempfile.TemporaryDirectory() as _folder:
        SAMPLES.append((_kind, make(Path(_folder), _kind, {"a.json": b"x" * 700, "b/c.json": b"y" * 20}).read_bytes()))


@settings(max_examples=300)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_archives(sample: tuple[str, bytes], patches: list[tuple[float, int]]) -> None:
    kind, data = sample[0], bytearray(sample[1])
    for place, value in patches:
        data[int(place * min(len(data), 2500))] = value
    attempt(bytes(data), f"a.{kind}")


@pytest.mark.parametrize(
    ("name", "fault"),
    [("a:b.json", "a drive to Windows"), ("C:x/a.json", "a drive to Windows"), ("C:/a.json", "absolute path")],
)
def test_a_letter_and_a_colon_are_no_absolute_path(tmp_path: Path, name: str, fault: str) -> None:
    text = refusal(make(tmp_path, "zip", {name: b"[]"}))
    assert fault in text and ("absolute path" in text) == (fault == "absolute path")


def test_a_member_lies_at_most_32_folders_deep(tmp_path: Path) -> None:
    fine = make_zip(tmp_path / "fine.zip", {"d/" * 32 + "x.json": b"[]"})
    assert len(unpack(fine, tmp_path / "made").files) == 1
    deep = make_zip(tmp_path / "deep.zip", {"d/" * 33 + "x.json": b"[]", "e/" * 800 + "x.json": b"[]"})
    with pytest.raises(UserError) as raised:
        unpack(deep, tmp_path / "none")
    assert "33 folders deep, more than the limit of 32" in str(raised.value)
    assert "800 folders deep" in str(raised.value)
    assert not (tmp_path / "none").exists()


def test_folders_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FOLDERS", 5)
    wide = make_zip(tmp_path / "wide.zip", {f"{number}/x.json": b"[]" for number in range(6)})
    with pytest.raises(UserError, match="more than the limit of 5 folders"):
        unpack(wide, tmp_path / "none")


@pytest.mark.parametrize("as_zip64", [False, True])
def test_a_zip_with_a_huge_directory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_zip64: bool
) -> None:
    if as_zip64:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    many = make_zip(tmp_path / "many.zip", {f"{number}": b"" for number in range(300)})
    monkeypatch.setattr(module, "MAX_MEMBERS", 20)

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("the directory was read")

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(UserError, match="more than the limit of 20 members"):
        unpack(many, tmp_path / "none")
