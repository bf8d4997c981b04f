"""The device that tests marked `gpu` compare with the CPU: `make gpu` names it (DEVICE=cpu tries the tests alone)."""

from __future__ import annotations

import os

import torch

DEVICE = torch.device(os.environ.get("CMIVQA_GPU_DEVICE", "cuda"))
EXACT = 1e-4  # float32: relative, other order of sums
HALF = 0.25  # bf16 beside float32: relative; gradients of CCGS are 0.14 apart on a CPU
