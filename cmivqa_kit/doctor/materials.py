"""What is worked on: the data root, and the pretrained encoder that the baseline starts from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.doctor.findings import Finding, State, Subject
from cmivqa_kit.errors import UserError
from cmivqa_kit.workspace import EMBEDDED

HUB = "https://huggingface.co"
PATIENCE = 5.0  # seconds until the hub counts as out of reach
TINY = "tiny"  # made on the spot


def data(subject: Subject) -> Iterator[Finding]:
    """The data root."""
    space = subject.workspace
    if space.is_demo:
        yield Finding(
            "data", State.NOTE, f"none named: the {EMBEDDED} is used", "Name one: cmivqa init --from DOWNLOADS"
        )
        return
    try:
        files = catalogue(space.data_root(), space.edition, space.seconds_per_row, features=space.features)
    except UserError as error:
        yield Finding("data", State.MISSING, error.message, error.fix)
        return
    text = f"{files.root}: {files.edition.name}, splits {', '.join(files.splits) or 'none'}"
    yield Finding(
        "data", State.OK if files.splits else State.MISSING, text, "" if files.splits else "cmivqa data check"
    )


def encoder(subject: Subject) -> Iterator[Finding]:
    """The encoder: made on the spot, a folder, kept from an earlier download, or on the hub."""
    name = subject.encoder
    if not name or not subject.computes:
        return
    if name == TINY:
        yield Finding("encoder", State.OK, f"{TINY}: made on the spot, knows no language")
    elif Path(name).expanduser().is_dir():
        there = (Path(name).expanduser() / "config.json").is_file()
        fix = "" if there else "Name the folder that holds config.json, weights and tokenizer: --set encoder.name=DIR"
        text = f"{name}: a folder" if there else f"{name}: a folder without config.json"
        yield Finding("encoder", State.OK if there else State.MISSING, text, fix)
    elif _kept(name):
        yield Finding("encoder", State.OK, f"{name}: downloaded")
    else:
        yield _on_the_hub(name, subject.offline)


def _kept(name: str) -> bool:
    """Whether an encoder of the hub lies in its cache."""
    try:
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(name, "config.json"), str)
    except Exception:  # not installed, damaged, or a name that is none on the hub
        return False


def _on_the_hub(name: str, offline: bool) -> Finding:
    hub = os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB
    fix = "Set HF_ENDPOINT to a mirror, or name a folder: --set encoder.name=DIR; without one: --preset tiny"
    if offline or os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return Finding("encoder", State.MISSING, f"{name}: not downloaded, and the network is not asked", fix)
    said = reach(f"{hub}/{name}/resolve/main/config.json")
    if not said:
        return Finding("encoder", State.OK, f"{name}: not downloaded yet; {hub} has it")
    return Finding("encoder", State.MISSING, f"{name}: not downloaded, and {hub} {said}", fix)


def reach(address: str) -> str:
    """Why an address cannot be had; "" where it can."""
    if not address.startswith(("https://", "http://")):
        return "is no web address"
    try:
        with urlopen(Request(address, method="HEAD"), timeout=PATIENCE):  # noqa: S310
            return ""
    except HTTPError as error:
        return f"answers {error.code}"
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return f"is out of reach ({reason})"
