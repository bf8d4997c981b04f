"""``mscoco-ja``: cross-lingual retrieval in both directions on MSCOCO (STAIR)."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="mscoco-ja",
    title="MSCOCO (STAIR), English to Japanese",
    task="text-to-image retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:mscoco_ja",
    truth="TextData/*test_ja*.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="Yoshikawa et al., STAIR (2017)",
    program="NRCCR evaluation (github.com/LiJiaBei-7/nrccr)",
    root="~/VisualSearch",
    system="nrccr",
)
