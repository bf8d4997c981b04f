"""``msrvtt-cn``: cross-lingual retrieval in both directions on MSR-VTT-CN."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="msrvtt-cn",
    title="MSR-VTT-CN, English to Chinese",
    task="text-to-video retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:msrvtt",
    truth="TextData/*test_zh.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="MSR-VTT with Chinese captions",
    program="NRCCR evaluation (github.com/LiJiaBei-7/nrccr)",
    root="~/VisualSearch",
    system="nrccr",
)
