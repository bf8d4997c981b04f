"""Hostile feature stores: damaged bytes, sizes that no file holds, names that lead outside."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np

from cmivqa_kit.data.stores.registry import format_named, formats
from tests.fuzz.hostile import kind
from tests.fuzz.mutation import ODD, spoiled

IDS = ("a", "b_1", "4chGHzgBji-", "s17-d69.avi")
SHAPES = ("3 4", "99999999999 4", "-3 4", "3", "0 0", "", "3 4 5", "३ 4", "9" * 40 + " 1", "nan 4")
FRAMES = (
    "{", "[]", "{'a': [" * 400, "{'a': 'a_0'}", "{'a': ['a_0']}\n" * 2, "__import__('os').abort()", '{"a": [1e999]}',
    "{'a': ['" + "x" * 10**6 + "']}", "{'a': ['a_0',]," * 3, "{" + "'a': []," * 10**5 + "}", "{'\\N{BULLET}': []}",
)  # fmt: skip


@kind("features")
def features(folder: Path, chance: random.Random) -> tuple[str, ...]:
    """A store of any format, damaged, to be packed as another."""
    made = format_named(chance.choice(list(formats())))
    rows = {name: np.ones((chance.randint(1, 4), 4), np.float32) for name in IDS[: chance.randint(1, 4)]}
    store = folder / f"store{made.suffixes[0] if made.suffixes else ''}"
    if not made.suffixes:
        store.mkdir()
    with made.writing(store, {name: (array.shape, array.dtype) for name, array in rows.items()}, 1.0) as add:
        for name, array in rows.items():
            add(name, array)
    files = sorted(store.iterdir()) if store.is_dir() else [store]
    for file in chance.sample(files, min(len(files), chance.choice((0, 1, 1, 2)))):
        file.write_bytes(_changed(file, chance))
    out = chance.choice(("out.npz", "out.hdf5", "out.safetensors", "out"))
    return ("data", "pack", store.name, out)


def _changed(file: Path, chance: random.Random) -> bytes:
    data = file.read_bytes()
    act = chance.randrange(4)
    if act == 0 and file.name == "shape.txt":
        return chance.choice(SHAPES).encode()
    if act == 1 and file.name == "video2frames.txt":
        return chance.choice(FRAMES).encode()
    if act == 2 and file.suffix == ".safetensors":
        return _safetensors(data, chance)
    return spoiled(data, chance)


def _safetensors(data: bytes, chance: random.Random) -> bytes:
    """The header with one of its values replaced."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    entry = header[chance.choice(list(header))]
    entry[chance.choice(list(entry))] = chance.choice([value for value in ODD if not isinstance(value, str)])
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + data[8 + size :]
