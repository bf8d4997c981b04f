"""Web pages, pointers and parts of archives are called that by every reader that meets them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cmivqa_kit.data.archive import unpack
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.srt import convert_folder
from cmivqa_kit.errors import UserError, reason_of
from cmivqa_kit.files import read_json
from cmivqa_kit.foreign_content import foreign_content, stand_in, stand_ins
from cmivqa_kit.neural.encoders import open_config, open_encoder, open_tokenizer
from cmivqa_kit.neural.official_checkpoints import read_checkpoint
from cmivqa_kit.neural.weights import load_weights
from tests.cli.running import cmivqa_here

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 10\n"
QUESTIONS = b'[{"id": 1, "question": "q", "video_id": "v", "start_second": 1, "end_second": 2}]'
ANNEX = b"../../.git/annex/objects/aa/bb/SHA256E-s10--4d7a.npy\n"


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "data", "noun", "fix"),
    [
        ("a.json", PAGE, "a web page, not the file itself", "open the link"),
        ("a.json", b"\xef\xbb\xbf\n<!-- x -->\n<HTML lang=zh>", "a web page, not the file itself", "open the link"),
        ("a.json", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a web page", "open the link"),
        ("a.npy", POINTER, "a Git LFS pointer, not the file itself", "git lfs pull"),
        ("a.npy", ANNEX, "a git-annex pointer, not the file itself", "git annex get a.npy"),
        ("a.bin", b"Entry not found", "the reply of a server ('Entry not found')", "sign in"),
        ("a.bin", b"\0" * 64, "nothing but zero bytes", "Download it again"),
        ("a.zip.001", b"PK\x03\x04", "part 1 of a split archive", "cat "),
        ("a.tar.gz.partaa", b"\x1f\x8b", "part aa of a split archive", "cat "),
        ("a.z01", b"PK\x03\x04", "part 1 of a split zip archive", "zip -s 0 a.zip"),
        ("a.part2.rar", b"Rar!", "part 2 of a split rar archive", "unrar x a.part2.rar"),
        ("a.zip", b"PK\x07\x08PK\x03\x04", "the first part of a split zip archive", "zip -s 0"),
        ("._a.json", b"\x00\x05\x16\x07", "macOS's own companion", "without the leading"),
    ],
)
def test_what_stands_in_the_place_of_data(tmp_path: Path, name: str, data: bytes, noun: str, fix: str) -> None:
    content = stand_in(put(tmp_path / name, data))
    assert content is not None
    assert content.noun.startswith(noun)
    assert fix in content.fix


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"PK\x03\x04rest", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office"),
        (b"%PDF-1.7", "pdf"),
        (b"\x89HDF\r\n", "hdf5"),
        (b"1 Q0 abc 1 0.5 run\n1 Q0 abd 2 0.4 run\n", "TREC run"),
        (b"\0" * 257 + b"ustar", "tar"),
    ],
)
def test_other_files_are_known_too(tmp_path: Path, data: bytes, kind: str) -> None:
    content = foreign_content(put(tmp_path / "a.json", data))
    assert content is not None
    assert content.kind == kind


@pytest.mark.parametrize("data", [b"", b"[1]", b"plain text", b"# README\n<p>", b"1\n00:00:01,000 --> 00:00:02,000\nx"])
def test_data_is_left_alone(tmp_path: Path, data: bytes) -> None:
    assert foreign_content(put(tmp_path / "a.json", data)) is None
    assert stand_in(tmp_path / "none") is None
    assert stand_ins(tmp_path) == []


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(("data", "noun"), [(PAGE, "a web page"), (POINTER, "a Git LFS pointer")])
def test_every_reader_says_so(tmp_path: Path, data: bytes, noun: str) -> None:
    store = SplitFeatures((put(tmp_path / "features" / "v.npy", data).parent,))
    assert noun in store.state("v")[1]
    assert noun in refusal(lambda: read_json(put(tmp_path / "a.json", data)))
    assert noun in refusal(lambda: unpack(put(tmp_path / "a.zip", data), tmp_path / "out"))
    assert noun in refusal(lambda: read_checkpoint(put(tmp_path / "a.bin", data)))
    assert noun in refusal(lambda: read_checkpoint(put(tmp_path / "a.safetensors", data)))
    assert noun in refusal(lambda: load_weights(torch.nn.Linear(1, 1), tmp_path / "a.safetensors"))
    assert noun in refusal(lambda: convert_folder(put(tmp_path / "a.srt", data), tmp_path / "s.json"))


@pytest.mark.parametrize(("data", "noun"), [(PAGE, "a web page"), (POINTER, "a Git LFS pointer")])
def test_folders_of_encoders_say_so(tmp_path: Path, data: bytes, noun: str) -> None:
    put(tmp_path / "c" / "config.json", data)
    assert f"config.json is {noun}" in refusal(lambda: open_config(str(tmp_path / "c")))
    put(tmp_path / "t" / "tokenizer.json", data)
    assert f"tokenizer.json is {noun}" in refusal(lambda: open_tokenizer(tmp_path / "t"))
    put(tmp_path / "v" / "vocab.txt", data)
    assert f"vocab.txt is {noun}" in refusal(lambda: open_tokenizer(tmp_path / "v"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_weights_of_an_encoder_that_are_a_page(tmp_path: Path, name: str) -> None:
    encoder = open_encoder("tiny", ["press the wound"], 0)
    model, tokenizer = encoder.model, encoder.tokenizer
    getattr(model, "config").save_pretrained(tmp_path)  # noqa: B009 (a module has no such attribute for mypy)
    tokenizer.save_pretrained(tmp_path)
    put(tmp_path / name, PAGE)
    assert f"{name} is a web page" in refusal(lambda: open_encoder(str(tmp_path), (), 0))


def test_the_last_part_of_a_split_zip(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("train.json", "[]")
    data = bytearray(buffer.getvalue())
    end = data.rfind(b"PK\x05\x06")
    data[end + 4 : end + 6] = (2).to_bytes(2, "little")
    said = refusal(lambda: unpack(put(tmp_path / "a b.zip", bytes(data)), tmp_path / "out"))
    assert "the last of 3 parts of a split zip archive" in said
    assert "zip -s 0 'a b.zip'" in said


def test_weights_with_python_objects_are_refused_without_unsafe_advice(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1), "b": Path("x"), "c": np.float64(1)}, tmp_path / "a.bin")
    said = refusal(lambda: read_checkpoint(tmp_path / "a.bin"))
    assert "which are never loaded" in said
    assert "weights_only" not in said


@pytest.mark.parametrize(
    "advice",
    [
        "Re-running `torch.load` with `weights_only` set to `False` will likely succeed",
        "Object arrays cannot be loaded when allow_pickle=False",
        "Please pass the argument `trust_remote_code=True`",
        "retry with verify=False",
    ],
)
def test_advice_that_switches_a_safety_off_is_not_passed_on(advice: str) -> None:
    assert reason_of(ValueError(advice)) == "it holds Python objects or code, which are never loaded"
    assert reason_of(ValueError("bad header\nmore")) == "bad header"
    assert reason_of(EOFError()) == "EOFError"


def test_init_names_what_it_leaves_out(tmp_path: Path) -> None:
    put(
        tmp_path / "in" / "train.json",
        b'[{"id": 1, "question": "q", "video_id": "v", "start_second": 1, "end_second": 2}]',
    )
    put(tmp_path / "in" / "subtitle.json", PAGE)
    put(tmp_path / "in" / "test.zip.002", b"rest")
    done = cmivqa_here("init", "--from", tmp_path / "in", cwd=tmp_path)
    text = " ".join(done.stdout.decode().split())
    assert "subtitle.json: a web page, not the file itself" in text
    assert "test.zip.002: part 2 of a split archive" in text


def test_no_text_of_the_kit_advises_to_switch_a_safety_off() -> None:
    root = Path(__file__).parents[1]
    patterns = ("cmivqa_kit/**/*.py", "baselines/**/*.py", "docs/*.md", "*.md")
    files = [path for pattern in patterns for path in root.glob(pattern)]
    assert len(files) > 100
    unsafe = re.compile(r"weights_only\s*=\s*False|allow_pickle\s*=\s*True|verify\s*=\s*False|no-check-certificate`")
    assert [path.name for path in files if unsafe.search(path.read_text(encoding="utf-8"))] == []
