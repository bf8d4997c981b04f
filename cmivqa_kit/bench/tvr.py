"""TVR: moment retrieval in a corpus of television episodes with subtitles."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="tvr",
    title="TVR: moments of a corpus (VCMR), of the right video (SVMR), and videos (VR)",
    task="corpus moment retrieval",
    splits=("val", "train"),
    evaluator="cmivqa_kit.bench.tasks.tvr.evaluator:tvr",
    truth="tvr_val_release.jsonl or tvr_train_release.jsonl",
    prediction="JSON, or a zip with tvr_val_submission.json: {video2idx, VCMR, SVMR, VR}",
    paper="Lei et al., TVR: A Large-Scale Dataset for Video-Subtitle Moment Retrieval, ECCV 2020",
    program="jayleicn/TVRetrieval, standalone_eval/eval.py (needs numpy.bool)",
)
