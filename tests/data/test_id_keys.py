from typing import Any

import pytest

from cmivqa_kit.data.id_keys import number_key, plain_key

PRIME = 2**61 - 1  # every multiple of it has the hash 0


def test_equal_integers_have_equal_keys_and_chosen_ones_no_equal_hash() -> None:
    numbers = [PRIME * step for step in range(-500, 500)]
    keys = [number_key(number) for number in numbers]
    assert keys == [number_key(int(str(number))) for number in numbers]
    assert len(set(keys)) == 1000
    assert len({hash(key) for key in keys}) > 990


@pytest.mark.parametrize(
    ("identity", "key"),
    [(3, 3), ("3", "3"), (True, None), (3.0, None), (None, None), ([3], None), (-(2**40), -(2**40))],
)
def test_small_integers_and_texts_are_their_own_keys(identity: Any, key: Any) -> None:
    assert plain_key(identity) == key
    assert type(plain_key(identity)) is type(key)
