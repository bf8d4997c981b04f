"""The workspace: flag before file before default, and every setting knows where it came from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.errors import UserError
from cmivqa_kit.workspace import FILE, KEYS, find_file, open_workspace, render


def workspace(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_outside_a_workspace(here: Path) -> None:
    space = open_workspace()
    assert space.file is None
    assert space.is_demo
    assert space.edition is None
    assert {name: setting.value for name, setting in space.settings.items()} == {n: k.default for n, k in KEYS.items()}
    assert {setting.origin for setting in space.settings.values()} == {"default"}


def test_flag_before_file_before_default(here: Path) -> None:
    workspace(here, '[run]\nseed = 3\ndevice = "cuda"\n')
    space = open_workspace({"run.seed": 5, "run.device": None, "model.baseline": "prior"})
    assert (space["run.seed"], space.settings["run.seed"].origin) == (5, "flag --seed")
    assert (space["run.device"], space.settings["run.device"].origin) == ("cuda", "cmivqa.toml")
    assert space.settings["model.baseline"].origin == "flag --baseline"
    assert space.settings["run.directory"].origin == "default"
    assert open_workspace({"run.seed": 0})["run.seed"] == 0  # a flag may well be zero


def test_the_nearest_file_above_counts(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(here, "[run]\nseed = 1\n")
    workspace(here / "inner", "[run]\nseed = 2\n")
    (here / "inner" / "deep" / "er").mkdir(parents=True)
    (here / "other").mkdir()
    assert open_workspace(folder=here / "inner" / "deep" / "er")["run.seed"] == 2
    assert open_workspace(folder=here / "other")["run.seed"] == 1
    monkeypatch.chdir(here / "inner" / "deep")
    assert open_workspace()["run.seed"] == 2
    assert open_workspace(folder=Path("er"))["run.seed"] == 2  # a relative folder has the same folders above it
    assert find_file(Path("/")) is None


def test_paths_are_relative_to_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(
        here, '[data]\nroot = "corpora/2023"\n[run]\ndirectory = "all runs"\n[output]\nsubmission = "/x/out.json"\n'
    )
    (here / "below").mkdir()
    space = open_workspace()
    assert space["data.root"] == "corpora/2023"
    assert not space.is_demo
    assert space.data_root() == Path("corpora/2023")
    monkeypatch.chdir(here / "below")
    moved = open_workspace({"output.submission": "mine.json"})
    assert moved.path("data.root") == here / "corpora" / "2023"
    assert moved.path("run.directory") == here / "all runs"
    assert moved.path("output.submission") == Path("mine.json")  # a flag is relative to where it is typed
    assert moved.settings["data.root"].origin == str(here / FILE)
    assert open_workspace()["output.submission"] == "/x/out.json"


def test_an_empty_text_is_as_good_as_none(here: Path) -> None:
    workspace(here, '[data]\nroot = ""\nedition = ""\n[run]\ndirectory = ""\n[model]\nbaseline = ""\n')
    space = open_workspace()
    assert space.is_demo
    assert space["run.directory"] == "runs"
    assert space["model.baseline"] == "hybrid"
    assert space.settings["data.root"].origin == "default"


def test_the_embedded_corpus_is_the_data_root_of_nothing_else(here: Path) -> None:
    assert (open_workspace().data_root() / "dev.json").is_file()


def test_all_faults_in_one_error_with_the_nearest_key(here: Path) -> None:
    workspace(
        here, 'stray = 1\n[run]\nsede = 1\nseed = "1"\ndevice = 0\n[dat]\nroot = "x"\n[model.bm25]\nk1 = 1\n[other]\n'
    )
    with pytest.raises(UserError) as caught:
        open_workspace()
    text = str(caught.value)
    assert f"{here / FILE}: 6 problems" in text
    assert "run.sede: unknown setting. Did you mean 'run.seed'?" in text
    assert "dat.root: unknown setting. Did you mean 'data.root'?" in text
    assert "run.seed: '1' is not a whole number" in text
    assert "run.device: 0 is not a text" in text
    assert "model.bm25: unknown setting" in text
    assert "stray: stands outside a table: put it under one of [data], [model], [run], [output]" in text
    assert "Settings: data.root, " in text


@pytest.mark.parametrize("value", ["true", "1.0", "2024-01-01", "[1]"])
def test_a_seed_is_a_whole_number(here: Path, value: str) -> None:
    workspace(here, f"[run]\nseed = {value}\n")
    with pytest.raises(UserError, match="is not a whole number"):
        open_workspace()


@pytest.mark.parametrize("text", ["[run\n", "a = 1\na = 2\n", f"x = {'1' * 5000}\n", "x = " + "[" * 5000])
def test_damaged_files(here: Path, text: str) -> None:
    workspace(here, text)
    with pytest.raises(UserError, match="not TOML"):
        open_workspace()


def test_a_file_in_another_encoding(here: Path) -> None:
    (here / FILE).write_bytes('[data]\nroot = "语料"\n'.encode("gbk"))
    with pytest.raises(UserError, match="GB18030"):
        open_workspace()


def test_a_mark_does_no_harm(here: Path) -> None:
    (here / FILE).write_bytes(b"\xef\xbb\xbf[run]\nseed = 4\n")
    assert open_workspace()["run.seed"] == 4


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1), st.integers(-(2**40), 2**40))
def test_what_is_rendered_reads_back(text: str, seed: int) -> None:
    read = tomllib.loads(render({"data.root": text, "run.seed": seed}))
    assert read == {"data": {"root": text}, "model": {}, "run": {"seed": seed}, "output": {}}


def test_the_rendered_file_shows_every_setting(here: Path) -> None:
    text = render({"model.baseline": "prior"})
    assert 'baseline = "prior"  # ' in text.splitlines()[text.splitlines().index("[model]") + 1]
    for name, key in KEYS.items():
        assert name.partition(".")[2] in text
        assert key.help in text
    workspace(here, text.replace("# seed = ", "seed = ").replace("# directory = ", "directory = "))
    space = open_workspace()
    assert space["model.baseline"] == "prior"
    assert space.settings["run.seed"].origin == FILE
    assert space["run.directory"] == "runs"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b'[data]\nroot = "C:\\Users\\lin"\n', "single quotes"),
        (b'[data]\nroot = "D:\\new\\test"\n', "single quotes"),
        ('\ufeff[data]\nroot = "D:/data"\n'.encode("utf-16-le"), "cmivqa.toml again as UTF-8; it is in UTF-16"),
    ],
)
def test_windows_paths_and_encodings(tmp_path: Path, text: bytes, part: str) -> None:
    (tmp_path / "cmivqa.toml").write_bytes(text)
    with pytest.raises(UserError) as caught:
        open_workspace(folder=tmp_path)
    assert part in str(caught.value) and "utf8.json" not in str(caught.value)
    (tmp_path / "cmivqa.toml").write_bytes(b"[data]\r\nroot = 'C:\\Users\\lin'\r\n")
    assert str(open_workspace(folder=tmp_path)["data.root"]).endswith("C:\\Users\\lin")
