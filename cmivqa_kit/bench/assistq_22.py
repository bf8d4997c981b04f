"""LOVEU'22, Track 3: choose the right action of every step (AssistQ)."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="assistq-22",
    title="AssistQ, LOVEU@CVPR'22 Track 3: which of a step's candidates is the right action",
    task="step choice",
    splits=("test", "train"),
    evaluator="cmivqa_kit.bench.tasks.step_choice.evaluator:loveu_22",
    truth="test_with_gt.json or train.json",
    prediction="submit_test.json, or a zip with it: folder -> [{question, scores: one list per step}]",
    paper="Wong et al., AssistQ: Affordance-centric Question-driven Task Completion, ECCV 2022",
    program="showlab/Q2A, eval_for_loveu_cvpr2022.py (current; numpy below 2.4)",
)
