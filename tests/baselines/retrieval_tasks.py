"""A training of NRCCR or of MLCMR over a few random videos and texts in two languages, without dropout."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from baselines.nrccr.examples import Example
from baselines.nrccr.network import MLCMRNetwork, NRCCRNetwork
from baselines.nrccr.settings import MLCMRSettings, NRCCRSettings
from baselines.nrccr.task import MLCMRTask, NRCCRTask, RetrievalTask
from tests.baselines.test_nrccr_model import MLCMR_SIZES, NRCCR_SIZES, network

SYSTEMS = ("nrccr", "mlcmr")
WITHOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def made(system: str, count: int = 6) -> RetrievalTask:
    """The task, which has one batch."""
    draw = np.random.default_rng(4)
    rows = {f"v{at}": draw.standard_normal((3 + at, 6), np.float32) for at in range(count)}

    def text(length: int) -> tuple[int, ...]:
        return tuple(draw.integers(5, 30, length).tolist())

    examples = [Example(str(at), name, text(4 + at), text(9 - at), text(5)) for at, name in enumerate(rows)]
    kind, sizes = (NRCCRNetwork, NRCCR_SIZES) if system == "nrccr" else (MLCMRNetwork, MLCMR_SIZES)
    model: Any = network(kind, {**sizes, "bert": {**sizes["bert"], **WITHOUT}}, padding="masked", dropout=0.0)
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    given: tuple[Any, ...] = (model, examples, rows.__getitem__, 0)
    if system == "nrccr":
        return NRCCRTask(*given, NRCCRSettings.of({}).train, 0, lambda _: {})
    return MLCMRTask(*given, MLCMRSettings.of({}).train, 0, lambda _: {}, 4)
