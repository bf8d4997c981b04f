"""TREC 2024 MedVidQA, task VCVAL: videos of a corpus that answer a question, and where the answer is."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="medvidqa-2024",
    title="TREC 2024 MedVidQA: videos that answer a question, and the answer in them",
    task="video retrieval and answer localization",
    splits=("test",),
    evaluator="cmivqa_kit.bench.tasks.medvidqa.evaluator:medvidqa",
    truth="judgements of retrieval and of localization, *judg*.json, one or both; topics, *topic*.txt, if at hand",
    prediction="JSON: [{question_id, relevant_videos: [{video_id, relevant_score, answer_start_second, ...}]}]",
    paper="Gupta and Demner-Fushman, Overview of TREC 2024 Medical Video Question Answering (MedVidQA) Track",
    program="deepaknlp/MedVidQA2024, medvidqa2024_eval.py, with trec_eval -m all_trec",
)
