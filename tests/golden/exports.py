"""Replays of exports: ``export_trec``, the texts of a run and qrels, and what trec_eval's measures are on them.

The measures are computed here from the exported texts alone, for the one relevant video that each topic has.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from cmivqa_kit.editions import load_edition
from cmivqa_kit.leaderboard.exports import trec
from cmivqa_kit.leaderboard.exports.trec_files import QRELS, RUN
from cmivqa_kit.scoring.scorer import score_documents
from tests.golden.replay import Case, Comparison, procedure
from tests.golden.scoring import STRICT

# By the rank of the relevant video, 0 where it is not in the run.
MEASURES: Mapping[str, Callable[[int], float]] = {
    "recip_rank": lambda rank: 1 / rank if rank else 0.0,
    "map": lambda rank: 1 / rank if rank else 0.0,
    "ndcg": lambda rank: 1 / math.log2(1 + rank) if rank else 0.0,
    **{f"success_{k}": lambda rank, k=k: float(0 < rank <= k) for k in (1, 5, 10, 50)},
    **{f"recall_{k}": lambda rank, k=k: float(0 < rank <= k) for k in (1, 5, 10, 50)},
    **{f"P_{k}": lambda rank, k=k: float(0 < rank <= k) / k for k in (1, 5, 10)},
}


@procedure("scoring", "export_trec")
def export_trec(case: Case) -> list[str]:
    """Both texts exactly; numbers over all topics and over those of the run; the strict ones."""
    given, wanted = (
        json.loads((case.folder / f"{part}.json").read_text(encoding="utf-8")) for part in ("inputs", "outputs")
    )
    comparison = Comparison(case)
    track = case.config["track"]
    exported = trec(given["pred"], given["target"], track, tag=case.config["tag"], entries=case.config["max_outputs"])
    comparison.same("qrels", exported.files[QRELS], wanted["qrels_text"])
    comparison.same("run", exported.files[RUN], wanted["run_text"])
    ranks, topics = ranks_in(exported.files[QRELS], exported.files[RUN])
    for part, chosen in (("all_topics", set(ranks)), ("run_topics", topics)):
        for name, value in wanted[part].items():
            own = [MEASURES[name](ranks[topic]) for topic in chosen]
            comparison.number(f"{part}, {name}", sum(own) / len(own), value)
    comparison.same("questions", len(ranks), wanted["n_questions"])
    comparison.same("topics of the run", len(topics), wanted["n_run_topics"])
    comparison.same("answered", exported.answered, wanted["n_run_topics"])
    card = score_documents(given["pred"], given["target"], track, load_edition())
    for short, name in STRICT[track].items():
        if short in wanted["strict"]:
            comparison.number(f"strict {short}", card.strict.metrics[name], wanted["strict"][short])
    comparison.same("strict numbers", set(wanted["strict"]) <= set(STRICT[track]), True)
    return comparison.result()


def ranks_in(qrels: str, run: str) -> tuple[dict[str, int], set[str]]:
    """The rank of each topic's relevant video by the scores of the run (0: not there), and the topics of the run."""
    relevant: dict[str, Any] = {}
    for line in qrels.splitlines():
        topic, _, video, grade = line.split(" ")
        relevant[topic] = (video, int(grade))
    lists: dict[str, list[tuple[float, str]]] = {}
    for line in run.splitlines():
        topic, _, video, _, score, _ = line.split(" ")
        lists.setdefault(topic, []).append((-float(score), video))
    ranks = {}
    for topic, (video, _) in relevant.items():
        names = [name for _, name in sorted(lists.get(topic, []))]
        ranks[topic] = names.index(video) + 1 if video in names else 0
    return ranks, set(lists)
