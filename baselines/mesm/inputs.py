"""What the network is given of queries: clips of their videos and features of their words, made once each.

Letters: B queries, L clips, W word positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from baselines.mesm.examples import ClipRules, Rows, VideoQueries, clips
from baselines.mesm.model import MESM
from baselines.mesm.word_rows import WordReader, WordRow
from cmivqa_kit.bench.contract.types import Benchmark
from cmivqa_kit.bench.tasks.moments.types import MomentQuery
from cmivqa_kit.data.display import count
from cmivqa_kit.data.stores.fused import FusedStore
from cmivqa_kit.data.stores.registry import file_suffixes, open_store
from cmivqa_kit.errors import UserError

TEXTS = 64  # sentences that go through the text encoder at once
FEATURES = "features"  # folder of the stores below a data root


class Sentence(NamedTuple):
    """What reads a sentence says of it, and its words (n, T) with their mask (n,), without the padding behind."""

    row: WordRow
    words: Tensor
    mask: Tensor


def open_features(root: Path, names: Sequence[str], benchmark: Benchmark) -> FusedStore:
    """The stores of a benchmark's features side by side, rows of length 1 each.

    Args:
        root: of the data.
        names: of the stores: ``NAME`` or ``NAME.hdf5`` and the like, in ``root``, its folder ``features``, or the same
            below the benchmark's name.
        benchmark: whose features they are.

    Raises:
        UserError: a store is missing or damaged.
    """
    folders = [root / benchmark.name / FEATURES, root / benchmark.name, root / FEATURES, root]
    stores = {}
    for name in names:
        candidates = [folder / f"{name}{suffix}" for folder in folders for suffix in ("", *file_suffixes())]
        path = next((path for path in candidates if path.exists()), None)
        if path is None:
            raise UserError(
                f"{root}: no features {name!r} of {benchmark.name}",
                f"Put {name}.hdf5 into {folders[2]}, or name what is there: --set 'data.features=[\"NAME\"]'",
            )
        stores[name] = open_store(path)
    return FusedStore(stores, unit_rows=True)


class VideoClips(Protocol):
    """The clips of videos, wherever their features come from."""

    rules: ClipRules

    def of(self, video: str) -> Rows:
        """(L, width) of a video.

        Raises:
            UserError: its features are missing or damaged.
        """
        ...


@dataclass(slots=True)
class Clips:
    """The clips of a benchmark's videos.

    Attributes:
        store: of features.
        rules: how rows become clips.
    """

    store: FusedStore
    rules: ClipRules
    _known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self._known = frozenset(self.store.ids)

    def __contains__(self, video: str) -> bool:
        return video in self._known

    @property
    def width(self) -> int:
        """The width of a clip.

        Raises:
            UserError: the features have no common width.
        """
        width = self.store.width
        if width is None:
            raise UserError(f"{self.store.path}: features of several widths, or none", "Extract them again.")
        return width + 2 * self.rules.temporal

    def of(self, video: str) -> Rows:
        """(L, width) of a video.

        Raises:
            UserError: its features are missing or damaged.
        """
        rows = self.store.get(video)
        if rows is None:
            raise UserError(f"{self.store.path}: no features of {video}", "Get them, or leave the video out.")
        if not np.isfinite(rows).all():
            raise UserError(f"{self.store.location(video)}: holds NaN or infinity", "Extract the video again.")
        return clips(np.ascontiguousarray(rows, dtype=np.float32), self.rules)

    def require(self, queries: Iterable[MomentQuery]) -> None:
        """Refuse queries about videos without features.

        Raises:
            UserError: there are such; how many and some of them.
        """
        lacking = list(dict.fromkeys(query.video for query in queries if query.video not in self))
        if lacking:
            lack = self.store.lacking
            which = f" (not in {', '.join(lack[lacking[0]])})" if lacking[0] in lack else ""
            raise UserError(
                f"{self.store.path}: no features of {count(len(lacking), 'video')}: {', '.join(lacking[:5])}{which}",
                "Extract the features of all videos that are asked about.",
            )


class Sentences:
    """Sentences as the network takes them, each encoded once: the text encoder does not learn.

    Args:
        reader: reads them.
        model: has the text encoder; it is asked on the device where it is.
        together: how many go through it at once; with 1 the last digits of one do not depend on the others.
    """

    def __init__(self, reader: WordReader, model: MESM, together: int = TEXTS) -> None:
        self.reader, self.model, self.together = reader, model, together
        self._known: dict[str, Sentence] = {}

    def of(self, texts: Sequence[str]) -> list[Sentence]:
        """What the network takes of each text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for start in range(0, len(new), self.together):
            self._encode(new[start : start + self.together])
        return [self._known[text] for text in texts]

    @torch.no_grad()
    def _encode(self, texts: Sequence[str]) -> None:
        rows = [self.reader.read(text) for text in texts]
        device = self.model.masked_token.device
        words = torch.from_numpy(np.stack([row.words for row in rows])).to(device)
        features, mask, _ = (part.cpu() for part in self.model.encode_text(words))
        for number, (text, row) in enumerate(zip(texts, rows, strict=True)):
            own = mask[number].nonzero()
            end = int(own[-1]) + 1 if len(own) else 0
            kept, valid = features[number, :end].clone(), mask[number, :end].clone()
            if not len(own):  # nothing that can be read: one word that says nothing
                kept, valid = features.new_zeros(1, features.shape[-1]), torch.ones(1, dtype=torch.bool)
            self._known[text] = Sentence(row, kept, valid)


def network_inputs(videos: Sequence[VideoQueries], rows: Mapping[str, Rows], sentences: Sentences) -> dict[str, Tensor]:
    """What the network is given of the queries about some videos, in their order.

    Args:
        videos: with their queries.
        rows: clips by the id of the video.
        sentences: of the queries.

    Returns:
        ``video``, ``video_mask``, ``words``, ``word_mask`` and ``counts`` of `MESM.forward`; words up to W.
    """
    queries = [query for video in videos for query in video.queries]
    read = sentences.of([query.text for query in queries])
    own = [torch.from_numpy(rows[query.video]) for query in queries]
    longest = sentences.reader.longest
    words = own[0].new_zeros(len(queries), longest, read[0].words.shape[1])
    mask = torch.zeros(len(queries), longest, dtype=torch.bool)
    for number, sentence in enumerate(read):
        words[number, : len(sentence.words)] = sentence.words
        mask[number, : len(sentence.mask)] = sentence.mask
    return {
        "video": pad_sequence(own, batch_first=True),
        "video_mask": pad_sequence([torch.ones(len(each), dtype=torch.bool) for each in own], batch_first=True),
        "words": words,
        "word_mask": mask,
        "counts": torch.tensor([len(video.queries) for video in videos]),
    }
