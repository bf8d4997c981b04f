"""Official checkpoints become runs: files of weights, sizes told from them, and a tokenizer somewhere near.

A system says in a `CheckpointFormat` what differs between its official files and ours.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

import torch
from torch import Tensor, nn

from cmivqa_kit.damage import reading
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import foreign_content
from cmivqa_kit.neural.bounded_building import Shapes, shapes_of, state_shapes
from cmivqa_kit.neural.encoder_errors import HOW_TO_GET, PUBLISHED_ENCODER
from cmivqa_kit.neural.encoder_origin import ENCODER, TOKENIZER_PART, EncoderOrigin, store_origin
from cmivqa_kit.neural.encoders import TOKENIZER_FILES, open_config, open_tokenizer, plain
from cmivqa_kit.neural.networks import N
from cmivqa_kit.neural.state_dicts import BARE, Keys, StateDict, options_of, weights_of
from cmivqa_kit.neural.torch_files import load_torch_file
from cmivqa_kit.neural.weight_files import is_whole_zip, weights_file, weights_form
from cmivqa_kit.neural.weights import read_tensors, save_weights
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import TOKENIZER, WEIGHTS, RunDirectory

DOWNLOAD_AGAIN = "Download it again."
SIZES_FIX = "Download it again, or give the encoder and the --config that it was trained with."
Weights = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class OfficialCheckpoint:
    """What a file of weights holds: ``weights`` by the network's names, ``options`` of its training by theirs."""

    weights: dict[str, Tensor]
    options: Mapping[str, Any]


class CheckpointFormat(ABC, Generic[N]):
    """What is particular to the official checkpoints of a system; `convert` does the rest.

    Attributes:
        title: the system's name in errors: "CCGS".
        network: the class of its sizes.
        reported: the sizes that the report names.
        state_dicts: where the weights lie in a file that holds more (an epoch, an optimizer), by what names.
        options: where the options of its training lie in such a file: ``("opt",)``; empty where there are none.
        old_buffers: tensors that official files have and no network needs: they are left out and reported.
        unstored: tensors of the network that official files lack; `supplement` gives them.
        encoders: which text encoders were published with such networks, for errors.
        fix: what is advised where the weights are those of another system.
    """

    title: ClassVar[str]
    network: type[N]
    reported: ClassVar[tuple[str, ...]]
    state_dicts: ClassVar[tuple[StateDict, ...]] = BARE
    options: ClassVar[Keys] = ()
    old_buffers: ClassVar[tuple[str, ...]] = ()
    unstored: ClassVar[tuple[str, ...]] = ()
    encoders: ClassVar[str] = PUBLISHED_ENCODER
    fix: ClassVar[str] = "Give the official file."

    @abstractmethod
    def sizes(self, weights: Weights, given: Mapping[str, Any]) -> dict[str, Any]:
        """The sizes that the weights tell; those that were given go before them.

        The encoder's configuration is told too where the published one is known by its shapes, else it is left out.

        Raises:
            KeyError: the weights lack a tensor that every checkpoint of the system has.
        """

    def stated_sizes(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The sizes that the options of the training state: they count as given where the user gives no others.

        Args:
            options: dicts, lists, texts and numbers, as a stranger wrote them; the network checks what is taken.
        """
        return {}

    def encoder(self, weights: Weights) -> str:
        """The published text encoder of such weights, which is named where the configuration is lacking."""
        return PUBLISHED_ENCODER

    def needed(self, network: N) -> tuple[str, ...]:
        """Beginnings of the names of weights that file and network must both have; others may stay random."""
        return ("",)

    def supplement(self, request: CheckpointRequest, model: nn.Module) -> Weights:
        """The ``unstored`` tensors; a file's own go before them.

        Args:
            request: of the conversion.
            model: the network as it is made after torch is seeded with 0.

        Raises:
            UserError: the request has others, which do not fit.
        """
        return {name: model.state_dict()[name] for name in self.unstored}

    def variant(self, network: N) -> str:
        """The name of the variant in the report."""
        return "published"

    def remarks(self, request: CheckpointRequest, network: N) -> tuple[str, ...]:
        """What else the user should know."""
        return ()

    def require_official(self, network: N, path: Path) -> None:
        """Refuse sizes that no official checkpoint has.

        Raises:
            UserError: naming the size.
        """

    def open_tokenizer(self, source: Path | str, network: N) -> Any:
        """The tokenizer that lies at ``source``.

        Raises:
            UserError: it cannot be read or fetched.
        """
        return open_tokenizer(source)

    def convert(self, request: CheckpointRequest, run: RunDirectory) -> CheckpointReport:
        """Write an official checkpoint into ``run``: ``model.safetensors``, ``network.json``, ``tokenizer/``.

        Raises:
            UserError: no weights, weights of another network, no configuration of the encoder, or sizes that no
                official network has.
        """
        path = weights_file(request.files)
        checkpoint = read_checkpoint(path, self.state_dicts, self.options)
        weights = checkpoint.weights
        ignored = [name for name in self.old_buffers if weights.pop(name, None) is not None]
        with reading(path, f"the options of {self.title}", DOWNLOAD_AGAIN):
            stated = self.stated_sizes(checkpoint.options)
        network = self._network(request, path, weights, stated)
        self.require_official(network, path)
        with reading(path, "a network of these sizes", SIZES_FIX):
            own_shapes = shapes_of(network.build, len(weights))
            shapes = {name: own_shapes[name] for name in own_shapes if name in weights or name not in self.unstored}
            require_fit(shapes, state_shapes(weights), path, self.encoders, self.needed(network))
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)  # what the file lacks is the same in every conversion
                model = network.build()
        weights = {**self.supplement(request, model), **weights}
        own = model.state_dict()
        missing = [name for name in own if name not in weights]
        ignored += [name for name in weights if name not in own]
        model.load_state_dict({name: value for name, value in weights.items() if name in own}, strict=False)
        save_weights(model, run.path / WEIGHTS)
        network.write(run)
        named = encoder_name(request, path)
        if named is not None and network.encoder_field and network.encoder_field not in (request.sizes or {}):
            store_origin(run, ENCODER, EncoderOrigin.of(named))
        remarks = [f"{len(missing)} weights are not in the file and stay random"] if missing else []
        remarks += self.remarks(request, network)
        source = tokenizer_source(request, path)
        if source is not None:
            self.open_tokenizer(source, network).save_pretrained(run.path / TOKENIZER)
            store_origin(run, TOKENIZER_PART, EncoderOrigin.of(str(source)))
        elif network.encoder_field:
            remarks.append("no tokenizer: predict needs one; convert again with --tokenizer DIR")
        sizes = {name: getattr(network, name) for name in self.reported}
        sizes = {name: dict(value) if isinstance(value, Mapping) else value for name, value in sizes.items()}
        return CheckpointReport(self.variant(network), sizes, tuple(ignored), tuple(missing), tuple(remarks))

    def _network(self, request: CheckpointRequest, path: Path, weights: Weights, stated: Mapping[str, Any]) -> N:
        """Sizes as given, else stated, else from the weights; the encoder's configuration from where there is one."""
        given = {**stated, **(request.sizes or {})}
        try:
            sizes = self.sizes(weights, given)
        except KeyError as error:
            raise UserError(f"{path}: lacks {error.args[0]}; it is no {self.title} checkpoint", self.fix) from None
        except IndexError:
            what = f"{path}: a tensor that tells a size has too few dimensions; it is no {self.title} checkpoint"
            raise UserError(what, self.fix) from None
        field = self.network.encoder_field
        if field in (request.sizes or {}):
            return self.network.of({**sizes, **given}, "--config")
        if not field or field in given or (field in sizes and request.encoder is None):
            return self.network.of({**sizes, **given}, str(path))
        named = encoder_name(request, path)
        if named is None:
            raise UserError(
                f"{path}: the configuration of its encoder (config.json) is not in the checkpoint",
                f"Convert the whole folder, if there is one; or give --encoder {self.encoder(weights)}, if that is the "
                f"one it was trained with. {HOW_TO_GET}",
            )
        return self.network.of({**sizes, field: plain(open_config(named)), **given}, str(path))


def read_checkpoint(path: Path, parts: Sequence[StateDict] = BARE, options: Keys = ()) -> OfficialCheckpoint:
    """What a file of safetensors or `torch.save` holds, told by its bytes; nothing else is ever unpickled.

    Args:
        path: of the file.
        parts: where its weights lie.
        options: where the options of its training lie.

    Raises:
        UserError: damaged, something else, no weights there, or it asks for code or objects.
    """
    form = weights_form(path)
    if form is None:
        content = foreign_content(path)
        if content is not None and (content.kind != "zip" or is_whole_zip(path)):  # else a zip that was cut off
            raise UserError(f"{path}: is {content.noun}", content.fix)
    if form == "safetensors" or (form is None and path.suffix == ".safetensors"):
        stored: Any = read_tensors(path, DOWNLOAD_AGAIN)
    else:
        with reading(path, "weights", DOWNLOAD_AGAIN):
            stored = load_torch_file(path)
    return OfficialCheckpoint(weights_of(stored, parts, path), options_of(stored, options, path))


def encoder_name(request: CheckpointRequest, path: Path) -> str | None:
    """The encoder that was named, else the folder of the weights where a configuration lies beside them."""
    beside = any(f.name == "config.json" and f.parent == path.parent for f in request.files)
    return request.encoder if request.encoder is not None or not beside else str(path.parent)


def require_fit(
    own: Shapes,
    weights: Shapes,
    path: Path,
    published: str,
    needed: tuple[str, ...] = ("",),
) -> None:
    """Refuse weights of another network.

    Args:
        own: the shapes that the network has.
        weights: the shapes that the file has.
        path: of the file.
        published: which encoders were published with such networks.
        needed: how the names begin that must be in both; others may be in one alone, but not of another shape.

    Raises:
        UserError: naming the first faults.
    """
    faults = [f"lacks {name}" for name in own if name not in weights and name.startswith(needed)]
    faults += [f"has {name}" for name in weights if name not in own and name.startswith(needed)]
    faults += [
        f"{name} is {tuple(weights[name])}, not {tuple(own[name])}"
        for name in own
        if name in weights and weights[name] != own[name]
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise UserError(
            f"{path}: the weights do not fit the network: {'; '.join(faults[:3])}{more}",
            f"Give the encoder it was trained with: --encoder NAME|DIR (published: {published}).",
        )


def tokenizer_source(request: CheckpointRequest, path: Path) -> Path | str | None:
    """Where the tokenizer is: as given, beside the weights, or with the encoder."""
    if request.tokenizer is not None:
        return request.tokenizer
    if any(f.name in TOKENIZER_FILES and f.parent == path.parent for f in request.files):
        return path.parent
    if request.encoder is None:
        return None
    folder = Path(request.encoder)
    if folder.is_dir() and not any((folder / name).is_file() for name in TOKENIZER_FILES):
        return None
    return request.encoder
