"""Corpora that were read once: taken from the cache, made again where a file is damaged, never in the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from baselines.bm25.baseline import BM25
from cmivqa_kit.data.types import Split, Subtitle
from cmivqa_kit.plugin.types import Prediction
from cmivqa_kit.prediction.lexical import index, index_cache
from cmivqa_kit.temporary_files import temporary_file
from tests.baselines.corpora import clinic, options


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / index_cache.FOLDER


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each time that subtitles are read."""
    read, times = index.Postings.of, []

    def counted(lines: object) -> index.Postings:
        times.append(len(times))
        return read(lines)

    monkeypatch.setattr(index.Postings, "of", counted)
    return times


def asked(corpus: Split, *overrides: str) -> list[Prediction]:
    return list(BM25().predict(corpus.for_prediction(2), 3, options(*overrides)))


def only(folder: Path) -> Path:
    (path,) = folder.glob("*")
    return path


def test_read_once(folder: Path, readings: list[int]) -> None:
    first = asked(clinic())
    assert len(readings) == 1
    assert asked(clinic()) == first
    assert asked(clinic(), "index.k1=0.5", "lists.overlap=0.1") != first  # of the kept texts too
    assert len(readings) == 1
    assert only(folder).suffix == ".npz"


@pytest.mark.parametrize(
    "override",
    ["index.window_seconds=[7]", "index.window_step=0.5", "text.stem=false", "text.stop_words=false"],
)
def test_settings_of_reading_are_told_apart(readings: list[int], override: str) -> None:
    asked(clinic())
    asked(clinic(), override)
    assert len(readings) == 2


def test_texts_times_and_durations_are_told_apart(readings: list[int]) -> None:
    corpus = clinic()
    asked(corpus)
    video = corpus.videos["v07"]
    first, *others = video.subtitles
    for changed in (
        replace(video, subtitles=(replace(first, text=first.text + "s"), *others)),
        replace(video, subtitles=(replace(first, duration=4.0), *others)),
        replace(video, duration=119.0),
        replace(video, duration_source="given"),
        replace(video, subtitles=(*video.subtitles, Subtitle("", 300.0, 1.0))),
    ):
        before = len(readings)
        asked(replace(corpus, videos=MappingProxyType({**corpus.videos, "v07": changed})))
        assert len(readings) == before + 1


def test_other_ids_share_what_was_read(readings: list[int]) -> None:
    corpus = clinic()
    asked(corpus)
    renamed = {f"x{name}": replace(video, id=f"x{name}") for name, video in corpus.videos.items()}
    other = asked(replace(corpus, videos=MappingProxyType(renamed)))
    assert len(readings) == 1
    assert {c.video_id[0] for p in other for c in p.candidates} == {"x"}


def _flipped(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:1], lambda data: data[:-9], lambda data: data[: len(data) // 2], _flipped,
     lambda data: b"<html>", lambda data: bytes(len(data))],
    ids=["0 bytes", "1 byte", "end", "half", "flipped", "page", "zeros"],
)  # fmt: skip
def test_a_damaged_file_is_made_again(folder: Path, readings: list[int], damage: Callable[[bytes], bytes]) -> None:
    first = asked(clinic())
    whole = only(folder).read_bytes()
    only(folder).write_bytes(damage(whole))
    assert asked(clinic()) == first
    assert len(readings) == 2
    assert only(folder).read_bytes() == whole
    assert asked(clinic()) == first
    assert len(readings) == 2


def test_a_whole_file_of_another_corpus_is_made_again(folder: Path, readings: list[int]) -> None:
    first = asked(clinic())
    path = only(folder)
    asked(clinic(), "index.window_seconds=[7]")
    (other,) = set(folder.glob("*")) - {path}
    other.replace(path)
    assert asked(clinic()) == first
    assert len(readings) == 3


def test_nowhere_to_keep_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readings: list[int]) -> None:
    first = asked(clinic())
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "file"))
    assert asked(clinic()) == first
    assert len(readings) == 2


def test_the_folder_stays_small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(clinic())
    old = only(folder)
    os.utime(old, (1e9, 1e9))
    stale = folder / ".killed.cmivqa.tmp"
    stale.write_bytes(b"half")
    monkeypatch.setattr(index_cache, "MOST_BYTES", old.stat().st_size + 1)
    with temporary_file(folder, "working") as fresh:
        asked(clinic(59))
        assert not old.exists()
        assert not stale.exists()
        assert fresh.exists()
    assert len(list(folder.glob("*.npz"))) == 1


def test_what_is_asked_for_stays_longest(folder: Path) -> None:
    asked(clinic())
    os.utime(only(folder), (1e9, 1e9))
    asked(clinic())
    now = folder.parent / "now"
    now.touch()
    assert now.stat().st_mtime - only(folder).stat().st_mtime < 1e6


def test_another_unicode_or_jieba_reads_anew(readings: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    asked(clinic())
    monkeypatch.setattr(index_cache, "_version", lambda package: "another")
    asked(clinic())
    monkeypatch.setattr(index_cache.unicodedata, "unidata_version", "another")
    asked(clinic())
    assert len(readings) == 3


def test_reading_is_reported() -> None:
    told: list[tuple[str, int, int]] = []
    shown = replace(options(), report=lambda *step: told.append(step))
    list(BM25().predict(clinic(5).for_prediction(2), 3, shown))
    assert told == [("reading subtitles", done, 5) for done in range(1, 6)]
    list(BM25().predict(clinic(5).for_prediction(2), 3, shown))
    assert len(told) == 5  # kept: nothing to wait for
