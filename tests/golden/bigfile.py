"""Replays of the cases of BigFiles: what the published reader of NRCCR gives."""

from __future__ import annotations

import json
from typing import Any

from cmivqa_kit.data.stores.bigfile_reader import BigFile
from cmivqa_kit.data.stores.video_frames import parse_video_frames
from tests.golden.replay import Case, Comparison, procedure


@procedure("nrccr", "data_bigfile")
def data_bigfile(case: Case) -> list[str]:
    """Names and rows of every read, in the order of the file; the frames of the videos."""
    folder = case.folder / case.config["folder"]
    inputs, outputs = (_read(case, name) for name in ("inputs", "outputs"))
    bigfile, comparison = BigFile(folder), Comparison(case)
    comparison.same("shape", list(bigfile.shape), outputs["shape"])
    comparison.same("names", list(bigfile.names), outputs["names"])
    for number, (asked, wanted) in enumerate(zip(inputs["reads"], outputs["reads"], strict=True)):
        read = bigfile.read if asked["isname"] else bigfile.read_numbers
        names, rows = read(asked["requested"])
        comparison.same(f"reads/{number}/names", names, wanted["names"])
        comparison.same(f"reads/{number}/vectors", rows.tolist(), wanted["vectors"])
    for name in inputs["read_one"]:
        comparison.same(f"read_one/{name}", bigfile.read_one(name).tolist(), outputs["read_one"][name])
    frames = folder / "video2frames.txt"
    comparison.same("video2frames", parse_video_frames(frames.read_text("utf-8"), frames), outputs["video2frames"])
    known = {"shape", "names", "reads", "read_one", "video2frames"}
    return [*comparison.result(), *(f"{name}: not compared" for name in outputs.keys() - known)]


def _read(case: Case, name: str) -> Any:
    return json.loads((case.folder / f"{name}.json").read_text(encoding="utf-8"))
