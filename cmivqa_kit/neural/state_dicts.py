"""Where the weights lie in an official checkpoint, and what else lies beside them.

`torch.save` writes whatever a program hands it: a bare ``state_dict``, a mapping that has one under ``model`` or
``state_dict`` (Lightning), a list of several. A system declares its `StateDict` or several, which together make its
weights; where no such key fits, the error shows what the file holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from cmivqa_kit.errors import UserError

Keys = tuple[str | int, ...]
SHOWN = 12  # entries of a checkpoint in a message
_NAMES = 60  # characters of a name in a message


@dataclass(frozen=True, slots=True)
class StateDict:
    """Names of weights to tensors, somewhere in a checkpoint.

    Attributes:
        keys: the way to it, through mappings by name and lists by number: ``("model", 0)``; empty for a bare one.
        prefix: what stands before its names in the network: ``"0/"`` for the first of a list.
        strip: what is taken off its names where they begin so: ``"module."`` of a wrapper, ``"model."`` of Lightning.
        flat: what stands before its names in a flat file of all parts, where that is not ``prefix``.
    """

    keys: Keys = ()
    prefix: str = ""
    strip: str = ""
    flat: str = ""

    def name(self, stored: str) -> str:
        """The network's name of a weight."""
        return self.prefix + stored.removeprefix(self.strip)


BARE = (StateDict(),)


def listed_state_dicts(key: str, count: int, strip: str = "") -> tuple[StateDict, ...]:
    """The state dicts of a list under ``key``; the network's names begin with their number: ``0/``."""
    return tuple(StateDict((key, number), f"{number}/", strip) for number in range(count))


def weights_of(content: Any, parts: Sequence[StateDict], path: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint by the network's names.

    A bare ``state_dict`` is taken too, whatever the system's files look like; its names may have the prefixes already.

    Args:
        content: of the file, as plain values.
        parts: what makes the weights together.
        path: of the file, for errors.

    Raises:
        UserError: a part is not there, and it says what is; or two weights get one name.
    """
    if _is_state_dict(content):
        states = _parts_of_bare(content, parts)
    else:
        values = [(part, value_at(content, part.keys)) for part in parts]
        lacking = [keys_text(part.keys) for part, value in values if not _is_state_dict(value)]
        if lacking:
            raise _not_there(path, lacking, content)
        states = values
    weights = {part.name(name): tensor for part, state in states for name, tensor in state.items()}
    if len(weights) < sum(len(state) for _, state in states):
        raise UserError(f"{path}: two of its weights have the same name in the network", "Give the official file.")
    return weights


def _parts_of_bare(content: Mapping[str, Tensor], parts: Sequence[StateDict]) -> list[tuple[StateDict, Any]]:
    """The parts of a state dict that holds all of them, each without its prefix; the rest is a part of its own."""
    states: list[tuple[StateDict, dict[str, Tensor]]] = [(part, {}) for part in parts]
    rest: dict[str, Tensor] = {}
    for name, tensor in content.items():
        for part, state in states:
            before = next((text for text in (part.flat or part.prefix, part.prefix) if name.startswith(text)), None)
            if before is not None:
                state[name.removeprefix(before)] = tensor
                break
        else:
            rest[name] = tensor
    return [*states, (StateDict(), rest)]


def options_of(content: Any, keys: Keys, path: Path) -> Mapping[str, Any]:
    """The options that a checkpoint carries at ``keys``; empty where it has none there.

    Raises:
        UserError: something else lies there.
    """
    value = value_at(content, keys) if keys else None
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        what = f"{path}: {keys_text(keys)} is {described(value)}, not options by their names"
        raise UserError(what, "Give the official file.")
    return value


def value_at(content: Any, keys: Keys) -> Any:
    """What lies at ``keys``; ``None`` where a key is not there."""
    for key in keys:
        if isinstance(content, Mapping):
            content = content.get(key)
        elif isinstance(content, list | tuple) and isinstance(key, int) and key < len(content):
            content = content[key]
        else:
            return None
    return content


def keys_text(keys: Keys) -> str:
    """Keys in words: ``model[0]``."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def described(value: Any) -> str:
    """The type and the size of a value in words."""
    if _is_state_dict(value):
        return _counted(len(value), "tensor") if value else "nothing"
    if isinstance(value, Mapping):
        tensors = sum(isinstance(item, Tensor) for item in value.values())
        return f"{_counted(len(value), 'value')} by name" + (f", {tensors:,} of them tensors" if tensors else "")
    if isinstance(value, list | tuple):
        kinds = list(dict.fromkeys(described(item) for item in value[:100] if not isinstance(item, list | tuple)))
        return f"list of {len(value)}" + (f" ({', '.join(kinds[:3])})" if kinds else "")
    if isinstance(value, str):
        return f"text of {_counted(len(value), 'character')}"
    if hasattr(value, "shape"):
        return f"{'tensor' if isinstance(value, Tensor) else 'array'} {tuple(value.shape)}"
    return type(value).__name__


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _is_state_dict(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in value.items()
    )


def _not_there(path: Path, lacking: Sequence[str], content: Any) -> UserError:
    if isinstance(content, Mapping):
        entries = [f"{repr(key)[:_NAMES]}: {described(value)}" for key, value in list(content.items())[:SHOWN]]
        more = f" and {len(content) - SHOWN} more" if len(content) > SHOWN else ""
        held = ", ".join(entries) + more
    else:
        held = described(content)
    if lacking == [""]:
        what, fix = "not a plain state_dict (names to tensors)", "Give the official pytorch_model.bin."
    else:
        what = f"no state_dict (names to tensors) at {', '.join(lacking[:SHOWN])}"
        fix = "Give the official file, or its state_dict alone."
    return UserError(f"{path}: {what}; it holds {held}", fix)
