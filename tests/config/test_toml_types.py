"""Every key of [tool.paoding] takes its own type of TOML, and refuses every other in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import Scope
from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.config.loading import load
from pytest_paoding.config.tables import keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.metrics import BUDGETS, FILE_BUDGETS, LIMITS, REGRESSIONS
from pytest_paoding.records.optional_packages import lacking_for

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HUGE = "1" + 400 * "0"
WORDS = ('""', '"word"', r'"\u0000"', r'"a\u001b[2J\nb"')
NUMBERS = ("0", "1", "-1", "7", HUGE, f"-{HUGE}", "0.5", "-0.5", "1.5", "inf", "-inf", "nan")
TIMES = ("07:32:00", "1979-05-27", "1979-05-27T07:32:00", "1979-05-27T07:32:00Z")
LISTS = (
    "[]",
    "[1]",
    "[0.5]",
    '["a"]',
    '[""]',
    "[true]",
    "[[]]",
    "[{}]",
    "[nan, 1.0]",
    "[0.0, inf]",
)
HUGE_LISTS = (f"[{HUGE}]", f"[0, {HUGE}]", f"[-{HUGE}, 0.5]", "[07:32:00]")
DICTS = ("{}", "{ a = 1 }", '{ a = "b" }', "{ a = [] }", "{ a = {} }", '{ "" = 07:32:00 }')
TYPES = (*WORDS, *NUMBERS, *TIMES, *LISTS, *HUGE_LISTS, *DICTS, "true", "false")

FITS: dict[str, str] = {
    "ratio": "0.5 [0.5]",
    "seed": "0 1 7",
    "step": "0.5",
    "input_shape": "[1]",
    "ratios": "{}",
    "include": '"word" ["a"]',
    "exclude": '"word" ["a"]',
    "round_to": "1 7",
    "jump": "7 1.5",
    "effort": "1 7 0.5 1.5",
    "sparsity": "0 0.5",
    "verify": "true false",
    "score": '"word" ["a"]',
    "measure": "[]",
    "epsilons": "1 7 0.5 1.5 [1] [0.5]",
    "attack_steps": "1 7",
    "attack_restarts": "1 7",
    "attack_samples": "1 7",
    "corruptions": "[]",
    "severities": "[1]",
    "confidence": "0.5",
    "isolate": "true false",
    "timeout": "1 7 0.5 1.5",
    "memory": "1 7",
    "artifacts": '"word"',
    "baseline": '"word"',
    "history": '"word"',
    "require": '"" "word" [] ["a"]',
    "silence": '"" []',
    "junit_properties": "true false",
    "bom": "false" if lacking_for("bom") else "true false",
    "sign_key": '"word"',
    "path": '"word"',
}
"""Which of the values above a key takes; none where it is not named."""
CONTROL = set(WORDS[2:])
PATHS = {"artifacts", "baseline", "history", "path", "sign_key"}
ANY_SIGNS = {"include", "exclude", "require", *PATHS}
"""Keys whose texts may be of any signs, but for a null character in paths, see below."""


def parsed(text: str) -> Any:
    return tomllib.loads(f"value = {text}")["value"]


def loaded(place: tuple[str, ...], key: str, value: Any) -> None:
    """Load a table that is sound but for one key."""
    table: dict[str, Any] = {
        "ratio": 0.5,
        "budget": {"max_size": 1000},
        "models": {"m": {"path": "m.keras"}},
        "baseline": "baseline.json",
        "regression": {"max_size_increase": 0},
        "formats": ["keras", "onnx"],
    }
    at = table
    for each in place:
        at = at.setdefault(each, {})
    at[key] = value
    root = Path("project")
    load(ConfigFile(root, root / "pyproject.toml", table=table), command_line={})


def refusal(place: tuple[str, ...], key: str, value: Any) -> str | None:
    try:
        loaded(place, key, value)
    except ConfigError as error:
        return str(error)
    return None


SETTING_PLACES = [
    ((*above, *filter(None, [key.table])), key.key, key.name)
    for key in SETTINGS
    for above in {Scope.RUN: [()], Scope.MODEL: [("models", "m")]}.get(
        key.scope, [(), ("models", "m")]
    )
]


@pytest.mark.parametrize(("place", "key", "name"), SETTING_PLACES)
def test_a_setting_takes_its_own_type_only(place: tuple[str, ...], key: str, name: str) -> None:
    for text in TYPES:
        found = refusal(place, key, parsed(text))
        if text in CONTROL and name in ANY_SIGNS:
            continue
        assert (found is None) == (text in FITS.get(name, "").split()), (text, found)
        if found is not None:
            assert found.isprintable()
            assert key in found.partition(": ")[2]


@pytest.mark.parametrize("name", sorted(PATHS))
def test_no_path_holds_a_null_character(name: str) -> None:
    place = ("models", "m") if name == "path" else ()
    found = refusal(place, name, "a\0b")
    assert found is not None
    assert "'a\\x00b' holds a null character, which no path can" in found


LIMIT_PLACES = [
    *((("budget",), key) for key in BUDGETS),
    *((("models", "m", "budget"), key) for key in BUDGETS),
    *((("budget", "onnx"), key) for key in FILE_BUDGETS),
    *((("regression",), key) for key in REGRESSIONS),
]


@pytest.mark.parametrize(("place", "key"), LIMIT_PLACES)
def test_a_limit_is_a_number_and_nothing_else(place: tuple[str, ...], key: str) -> None:
    for text in TYPES:
        value = parsed(text)
        found = refusal(place, key, value)
        number = type(value) in {int, float}
        by_name = text == "{ a = 1 }" and LIMITS[key].per_score  # a limit of the score `a`
        assert found is not None or number or by_name, text
        assert found is None or found.isprintable()
        if text in {HUGE, "inf", "-inf", "nan"}:
            assert found is not None, text


@pytest.mark.parametrize(
    ("place", "key"),
    (
        *(((), key) for key in ("models", "budget", "regression", "attack", "corruption")),
        (("models",), "m"),
        (("models", "m"), "budget"),
        (("budget",), "onnx"),
    ),
)
def test_a_table_is_a_table(place: tuple[str, ...], key: str) -> None:
    for text in TYPES:
        found = refusal(place, key, parsed(text))
        assert found is None or all(line.isprintable() for line in found.split("\n"))
        assert found is not None or text == "{}", text


@pytest.mark.parametrize("key", [key for key in SETTINGS if key.scope is Scope.GATE])
def test_keywords_of_a_call_are_taken_or_refused_in_one_line(key: Any) -> None:
    refusals = []
    for text in TYPES:
        table = {key.key: parsed(text)}
        inner = key.table not in {"", "budget"}
        try:
            keywords({key.table: table} if inner else table, where="paoding", source="call")
        except ConfigError as error:
            refusals.append(str(error))
    assert len(refusals) > 4
    assert all(line.isprintable() for line in refusals)
