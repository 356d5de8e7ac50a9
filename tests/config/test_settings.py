"""What settings come to, and where each came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_paoding.config.bounds import Bound
from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.gate_settings import resolve
from pytest_paoding.config.tables import keywords
from pytest_paoding.errors import ConfigError
from pytest_paoding.records.budgets import Level
from pytest_paoding.records.results import Setting
from pytest_paoding.records.strategy_names import NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_paoding.config.gate_settings import Layer
from support.setting_files import BASE, loaded


def test_the_effective_settings_of_a_configured_gate_and_their_sources(tmp_path: Path) -> None:
    gate = loaded(tmp_path).gate(model="digits_cnn")
    assert gate.pruning == {
        "ratio": 0.5,
        "target": None,
        "strategy": "magnitude",
        "seed": 0,
        "step": 0.025,
        "input_kind": None,
        "input_shape": None,
        "input_range": (0.0, 16.0),
        "allocation": "global",
        "effort": "standard",
        "calibration": None,
        "ratios": {},
        "include": ("*",),
        "exclude": (),
        "round_to": 1,
        "jump": None,
        "mixing": "exact",
        "sparsity": 0.0,
        "verify": False,
    }
    assert gate.judging["epsilons"] == (0.02,)
    limits = {
        limit.metric.key: (limit.value, limit.level, limit.source.partition(" ")[2])
        for limit in gate.limits
    }
    assert limits == {
        "max_accuracy_decay": (0.02, Level.ERROR, "[tool.paoding.budget]"),
        "min_robustness_retention": (0.85, Level.WARN, "[tool.paoding.models.digits_cnn]"),
        "max_size": (300000, Level.ERROR, "[tool.paoding.models.digits_cnn]"),
    }
    assert gate.shown == {
        "ratio": Setting(0.5, "pyproject.toml [tool.paoding]"),
        "target": Setting(None, "built-in"),
        "strategy": Setting("magnitude", "pyproject.toml [tool.paoding]"),
        "seed": Setting(0, "built-in"),
        "step": Setting(0.025, "built-in"),
        "input_kind": Setting(None, "built-in"),
        "input_shape": Setting(None, "built-in"),
        "allocation": Setting("global", "built-in"),
        "effort": Setting("standard", "built-in"),
        "calibration": Setting(None, "built-in"),
        "ratios": Setting({}, "built-in"),
        "include": Setting(["*"], "built-in"),
        "exclude": Setting([], "built-in"),
        "round_to": Setting(1, "built-in"),
        "jump": Setting(None, "built-in"),
        "mixing": Setting("exact", "built-in"),
        "sparsity": Setting(0.0, "built-in"),
        "verify": Setting(value=False, source="built-in"),
        "input_range": Setting([0.0, 16.0], "pyproject.toml [tool.paoding.models.digits_cnn]"),
        "attack": Setting("fgsm", "pyproject.toml [tool.paoding]"),
        "epsilons": Setting([0.02], "pyproject.toml [tool.paoding]"),
        "formats": Setting(["keras"], "built-in"),
        "isolate": Setting(value=False, source="built-in"),
        "timeout": Setting(None, "built-in"),
        "memory": Setting(None, "built-in"),
        "confidence": Setting(None, "built-in"),
        "measure": Setting([], "built-in"),
        "task": Setting(None, "built-in"),
        "score": Setting([], "built-in"),
        "slices": Setting(None, "built-in"),
        "attack_steps": Setting(None, "built-in"),
        "attack_restarts": Setting(None, "built-in"),
        "attack_samples": Setting(None, "built-in"),
        "corruptions": Setting([], "built-in"),
        "severities": Setting([1, 2, 3, 4, 5], "built-in"),
    }


def test_exceptions_for_layers_are_read_as_shares_and_patterns(tmp_path: Path) -> None:
    text = BASE + 'ratios = { "conv*" = "25%", head = 0 }\nexclude = "stem"\nround_to = 8\n'
    found = loaded(tmp_path, text + "verify = true\ncalibration = 'a.b:c'\n").gate(
        model="digits_cnn"
    )
    assert list(found.pruning["ratios"].items()) == [("conv*", 0.25), ("head", 0.0)]
    assert found.pruning["exclude"] == ("stem",)
    assert (found.pruning["round_to"], found.pruning["verify"]) == (8, True)
    assert found.shown["exclude"].value == ["stem"]
    assert found.shown["calibration"].value == found.pruning["calibration"] == "a.b:c"


def test_inputs_themselves_are_shown_by_their_kind(tmp_path: Path) -> None:
    layer = keywords({"calibration": {"x": object()}}, where="here", source="call")
    found = loaded(tmp_path).gate(model="digits_cnn", call=layer)
    assert found.shown["calibration"] == Setting({"x": "object"}, "call")
    assert found.pruning["calibration"] is layer["calibration"].value


def test_the_folder_of_artifacts_starts_at_the_file(tmp_path: Path) -> None:
    assert loaded(tmp_path).artifacts == tmp_path / "paoding-artifacts"
    assert loaded(tmp_path, '[tool.paoding]\nartifacts = "out"\n').artifacts == tmp_path / "out"
    none = {"artifacts": Setting(None, "command line")}
    assert loaded(tmp_path, command_line=none).artifacts is None


def test_settings_of_the_whole_run(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[tool.paoding]\npublish = "session"\njunit_properties = false\n')
    assert settings.shared["publish"].value == "session"
    assert settings.table.junit_properties is False
    assert loaded(tmp_path).shared["publish"] == Setting("test", "built-in")
    assert loaded(tmp_path).table.require == ("digits_cnn",)


def test_off_levels_and_strict(tmp_path: Path) -> None:
    text = (
        BASE + "[tool.paoding.models.b]\npath = 'b'\nbudget.max_accuracy_decay = {level = 'off'}\n"
    )
    settings = loaded(tmp_path, text)
    assert [limit.metric.key for limit in settings.gate(model="b").limits] == [
        "min_robustness_retention"
    ]
    strict = loaded(tmp_path, strict=True).gate(model="digits_cnn")
    assert {limit.level for limit in strict.limits} == {Level.ERROR}


def test_a_confidence_holds_for_every_estimate_that_has_none_of_its_own(tmp_path: Path) -> None:
    text = """
[tool.paoding]
ratio = 0.5
baseline = "b.json"
[tool.paoding.budget]
confidence = "95%"
max_size = "1 MB"
max_accuracy_decay = "2%"
min_agreement = { limit = 0.9, confidence = 0.99, level = "warn" }
[tool.paoding.regression]
max_accuracy_drop = 0.01
[tool.paoding.models.m]
path = "m"
"""
    settings = loaded(tmp_path, text)
    found = {limit.metric.key: limit.confidence for limit in settings.gate(model="m").limits}
    assert found == {
        "max_size": None,
        "max_accuracy_decay": 0.95,
        "min_agreement": 0.99,
        "max_accuracy_drop": None,
    }
    call = keywords({"confidence": 0.8}, where="here", source="call")
    gate = settings.gate(model="m", call=call)
    assert {limit.confidence for limit in gate.limits} == {None, 0.8, 0.99}
    assert gate.shown["confidence"] == Setting(0.8, "call")


def test_keywords_are_a_layer_and_none_means_not_given() -> None:
    layer = keywords(
        {"ratio": 0.4, "seed": None, "max_size": "3 kB", "attack": {"epsilons": [0.1]}},
        where="test_x: marker paoding",
        source="marker",
    )
    assert layer == {
        "ratio": Setting(0.4, "marker"),
        "epsilons": Setting((0.1,), "marker"),
        "max_size": Setting(Bound(3000), "marker"),
    }


def test_a_ratio_must_come_from_somewhere() -> None:
    with pytest.raises(ConfigError, match="no ratio is given"):
        resolve({})


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ratio": st.floats(0.1, 0.9),
    "strategy": st.sampled_from(NAMES),
    "seed": st.integers(0, 9),
    "round_to": st.integers(1, 9),
    "verify": st.booleans(),
    "exclude": st.tuples(st.text()),
    "attack": st.sampled_from(["fgsm", "pgd", "strong"]),
    "attack_steps": st.none() | st.integers(1, 9),
    "epsilons": st.tuples(st.floats(0.1, 0.9)),
    "max_size": st.builds(Bound, st.integers(1, 9)),
    "min_accuracy": st.just(Bound(None, Level.OFF)) | st.builds(Bound, st.floats(0, 1)),
}
layers = st.fixed_dictionaries({}, optional=VALUES)


@given(st.lists(layers, min_size=1, max_size=5))
def test_for_every_key_the_first_layer_that_says_anything_wins(said: list[dict[str, Any]]) -> None:
    named: list[Layer] = [
        {key: Setting(value, f"layer {number}") for key, value in layer.items()}
        for number, layer in enumerate(said)
    ]
    fallback: Layer = {"ratio": Setting(0.5, "last")}
    gate = resolve(*named, fallback)
    limits = {limit.metric.key: (limit.value, limit.source) for limit in gate.limits}
    for key in VALUES:
        first = next(
            (layer[key] for layer in (*named, fallback, SETTINGS.built_in) if key in layer), None
        )
        if isinstance(first, Setting) and isinstance(first.value, Bound):
            expected = (first.value.value, first.source)
            assert limits.get(key) == (None if first.value.level is Level.OFF else expected)
        elif first is not None:
            found = (gate.pruning | gate.judging)[key]
            assert found == first.value
            assert gate.shown[key].source == first.source
        else:
            assert key not in limits


def test_the_order_of_sources(tmp_path: Path) -> None:
    text = BASE.replace('path = "models', 'seed = 5\npath = "models').replace(
        'ratio = "50%"', "ratio = 0.5\nseed = 6"
    )
    settings = loaded(tmp_path, text, command_line={"seed": Setting(1, "command line")})
    without = loaded(tmp_path, text)
    call, marker = {"seed": Setting(3, "call")}, {"seed": Setting(4, "marker")}
    assert settings.gate(model="digits_cnn", marker=marker, call=call).pruning["seed"] == 1
    assert without.gate(model="digits_cnn", marker=marker, call=call).pruning["seed"] == 3
    assert without.gate(model="digits_cnn", marker=marker).pruning["seed"] == 4
    assert without.gate(model="digits_cnn").pruning["seed"] == 5
    assert without.gate().pruning["seed"] == 6
    assert loaded(tmp_path).gate().pruning["seed"] == 0
