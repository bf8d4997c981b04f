"""Replays of the cases of ``nrccr``."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import load_file

from cmivqa_kit.bench.tasks.retrieval import official_figures
from cmivqa_kit.metrics.benchmarks.retrieval import Errors, mixed, normalised, of_matrix, retrieval_ranks
from tests.golden.replay import Case, Comparison, procedure


def _whole(errors: Errors) -> np.ndarray:
    return np.vstack([block for _, block in errors.blocks()])


@procedure("nrccr", "metrics_retrieval")
def metrics_retrieval(case: Case) -> list[str]:
    """Whose caption is whose, the stretched matrices, and all measures in both directions at every mixing weight."""
    check = Comparison(case)
    given = json.loads((case.folder / "inputs.json").read_text(encoding="utf-8"))
    wanted = json.loads((case.folder / "outputs.json").read_text(encoding="utf-8"))
    matrices = load_file(case.folder / "inputs.safetensors")
    column = {video: at for at, video in enumerate(given["video_ids"])}
    video_of = np.array([column[caption.split("#")[0]] for caption in given["caption_ids"]])
    check.same("t2v_gt", {str(row): [int(video)] for row, video in enumerate(video_of)}, wanted["t2v_gt"])
    captions_of = [np.flatnonzero(video_of == video).tolist() for video in range(len(column))]
    check.same("v2t_gt", captions_of, wanted["v2t_gt"])
    first, second = (normalised(of_matrix(matrices[f"errors_{number}"])) for number in (1, 2))
    check.tensor("norm_1", _whole(first))
    check.tensor("norm_2", _whole(second))
    check.same("sim_ratios", given["sim_ratios"], [result["sim_ratio"] for result in wanted["results"]])
    for weight, expected in zip(given["sim_ratios"], wanted["results"], strict=True):
        figures = official_figures(retrieval_ranks(mixed(first, second, weight), video_of))
        forth = figures["text_to_video"]
        figures |= {
            "sim_ratio": weight,
            "validation_score_recall": forth["R@1"] + forth["R@5"] + forth["R@10"],
            "validation_score_map": forth["mAP"],
        }
        check.same(f"{weight} figures", sorted(figures), sorted(expected))
        for name, value in expected.items():
            pairs = value.items() if isinstance(value, dict) else [("", value)]
            for key, number in pairs:
                check.number(f"{weight}.{name}.{key}", figures[name][key] if key else figures[name], number)
    check.same("outputs.json", sorted(wanted), ["results", "t2v_gt", "v2t_gt"])
    return check.result()
