"""What a submission is handed over in: archives, standard input, folders with other files in them, closed files."""

from __future__ import annotations

import gzip
import io
import json
import shlex
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.running import cmivqa_here as cmivqa
from tests.submission.small import put, records, root_2023, spans


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_2023(tmp_path_factory.mktemp("data"))


def entry(folder: Path, name: str = "a.json") -> Path:
    return put(folder / name, spans(records("dev")))


def zipped(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for file in files:
            bundle.write(file, file.name)
    return path


def from_input(data: bytes, *arguments: object, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    done = cmivqa(*map(str, arguments), cwd=cwd)
    return done.returncode, done.stdout.decode()


def test_a_zip_is_validated_scored_and_unpacked(root: Path, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "my run.zip", entry(tmp_path))
    done = cmivqa("validate", archive.name, "--data", root, cwd=tmp_path)
    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "my run.zip: valid for dev, Track 1" in shown and "W115" in shown and "a.json lay in a zip archive" in shown
    words = shlex.split(shown.splitlines()[-1].removeprefix("Next: cmivqa "))
    assert words[:2] == ["score", "my run.zip"]
    scored = cmivqa(*words, "--format", "json", cwd=tmp_path)
    assert scored.returncode == 0
    assert json.loads(scored.stdout)[0]["scores"][0]["official"]["metrics"]["mIoU"] == 1.0
    assert cmivqa("validate", archive.name, "--data", root, "--fix", "plain.json", cwd=tmp_path).returncode == 0
    assert (tmp_path / "plain.json").read_bytes() == (tmp_path / "a.json").read_bytes()


def test_other_kinds_of_files_are_called_what_they_are(root: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("1 Q0 v 1 50 run\n" * 3, encoding="utf-8")
    done = cmivqa("validate", "run.json", "--data", root, cwd=tmp_path)
    assert done.returncode == 1 and b"a TREC run" in done.stdout and b"iconv" not in done.stdout
    scored = cmivqa("score", "run.json", "--data", root, cwd=tmp_path)
    assert scored.returncode == 3 and b"a TREC run" in scored.stdout


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    data = entry(tmp_path).read_bytes()
    data = gzip.compress(data) if packed else data
    code, shown = from_input(data, "validate", "-", "--data", root, cwd=tmp_path, monkeypatch=monkeypatch)
    assert (code, shown.splitlines()[-1]) == (0, "Next: cmivqa score --help")
    assert shown.startswith("-: valid for dev, Track 1")
    code, shown = from_input(
        data, "score", "-", "--data", root, "--no-intervals", cwd=tmp_path, monkeypatch=monkeypatch
    )
    assert code == 0 and "1.0000 official" in shown
    code, _ = from_input(
        data, "validate", "-", "--fix", "out.json", "--data", root, cwd=tmp_path, monkeypatch=monkeypatch
    )
    assert code == 0 and (tmp_path / "out.json").read_bytes() == (tmp_path / "a.json").read_bytes()
    code, _ = from_input(data, "score", "-", "-", "--data", root, cwd=tmp_path, monkeypatch=monkeypatch)
    assert code == 2


def test_every_file_of_a_folder_that_is_not_taken_is_named(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "entries"
    (folder / ".git").mkdir(parents=True)
    upper = entry(folder, "UPPER.JSON")
    zipped(folder / "b.zip", entry(folder))
    for name in ("._a.json", ".git/config.json", "notes.txt"):
        (folder / name).write_bytes(b"x")
    (folder / "gone.json").symlink_to(folder / "nowhere")
    for command in ("validate", "score"):
        done = cmivqa(command, "entries", "--data", root, cwd=tmp_path)
        shown = done.stdout.decode()
        assert done.returncode == 0, shown
        assert upper.name in shown
        for name, reason in (
            ("._a.json", "macOS"),
            (".git/config.json", "hidden"),
            ("notes.txt", "not named .json"),
            ("gone.json", "no plain file"),
            ("b.zip", "a zip archive (named by itself it is read)"),
        ):
            assert any(reason in line and f"entries/{name}" in line for line in shown.splitlines()), name
    for path in (upper, folder / "a.json"):
        path.unlink()
    done = cmivqa("validate", "entries", cwd=tmp_path)
    assert done.returncode == 2
    assert b"no .json file in this folder" in done.stderr and b"entries/notes.txt" in done.stderr


def test_a_closed_file_is_one_line_and_the_others_are_scored(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so the refusal of the system is put in its place."""
    entry(tmp_path)
    closed = entry(tmp_path, "closed.json")
    really = Path.read_bytes, Path.open

    def read_bytes(path: Path) -> bytes:
        if path.name == closed.name:
            raise PermissionError(13, "Permission denied")
        return really[0](path)

    def opened(path: Path, *arguments: object, **named: object) -> object:
        if path.name == closed.name:
            raise PermissionError(13, "Permission denied")
        return really[1](path, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    monkeypatch.setattr(Path, "open", opened)
    done = cmivqa("validate", "a.json", "closed.json", "--data", root, cwd=tmp_path)
    shown = done.stdout.decode()
    assert done.returncode == 1, done.stderr.decode()
    assert "a.json: valid for dev" in shown and "Permission denied" in shown
    assert [line.split()[0] for line in shown.splitlines() if line.startswith(("a.json ", "closed.json "))] == [
        "a.json",
        "closed.json",
    ]
    scored = cmivqa("score", "a.json", "closed.json", "--data", root, "--no-intervals", cwd=tmp_path)
    assert scored.returncode == 3, scored.stderr.decode()
    assert "1.0000" in scored.stdout.decode() and "Permission denied" in scored.stdout.decode()
