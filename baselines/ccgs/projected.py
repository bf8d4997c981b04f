"""Videos behind the first layer of the visual branch, which depends on no question: made once per video.

At the published sizes it takes 1.2 of the branch's about 10 GFLOP (768 rows), and the projected rows are 2.4 MB of
device memory a video, where the features themselves would cross to the device again with every batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

import torch
from cachetools import LRUCache, cachedmethod
from torch import Tensor

from baselines.ccgs.features import SpokenTimes, visual_masks
from baselines.ccgs.model import GlobalSpanModel
from cmivqa_kit.neural.video_rows import VideoRows

CACHE_BYTES = 2**30  # of projected videos kept on the device: 1 GiB, about 450 videos of 768 rows
ABSENT = -1


class ProjectedVideos:
    """Videos as the network sees them behind its first visual layer, kept where the network is.

    Args:
        rows: the features of the corpus.
        model: the network in evaluation mode, on its device. Its weights must stay as they are: a new pass after more
            training needs a new object.
        cache_bytes: of videos there; what was used longest ago is made again when it is wanted.
    """

    def __init__(self, rows: VideoRows, model: GlobalSpanModel, cache_bytes: int = CACHE_BYTES) -> None:
        self.rows, self.model = rows, model
        self._ids = tuple(rows.store)
        self._numbers = {video_id: number for number, video_id in enumerate(self._ids)}
        self._cache: LRUCache[str, Tensor] = LRUCache(cache_bytes, getsizeof=attrgetter("nbytes"))

    def collate(self, video_ids: Sequence[str], times: Sequence[SpokenTimes]) -> dict[str, Tensor]:
        """What of a batch is known beforehand, on the CPU: ``videos`` (B,), ``vfeats_mask``, and ``line_rows``.

        The shares of the lines are made for the kit's fusion only.

        Raises:
            UserError: a damaged feature file.
        """
        numbers = [self._numbers.get(video_id, ABSENT) for video_id in video_ids]
        masks = visual_masks(self.rows, video_ids, times if self.model.fusion is not None else None)
        return {"videos": torch.tensor(numbers), **masks}

    def inputs(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The batch on the device with ``video`` (B, T, C), as `GlobalSpanModel` takes it, in place of ``videos``.

        Raises:
            UserError: a damaged feature file.
        """
        inputs = dict(batch)
        numbers = inputs.pop("videos").tolist()  # waits for the batch before, a small part of a batch's time
        rows, longest = inputs["vfeats_mask"].shape
        weight = self.model.dense.weight
        video = torch.zeros(rows, longest, weight.shape[1], device=weight.device)  # C = H in the visual variant
        for row, number in enumerate(numbers):
            if number != ABSENT:
                projected: Tensor = self._projected(self._ids[number])
                video[row, : len(projected)] = projected
        return {**inputs, "video": video}

    @cachedmethod(attrgetter("_cache"))
    def _projected(self, video_id: str) -> Tensor:
        rows = self.rows.get(video_id)
        if rows is None:
            raise ValueError(f"no features of {video_id!r}")  # its number comes from the same listing
        device = self.model.dense.weight.device
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            return self.model.project(torch.from_numpy(rows).to(device)[None])[0]
