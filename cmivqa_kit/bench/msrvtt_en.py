"""``msrvtt-en``: cross-lingual retrieval in both directions on MSR-VTT."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="msrvtt-en",
    title="MSR-VTT, asked in English",
    task="text-to-video retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:msrvtt_english",
    truth="TextData/*test.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="MSR-VTT with Chinese captions",
    program="MLCMR evaluation (github.com/HuiGuanLab/MLCMR)",
    root="~/VisualSearch",
    system="mlcmr",
)
