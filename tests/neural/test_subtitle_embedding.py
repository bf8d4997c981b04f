"""Rows of embedded subtitles: their seconds, odd lines, what is kept, and that nothing else has a part in them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from transformers import AutoModel, BertConfig

from cmivqa_kit.data.types import Split, Subtitle, Video
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural import subtitle_embedding
from cmivqa_kit.neural.encoders import TINY, Encoder, open_encoder
from cmivqa_kit.neural.subtitle_embedding import LONGEST, SubtitleEmbedding, spoken
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from tests.neural.embedding_together import WORDS, corpus, launch
from tests.training.full_disk import files_of_at_most

pytestmark = pytest.mark.usefixtures("one_thread", "cache")

CPU = torch.device("cpu")


def embedding(encoder: Encoder, stamp: str = "a") -> SubtitleEmbedding:
    return SubtitleEmbedding(encoder, stamp, CPU)


def said(*lines: tuple[str, float, float], duration: float | None = None) -> Video:
    return Video("v", tuple(Subtitle(*line) for line in lines), duration)


def contents(source: SubtitleEmbedding, data: Split) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in source.features(data).files.items()}


def test_a_second_is_the_mean_of_its_lines(encoder: Encoder) -> None:
    source = embedding(encoder)
    rows = source.rows(said(("take the gauze", 0.0, 2.5), ("wait", 2.0, 0.5), ("now", 4.2, 0.1), duration=6.2))
    first, second, third = (source.rows(said((text, 0.0, 1.0)))[0] for text in ("take the gauze", "wait", "now"))
    assert rows.dtype == np.float32
    expected = [first, first, (first + second) / 2, 0 * first, third, 0 * first, 0 * first]
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    assert np.square(first).mean() == pytest.approx(1, abs=1e-4)
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        ((3.0, 0.0), [3]),  # no length
        ((3.0, -2.0), [3]),  # ends before it starts
        ((-1.5, 3.0), [0, 1]),  # begins before the video
        ((-3.0, 2.0), []),  # ends before it
        ((-2.0, 2.0), []),
        ((0.0, 0.0), [0]),
        ((math.nan, 1.0), []),
        ((1.0, math.nan), []),
        ((math.inf, 1.0), []),
        ((1.0, math.inf), []),
        ((-math.inf, math.inf), []),
        ((1e308, 1e308), []),  # their sum is beyond every number
        ((LONGEST + 0.0, 1.0), []),
        ((LONGEST - 0.5, 1e9), [LONGEST - 1]),
    ],
)
def test_odd_times(encoder: Encoder, line: tuple[float, float], rows: list[int]) -> None:
    found = embedding(encoder).rows(said(("wait", *line)))
    assert np.flatnonzero(found.any(axis=1)).tolist() == rows
    assert len(found) == max([row + 1 for row in rows], default=1)
    assert bool(spoken(said(("wait", *line)))) == bool(rows)


TIMES = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 100)


@effort(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("", " ", "wait", "\ud800", "洗手")), TIMES, TIMES), max_size=6), TIMES)
def test_any_lines_give_finite_rows(lines: list[tuple[str, float, float]], duration: float) -> None:
    one = said(*lines, duration=duration)
    rows = embedding(HELD[0]).rows(one)
    assert 1 <= len(rows) <= LONGEST
    assert rows.shape[1] == 64 and np.isfinite(rows).all()
    assert rows.any() == bool(spoken(one))
    if 0 < duration <= LONGEST:
        assert len(rows) >= math.ceil(duration)


HELD: list[Encoder] = []


@pytest.fixture(scope="module", autouse=True)
def held(encoder: Encoder) -> None:
    """Hypothesis takes no fixtures of a function's scope; neither does it need one here."""
    HELD.append(encoder)


def test_a_duration_that_cannot_be_makes_no_rows(encoder: Encoder) -> None:
    for duration in (263000.0, math.inf, math.nan, -4.0, 0.0, None):
        assert len(embedding(encoder).rows(said(("wait", 0.0, 3.0), duration=duration))) == 3


def test_the_same_line_twice_counts_once(encoder: Encoder) -> None:
    once, twice = (said(*[("wait", 1.0, 2.0)] * count, ("now", 4.0, 1.0)) for count in (1, 2))
    np.testing.assert_allclose(embedding(encoder).rows(once), embedding(encoder).rows(twice), atol=1e-6)


def test_the_first_language_that_says_anything_is_taken() -> None:
    line, other = Subtitle("wash", 0.0, 1.0), Subtitle("洗手", 0.0, 1.0)
    of = {"English": (line,), "Chinese": (other,)}
    assert spoken(Video("v", (line,), translations=of)) == (line,)
    for order in (of, dict(reversed(of.items()))):
        assert spoken(Video("v", (), translations=order)) == (other,)
    assert spoken(Video("v", (), translations={"Chinese": (replace(other, text=" "),), "English": (line,)})) == (line,)
    assert spoken(Video("v", (replace(line, text="\n"),))) == ()


def test_silent_videos_have_no_file(encoder: Encoder, cache: Path) -> None:
    data = corpus()
    store = embedding(encoder).features(data)
    assert list(store) == ["a", "b", "c", "d"]
    assert [store.state(name) for name in ("c", "silent")] == [("ok", "5 rows of 64"), ("missing", "no feature file")]
    assert all(path.is_relative_to(cache / "subtitle-embedding") for path in store.files.values())
    assert {path.suffix for path in cache.rglob("*") if path.is_file()} == {".npy"}


def test_rows_depend_on_nothing_but_their_video(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = corpus()
    whole = contents(embedding(encoder), data)
    for name in whole:
        monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / f"only-{name}"))
        alone = replace(data, videos=MappingProxyType({name: data.videos[name]}))
        assert contents(embedding(encoder), alone) == {name: whole[name]}
    other = Video("other", data.videos["a"].subtitles, data.videos["a"].duration)
    again = contents(embedding(encoder), replace(data, videos={"other": other, "d": data.videos["d"]}))
    assert again == {"d": whole["d"], "other": whole["a"]}


def test_a_line_is_the_same_beside_longer_ones(encoder: Encoder) -> None:
    alone = embedding(encoder).rows(said(("wait", 0.0, 1.0)))
    beside = embedding(encoder).rows(said(("wait", 0.0, 1.0), ("take the gauze " * 50, 1.0, 1.0)))
    np.testing.assert_allclose(alone[0], beside[0], atol=1e-5)


def test_batches_have_no_part_in_it(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = said(*[(word * (n + 1), 1.0 * n, 1.0) for n, word in enumerate(WORDS * 4)])
    together = embedding(encoder).rows(lines)
    monkeypatch.setattr(subtitle_embedding, "TOKENS", 20)
    np.testing.assert_allclose(embedding(encoder).rows(lines), together, atol=1e-5)


def test_lines_of_many_videos_share_batches_of_one_length(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = {
        f"v{n:02}": said((f"wait {'now ' * (n % 7)}{n}", 0.0, 1.0), ("take the gauze", 1.0, 1.0)) for n in range(40)
    }
    data = replace(corpus(), videos=MappingProxyType(videos))
    source, batches = embedding(encoder), []
    sums = source.sums
    source.sums = lambda rows: (batches.append([source.padded(len(row)) for row in rows]), sums(rows))[1]
    whole = contents(source, data)
    assert all(len(set(batch)) == 1 for batch in batches)  # every row is padded by its own length
    assert len(batches) < 10  # for 82 lines
    monkeypatch.setattr(subtitle_embedding, "TOGETHER", 1)
    alone = SubtitleEmbedding(encoder, "another", CPU)
    assert contents(alone, data) == whole


def test_what_is_kept_is_not_made_again(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    data = corpus()
    whole = contents(embedding(encoder), data)

    def refuse(*_: Any) -> None:
        raise AssertionError("embedded again")

    monkeypatch.setattr(SubtitleEmbedding, "sums", refuse)
    assert contents(embedding(encoder), data) == whole
    changed = replace(data, videos={"a": replace(data.videos["a"], duration=99.0)})
    for source, asked in ((embedding(encoder, "b"), data), (embedding(encoder), changed)):
        with pytest.raises(AssertionError, match="embedded again"):
            source.features(asked)


def test_what_may_round_otherwise_is_kept_apart(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {embedding(encoder).folder, embedding(encoder, "b").folder}
    folders.add(SubtitleEmbedding(encoder, "a", torch.device("cuda")).folder)
    torch.set_num_threads(2)
    try:
        folders.add(embedding(encoder).folder)
    finally:
        torch.set_num_threads(1)
    monkeypatch.setattr(torch, "__version__", "1.0")
    folders.add(embedding(encoder).folder)
    monkeypatch.setattr(subtitle_embedding, "VERSION", 99)
    folders.add(embedding(encoder).folder)
    assert len(folders) == 6


def zipped(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, a=np.ones((5, 64), np.float32))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"<html>"),
    "a header alone": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "a zip": zipped,
    "another width": lambda path: np.save(path, np.ones((5, 63), np.float32)),
    "another type": lambda path: np.save(path, np.ones((5, 64), np.float64)),
    "no row": lambda path: np.save(path, np.ones((0, 64), np.float32)),
    "objects": lambda path: np.save(path, np.array([[None]], object), allow_pickle=True),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_made_again(encoder: Encoder, kind: str) -> None:
    data = corpus()
    whole = contents(embedding(encoder), data)
    DAMAGE[kind](embedding(encoder).features(data).files["c"])
    assert contents(embedding(encoder), data) == whole


def test_a_cache_that_cannot_be_written_is_named(
    encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "file"))
    with pytest.raises(RunFailed, match=r"(?s)cannot be written.*set CMIVQA_CACHE=DIR"):
        embedding(encoder).features(corpus())


def test_a_full_disk_leaves_whole_files_only(encoder: Encoder, cache: Path) -> None:
    data = corpus()
    with files_of_at_most(5 * 64 * 4 + 200), pytest.raises(RunFailed, match=r"(?s)could not be written.*CMIVQA_CACHE"):
        embedding(encoder).features(data)
    assert not list(cache.rglob("*.tmp"))
    assert next(encoder.model.parameters()).device == CPU
    assert len(contents(embedding(encoder), data)) == 4


def test_an_encoder_with_few_positions_reads_a_long_line_in_parts() -> None:
    tokenizer = tiny_tokenizer(WORDS)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=12,
    )  # fmt: skip
    torch.manual_seed(0)
    source = SubtitleEmbedding(Encoder(AutoModel.from_config(config), config, tokenizer), "a", CPU)
    assert source.room == 10
    text = "now " * 40
    one, other = source.rows(said((text + "wait", 0.0, 1.0), (text + "hands", 1.0, 1.0)))
    assert np.isfinite(one).all() and np.abs(one - other).max() > 1e-3  # they differ in the last word alone
    ten, twenty = source.rows(said(("now " * 10, 0.0, 1.0), ("now " * 20, 1.0, 1.0)))
    np.testing.assert_allclose(ten, twenty, atol=1e-5)


def test_long_lines_are_read_in_parts_by_every_encoder(encoder: Encoder) -> None:
    source = embedding(encoder)
    longest = max(len(part) for part in source.parts("wait now " * 5000))
    assert longest == subtitle_embedding.LINE


def test_numbers_that_are_not_finite_are_refused(cache: Path) -> None:
    broken = open_encoder(TINY, WORDS, 1)
    with torch.no_grad():
        next(broken.model.parameters()).fill_(math.nan)
    with pytest.raises(UserError, match="numbers that are not finite"):
        embedding(broken).features(corpus())
    assert not list(cache.rglob("*.npy"))


def test_too_little_memory_is_said(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(SubtitleEmbedding, "sums", full)
    with pytest.raises(RunFailed, match="out of memory while subtitles were embedded"):
        embedding(encoder).features(corpus())


def test_processes_at_once_make_the_same_files(encoder: Encoder, tmp_path: Path) -> None:
    """Two that know nothing of each other, in one cache; then two that train together and share the work."""
    done = launch(tmp_path)
    assert [process.returncode for process in done] == [0, 0], done
    whole = contents(embedding(encoder), corpus())
    for name in ("apart", "shared"):
        found = sorted(path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file())
        assert found == sorted(whole.values())
    assert [(tmp_path / f"rank-{rank}").read_text(encoding="utf-8") for rank in range(2)] == ["2", "2"]
