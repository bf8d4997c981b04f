"""Shared by the tests of encoders and of embedded subtitles: a cache of their own, one small encoder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.neural.encoders import Encoder
from tests.neural import embedding_together


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kit's cache, empty and this test's alone."""
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The small encoder that embeds subtitles."""
    return embedding_together.encoder()
