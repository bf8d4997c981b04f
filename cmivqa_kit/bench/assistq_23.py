"""LOVEU'23, Track 3: choose the right action of every step (AssistQ)."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="assistq-23",
    title="AssistQ, LOVEU@CVPR'23 Track 3: which of a step's candidates is the right action",
    task="step choice",
    splits=("test", "train"),
    evaluator="cmivqa_kit.bench.tasks.step_choice.evaluator:loveu_23",
    truth="assistq_test2023_with_gt.json (questions about the training videos) or train.json",
    prediction="submit_test.json, or a zip with it: folder -> [{question, scores: one list per step}]",
    paper="Wong et al., AssistQ: Affordance-centric Question-driven Task Completion, ECCV 2022",
    program="showlab/Q2A, eval_for_loveu_cvpr23.py",
)
