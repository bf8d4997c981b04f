"""Charades-STA: one moment per sentence in videos of half a minute."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="charades-sta",
    title="Charades-STA, moments of everyday actions",
    task="moment retrieval",
    splits=("test", "train"),
    evaluator="cmivqa_kit.bench.tasks.moments.benchmarks:charades_sta",
    truth="charades_sta_SPLIT.txt, and Charades_v1_SPLIT.csv beside it",
    prediction="JSON Lines: qid (number of the line, from 0), pred_relevant_windows [[start, end, score], ...] (s)",
    paper="Gao et al., ICCV 2017: TALL, temporal activity localization via language query",
    program="the evaluation of MESM (github.com/lntzm/MESM, eval.py)",
    system="mesm",
)
