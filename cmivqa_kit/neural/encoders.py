"""Pretrained text encoders and their tokenizers: ``tiny``, a local folder, or a name on the Hugging Face hub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertTokenizer, ModernBertConfig
from transformers.utils import logging as transformers_logging

from cmivqa_kit.damage import failing_as, short_reason
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import stand_ins
from cmivqa_kit.neural.encoder_folder import asks_for_code, foreign_code, require_possible_weights
from cmivqa_kit.neural.tokens import TextReader, utf8

TINY = "tiny"
PUBLISHED_ENCODER = "IDEA-CCNL/Erlangshen-DeBERTa-v2-320M-Chinese"
HOW_TO_GET = (
    f"The official baselines used {PUBLISHED_ENCODER} (640 MB). Behind a firewall set HF_ENDPOINT to a mirror; "
    "or download it elsewhere and name its folder: --set encoder=DIR (convert-checkpoint: --encoder DIR). "
    "To try the program without it: --preset tiny."
)
SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "spm.model", "tokenizer.model")
TINY_VOCABULARY = 8000
DEFAULT_TYPE = "deberta-v2"  # what a configuration without a model_type means: all published encoders are of it

# Encoders whose only positions are relative and bucketed take any length (docs/spec/ccgs.md, section 3.2).
_RELATIVE = frozenset({"deberta", "deberta-v2"})
_OFFSET = frozenset({"roberta", "xlm-roberta", "camembert"})  # their first positions are reserved for padding


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder in float32 with its configuration and tokenizer."""

    model: nn.Module
    config: Any
    tokenizer: Any

    @property
    def reader(self) -> TextReader:
        """How texts are read for the encoder."""
        return TextReader.of(self.tokenizer, position_limit(self.config))


def open_encoder(
    name: str, texts: Iterable[str], seed: int, dropout: float = -1.0, added: Sequence[str] = ()
) -> Encoder:
    """The encoder called ``name``.

    Args:
        name: ``tiny`` (small, random weights, a WordPiece vocabulary learnt from ``texts``), a folder with
            ``config.json``, weights and tokenizer, or a hub name.
        texts: what ``tiny`` learns its vocabulary from; not touched otherwise.
        seed: of random weights: those of ``tiny``, and parts that a checkpoint lacks.
        dropout: of all its layers; below 0: what its configuration says.
        added: texts that become a token each. The table of embeddings grows only where it has no room for them;
            that of DeBERTa-v3 has 128,100 rows for 128,001 tokens.

    Raises:
        UserError: it cannot be read or fetched.
    """
    if name == TINY:
        tokenizer = add_tokens(tiny_tokenizer(texts), added)
        config = _with_dropout(tiny_config(len(tokenizer), tokenizer.pad_token_id), dropout)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return Encoder(new_encoder(config), config, tokenizer)
    config = _with_dropout(open_config(name), dropout)
    tokenizer = add_tokens(open_tokenizer(name), added)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would cut through our own output
    with _opening(name, "its weights cannot be read"):
        try:
            require_possible_weights(Path(name), lambda: new_encoder(config))
        except UserError as error:
            raise _unusable(name, "its weights cannot be read", error) from error
        # transformers 5 takes the stored precision unless told otherwise; the hub's weights are half precision.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # parts that the checkpoint lacks (a pooler) start at random
            model: Any = _untyped(AutoModel).from_pretrained(
                name, config=config, dtype=torch.float32, trust_remote_code=False
            )
            if len(tokenizer) > config.vocab_size:
                model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
                config.vocab_size = len(tokenizer)
    return Encoder(model, config, tokenizer)


def new_encoder(config: Any) -> nn.Module:
    """An encoder of this configuration with random weights, for a network whose weights are loaded into it.

    In float32 whatever the configuration says: hub checkpoints of half precision would come up as float16.
    """
    model: nn.Module = _untyped(AutoModel).from_config(config, dtype=torch.float32, trust_remote_code=False)
    return model


def open_config(name: str) -> Any:
    """The configuration of an encoder, a folder or a hub name.

    Raises:
        UserError: it cannot be read or fetched; says which encoder the paper used and how to come by it.
    """
    with _opening(name, "its configuration cannot be read or fetched"):
        _refuse_missing_folder(name)
        return _untyped(AutoConfig).from_pretrained(name, trust_remote_code=False)


def open_tokenizer(name: str | Path) -> Any:
    """A tokenizer from a folder, a ``vocab.txt`` or a hub name; a bare ``vocab.txt`` is a lower-casing WordPiece one.

    Raises:
        UserError: there is none, or it lacks [CLS], [SEP] or padding.
    """
    path = Path(name)
    vocabulary = path if path.is_file() else path / "vocab.txt"
    bare = path.is_file() or (path.is_dir() and {f.name for f in path.iterdir()}.isdisjoint(_DESCRIBED))
    with _opening(str(name), "its tokenizer cannot be read or fetched"):
        _refuse_missing_folder(str(name))
        try:
            if bare and vocabulary.name.endswith(".txt") and vocabulary.is_file():
                tokenizer = wordpiece(vocabulary)
            else:
                tokenizer = _untyped(AutoTokenizer).from_pretrained(str(name), trust_remote_code=False)
        except UserError:
            _refuse_stand_ins(str(name))
            raise
        len(tokenizer)  # damage of some parts shows only where they are used
    lacking = [role for role in ("cls", "sep", "pad") if getattr(tokenizer, f"{role}_token_id") is None]
    if lacking:
        raise UserError(f"{name}: its tokenizer has no {' and no '.join(lacking)} token", "Give a BERT-like encoder.")
    return tokenizer


def config_of(values: Mapping[str, Any]) -> Any:
    """The Hugging Face configuration that `plain` made a dictionary of.

    Raises:
        UserError: values that no configuration of this type takes.
    """
    given = {key: value for key, value in values.items() if key != "model_type"}
    try:
        return AutoConfig.for_model(values.get("model_type", DEFAULT_TYPE), **given)
    except Exception as error:  # transformers validates with exceptions of several kinds
        raise UserError(f"the encoder's configuration cannot be used ({error})", "Give another --config.") from error


def plain(config: Any) -> dict[str, Any]:
    """A Hugging Face configuration as a dictionary that JSON holds."""
    document: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    document.pop("transformers_version", None)  # a run reads the same under every version
    return document


def whole_number(value: Any) -> bool:
    """True for a size as a JSON file gives it: an integer above 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def every_text(split: Split) -> Iterator[str]:
    """Everything that is said or asked in a split: what ``tiny`` learns its vocabulary from."""
    for video in split.videos.values():
        for subtitles in (video.subtitles, *video.translations.values()):
            yield from (line.text for line in subtitles)
    yield from (question.text for question in split.questions)


def position_limit(config: Any) -> int | None:
    """The most tokens that an encoder takes at once, ``None`` where only memory limits it."""
    if config.model_type in _RELATIVE and config.relative_attention and not config.position_biased_input:
        return None
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None or limit < 1:
        return None
    reserved = config.pad_token_id + 1 if config.model_type in _OFFSET else 0
    return int(limit) - reserved


def add_tokens(tokenizer: Any, added: Sequence[str]) -> Any:
    """The tokenizer, changed: each of these texts is one token from now on, if it was not before."""
    known = tokenizer.get_vocab()
    tokenizer.add_tokens([text for text in added if text not in known])
    return tokenizer


_DESCRIBED = frozenset({"tokenizer.json", "tokenizer_config.json"})


def wordpiece(vocabulary: Path) -> Any:
    """The tokenizer of a ``vocab.txt``, one token a line: lower case, Chinese characters apart."""
    lines = vocabulary.read_text(encoding="utf-8").split("\n")
    ids = {token: number for number, token in enumerate(lines) if token}
    missing = [token for token in SPECIAL[:4] if token not in ids]
    if missing:
        raise UserError(f"{vocabulary}: no {', '.join(missing)} in it", "Give the vocabulary of the checkpoint.")
    return _untyped(BertTokenizer)(vocab=ids, do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None)


def tiny_tokenizer(texts: Iterable[str], size: int = TINY_VOCABULARY) -> Any:
    """A WordPiece tokenizer learnt from ``texts``; the same texts in any order give the same one."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106 (a token of text, no secret)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, handle_chinese_chars=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    sorted_texts = sorted({utf8(text) for text in texts})
    # The library numbers what continues a word (##x) in the order of a random hash, and its ties are settled by these
    # numbers: named beforehand, they are the same in every process.
    words = {
        word
        for text in sorted_texts
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text))
    }
    within = sorted({f"##{character}" for word in words for character in word[1:]})
    # It keeps 1,000 characters unless told otherwise: Chinese needs more.
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, *within], limit_alphabet=size, show_progress=False
    )
    tokenizer.train_from_iterator(sorted_texts, trainer)
    learnt = tokenizer.get_vocab()
    ordered = [*SPECIAL, *sorted(token for token in learnt if token not in SPECIAL)]
    ids = {token: number for number, token in enumerate(ordered)}
    return _untyped(BertTokenizer)(vocab=ids, do_lower_case=True, tokenize_chinese_chars=True, strip_accents=None)


def tiny_config(vocabulary: int, pad: int) -> Any:
    """A small ModernBERT: relative (rotary) positions, every layer over the whole row, rows of up to 8,192 tokens.

    A DeBERTa-v2 of this size, the published kind, takes four times as long on a CPU: it runs in eager attention only.
    """
    cls, sep = SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]")
    return _untyped(ModernBertConfig)(
        vocab_size=vocabulary,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,  # attention is most of the time here; four heads take a third more of it
        intermediate_size=128,
        global_attn_every_n_layers=1,
        pad_token_id=pad,
        cls_token_id=cls,
        bos_token_id=cls,
        sep_token_id=sep,
        eos_token_id=sep,
    )


def _with_dropout(config: Any, dropout: float) -> Any:
    """The configuration with every dropout set; their names differ between encoders, their values are numbers."""
    names = [name for name, value in config.to_dict().items() if "dropout" in name and isinstance(value, int | float)]
    for name in names if dropout >= 0 else ():
        setattr(config, name, dropout)
    return config


_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def _refuse_missing_folder(name: str) -> None:
    """Refuse what can only be a folder and is none: transformers would call it a wrong hub name.

    Raises:
        UserError: there is nothing at that path.
    """
    path = Path(name).expanduser()
    if path.exists():
        return
    looks = name.startswith((".", "~", "/", "\\")) or name.endswith(("/", "\\")) or not _HUB_NAME.fullmatch(name)
    # The first part of a hub name is an account; where it is a folder here, the rest was looked for in it.
    if looks or ("/" in name and Path(name).parent.is_dir()):
        raise UserError(f"encoder {name!r}: no such folder", f"Check the path; you are in {Path.cwd()}. {HOW_TO_GET}")


def _refuse_stand_ins(name: str) -> None:
    error = _of_stand_ins(name, "it is no encoder")
    if error is not None:
        raise error


def _of_stand_ins(name: str, fault: str) -> UserError | None:
    """The error about files in the encoder's folder that are no data at all (web pages, pointers)."""
    listed = stand_ins(Path(name))
    if not listed:
        return None
    files = "; ".join(f"{path.name} is {content.noun}" for path, content in listed[:5])
    return UserError(f"encoder {name!r}: {fault} ({files})", listed[0][1].fix)


def _unusable(name: str, fault: str, error: BaseException) -> UserError:
    known = _of_stand_ins(name, fault)
    if known is not None:
        return known
    code = foreign_code(Path(name))
    if code and asks_for_code(error):
        return UserError(f"encoder {name!r}: {fault}: it names Python code of its own ({code}), which is never run",
                         f"Give an encoder whose kind transformers knows by itself. {HOW_TO_GET}")  # fmt: skip
    return UserError(f"encoder {name!r}: {fault} ({short_reason(error)})", HOW_TO_GET)


def _opening(name: str, fault: str) -> AbstractContextManager[None]:
    """Turn whatever the libraries fail with into one error that names the encoder."""
    return failing_as(lambda error: _unusable(name, fault, error))


def _untyped(thing: Any) -> Any:
    """transformers' factories carry no types."""
    return thing
