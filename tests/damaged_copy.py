"""A deliberately damaged copy of a converted corpus, to show what `cmivqa data check` says.

Run: python tests/damaged_copy.py SRC DST, then: cmivqa data check --data DST
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any


def main(source: Path, target: Path) -> None:
    """Copy ``source`` and break five things in it; the same damage every time."""
    shutil.copytree(source, target)
    train = _read(target / "train.json")
    subtitles = _read(target / "subtitle.json")
    used = sorted({record["video_id"] for record in train})
    del subtitles[used[0]]  # a video of the training split that lost its subtitles
    subtitles[used[1]] = subtitles[used[1]][:2]  # one that kept two lines only
    train[10]["start_second"], train[10]["end_second"] = train[10]["end_second"], train[10]["start_second"]
    del train[20]["start_second"], train[20]["end_second"]
    _write(target / "train.json", train)
    _write(target / "subtitle.json", subtitles)
    text = (target / "dev.json").read_text(encoding="utf-8")
    (target / "dev.json").write_text(text[: len(text) // 2], encoding="utf-8")  # a download that was cut off
    print(f"{target}: no subtitles of {used[0]}, two lines of {used[1]}, two broken answers, dev.json cut in half")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
