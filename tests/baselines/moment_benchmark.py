"""A planted benchmark in the layout of Charades-STA: what a sentence names can be seen in the rows of its moment."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

from baselines.mesm.model import MESM
from baselines.mesm.network import Network

ACTS, THINGS, WIDTH = ("opens", "lifts", "folds"), ("door", "book", "towel"), 8
STORE = "planted"
TRAIN = (
    "bench", "train", "charades-sta", "--data", "data", "--preset", "tiny", "--no-intervals",
    "--set", f'data.features=["{STORE}"]',
)  # fmt: skip


def write_benchmark(root: Path, train: int = 10, test: int = 4) -> Path:
    """Annotations, durations and a folder of features, three moments in each video."""
    random = np.random.default_rng(3)
    directions = {word: random.standard_normal(WIDTH) for word in (*ACTS, *THINGS)}
    folder = root / "features" / STORE
    folder.mkdir(parents=True)
    for split, videos in (("train", train), ("test", test)):
        lines, table = [], ["id,length"]
        for number in range(videos):
            video, seconds = f"{split.upper()}{number}", int(random.integers(12, 20))
            rows = 0.3 * random.standard_normal((seconds, WIDTH))
            cuts = [0, seconds // 3, 2 * seconds // 3, seconds]
            for start, end in pairwise(cuts):
                act, thing = random.choice(ACTS), random.choice(THINGS)
                rows[start:end] += directions[act] + directions[thing]
                lines.append(f"{video} {start} {end}##a person {act} the {thing}.")
            np.save(folder / f"{video}.npy", rows.astype(np.float32))
            table.append(f"{video},{seconds}")
        (root / f"charades_sta_{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (root / f"Charades_v1_{split}.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return root


SMALL = {
    "v_feat_dim": 6, "t_feat_dim": 5, "hidden_dim": 16, "nheads": 4, "dim_feedforward": 24, "num_queries": 3,
    "max_words_l": 4, "vocab_size": 7, "num_recss_layers": 1,
}  # fmt: skip


def small_model(seed: int = 0, **changed: object) -> MESM:
    """A network of small sizes with random weights everywhere, in evaluation mode."""
    torch.manual_seed(seed)
    model = Network.of({**SMALL, **changed}, "here").build().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def inputs(lengths: list[int], words: list[int], counts: list[int], seed: int = 1) -> dict[str, torch.Tensor]:
    """Clips and words of queries, a sequence of each length; what stands on padding is zero."""
    generator = torch.Generator().manual_seed(seed)

    def rows(sizes: list[int], most: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        mask = torch.arange(most) < torch.tensor(sizes)[:, None]
        each = [torch.randn(most, width, generator=generator) for _ in sizes]
        return torch.stack(each) * mask[..., None], mask

    video, video_mask = rows(lengths, max(lengths), int(SMALL["v_feat_dim"]))  # type: ignore[call-overload]
    text, word_mask = rows(words, int(SMALL["max_words_l"]), int(SMALL["t_feat_dim"]))  # type: ignore[call-overload]
    return {"video": video, "video_mask": video_mask, "words": text, "word_mask": word_mask,
            "counts": torch.tensor(counts)}  # fmt: skip
