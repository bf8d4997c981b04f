"""Hostile run folders and checkpoints."""

from __future__ import annotations

import argparse
import io
import json
import pickle
import random
import shutil
import struct
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.fuzz.hostile import kind
from tests.fuzz.mutation import ODD, changed, spoiled, written
from tests.fuzz.writing_commands import GOLDEN, HERE, finished_run, ready_run, stopped_run


@kind("runs")
def run(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A run of BM25 or prior with one changed file."""
    track = chance.choice("1123")
    baseline = chance.choice(("bm25", "prior")) if track == "1" else "bm25"
    shutil.copytree(ready_run(baseline), folder, dirs_exist_ok=True)
    (home,) = (folder / "runs").iterdir()
    _spoil_one(home, chance)
    return ("predict", *HERE, "--run", str(home.relative_to(folder)), "--track", track)


@kind("neural runs", torch=True)
def neural_run(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A run of CCGS that was stopped, or finished, with one changed file: to go on with, or to predict from."""
    stopped = chance.random() < 0.5
    shutil.copytree(stopped_run() if stopped else finished_run(), folder, dirs_exist_ok=True)
    (home,) = (folder / "runs").iterdir()
    _spoil_one(home, chance)
    name = str(home.relative_to(folder))
    if stopped:
        return ("train", "--resume", name, *HERE)
    return ("predict", *HERE, "--run", name, "--sample", "1")


@kind("checkpoints", torch=True)
def checkpoint(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """An official checkpoint of CCGS, changed inside: its header, its pickle, its sizes, its vocabulary."""
    down = folder / "down"
    down.mkdir()
    sizes = json.loads((GOLDEN / "forward_text" / "case.json").read_text(encoding="utf-8"))["config"]
    good = (GOLDEN / "forward_text" / "weights.safetensors").read_bytes()
    vocabulary = (GOLDEN / "data_example" / "vocab.txt").read_bytes()
    what = chance.choice(("safetensors", "safetensors", "bin", "bin", "sizes", "vocabulary"))
    if what == "bin":
        (down / chance.choice(("pytorch_model.bin", "model_best.pth.tar", "m.ckpt", "model"))).write_bytes(_bin(chance))
    else:
        (down / "model.safetensors").write_bytes(_safetensors(good, chance) if what == "safetensors" else good)
    sizes = changed(sizes, chance) if what == "sizes" else sizes
    (folder / "sizes.json").write_bytes(written(sizes, chance, 0.2 if what == "sizes" else 0.0))
    (down / "vocab.txt").write_bytes(spoiled(vocabulary, chance) if what == "vocabulary" else vocabulary)
    given = () if chance.random() < 0.1 else ("--config", "sizes.json")
    system = "ccgs" if chance.random() < 0.9 else "mutualsl"
    source = "down" if chance.random() < 0.8 else str(next(down.glob("*m*")).relative_to(folder))
    return ("convert-checkpoint", system, source, "out", *given)


def _spoil_one(home: Path, chance: random.Random) -> None:
    files = sorted(path for path in home.rglob("*") if path.is_file())
    path = chance.choice(files)
    data = path.read_bytes()
    act = chance.random()
    if path.suffix == ".safetensors" and act < 0.7:
        path.write_bytes(_safetensors(data, chance))
    elif path.suffix == ".json" and act < 0.7:
        path.write_bytes(written(changed(json.loads(data), chance), chance))
    elif act < 0.8:
        path.unlink()
        if chance.random() < 0.3:
            path.mkdir()
    elif act < 0.85 and len(files) > 1:
        path.write_bytes(chance.choice(files).read_bytes())
    else:
        path.write_bytes(spoiled(data, chance))


def _safetensors(data: bytes, chance: random.Random) -> bytes:
    """The header changed as the JSON document that it is, with its length right or wrong; or bytes spoiled."""
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    act = chance.randrange(5)
    if act == 0:
        return spoiled(data, chance)
    if act == 1:
        entry = header[chance.choice([name for name in header if name != "__metadata__"])]
        key = chance.choice(("dtype", "shape", "data_offsets"))
        entry[key] = chance.choice((*ODD, "F64", "BOOL", [10**6, 10**6], [0, 2**42], [2**63, 2**64], [1], [-1, 4]))
    elif act == 2:
        header = changed(header, chance)
    text = json.dumps(header).encode("utf-8", "backslashreplace") if act != 3 else data[8 : 8 + length]
    told = chance.choice((2**63, 2**40, 0, 7, len(text) + 1)) if act == 3 else len(text)
    return struct.pack("<Q", told) + text + (body[: len(body) // 2] if act == 4 else body)


def _bin(chance: random.Random) -> bytes:
    """What torch.save makes of odd weights, or of what official programs put around them; or its bytes changed."""
    import torch
    from safetensors.torch import load_file

    weights: Any = dict(load_file(GOLDEN / "forward_text" / "weights.safetensors"))
    act = chance.randrange(6)
    if act == 0:
        name = chance.choice(list(weights))
        weights[name] = chance.choice((1, None, "x", torch.zeros(0), torch.zeros(3, 3, 3), torch.zeros(2).bool(), [1]))
    elif act == 1:
        weights = chance.choice(([], {}, None, 5, "x", {"a": {"b": weights}}, [weights], {1: weights}, torch.zeros(3)))
    elif act == 5 or chance.random() < 0.3:
        weights = _official(weights, chance)
    stream = io.BytesIO()
    torch.save(weights, stream, _use_new_zipfile_serialization=chance.random() < 0.6)
    data = stream.getvalue()
    if act == 2:
        return spoiled(data, chance)
    if act == 3:
        return _rezipped(data, chance) if zipfile.is_zipfile(stream) else _spoiled_pickles(data, chance)
    if act == 4:
        return chance.choice(
            (b"", b"PK", b"\x80\x02", b"x" * 99, pickle.dumps({"a": 1}), pickle.dumps(print), b"\x80\x04\x95")
        )
    return data


def _official(weights: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Weights as official programs save them: under a key, in a list, beside options, which may be anything."""
    import numpy as np
    import torch

    options: Any = {
        "layers": [1, 2], "rate": np.float32(0.1), "ids": np.arange(3), "groups": defaultdict(list, a=[1]), "name": "x",
        "device": torch.device("cuda:0"), "inner": argparse.Namespace(a=1), "steps": {0: torch.zeros(2)},
    }  # fmt: skip
    if chance.random() < 0.4:
        hostile = (print, np.array([None], object), np.float64, Path("x"), torch.nn.Identity(), torch.Tensor, options)
        options[chance.choice(list(options))] = chance.choice((*ODD, *hostile))
    model = chance.choice(
        (weights, [weights, weights], (weights, options), {"model." + name: weights[name] for name in weights})
    )
    key = chance.choice(("model", "state_dict", ""))
    return {"epoch": 1, key: model, chance.choice(("opt", "hyper_parameters")): argparse.Namespace(**options)}


def _spoiled_pickles(data: bytes, chance: random.Random) -> bytes:
    """The older form with a change among its pickles, which its storages would hide from a change anywhere."""
    length = min(len(data), 400 + 60 * chance.randrange(200))
    return spoiled(data[:length], chance) + data[length:]


def _rezipped(data: bytes, chance: random.Random) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        struck = chance.choice(names) if chance.random() < 0.4 else next(n for n in names if n.endswith("data.pkl"))
        for name in names:
            content = old.read(name)
            if name == struck:
                if chance.random() < 0.15:
                    continue
                content = spoiled(content, chance)
            new.writestr(name, content)
    return stream.getvalue()
