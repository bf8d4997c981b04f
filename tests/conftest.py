"""Shared by all tests: their order, what keeps a busy machine from deciding them, where the embedded corpus goes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before anything imports torch, and for the programs that tests start: networks so small gain nothing from threads, and
# on busy cores the threads wait for each other for minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

from tests.chromium import browser

__all__ = ["browser"]  # a fixture of all tests: two Chromiums in one process get into each other's way

# No example is too slow: how fast one is says how busy the machine is. The rest as hypothesis has it here or in CI.
hypothesis.settings.register_profile(
    "kit", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("kit")

TESTS = Path(__file__).parent
# Files that take seconds, the longest first. With `--dist loadfile --no-loadscope-reorder` a worker takes the next file
# in this order, then all others as collected: a long file that starts last would keep one worker busy alone.
HEAVY = (
    "cli/test_promised_steps.py",
    "cli/test_promised_steps_of_submissions.py",
    "cli/test_train_together.py",
    "runs/test_processes.py",
    "cli/test_ccgs_commands.py",
    "cli/test_default_baseline.py",
    "training/test_loop.py",
    "training/test_rivals.py",
    "diagnosis/page/test_browser.py",
    "neural/test_subtitle_embedding.py",
    "diagnosis/page/test_accessible.py",
    "submission/test_guarded.py",
    "cli/test_score_published.py",
    "submission/fix/test_hostile.py",
    "baselines/test_mutualsl_features_made.py",
    "baselines/test_bm25_figures.py",
    "cli/test_end_to_end.py",
    "prediction/pairs/test_run_pass.py",
    "baselines/test_ccgs_visual_runs.py",
    "scoring/test_hostile.py",
    "baselines/test_mutualsl_baseline.py",
    "training/test_resume_state.py",
    "baselines/test_bm25_baseline.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the heavy files first; within a file, and among the others, the order stays."""
    rank = {TESTS / name: number for number, name in enumerate(HEAVY)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("CMIVQA_CACHE")
    os.environ["CMIVQA_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["CMIVQA_CACHE"]
    else:
        os.environ["CMIVQA_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def _declared_json() -> Iterator[None]:
    """Hold every JSON document that a command prints to its declared schema (docs/json.md)."""
    from tests.declared import every_document

    with every_document():
        yield


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """One thread of torch even where the caller's environment allows more (see above)."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
