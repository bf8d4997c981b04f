"""Q2A: questions of AssistQ a second in training, and lists a second that its re-ranker learns from and scores.

Run: python benchmarks/q2a_steps.py [--device cpu|cuda] [--dim 768] [--batches N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from baselines.q2a.model import LABEL, Q2A, Sample, Step
from baselines.q2a.reranker.network import Group, RerankerNetwork
from baselines.q2a.task import steps_loss

BATCH, STEPS, ANSWERS, FRAMES, LINES = 16, 3, 6, 300, 60  # the shape of AssistQ; of a list: 50 candidates in 8 videos
VIDEOS, IN_A_VIDEO = 8, 6


def main() -> None:
    """Random features of that shape, a few batches of each kind, the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--batches", type=int, default=10)
    given = parser.parse_args()
    device, dim = torch.device(given.device), given.dim
    torch.manual_seed(0)
    network = RerankerNetwork(nn.Identity(), dim, dim, Q2A(dim, dim, 1, 1, "gru", "candidate", True)).to(device)
    samples = [_sample(dim) for _ in range(BATCH)]
    videos = [(torch.randn(FRAMES, dim, device=device), torch.randn(LINES, dim, device=device)) for _ in range(VIDEOS)]
    groups = [_group(video, dim).to(device) for video in range(VIDEOS)]

    def one_list() -> Tensor:
        watched = {str(number): network.watched(*video) for number, video in enumerate(videos)}
        logits: Tensor = network(torch.randn(1, dim, device=device), groups, watched)
        return logits

    def learn(loss: Callable[[], Tensor]) -> None:
        network.zero_grad()
        loss().backward()

    with torch.no_grad():
        scored = _speed(one_list, given.batches, device)
    learnt = _speed(lambda: learn(lambda: one_list().logsumexp(0)), given.batches, device)
    trained = BATCH * _speed(lambda: learn(lambda: steps_loss(network.model, samples, LABEL)), given.batches, device)
    print("| AssistQ: questions trained a second | lists learnt from a second | lists scored a second |")
    print(f"| --- | --- | --- |\n| {trained:,.1f} | {learnt:,.1f} | {scored:,.1f} |")


def _sample(dim: int) -> Sample:
    steps = tuple(Step(torch.randn(ANSWERS, dim), torch.randn(ANSWERS, 1, dim)) for _ in range(STEPS))
    labels = torch.zeros(STEPS, dtype=torch.long)
    return Sample(torch.randn(FRAMES, dim), torch.randn(LINES, dim), torch.randn(1, dim), steps, labels)


def _group(video: int, dim: int) -> Group:
    places = torch.arange(IN_A_VIDEO) + IN_A_VIDEO * video
    return Group(str(video), torch.randn(IN_A_VIDEO, dim), torch.randn(IN_A_VIDEO, dim), places)


def _speed(work: Callable[[], object], times: int, device: torch.device) -> float:
    """How often something is done a second."""
    work()
    _wait(device)
    begin = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return times / (time.perf_counter() - begin)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
