"""Where weights lie in official checkpoints: bare, under a key, in a list; and what is said where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.state_dicts import BARE, StateDict, described, listed_state_dicts, options_of, weights_of

PATH = Path("model_best.pth.tar")
FIVE = listed_state_dicts("model", 5, strip="module.")
LIGHTNING = (StateDict(("state_dict",), strip="model."),)
ONES = torch.ones(1)


def names(content: Any, parts: tuple[StateDict, ...]) -> list[str]:
    return list(weights_of(content, parts, PATH))


def test_a_list_of_state_dicts_is_numbered_and_loses_the_names_of_wrappers() -> None:
    states = [{"module.a": ONES}, {"module.a": ONES}, {"a": ONES}, {"b": ONES}, {"c.module.d": ONES}]
    whole = {"epoch": 3, "model": states, "best_rsum": 1.5, "opt": {}, "Eiters": 9}
    expected = ["0/a", "1/a", "2/a", "3/b", "4/c.module.d"]
    assert names(whole, FIVE) == expected
    assert names({"model": tuple(states)}, FIVE) == expected
    assert names({"0/module.a": ONES, "2/a": ONES, "4/b": ONES}, FIVE) == ["0/a", "2/a", "4/b"]
    assert names({"0/a": ONES, "other": ONES, "10/a": ONES}, FIVE) == ["0/a", "other", "10/a"]


def test_names_under_a_key_lose_their_beginning_and_a_bare_state_dict_is_read_too() -> None:
    states = {"model.s2v.in_proj_weight": ONES, "loss.weight": ONES}
    whole = {"epoch": 5, "pytorch-lightning_version": "1.5.10", "state_dict": states, "hyper_parameters": {}}
    assert names(whole, LIGHTNING) == ["s2v.in_proj_weight", "loss.weight"]
    assert names(states, LIGHTNING) == ["s2v.in_proj_weight", "loss.weight"]
    assert names(states, BARE) == ["model.s2v.in_proj_weight", "loss.weight"]
    assert names({}, BARE) == []
    with pytest.raises(UserError, match="two of its weights have the same name"):
        names({"model.a": ONES, "a": ONES}, LIGHTNING)


def test_where_no_key_fits_it_is_shown_what_there_is() -> None:
    whole = {"epoch": 3, "model": [{"a": ONES}] * 4, "opt": {"a": 1, "b": 2}, "note": "text", 7: ONES, "x": None}
    with pytest.raises(UserError) as refused:
        names(whole, FIVE)
    assert refused.value.message == (
        "model_best.pth.tar: no state_dict (names to tensors) at model[4]; it holds 'epoch': int, "
        "'model': list of 4 (1 tensor), 'opt': 2 values by name, 'note': text of 4 characters, 7: tensor (1,), "
        "'x': NoneType"
    )
    with pytest.raises(UserError, match=r"at state_dict; it holds 'epoch': int, "):
        names(whole, LIGHTNING)
    with pytest.raises(UserError, match=r"not a plain state_dict \(names to tensors\); it holds 'epoch': int"):
        names(whole, BARE)
    with pytest.raises(UserError, match=r"at model\[0\], model\[1\], .*; it holds list of 2 \(1 tensor\)"):
        names([{"a": ONES}] * 2, FIVE)
    with pytest.raises(UserError, match=r"'k11': int and 8 more"):
        names({f"k{number}": 1 for number in range(20)}, BARE)
    long = {"\n" * 500: 1}
    with pytest.raises(UserError) as refused:
        names(long, BARE)
    assert "\n" not in refused.value.message and len(refused.value.message) < 200


@pytest.mark.parametrize("content", [None, 5, "text", [], {1: ONES}, {"a": [ONES]}, torch.ones(2), {"model": 5}])
def test_what_holds_no_weights_is_refused(content: Any) -> None:
    for parts in (BARE, FIVE, LIGHTNING):
        with pytest.raises(UserError, match=r"state_dict .*; it holds "):
            names(content, parts)


def test_options_lie_at_their_own_key() -> None:
    assert options_of({"opt": {"lr": 1}}, ("opt",), PATH) == {"lr": 1}
    assert options_of({"hyper": [{"lr": 1}]}, ("hyper", 0), PATH) == {"lr": 1}
    assert options_of({"a": ONES}, ("opt",), PATH) == {} == options_of({"opt": {"lr": 1}}, (), PATH)
    with pytest.raises(UserError, match=r"model_best\.pth\.tar: opt is list of 1 \(text of 1 character\), not options"):
        options_of({"opt": ["a"]}, ("opt",), PATH)


def test_arrays_and_empty_things_are_described() -> None:
    assert described(np.zeros((2, 3))) == "array (2, 3)"
    assert described([[1], [2]]) == "list of 2" and described({}) == "nothing"
    assert described({"a": ONES, "b": 1, "c": 2}) == "3 values by name, 1 of them tensors"
