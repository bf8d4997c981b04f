"""Pretrained text encoders and their tokenizers: ``tiny``, a local folder, or a name on the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    dynamic_module_utils,
)
from transformers.utils import logging as transformers_logging

from cmivqa_kit.damage import failing_as
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoder_errors import opening, refuse_missing_folder, refuse_stand_ins, unusable
from cmivqa_kit.neural.encoder_folder import require_possible_weights
from cmivqa_kit.neural.encoder_origin import EncoderOrigin
from cmivqa_kit.neural.foreign_code import CodeError, code_that_may_run, naming_code
from cmivqa_kit.neural.tiny_encoder import tiny_config, tiny_tokenizer, wordpiece
from cmivqa_kit.neural.tokens import TextReader

TINY = "tiny"
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "spm.model", "tokenizer.model")
CODE = "foreign_code"  # in a configuration: the digest of the encoder's own code that it, or its network, needs
DEFAULT_TYPE = "deberta-v2"  # what a configuration without a model_type means: all published encoders are of it

# Code that is allowed may itself ask transformers for more: it refuses then, and puts no question on the terminal.
dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0

# Encoders whose only positions are relative and bucketed take any length (docs/spec/ccgs.md, section 3.2).
_RELATIVE = frozenset({"deberta", "deberta-v2"})
_OFFSET = frozenset({"roberta", "xlm-roberta", "camembert"})  # their first positions are reserved for padding


@dataclass(frozen=True, slots=True)
class Encoder:
    """An encoder in float32 with its configuration and tokenizer; ``origin`` is ``None`` for ``tiny``."""

    model: nn.Module
    config: Any
    tokenizer: Any
    origin: EncoderOrigin | None = None

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
    return read_encoder(_origin_of(name), seed, dropout, added)


def read_encoder(origin: EncoderOrigin, seed: int = 0, dropout: float = -1.0, added: Sequence[str] = ()) -> Encoder:
    """The encoder of an origin; the other arguments are those of `open_encoder`.

    Raises:
        UserError: it cannot be read or fetched, or its own code fails.
    """
    files = origin.files
    config = read_config(origin)
    tokenizer = add_tokens(read_tokenizer(origin), added)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would cut through our own output
    with opening(files, "its weights cannot be read"):
        _with_dropout(config, dropout)
        try:
            require_possible_weights(Path(files.name), lambda: new_encoder(config))
        except CodeError:
            raise
        except UserError as error:
            raise unusable(files, "its weights cannot be read", error) from error
        # transformers 5 takes the stored precision unless told otherwise; the hub's weights are half precision.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # parts that the checkpoint lacks (a pooler) start at random
            model = _read(origin, "AutoModel", AutoModel, PreTrainedModel, config=config, dtype=torch.float32)
            if len(tokenizer) > config.vocab_size:
                model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
                config.vocab_size = len(tokenizer)
    if origin.code is not None:
        with opening(files, "its own code does not fit"):
            _require_fit(model, config, tokenizer)
    return Encoder(model, config, tokenizer, origin)


def new_encoder(config: Any) -> nn.Module:
    """An encoder of this configuration with random weights, for a network whose weights are loaded into it.

    In float32 whatever the configuration says: hub checkpoints of half precision would come up as float16.

    Raises:
        UserError: it needs code that was not allowed to run, or that fails.
    """
    code = code_that_may_run(getattr(config, CODE, None))
    if code is not None and "AutoModel" in code.classes:
        with naming_code():
            own: nn.Module = code.class_of("AutoModel", PreTrainedModel)(config)
            return own
    model: nn.Module = _untyped(AutoModel).from_config(config, dtype=torch.float32, trust_remote_code=False)
    return model


def open_config(name: str) -> Any:
    """The configuration of an encoder, a folder or a hub name.

    Raises:
        UserError: it cannot be read or fetched; says which encoder the paper used and how to come by it.
    """
    return read_config(_origin_of(name))


def read_config(origin: EncoderOrigin) -> Any:
    """The configuration of an origin; it names the digest of the code that it or the network needs.

    Raises:
        UserError: it cannot be read or fetched.
    """
    with opening(origin.files, "its configuration cannot be read or fetched"):
        config = _read(origin, "AutoConfig", AutoConfig, PreTrainedConfig)
        code = origin.code_for("AutoConfig", "AutoModel")
        if code is not None and "AutoModel" not in code.classes:
            raise ValueError("its auto_map names a configuration, and no AutoModel")
        if code is not None:
            setattr(config, CODE, code.register())
        return config


def open_tokenizer(name: str | Path) -> Any:
    """A tokenizer from a folder, a ``vocab.txt`` or a hub name; a bare ``vocab.txt`` is a lower-casing WordPiece one.

    Raises:
        UserError: there is none, or it lacks [CLS], [SEP] or padding.
    """
    return read_tokenizer(_origin_of(str(name)))


def read_tokenizer(origin: EncoderOrigin) -> Any:
    """The tokenizer of an origin, as of `open_tokenizer`.

    Raises:
        UserError: there is none, or it lacks [CLS], [SEP] or padding.
    """
    name = origin.files.name
    path = Path(name)
    vocabulary = path if path.is_file() else path / "vocab.txt"
    bare = path.is_file() or (path.is_dir() and {f.name for f in path.iterdir()}.isdisjoint(_DESCRIBED))
    with opening(origin.files, "its tokenizer cannot be read or fetched"):
        try:
            if bare and vocabulary.name.endswith(".txt") and vocabulary.is_file():
                tokenizer = wordpiece(vocabulary)
            else:
                tokenizer = _read(origin, "AutoTokenizer", AutoTokenizer, PreTrainedTokenizerBase)
        except UserError:
            refuse_stand_ins(name)
            raise
        len(tokenizer)  # damage of some parts shows only where they are used
    lacking = [role for role in ("cls", "sep", "pad") if getattr(tokenizer, f"{role}_token_id") is None]
    if lacking:
        raise UserError(f"{name}: its tokenizer has no {' and no '.join(lacking)} token", "Give a BERT-like encoder.")
    return tokenizer


def _origin_of(name: str) -> EncoderOrigin:
    refuse_missing_folder(name)
    return EncoderOrigin.of(name)


def _read(origin: EncoderOrigin, kind: str, factory: Any, base: type, **options: Any) -> Any:
    """What transformers' factory reads from the files, or the class of this kind that the encoder brings itself."""
    code = origin.code_for(kind)
    with naming_code():
        own = factory if code is None else code.class_of(kind, base)
        return own.from_pretrained(
            origin.files.name, revision=origin.files.revision, trust_remote_code=False, **options
        )  # fmt: skip


def _require_fit(model: Any, config: Any, tokenizer: Any) -> None:
    """Refuse classes of an encoder's own that a network could not be trained with, or not be built from again.

    Raises:
        UserError: naming what is amiss.
    """
    if not whole_number(getattr(config, "hidden_size", None)):
        raise ValueError(f"{type(config).__name__} has no hidden_size")
    position_limit(config_of(plain(config)))
    row = torch.tensor([[tokenizer.cls_token_id, tokenizer.sep_token_id]])
    with naming_code(), torch.no_grad():
        output = model.eval()(input_ids=row, attention_mask=torch.ones_like(row))
    shape = tuple(output.last_hidden_state.shape)
    if shape != (1, 2, config.hidden_size):
        raise ValueError(f"{type(model).__name__} gives a last_hidden_state of {shape} for 2 tokens")


def config_of(values: Mapping[str, Any]) -> Any:
    """The Hugging Face configuration that `plain` made a dictionary of.

    Raises:
        UserError: values that no configuration of this type takes, or code that was not allowed to run.
    """
    code = code_that_may_run(values.get(CODE))
    given = {key: value for key, value in values.items() if key not in ("model_type", CODE)}

    def unusable(error: BaseException) -> UserError:
        return UserError(f"the encoder's configuration cannot be used ({error})", "Give another --config.")

    with failing_as(unusable):  # transformers validates with exceptions of several kinds
        if code is None or "AutoConfig" not in code.classes:
            config = AutoConfig.for_model(values.get("model_type", DEFAULT_TYPE), **given)
        else:
            with naming_code():
                config = code.class_of("AutoConfig", PreTrainedConfig).from_dict(given)
        if code is not None:
            setattr(config, CODE, code.digest)
        return config


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


def _with_dropout(config: Any, dropout: float) -> Any:
    """The configuration with every dropout set; their names differ between encoders, their values are numbers."""
    names = [name for name, value in config.to_dict().items() if "dropout" in name and isinstance(value, int | float)]
    for name in names if dropout >= 0 else ():
        setattr(config, name, dropout)
    return config


def _untyped(thing: Any) -> Any:
    """transformers' factories carry no types."""
    return thing
