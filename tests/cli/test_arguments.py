"""Settings as arguments of a command."""

from __future__ import annotations

import argparse

import pytest

from pytest_paoding.cli.arguments import add_settings, settings_of


@pytest.mark.parametrize(
    ("words", "expected"),
    (
        (["0,1"], (0, 1)),
        (["-1", "2"], (-1, 2)),
        (["pic=0,255"], {"pic": (0, 255)}),
        (
            ["pic=0,255", "wave=-1,1", "more=2,3"],
            {"pic": (0, 255), "wave": (-1, 1), "more": (2, 3)},
        ),
    ),
)
def test_a_range_is_written_as_help_says(words, expected):
    parser = argparse.ArgumentParser()
    add_settings(parser, ["input_range"])
    assert settings_of(parser.parse_args(["--input-range", *words]), ["input_range"]) == {
        "input_range": expected
    }
