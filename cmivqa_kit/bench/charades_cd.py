"""Charades-CD: the queries of Charades-STA split anew, so that moments of the test lie elsewhere than in training."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="charades-cd",
    title="Charades-CD, changed distributions of moments",
    task="moment retrieval",
    splits=("test_ood", "val", "test_iid", "train"),
    evaluator="cmivqa_kit.bench.tasks.moments.benchmarks:charades_cd",
    truth="charades_SPLIT.json",
    prediction="JSON Lines: qid (number of the query, from 1), pred_relevant_windows [[start, end, score], ...] (s)",
    paper="Yuan et al., 2021: A closer look at temporal sentence grounding in videos",
    program="the evaluation of MESM (github.com/lntzm/MESM, eval.py)",
    system="mesm",
)
