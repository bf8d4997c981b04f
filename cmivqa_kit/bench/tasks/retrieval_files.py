"""What a retrieval system hands in: a score matrix, or embeddings of captions and videos.

| path | holds |
| --- | --- |
| ``scores.npy`` | (captions, videos) scores, higher is better, rows and columns in the order of the annotations |
| ``scores.npz`` | ``scores``, and where the order is another one ``caption_ids`` and ``video_ids`` |
| a folder | ``videos`` and ``captions``, or ``videos``, ``source`` and ``translation``: ``.npy`` in the order of the \
annotations, or ``.npz`` with ``embeddings`` and ``ids`` |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.metrics.benchmarks.retrieval import Errors, of_embeddings, of_matrix

FORMS = "a score matrix (.npy, .npz), or a folder with videos and captions (or source and translation)"


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalPredictions:
    """Errors (lower is better) of captions against videos; ``source`` where the two languages are apart."""

    captions: tuple[str, ...]
    videos: tuple[str, ...]
    target: Errors
    source: Errors | None = None
    remarks: tuple[str, ...] = ()


def read_retrieval_predictions(path: Path, captions: Sequence[str], videos: Sequence[str]) -> RetrievalPredictions:
    """Read predictions; ``captions`` and ``videos`` are the ids of the annotations, in their order.

    Raises:
        UserError: missing, damaged, another form, a wrong size, NaN; every problem of a file is listed.
    """
    if path.is_dir():
        return _embeddings(path, captions, videos)
    named = _named(path, "scores", ("caption_ids", "video_ids"))
    scores, caption_ids, video_ids = named.array, named.ids["caption_ids"], named.ids["video_ids"]
    rows, columns = caption_ids or tuple(captions), video_ids or tuple(videos)
    _require_shape(path, scores, (len(rows), len(columns)), "captions x videos")
    return RetrievalPredictions(rows, columns, of_matrix(-scores.astype(np.float64, copy=False)))


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """An array, and lists of ids beside it (empty where there are none)."""

    array: NDArray[np.floating]
    ids: dict[str, tuple[str, ...]]


def _embeddings(folder: Path, captions: Sequence[str], videos: Sequence[str]) -> RetrievalPredictions:
    columns, right = _rows(folder, "videos", videos)
    if _file(folder, "source") is not None or _file(folder, "translation") is not None:
        rows, source = _rows(folder, "source", captions)
        others, target = _rows(folder, "translation", captions)
        if rows != others:
            raise UserError(f"{folder}: source and translation have other captions", "Write both in the same order.")
        _require_width(folder, {"videos": right, "source": source, "translation": target})
        return RetrievalPredictions(rows, columns, of_embeddings(target, right), of_embeddings(source, right))
    rows, left = _rows(folder, "captions", captions)
    _require_width(folder, {"videos": right, "captions": left})
    return RetrievalPredictions(rows, columns, of_embeddings(left, right))


def _rows(folder: Path, name: str, ids: Sequence[str]) -> tuple[tuple[str, ...], NDArray[np.floating]]:
    path = _file(folder, name)
    if path is None:
        raise UserError(f"{folder}: no {name}.npy or {name}.npz", f"Predictions are {FORMS}.")
    named = _named(path, "embeddings", ("ids",))
    own = named.ids["ids"] or tuple(ids)
    _require_shape(path, named.array, (len(own), named.array.shape[-1]), "rows x width")
    return own, named.array


def _file(folder: Path, name: str) -> Path | None:
    return next((path for suffix in (".npz", ".npy") if (path := folder / f"{name}{suffix}").is_file()), None)


def _named(path: Path, name: str, lists: Sequence[str]) -> _Named:
    """The array of a ``.npy`` file, or the one called ``name`` of a ``.npz`` file with its lists of ids."""
    none: dict[str, tuple[str, ...]] = dict.fromkeys(lists, ())
    with reading(path, "array", "Write it again with numpy.save or numpy.savez."):
        if not path.is_file():
            raise UserError(f"{path}: no such file", f"Predictions are {FORMS}.")
        loaded = np.load(path, mmap_mode="r" if path.suffix == ".npy" else None, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return _Named(_floats(path, loaded), none)
        with loaded:
            if name not in loaded:
                raise UserError(f"{path}: no array {name!r} (there is: {', '.join(loaded)})", f"Write it as {name!r}.")
            ids = {key: _ids(path, key, loaded[key]) if key in loaded else () for key in lists}
            return _Named(_floats(path, loaded[name]), ids)


def _ids(path: Path, key: str, array: NDArray[np.generic]) -> tuple[str, ...]:
    if array.ndim != 1 or array.dtype.kind not in "US":
        raise UserError(f"{path}: {key} is no list of texts", "Write it as numpy.array(ids).")
    texts = array.tolist() if array.dtype.kind == "U" else [item.decode("utf-8") for item in array.tolist()]
    if len(set(texts)) < len(texts):
        first = next(text for text in texts if texts.count(text) > 1)
        raise UserError(f"{path}: {key}: {first!r} stands twice", "Each id must stand once.")
    return tuple(texts)


def _floats(path: Path, array: NDArray[np.generic]) -> NDArray[np.floating]:
    if array.dtype.kind not in "fiu" or array.ndim != 2 or not array.size:
        raise UserError(f"{path}: {array.dtype} of shape {array.shape}, not a matrix of numbers", f"Give {FORMS}.")
    bad = [at for at in range(len(array)) if not np.isfinite(array[at]).all()]
    if bad:
        problems = [Problem(f"row {at}", "NaN or infinite") for at in bad]
        raise problems_error(path, problems, "The published program would rank them at random. Write finite numbers.")
    return array  # type: ignore[return-value]


def _require_shape(path: Path, array: NDArray[np.floating], shape: tuple[int, int], sides: str) -> None:
    if array.shape != shape:
        raise UserError(
            f"{path}: {array.shape[0]} x {array.shape[1]}, expected {shape[0]} x {shape[1]} ({sides})",
            "Write one row for each, in the order of the annotations, or give the ids beside.",
        )


def _require_width(folder: Path, arrays: dict[str, NDArray[np.floating]]) -> None:
    widths = {name: array.shape[1] for name, array in arrays.items()}
    if len(set(widths.values())) > 1:
        said = ", ".join(f"{name} {width}" for name, width in widths.items())
        raise UserError(f"{folder}: embeddings of different widths: {said}", "All must be of one space.")
