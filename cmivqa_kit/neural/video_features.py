"""Features of video files: frames through a vision model, one row per sampled frame, into any store of features.

Every video that is done lies in a folder of ``.npy`` files at once, so that a stopped extraction goes on; at the end
the folder is the store, or is packed into one. Row ``k`` is the frame that is seen at second ``k / fps``.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.decoded_video import SUFFIXES, Frame, require_decoder, sampled_frames
from cmivqa_kit.data.feature_packing import pack
from cmivqa_kit.data.stores.npy import NpyFolder
from cmivqa_kit.data.stores.store import StoredFeatures
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import atomic_path, read_json, write_json
from cmivqa_kit.neural.vision_encoders import VisionEncoder
from cmivqa_kit.output_paths import is_taken
from cmivqa_kit.temporary_files import sweep

RECORD = "extraction.json"  # beside the .npy files: what they were made with
Facts = Mapping[str, object]
Sampled = Callable[[Path, float], Iterator[Frame]]  # the frames of a video at so many per second
Tell = Callable[[str, int, int], None]  # the video that was done, videos done, of how many


def untold(video: str, done: int, total: int) -> None:
    """A `Tell` that goes nowhere."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extraction made: videos done now, those that were there, rows of all, and what is broken.

    ``broken`` maps the ids of videos that were left out to the reason.
    """

    done: int
    earlier: int
    rows: int
    width: int
    broken: Mapping[str, str] = field(default_factory=dict)


def video_files(paths: Sequence[Path]) -> dict[str, Path]:
    """Video files by id, which is the name without its ending; those of a folder are all below it.

    Raises:
        UserError: a path is not there, there is no video, or two files have one id.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES and one.is_file())
        elif path.exists():
            files.append(path)
        else:
            raise UserError(f"{path}: no such file or folder", f"Check the path; you are in {Path.cwd()}.")
    if not files:
        named = ", ".join(map(str, paths))
        raise UserError(f"{named}: no video in it", f"Videos end with {', '.join(SUFFIXES)}; name others one by one.")
    times = Counter(file.stem for file in files)
    twice = [Problem(str(file), f"has the id {file.stem!r} too") for file in files if times[file.stem] > 1]
    if twice:
        raise problems_error("videos", twice, "An id is the name of a file without its ending: give each its own.")
    refused = [Problem(str(f), f"its id {why}") for f in files if (why := NpyFolder.refusal(f.stem, np.dtype("f4")))]
    if refused:
        raise problems_error("videos", refused, "Give these files other names.")
    return {file.stem: file for file in files}


def work_folder(destination: Path, kind: type[StoredFeatures]) -> Path:
    """Where finished videos lie until all are done: the destination itself where it is a folder of ``.npy`` files."""
    return destination if kind is NpyFolder else destination.with_name(f"{destination.name}.partial")


def require_free(destination: Path, kind: type[StoredFeatures]) -> None:
    """Refuse a destination that is there, unless it is a folder of ``.npy`` files, which is gone on with.

    Raises:
        UserError: it is there.
    """
    if kind is not NpyFolder and is_taken(destination):
        raise UserError(f"{destination}: exists already", "Name another place.")


def require_begun_alike(work: Path, facts: Facts, resume: bool) -> None:
    """Refuse a folder of work that is not to be gone on with, or that other settings made.

    Raises:
        UserError: there are features and ``resume`` is not given; or they were made otherwise.
    """
    there = work.is_dir() and any(work.iterdir())
    if there and not resume:
        raise UserError(
            f"{work}: holds features already", "Give --resume to keep them and make the others, or name another place."
        )
    record = work / RECORD
    if there and record.is_file():
        stored = read_json(record, "record of an extraction")
        other = [name for name, value in facts.items() if not isinstance(stored, dict) or stored.get(name) != value]
        if other:
            raise UserError(
                f"{work}: was made with another {' and another '.join(other)} ({RECORD})",
                "Resume with the same settings, or name another place.",
            )
    elif there:
        raise UserError(f"{work}: has features and no {RECORD}: nobody knows how they were made", "Name another place.")


def extract(
    videos: Mapping[str, Path], destination: Path, kind: type[StoredFeatures], encoder: VisionEncoder, fps: float = 1.0,
    batch: int = 32, resume: bool = False, tell: Tell = untold, sampled: Sampled = sampled_frames,
) -> Extraction:  # fmt: skip
    """Make features of videos and leave them in ``destination``.

    Args:
        videos: files by id.
        destination: as `require_free` allows it.
        kind: the format of the store.
        encoder: of the frames.
        fps: frames per second.
        batch: frames that are encoded together.
        resume: go on with what an earlier call made.
        tell: called for every video.
        sampled: the frames of a video.

    Raises:
        UserError: there are features already, or made otherwise; or PyAV is not installed.
        RunFailed: something cannot be written.
    """
    require_decoder()
    work = work_folder(destination, kind)
    facts = {"model": encoder.name, "revision": encoder.revision, "vector": encoder.reads, "fps": fps}
    if work.is_dir():
        sweep(work)  # what a kill left half written
    require_begun_alike(work, facts, resume)
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / RECORD, facts)
    there = set(NpyFolder(work).ids)
    broken: dict[str, str] = {}
    for number, (video, path) in enumerate(videos.items(), 1):
        if video not in there:
            try:
                rows = video_rows(sampled(path, fps), encoder, batch)
            except UserError as error:
                broken[video] = error.message
            else:
                with atomic_path(work / f"{video}.npy") as temporary, temporary.open("wb") as stream:
                    np.save(stream, rows, allow_pickle=False)
        tell(video, number, len(videos))
    store = NpyFolder(work)
    shapes = [store.shape(name) for name in store.ids]
    if work != destination and shapes:
        pack(store, destination, kind, 1 / fps)
    if work != destination or not shapes:
        shutil.rmtree(work)
    earlier = len(there & set(videos))
    done = len(videos) - earlier - len(broken)
    return Extraction(done, earlier, sum(rows for rows, _ in shapes), shapes[0][1] if shapes else 0, broken)


def video_rows(frames: Iterator[Frame], encoder: VisionEncoder, batch: int) -> NDArray[np.float32]:
    """The vectors of frames, (frames, width)."""
    rows = []
    while several := list(islice(frames, batch)):
        rows.append(encoder.encode(encoder.transform([frame.picture for frame in several])))
    return np.concatenate(rows)
