"""The edition of a data root: what its manifest states, or what its question files look like."""

from __future__ import annotations

from pathlib import Path

from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.read_once import ReadFile
from cmivqa_kit.editions import DEFAULT_EDITION, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json

MANIFEST = "corpus.json"
GENERATOR = "generator"  # key in the manifest of a corpus that was written, not filmed


def read_manifest(root: Path) -> dict[str, str]:
    """The texts in the manifest of a data root, by key; none where there is no manifest.

    Raises:
        UserError: a damaged manifest.
    """
    path = root / MANIFEST
    if not path.exists():
        return {}
    document = read_json(path, "corpus manifest")
    if not isinstance(document, dict):
        raise UserError(f"{path}: not an object", "Delete it; it is optional.")
    return {key: value for key, value in document.items() if isinstance(value, str)}


def detect_edition(files: list[Path], read_file: ReadFile = read_json) -> str:
    """The edition of the smallest file that holds questions and tells: a test file tells as much as a train file.

    One by which all answers are public is taken only where no other file is of one whose organizers hold some: a test
    file with answers planted in it must not open the others.
    """
    tentative = DEFAULT_EDITION
    all_public, seen_tentative = "", False
    for path in sorted(files, key=lambda p: (p.stat().st_size, str(p))):
        try:
            document = read_file(path, "file")
        except UserError:
            continue  # reported when that file is really used
        layout = detect(document) if isinstance(document, list) else None
        if layout is None:
            continue
        if all(split.answers == "public" for split in load_edition(layout.edition).splits.values()):
            all_public = all_public or layout.edition
        elif not layout.tentative:
            return layout.edition
        else:
            tentative = layout.edition
            seen_tentative = True
    return all_public if all_public and not seen_tentative else tentative
