"""A reproducible train/dev split by video (`cmivqa data split`): the 2023 organizers hand out one annotated file."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import load_questions, load_split
from cmivqa_kit.data.dev_corpus import ALL, DEV_CORPUS, LIKE_TEST, CorpusSize, DevCorpus, draw, read_dev_corpus
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import read_json, write_json
from cmivqa_kit.joint_files import complete, published_together
from cmivqa_kit.output_paths import is_taken, regular_target


@dataclass(frozen=True, slots=True)
class Divided:
    """What was written: the two files, their numbers of records and of videos.

    ``corpus`` is that of dev where one was drawn; else dev has all videos.
    """

    train: Path
    dev: Path
    records: tuple[int, int]
    videos: tuple[int, int]
    corpus: DevCorpus | None = None


def dev_videos(ids: Iterable[str], fraction: float, seed: int) -> frozenset[str]:
    """The videos of the dev part: ids sorted, shuffled by a private generator, the first ``fraction`` of them taken.

    Depends on nothing but its arguments (not on hash order, file order or global random state); at least one video.
    """
    order = sorted(set(ids))
    random.Random(seed).shuffle(order)
    return frozenset(order[: max(1, int(fraction * len(order)))])


def divide(
    catalogue: Catalogue,
    fraction: float = 0.1,
    seed: int = 0,
    out: Path | None = None,
    size: CorpusSize | None = None,
) -> Divided:
    """Write ``train.json`` and ``dev.json`` (no video in both) from the annotated file of a data root.

    Records are copied unchanged and keep their order. The files appear by one step; an existing one with the same
    content is left alone.

    Args:
        catalogue: the data root.
        fraction: of the videos, for dev.
        seed: of the division and of the dev corpus.
        out: folder for the files; by default that of the annotated file.
        size: of the dev corpus; by default as large as the test corpus where one lies in the data root. A division that
            stands there already keeps what it has.

    Raises:
        UserError: fraction outside 0..1, records without video ids, a corpus size that cannot be, or other files
            already stand there.
    """
    if not 0 < fraction < 1:
        raise UserError(f"--fraction {fraction:g} is not between 0 and 1", "0.1 takes a tenth of the videos for dev.")
    whole = _whole(catalogue)
    found = load_questions(whole, "train")
    if len({file.tracks for file in whole.questions if file.split == "train"}) > 1:
        raise UserError(
            f"{catalogue.root}: train has one question file per track; one division cannot serve them all",
            "Use the dev files that such an edition hands out, or point --data at a folder with one of the files.",
        )
    source = found.file.path
    key = found.layout.keys.video_id
    records: list[dict[str, Any]] = read_json(source)
    lacking = [
        Problem(f"/{index}", f"no {key!r} (id {record.get('id')!r})")
        for index, record in enumerate(records)
        if not record.get(key)
    ]
    if lacking:
        raise problems_error(source, lacking, "Every record needs its video: the split is made by video.")
    chosen = dev_videos((record[key] for record in records), fraction, seed)
    parts = {
        "train": [record for record in records if record[key] not in chosen],
        "dev": [record for record in records if record[key] in chosen],
    }
    if not parts["train"]:
        raise UserError(f"{source}: its questions are all about one video", "A split by video needs at least two.")
    folder = out or source.parent
    complete(folder)
    paths = {name: folder / f"{name}.json" for name in parts}
    corpus_path = folder / DEV_CORPUS
    keeps = size is None and all(map(is_taken, paths.values()))
    if keeps:
        corpus = read_dev_corpus(corpus_path) if is_taken(corpus_path) else None
    else:
        corpus = _drawn(catalogue, whole, chosen, size, seed)
    different = [path for name, path in paths.items() if is_taken(path) and not _holds(path, parts[name])]
    if not keeps and is_taken(corpus_path) and not (corpus and _holds(corpus_path, corpus.document())):
        different.append(corpus_path)
    if different:
        first = source if source in different else different[0]
        what = "is the file to divide" if first == source else "exists and is different"
        others = "".join(f", nor is {path}" for path in different if path != first)
        raise UserError(
            f"{first}: {what}; it is not overwritten{others}",
            f"Give --out DIR, or move {'them' if others else 'that file'} away.",
        )
    with published_together(folder) as reserve:
        for name, path in paths.items():
            if not is_taken(path):
                write_json(reserve(path.name), parts[name])
        if corpus is not None and not is_taken(corpus_path):
            write_json(reserve(corpus_path.name), corpus.document())
    counts = {name: len({record[key] for record in part}) for name, part in parts.items()}
    return Divided(
        paths["train"], paths["dev"], (len(parts["train"]), len(parts["dev"])), (counts["train"], counts["dev"]),
        corpus,
    )  # fmt: skip


def _drawn(
    catalogue: Catalogue, whole: Catalogue, dev: Collection[str], size: CorpusSize | None, seed: int
) -> DevCorpus | None:
    """The dev corpus; ``None`` for all videos.

    Raises:
        UserError: a number of videos that there are not, or fewer than the dev questions are about; a test corpus is
            asked for and there is none.
    """
    test = next((name for name in catalogue.splits if catalogue.edition.splits[name].answers == "organizers"), None)
    if size == ALL or (size is None and test is None):
        return None
    if not isinstance(size, int) and test is None:
        raise UserError(
            f"{catalogue.root}: no test split whose corpus dev could be like",
            f"Give --corpus-size {ALL}, or a number of videos.",
        )
    videos = load_split(whole, "train").videos
    if isinstance(size, int):
        least = len(set(dev) & videos.keys())
        if not least <= size <= len(videos):
            raise UserError(
                f"--corpus-size {size}: the dev questions are about {least} videos, and there are {len(videos)}",
                f"Give a number from {least} to {len(videos)}, or --corpus-size {ALL}.",
            )
        count = size
    else:
        count = len(load_split(catalogue, str(test)).videos)
    corpus = draw(dev, videos, count, size or LIKE_TEST, seed)
    return corpus if len(corpus.videos) < len(videos) else None


def _holds(path: Path, document: Any) -> bool:
    """True where a file says the same.

    Raises:
        UserError: it is no regular file, or cannot be read.
    """
    return bool(read_json(regular_target(path)) == document)


def _whole(catalogue: Catalogue) -> Catalogue:
    """The data root without a division made before, where the file it was made from still lies there."""
    ranks = [file.rank for file in catalogue.questions if file.split == "train"]
    if not ranks or max(ranks) == 0:
        return catalogue
    return replace(catalogue, questions=tuple(f for f in catalogue.questions if f.split != "train" or f.rank > 0))
