"""Targets as people write them."""

from __future__ import annotations

import pytest

from pytest_paoding.records.text.targets import read_target, shown_target


@pytest.mark.parametrize(
    ("given", "read", "shown"),
    (
        ({"flops": "50%"}, {"flops": 0.5}, "50% of the flops"),
        ({"flops": 0.5}, {"flops": 0.5}, "50% of the flops"),
        ("parameters:40%", {"parameters": 0.4}, "40% of the parameters"),
        ("size: 300 kB", {"size": 300_000}, "a size of 300.0 kB"),
        ("size:300kB", {"size": 300_000}, "a size of 300.0 kB"),
        ("size:1 KiB", {"size": 1024}, "a size of 1.0 kB"),
        ("size:500 B", {"size": 500}, "a size of 500 B"),
        ({"size": "12.5%"}, {"size": 0.125}, "12.5% of the size"),
        ({"parameters": 40000}, {"parameters": 40_000}, "40,000 parameters"),
        ("flops:1.5M", {"flops": 1_500_000}, "1,500,000 flops"),
        ({"flops": 2e9}, {"flops": 2_000_000_000}, "2,000,000,000 flops"),
        ("parameters:40k", {"parameters": 40_000}, "40,000 parameters"),
    ),
)
def test_a_target_is_a_share_or_a_number_of_one_thing(
    given: object, read: dict[str, float], shown: str
) -> None:
    assert read_target(given) == read
    assert read_target(read) == read
    assert shown_target(read) == shown


@pytest.mark.parametrize(
    ("given", "message"),
    (
        ("50%", "'50%' is not one target such as"),
        (0.5, "0.5 is not one target such as"),
        ({}, "is not one target such as"),
        ({"flops": 0.5, "size": 0.5}, "is not one target such as"),
        ({1: 0.5}, "is not one target such as"),
        ("speed:50%", "is not one target such as"),
        ("flops:50", "flops: '50' is very little: did you mean \"50%\"?"),
        ({"parameters": 100}, 'parameters: 100 is very little: did you mean "100%"?'),
        ({"size": 30}, 'size: 30 is very little: did you mean "30%"?'),
        ("flops:100%", "flops: '100%' is not above 0% and below 100%"),
        ("flops:0", "flops: '0' is not above 0% and below 100%"),
        ("flops:150%", "is not a share between 0 and 1"),
        ("size:300 KB", "unknown unit 'KB', did you mean kB"),
        ("size:-1", "size: '-1' is not a positive whole number"),
        ("parameters:1.5", "parameters: '1.5' is not a positive whole number"),
        ("parameters:0.0005k", "is not a positive whole number"),
        ({"flops": True}, "flops: True is not a whole number"),
        ({"flops": None}, "flops: None is not a whole number"),
        ({"flops": [0.5]}, r"flops: \[0.5\] is not a whole number"),
        ({"flops": float("nan")}, "flops: nan is not a whole number"),
    ),
)
def test_what_is_none_is_refused_in_one_line(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")) as caught:
        read_target(given)
    assert "\n" not in str(caught.value)
