"""QVHighlights: moments and highlights in videos of two and a half minutes."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="qvhighlights",
    title="QVHighlights, moments and highlights",
    task="moment retrieval and highlight detection",
    splits=("val", "train", "test"),
    evaluator="cmivqa_kit.bench.tasks.moments.benchmarks:qvhighlights",
    truth="highlight_SPLIT_release.jsonl (test is published without answers)",
    prediction="JSON Lines: qid, pred_relevant_windows [[start, end, score], ...] (s), pred_saliency_scores per 2 s",
    paper="Lei et al., NeurIPS 2021: Detecting moments and highlights in videos via natural language queries",
    program="the standalone evaluation of Moment-DETR (github.com/jayleicn/moment_detr, standalone_eval/eval.py)",
    system="mesm",
)
