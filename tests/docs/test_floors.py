"""The oldest versions that the metadata promises are those that are tried together."""

from __future__ import annotations

import re
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
OLDEST = WORKFLOW.partition('- title: ", oldest"')[2].partition("runs-on: ${{")[0]


def test_every_floor_is_tried_with_the_oldest_python() -> None:
    floors = dict(
        re.fullmatch(r"([\w-]+)>=([\d.]+).*", each).groups() for each in PROJECT["dependencies"]
    )
    del floors["tomli"]  # of the oldest Python alone, and it has no part in what is measured
    tried = dict(re.findall(r"([\w-]+)==([\d.]+)\.\*", OLDEST))
    del tried["keras"]  # which TensorFlow asks for
    assert tried.keys() == floors.keys()
    for name, version in tried.items():
        assert f"{version}.".startswith(f"{floors[name]}."), name
    assert re.findall(r'python: "([\d.]+)"', OLDEST) == [
        PROJECT["requires-python"].removeprefix(">=")
    ]


def test_what_develops_it_has_all_that_tests_it() -> None:
    extras = PROJECT["optional-dependencies"]
    assert "extra: test" in OLDEST
    assert "pytest-paoding[sign,test]" in extras["dev"]
