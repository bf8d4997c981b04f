"""The doctor: what is there, what is missing, and that a fix stands beside everything that does not stand well."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.doctor import Finding, Subject, examine, machine, materials, software
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.workspace import open_workspace


def subject(
    name: str = "mutualsl", flags: dict[str, Any] | None = None, *overrides: str, offline: bool = True
) -> Subject:
    declaration = find_declaration(name)
    return Subject(open_workspace(flags or {}), declaration, settings(declaration, None, overrides), offline)


def named(findings: list[Finding], name: str) -> Finding:
    [finding] = [one for one in findings if one.name == name]
    return finding


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))


def test_what_is_not_well_has_a_fix_and_the_rest_none() -> None:
    findings = examine(subject(flags={"data.root": str(demo_corpus())}))
    assert [one.name for one in findings if one.state == "missing"] == ["encoder"]
    assert all(bool(one.fix) == (one.state != "ok") for one in findings)
    assert "\n" not in "".join(one.text + one.fix for one in findings)
    assert named(findings, "python").state == "ok"
    assert "testA" in named(findings, "data").text


def test_a_baseline_without_a_network_misses_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = {"torch", "transformers"}

    def version(name: str) -> str:
        if name in absent:
            raise metadata.PackageNotFoundError(name)
        return "5.17" if name == "transformers" else "999"

    monkeypatch.setattr(software.metadata, "version", version)
    assert {one.name for one in examine(subject("bm25")) if one.state == "missing"} == set()
    assert named(examine(subject("bm25")), "torch").state == "note"
    torch = named(examine(subject()), "torch")
    assert (torch.state, torch.fix[:17]) == ("missing", "pip install torch")


@pytest.mark.parametrize(("found", "fine"), [("5.16.9", False), ("5.17.0", True), ("6.0", False), ("5.99rc1", True)])
def test_a_version_outside_the_declared_range_is_not_fit(
    monkeypatch: pytest.MonkeyPatch, found: str, fine: bool
) -> None:
    monkeypatch.setattr(software.metadata, "version", lambda name: found)
    [finding] = [one for one in software.models(subject()) if one.name == "transformers"]
    assert finding.state == ("ok" if fine else "missing")
    assert finding.fix == ("" if fine else "pip install 'transformers<6,>=5.17'")


def test_every_declared_package_is_looked_at() -> None:
    declared = {Requirement(text).name for text in metadata.requires("cmivqa-kit") or () if "extra" not in text}
    assert declared <= {one.name for one in software.kit(subject())}


def test_the_device_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = subject(flags={"run.device": "cuda:7"})
    [finding] = machine.device(asked)
    assert finding.state == "missing"
    assert "cuda:7" in finding.text
    [finding] = machine.device(replace(asked, declaration=find_declaration("bm25")))
    assert finding.state == "note"
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    assert list(machine.device(asked)) == []


def test_folders_that_cannot_be_written_and_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    blocked = subject(flags={"run.directory": str(tmp_path / "file" / "runs")})
    runs = named(list(machine.folders(blocked)), "runs")
    assert (runs.state, "--run DIR" in runs.fix) == ("missing", True)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10**9})())
    runs = named(list(machine.folders(subject())), "runs")
    assert (runs.state, "which is little" in runs.text) == ("note", True)


def test_data_that_is_missing_or_damaged(tmp_path: Path) -> None:
    [finding] = materials.data(subject(flags={"data.root": str(tmp_path / "nowhere")}))
    assert finding.state == "missing"
    assert finding.fix
    [finding] = materials.data(subject())
    assert finding.state == "note"


def test_encoders_made_on_the_spot_in_a_folder_or_not_at_all(tmp_path: Path) -> None:
    def encoder(*overrides: str) -> Finding:
        [finding] = materials.encoder(subject("mutualsl", None, *overrides))
        return finding

    assert encoder('encoder.name="tiny"').state == "ok"
    (tmp_path / "mine").mkdir()
    assert encoder('encoder.name="mine"').text == "mine: a folder without config.json"
    (tmp_path / "mine" / "config.json").write_text("{}")
    assert encoder('encoder.name="mine"').state == "ok"
    assert "the network is not asked" in encoder().text
    assert list(materials.encoder(subject("bm25"))) == []


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub that has one encoder."""

    def do_HEAD(self) -> None:
        self.send_response(200 if "/org/there/" in self.path else 404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_hub_is_asked(hub: None) -> None:
    [there] = materials.encoder(subject("mutualsl", None, 'encoder.name="org/there"', offline=False))
    assert (there.state, "not downloaded yet" in there.text) == ("ok", True)
    [gone] = materials.encoder(subject("mutualsl", None, 'encoder.name="org/gone"', offline=False))
    assert (gone.state, "answers 404" in gone.text, "HF_ENDPOINT" in gone.fix) == ("missing", True, True)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://127.0.0.1:1/x", "http://[/x", "http://a b/x", "nothing"]
)
def test_what_cannot_be_reached_is_said(address: str) -> None:
    assert materials.reach(address)
