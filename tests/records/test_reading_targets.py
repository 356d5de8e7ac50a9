"""Targets as people write them."""

from __future__ import annotations

import pytest

from pytest_paoding.records.text.targets import read_target, shown_target

FORMS = 'a share such as "50%", or a whole number, of flops, parameters or size$'
NEITHER = 'is neither a share such as "50%" nor a whole number such as 40000$'


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
        ("50%", f"'50%' is not one target such as flops:50%, .*: {FORMS}"),
        ("half", f"'half' is not one target such as flops:50%, .*: {FORMS}"),
        ("", f"'' is not one target such as flops:50%, .*: {FORMS}"),
        (None, f"None is not one target such as {{ flops = .*: {FORMS}"),
        (0.5, f"0.5 is not one target such as .*: {FORMS}"),
        ({}, f"is not one target such as .*: {FORMS}"),
        ({"flops": 0.5, "size": 0.5}, "is not one target: of flops and size only one may be given"),
        (
            "flops:50%,size:3kB",
            "'flops:50%,size:3kB' is not one target: of flops and size only one may be given",
        ),
        ("flops:50%,flops:30%", "is not one target: of flops and flops only one may be given"),
        ("flops:50%,40%", "flops: '50%,40%' is not a share between 0 and 1"),
        ("parameters:40,000", "parameters: '40,000' is not a whole number"),
        ({1: 0.5}, "is not one target: unknown kind 1, known are flops, parameters, size"),
        ("speed:50%", "target: unknown kind 'speed', known are flops, parameters, size"),
        ("params:50%", "target: unknown kind 'params', did you mean parameters?"),
        ("flop:50%", "target: unknown kind 'flop', did you mean flops?"),
        ({"FLOPs": 0.5}, "target: unknown kind 'FLOPs', did you mean flops?"),
        ({"Size": "3 kB"}, "target: unknown kind 'Size', did you mean size?"),
        ("flops=50%", "'flops=50%' is not one target: did you mean \"flops:50%\"?"),
        ("flops:", f"flops: '' {NEITHER}"),
        ({"flops": "half"}, f"flops: 'half' {NEITHER}"),
        (
            {"size": "half"},
            "size: 'half' is neither a share .* nor a whole number such as \"300 kB\"",
        ),
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
        ({"flops": True}, f"flops: True {NEITHER}"),
        ({"flops": None}, f"flops: None {NEITHER}"),
        ({"flops": [0.5]}, rf"flops: \[0.5\] {NEITHER}"),
        ({"flops": float("nan")}, f"flops: nan {NEITHER}"),
    ),
)
def test_what_is_none_is_refused_in_one_line(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")) as caught:
        read_target(given)
    assert "\n" not in str(caught.value)
