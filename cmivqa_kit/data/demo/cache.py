"""Where the generated corpus lives: made beside its final name, then renamed, so that it is whole or absent."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cmivqa_kit.data.demo.generator import FILES, VERSION, VIDEOS, write_corpus
from cmivqa_kit.errors import RunFailed
from cmivqa_kit.files import cache_root

STALE_SECONDS = 3600.0  # a temporary folder of this age belongs to a process that was killed
ATTEMPTS = 5


def is_complete(folder: Path) -> bool:
    """True when ``folder`` holds every file of this version of the corpus (``corpus.json`` is written last)."""
    try:
        about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
        if about.get("generator") != VERSION or not all(_has_content(folder / name) for name in FILES):
            return False
        features = [path for path in (folder / "video_feature").iterdir() if path.suffix == ".npy"]
        return len(features) == VIDEOS and all(map(_has_content, features))
    except (OSError, ValueError, AttributeError):
        return False


def _has_content(path: Path) -> bool:
    """False for a file that is missing or was cut to nothing, as a full disk or a crash leaves it."""
    return path.is_file() and path.stat().st_size > 0


def cached_corpus(refresh: bool = False) -> Path:
    """The complete corpus in the cache; see `cmivqa_kit.data.demo.demo_corpus`."""
    root = cache_root()
    target = root / f"demo-{VERSION}"
    if not refresh and is_complete(target):
        return target
    try:
        root.mkdir(parents=True, exist_ok=True)
        _drop_stale(root)
        workplace = Path(tempfile.mkdtemp(prefix=f".demo-{VERSION}.", dir=root))
    except OSError as error:
        raise _failed(target, error.strerror or str(error)) from None
    try:
        made = workplace / "corpus"  # a folder of its own: mkdtemp's is private to the user, this one is not
        write_corpus(made)
        _publish(made, target, workplace, refresh)
    except RunFailed as error:
        raise _failed(target, error.message) from None
    except OSError as error:
        raise _failed(target, error.strerror or str(error)) from None
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return target


def _publish(made: Path, target: Path, workplace: Path, refresh: bool) -> None:
    """Rename ``made`` to ``target``; a complete folder that another process put there meanwhile is as good."""
    for attempt in range(ATTEMPTS):
        if os.path.lexists(target) and (refresh or not is_complete(target)):
            with suppress(FileNotFoundError):  # where another process moved it
                target.replace(workplace / f"old-{attempt}")  # aside first: deleting in place would be seen half-done
        try:
            made.rename(target)
        except OSError:
            if is_complete(target):
                return
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


def _drop_stale(root: Path) -> None:
    for path in root.glob(".demo-*"):
        try:
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue  # its owner finished just now


def _failed(target: Path, why: str) -> RunFailed:
    return RunFailed(
        f"{target}: the embedded corpus could not be made ({why})",
        "It needs about 40 MB. Free some space, or set CMIVQA_CACHE to a folder you can write to; then run it again.",
    )
