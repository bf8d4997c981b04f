"""``mscoco-zh``: cross-lingual retrieval in both directions on MSCOCO (COCO-CN)."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="mscoco-zh",
    title="MSCOCO (COCO-CN), English to Chinese",
    task="text-to-image retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:mscoco_zh",
    truth="TextData/*test_zh*.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="Li et al., COCO-CN (2019)",
    program="NRCCR evaluation (github.com/LiJiaBei-7/nrccr)",
    root="~/VisualSearch",
    system="nrccr",
)
