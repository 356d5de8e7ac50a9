"""Readers of lists and tables, from TOML and from the command line alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from pytest_paoding.config.values import (
    calibration,
    corruption_words,
    input_range,
    measures,
    names,
    positive,
    seed,
    seed_text,
    severities,
    shares,
    strengths,
)
from pytest_paoding.config.word_lists import patterns

if TYPE_CHECKING:
    from collections.abc import Callable


def test_strengths_and_ranges() -> None:
    assert strengths([0.01, 0.05]) == (0.01, 0.05)
    assert strengths(0.1) == (0.1,)
    assert input_range([0, 255]) == (0.0, 255.0)
    assert input_range({"a": (0, 1), "b": [-1, 1]}) == {"a": (0.0, 1.0), "b": (-1.0, 1.0)}


@pytest.mark.parametrize(
    ("reader", "given", "why"),
    (
        (strengths, [], "different attack strengths"),
        (strengths, [0.1, 0.1], "different attack strengths"),
        (strengths, [0.0], "above 0"),
        (strengths, ["x"], "'x' is not a finite number"),
        (strengths, True, "True is not a finite number"),
        (input_range, [1, 0], "low must be below high"),
        (input_range, [0, math.inf], "not a finite number"),
        (input_range, [0], "pair of low and high"),
        (input_range, {}, "pair of low and high"),
        (input_range, {"a": 3}, "pair of low and high"),
    ),
)
def test_senseless_strengths_and_ranges(
    reader: Callable[[object], object], given: object, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        reader(given)


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    (
        (seed_text, "7", 7),
        (positive, "8", 8),
        (strengths, "0.1,0.2", (0.1, 0.2)),
        (input_range, "0,255", (0.0, 255.0)),
        (input_range, "-1,1", (-1.0, 1.0)),
        (input_range, "a=0,1,b/c=-1,1e2", {"a": (0.0, 1.0), "b/c": (-1.0, 100.0)}),
        (shares, "block1_*=25%,head=0", {"block1_*": 0.25, "head": 0.0}),
        (patterns, "block1_*,head", ("block1_*", "head")),
        (severities, "1,3", (1, 3)),
        (measures, "latency", ("latency",)),
        (corruption_words, "all", ("noise", "blur", "brightness", "contrast")),
        (corruption_words, "off", ()),
        (corruption_words, "blur,noise", ("blur", "noise")),
        (names, "a,b", ("a", "b")),
        (names, "", ()),
        (calibration, "a.b:c", "a.b:c"),
    ),
)
def test_texts(reader: Callable[[object], object], text: str, value: object) -> None:
    assert reader(text) == value


@pytest.mark.parametrize(
    ("reader", "text", "why"),
    (
        (seed_text, "7.5", "'7.5' is not a seed from 0 to 4294967295"),
        (seed, 2**32, "input should be less than 4294967296"),
        (positive, "0", "'0' is not a positive whole number"),
        (positive, 2.0, "input should be a valid integer, not 2.0"),
        (strengths, "a", "'a' is not a list of numbers such as 0.01,0.05"),
        (input_range, "0", r"\[0.0\] is not a pair of low and high"),
        (input_range, "0,1,a=0,1", "is not a list of numbers such as 0,1"),
        (input_range, "a=", "'' is not a list of numbers"),
        (input_range, "=0,1", "is not a list of numbers"),
        (shares, "head", "'head' is not of the form PATTERN=SHARE"),
        (shares, "head=9", "'head': '9' is not a share"),
        (patterns, "a,", "is not a list of layer patterns"),
        (severities, "6", "'6' is not a list of different severities"),
        (severities, "1,1", "'1,1' is not a list of different severities"),
        (names, ["a", 3], r"\['a', 3\] is not a list of names of gates"),
    ),
)
def test_senseless_texts(reader: Callable[[object], object], text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader(text)


def test_patterns_are_as_many_and_as_long_as_names_can_be_held_against() -> None:
    several = [f"layer_{number}" for number in range(10_000)]
    assert patterns(several) == tuple(several)
    assert list(shares(dict.fromkeys(several, 0.5))) == several
    assert patterns(["x" * 1000]) == ("x" * 1000,)
    for wrong, why in (
        ([*several, "x"], "^10,001 patterns are more than 10,000$"),
        (["x", "*x" * 501], "^a pattern of 1,002 characters is longer than 1,000$"),
    ):
        for read in (patterns, lambda given: shares(dict.fromkeys(given, 0.5))):
            with pytest.raises(ValueError, match=why):
                read(wrong)
