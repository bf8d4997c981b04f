"""TACoS: moments of cooking in videos of several minutes."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="tacos",
    title="TACoS, moments of cooking",
    task="moment retrieval",
    splits=("test", "val", "train"),
    evaluator="cmivqa_kit.bench.tasks.moments.benchmarks:tacos",
    truth="SPLIT.json",
    prediction="JSON Lines: qid (number of the query, from 1), pred_relevant_windows [[start, end, score], ...] (s)",
    paper="Regneri et al., TACL 2013: Grounding action descriptions in videos",
    program="the evaluation of MESM (github.com/lntzm/MESM, eval.py)",
    system="mesm",
)
