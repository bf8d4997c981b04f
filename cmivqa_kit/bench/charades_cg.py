"""Charades-CG: queries with combinations of words, or words, that training does not have."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="charades-cg",
    title="Charades-CG, compositional generalization",
    task="moment retrieval",
    splits=("novel_composition", "novel_word", "test_trivial", "train"),
    evaluator="cmivqa_kit.bench.tasks.moments.benchmarks:charades_cg",
    truth="SPLIT.json",
    prediction="JSON Lines: qid (number of the query, from 1), pred_relevant_windows [[start, end, score], ...] (s)",
    paper="Li et al., CVPR 2022: Compositional temporal grounding",
    program="the evaluation of MESM (github.com/lntzm/MESM, eval.py)",
    system="mesm",
)
