"""The network of a run: its sizes in ``network.json``, its weights, its tokenizer; drawn anew, or loaded again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, cast, get_args, get_type_hints

import torch
from torch import nn

from cmivqa_kit.damage import COPY_AGAIN, reading
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.bounded_building import Shapes, shapes_of
from cmivqa_kit.neural.encoder_code import EncoderFiles
from cmivqa_kit.neural.encoder_origin import (
    ENCODER,
    TOKENIZER_PART,
    EncoderOrigin,
    codes_of,
    require_code,
    store_origin,
)
from cmivqa_kit.neural.encoders import CODE, Encoder, config_of, plain, position_limit, read_tokenizer, whole_number
from cmivqa_kit.neural.gradient_checkpointing import checkpoint_layers
from cmivqa_kit.neural.tokens import TextReader, save_tokenizer
from cmivqa_kit.neural.weights import load_weights, read_shapes
from cmivqa_kit.runs.directory import NETWORK, TOKENIZER, WEIGHTS, RunDirectory

Check = Callable[[Any], bool]


def one_name_of(*names: str) -> Check:
    """The check of a size that is one of a few texts."""
    return lambda value: value in names


def _is_width_or_zero(value: Any) -> bool:
    return value == 0 or whole_number(value)


def _is_part(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


# Types of the fields of `NetworkSizes`; each carries the check of what a file says.
Width = Annotated[int, whole_number]
WidthOrZero = Annotated[int, _is_width_or_zero]
Part = Annotated[float, _is_part]
Flag = Annotated[bool, _is_flag]
EncoderConfig = Annotated[Mapping[str, Any], _is_object]


@dataclass(frozen=True, slots=True)
class NetworkSizes(ABC):
    """The constructor values of a network, which every run keeps in ``network.json``.

    A system's sizes are a frozen dataclass of this one. A field whose type carries a check (``Width``, ``WidthOrZero``,
    ``Part``, ``Flag``, ``EncoderConfig``, or ``Annotated[type, check]``) is refused where the file says something
    else; so is a field without a default that the file lacks.

    Attributes:
        encoder_field: the field with the configuration of the text encoder; empty for a network without one.
        needs: what a refusal advises.
    """

    encoder_field: ClassVar[str] = ""
    needs: ClassVar[str] = "Train again, or copy the run again."

    @abstractmethod
    def build(self) -> nn.Module:
        """The network with random weights.

        Raises:
            UserError: sizes that do not fit together.
        """

    @property
    def encoder_config(self) -> Any:
        """The Hugging Face configuration of the text encoder.

        Raises:
            UserError: values that no configuration of this type takes.
        """
        return config_of(getattr(self, self.encoder_field))

    def write(self, run: RunDirectory) -> None:
        """Keep the sizes in a run."""
        encoder = {self.encoder_field: plain(self.encoder_config)} if self.encoder_field else {}
        run.write(NETWORK, {**asdict(self), **encoder})

    @classmethod
    def read(cls, run: RunDirectory) -> Self:
        """The sizes of a run.

        Raises:
            UserError: they are missing or damaged.
        """
        return cls.of(run.read(NETWORK), str(run.path / NETWORK))

    @classmethod
    def of(cls, document: Any, source: str) -> Self:
        """The sizes in decoded JSON; keys of other systems' tools are left alone.

        Args:
            document: an object of sizes.
            source: where it is from, which an error names.

        Raises:
            UserError: naming every size that is missing or fails its check.
        """
        given = document if isinstance(document, Mapping) else {}
        hints = get_type_hints(cls, include_extras=True)
        known: dict[str, Any] = {}
        wrong = []
        for field in fields(cls):
            checks = get_args(hints[field.name])[1:] if hasattr(hints[field.name], "__metadata__") else ()
            if field.name in given:
                known[field.name] = given[field.name]
                if not all(check(given[field.name]) for check in checks):
                    wrong.append(field.name)
            elif field.default is MISSING and field.default_factory is MISSING:
                wrong.append(field.name)
        if wrong:
            raise UserError(f"{source}: {', '.join(wrong)} missing or unusable", cls.needs)
        return cls(**known)


N = TypeVar("N", bound=NetworkSizes)
M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class LoadedNetwork(Generic[N, M]):
    """A run's network in evaluation mode, its tokenizer (``None`` where the run has none), and its sizes."""

    model: M
    tokenizer: Any | None
    network: N

    @property
    def reader(self) -> TextReader:
        """How texts are read for the text encoder of a network that has one, with its tokenizer."""
        return TextReader.of(self.tokenizer, position_limit(self.network.encoder_config))


def load_network(run: RunDirectory, sizes: type[N]) -> LoadedNetwork[N, Any]:
    """The network of a run, trained or converted, ready to predict.

    Args:
        run: a finished one.
        sizes: the class of its ``network.json``.

    Raises:
        UserError: the run lacks a part, or a part is damaged; or its encoder brings code, which was not allowed to run.
    """
    codes = codes_of(run)
    network = sizes.read(run)
    if sizes.encoder_field:
        require_code(run.path / NETWORK, getattr(network, sizes.encoder_field).get(CODE), codes)
    path = run.path / WEIGHTS
    stored = read_shapes(path)
    with reading(run.path / NETWORK, "the sizes of a network"):
        own = shapes_of(network.build, len(stored))
        require_same_shapes(path, own, stored)
        model = network.build()
    load_weights(model, path)
    folder = run.path / TOKENIZER
    origin = EncoderOrigin(EncoderFiles(str(folder)), codes.get(TOKENIZER_PART))
    tokenizer = read_tokenizer(origin) if folder.is_dir() else None
    return LoadedNetwork(model.eval(), tokenizer, network)


def require_same_shapes(path: Path, own: Shapes, stored: Shapes) -> None:
    """Refuse weights whose names or shapes are not those of the network that they belong to.

    Raises:
        UserError: naming the first differences.
    """
    faults = [f"lacks {name}" for name in own if name not in stored]
    faults += [f"has {name}" for name in stored if name not in own]
    both = [name for name in own if name in stored and stored[name] != own[name]]
    faults += [f"{name} is {tuple(stored[name])}, not {tuple(own[name])}" for name in both]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise UserError(
            f"{path}: cannot be loaded into this network ({'; '.join(faults[:3])}{more})",
            f"It or {NETWORK} beside it is damaged or of another run. {COPY_AGAIN}",
        )


def new_network(
    network: NetworkSizes, kind: type[M], run: RunDirectory, encoder: Encoder | None = None, module: str = "",
    checkpointing: bool = False,
) -> M:  # fmt: skip
    """The network of a new run, its weights drawn by the run's seed; its sizes and tokenizer go into the run.

    Args:
        network: the sizes.
        kind: the class that they build.
        run: the run that is made.
        encoder: the text encoder whose weights it begins with, where it has one.
        module: the network's module that is this encoder.
        checkpointing: its layers are computed again on the way back (`checkpoint_layers`).

    Raises:
        UserError: sizes that do not fit together, or code of the encoder that is not what the run was begun with, and
            nothing is written then; or an encoder without checkpointing.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        model = cast(M, network.build())
    if encoder is not None and encoder.origin is not None:
        for part in (ENCODER, TOKENIZER_PART):
            store_origin(run, part, encoder.origin)
    network.write(run)
    if encoder is not None:
        own = model.get_submodule(module)
        own.load_state_dict(encoder.model.state_dict())
        if checkpointing:
            checkpoint_layers(own)
        if run.group.main:
            save_tokenizer(encoder.tokenizer, run.path / TOKENIZER)
    return model
