"""An encoder that brings code of its own: configuration, network (two files) and tokenizer, as a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer

CONFIGURATION = """
from transformers import PreTrainedConfig

class HomeConfig(PreTrainedConfig):
    model_type = "home-made"

    def __init__(self, vocab_size=100, hidden_size=16, **others):
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        super().__init__(**others)
"""
MODELING = """
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput
from .configuration_home import HomeConfig
from .parts import mixing

class HomeModel(PreTrainedModel):
    config_class = HomeConfig

    def __init__(self, config):
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.mixing = mixing.Mixing(config.hidden_size)
        self.post_init()

    def get_input_embeddings(self):
        return self.embedding

    def set_input_embeddings(self, embedding):
        self.embedding = embedding

    def forward(self, input_ids, attention_mask):
        rows = self.embedding(input_ids)
        return BaseModelOutput(last_hidden_state=self.mixing(rows, attention_mask))
"""
MIXING = """
import torch
from torch import nn

class Mixing(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(2 * size, size)

    def forward(self, rows, mask):
        weight = mask.unsqueeze(-1).to(rows.dtype)
        mean = (rows * weight).sum(1, keepdim=True) / weight.sum(1, keepdim=True)
        return torch.tanh(self.linear(torch.cat([rows, mean.expand_as(rows)], -1)))
"""
TOKENIZATION = """
from transformers import BertTokenizer

class HomeTokenizer(BertTokenizer):
    pass
"""
FILES = {"configuration_home.py": CONFIGURATION, "modeling_home.py": MODELING, "parts/mixing.py": MIXING,
         "tokenization_home.py": TOKENIZATION}  # fmt: skip
AUTO_MAP = {"AutoConfig": "configuration_home.HomeConfig", "AutoModel": "modeling_home.HomeModel"}
WORDS = ("take the wait more now how to use step lesson tool press wound wash your hands 0 1 2 3 4 5 6 7 8 9",)


def home_made(folder: Path, files: Mapping[str, str] = FILES, **config: Any) -> Path:
    """Write the encoder; ``files`` are those of its code, ``config`` more keys of its configuration."""
    tokenizer = tiny_tokenizer(WORDS)
    tokenizer.save_pretrained(folder)
    described = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    described |= {
        "tokenizer_class": "HomeTokenizer",
        "auto_map": {"AutoTokenizer": [None, "tokenization_home.HomeTokenizer"]},
    }
    document = {
        "model_type": "home-made",
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "auto_map": AUTO_MAP,
        **config,
    }
    texts = {"config.json": json.dumps(document), "tokenizer_config.json": json.dumps(described), **files}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "unrelated.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    torch.manual_seed(0)
    shapes = {"embedding.weight": (len(tokenizer), 16), "mixing.linear.weight": (16, 32), "mixing.linear.bias": (16,)}
    weights = {name: torch.randn(*shape) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder
