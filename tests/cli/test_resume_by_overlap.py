"""Lists by expected overlap of what was interrupted: a training, a pass, an answer begun again give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.prediction import decoding
from cmivqa_kit.prediction.lexical import expected
from cmivqa_kit.prediction.pairs.pass_folder import PassFolder
from cmivqa_kit.runs.directory import RunDirectory
from tests.cli.running import cmivqa_here
from tests.submission.small import put, root_2023

TOPICS = {"vidA_______": "包扎手臂", "vidB_______": "检查脉搏", "vidC_______": "注射疫苗"}
OVERLAP = ("--set", "decode.lists=expected-overlap")
SHORT = ("--preset", "tiny", "--set", "train.max_steps=2", "--set", "train.save_every=1")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three videos in which something is said, and so many questions that a pass has three parts."""
    folder = root_2023(tmp_path_factory.mktemp("overlap") / "root")
    asked = [{"id": n, "question": f"如何{list(TOPICS.values())[n % 3]}第{n}步？"} for n in range(34)]
    put(folder / "dataset_testA_for_track23.json", asked)
    lines = {
        name: [{"text": f"{topic} line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(8)]
        for name, topic in TOPICS.items()
    }
    put(folder / "subtitle.json", lines)
    return folder


def run(folder: Path, root: Path, *words: str, code: int = 0) -> str:
    done = cmivqa_here(*words, "--data", root, cwd=folder)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode()


def stopped_at_chunk(patch: pytest.MonkeyPatch, number: int) -> None:
    write = PassFolder.write

    def stopping(self: PassFolder, chunk: Any, ranked: Any) -> None:
        if chunk.number == number:
            raise KeyboardInterrupt
        write(self, chunk, ranked)

    patch.setattr(PassFolder, "write", stopping)


def stopped_before(patch: pytest.MonkeyPatch, name: str) -> None:
    write = RunDirectory.write

    def stopping(self: RunDirectory, part: str, document: Any) -> None:
        if part == name:
            raise KeyboardInterrupt
        write(self, part, document)

    patch.setattr(RunDirectory, "write", stopping)


def confidences(folder: Path, baseline: str, number: int) -> list[bytes]:
    """What is expected of the answers, as the run keeps it."""
    kept = (folder / f"runs/{baseline}-{number}/predictions").glob("*.confidence.json")
    return [path.read_bytes() for path in sorted(kept)]


@pytest.mark.parametrize(("baseline", "front"), [("ccgs", ()), ("mutualsl", ("--retriever", "bm25"))])
def test_a_network_s_training_and_pass(
    baseline: str, front: tuple[str, ...], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    train = ("train", "-m", baseline, *SHORT, *OVERLAP)
    run(tmp_path, root, *train)
    with monkeypatch.context() as patch:
        stopped_before(patch, "decoding.json")
        run(tmp_path, root, *train, code=130)
    whole, stopped = (tmp_path / "runs" / f"{baseline}-{number}" for number in (1, 2))
    assert not (stopped / "decoding.json").exists()
    run(tmp_path, root, "train", "--resume", f"runs/{baseline}-2")
    assert (stopped / "decoding.json").read_bytes() == (whole / "decoding.json").read_bytes()

    def ask(number: int, *more: str, code: int = 0) -> None:
        words = ("predict", "--run", f"runs/{baseline}-{number}", *front, "--out", f"{number}.json")
        run(tmp_path, root, *words, *more, code=code)

    ask(1)
    for number in (1, 2):
        with monkeypatch.context() as patch:
            stopped_at_chunk(patch, number)
            ask(2, *(("--resume",) if number == 2 else ()), code=130)
        assert not (tmp_path / "2.json").exists()
    ask(2, "--resume")
    assert (tmp_path / "2.json").read_bytes() == (tmp_path / "1.json").read_bytes()
    assert (
        confidences(tmp_path, baseline, 2)[0].split(b'"questions"')[1]
        == (confidences(tmp_path, baseline, 1)[0].split(b'"questions"')[1])
    )


def test_words_alone(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = ("train", "-m", "bm25", *OVERLAP)
    run(tmp_path, root, *train)
    with monkeypatch.context() as patch:
        stopped_before(patch, "decoding.json")
        run(tmp_path, root, *train, code=130)
    run(tmp_path, root, *train)
    files = [(tmp_path / f"runs/bm25-{number}/decoding.json").read_bytes() for number in (1, 3)]
    assert files[0] == files[1]
    for track in ("2", "3"):
        ask = ("predict", "--track", track)
        run(tmp_path, root, *ask, "--run", "runs/bm25-1", "--out", f"whole{track}.json")
        again = (*ask, "--run", "runs/bm25-3", "--out", f"again{track}.json")
        with monkeypatch.context() as patch:
            asked = iter(range(99))

            def interrupted(*given: Any, asked: Any = asked, **named: Any) -> Any:
                if next(asked) == 2:
                    raise KeyboardInterrupt
                return decoding.candidates(*given, **named)

            patch.setattr(expected, "candidates", interrupted)
            run(tmp_path, root, *again, code=130)
        assert not (tmp_path / f"again{track}.json").exists()
        run(tmp_path, root, *again)
        assert (tmp_path / f"again{track}.json").read_bytes() == (tmp_path / f"whole{track}.json").read_bytes()
