"""Every setting can be given on the command line, where it beats all other sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from pytest_paoding.config.catalogue import SETTINGS
from pytest_paoding.config.catalogue.keys import Scope
from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

GIVEN: dict[str, tuple[str, Any]] = {
    "ratio": ("25%", 0.25),
    "strategy": ("scale", "magnitude"),
    "seed": ("7", 7),
    "step": ("5%", 0.05),
    "input_range": ("-1,1", [-1.0, 1.0]),
    "allocation": ("uniform", "uniform"),
    "effort": ("thorough", "thorough"),
    "input_kind": ("words=tokens", {"words": "tokens"}),
    "input_shape": ("words=50,image=8,8,1", {"words": [50], "image": [8, 8, 1]}),
    "calibration": ("our_data:holdout", "our_data:holdout"),
    "ratios": ("conv=50%,*=0", {"conv": 0.5, "*": 0.0}),
    "include": ("conv,dense", ["conv", "dense"]),
    "exclude": ("head*", ["head*"]),
    "round_to": ("2", 2),
    "jump": ("3", 3.0),
    "mixing": ("recompute", "recompute"),
    "sparsity": ("25%", 0.25),
    "task": ("mask=positions,kind=classes", {"mask": "positions", "kind": "classes"}),
    "score": ("f1,mae", ["f1", "mae"]),
    "slices": ("operator:add", "operator:add"),
    "measure": ("latency,compression", ["latency", "compression"]),
    "attack": ("strong", "strong"),
    "epsilons": ("0.1,0.2", [0.1, 0.2]),
    "attack_steps": ("7", 7),
    "attack_restarts": ("2", 2),
    "attack_samples": ("50", 50),
    "corruptions": ("blur", ["blur"]),
    "severities": ("1,3", [1, 3]),
    "confidence": ("95%", 0.95),
    "formats": ("tflite", ["keras", "tflite"]),
    "timeout": ("600", 600.0),
    "memory": ("64GB", 64 * 10**9),
}
FLAGS = ("verify", "isolate")


def test_every_setting_of_a_gate_has_an_option(single: Project) -> None:
    assert {*GIVEN, *FLAGS, "target"} == {*SETTINGS.of_gates}
    single.configure(BUDGET.replace("2%", "50%"), cnn={})
    options = [f"--paoding-{SETTINGS[name].dashed}={text}" for name, (text, _) in GIVEN.items()]
    single.gate(*options, *(f"--paoding-{name}" for name in FLAGS))
    settings = single.gates["cnn"]["settings"]
    for name in FLAGS:
        assert settings.pop(name) == {"value": True, "source": "command line"}
    assert settings.pop("target") == {"value": None, "source": "built-in"}
    for name, (_, value) in GIVEN.items():
        assert settings.pop(name) == {"value": value, "source": "command line"}, name
    assert not settings


def test_every_setting_of_a_run_has_an_option(single: Project) -> None:
    named = {key.name for key in SETTINGS if key.scope is Scope.RUN} | {*SETTINGS.of_gates}
    shown = single.run("--help").stdout.str()
    for name in named:
        assert f"--paoding-{SETTINGS[name].dashed}" in shown


def test_a_flag_can_be_lowered(single: Project) -> None:
    single.configure(BUDGET.replace("ratio = 0.5", "ratio = 0.5\nverify = true"), cnn={})
    single.gate("--paoding-no-verify")
    shown = single.gates["cnn"]["settings"]["verify"]
    assert shown == {"value": False, "source": "command line"}


@pytest.mark.parametrize(
    ("table", "option", "found"),
    (
        ("true", "--paoding-no-junit-properties", False),
        ("false", "--paoding-junit-properties", True),
    ),
)
def test_junit_properties_are_for_the_command_line_to_say(
    single: Project, table: str, option: str, *, found: bool
) -> None:
    text = BUDGET.replace("ratio = 0.5", f"ratio = 0.5\njunit_properties = {table}")
    single.configure(text, cnn={})
    single.gate(option, "--junitxml=junit.xml")
    tree = ET.parse(single.path / "junit.xml")
    assert (tree.find(".//property") is not None) == found


def test_gates_are_required_on_the_command_line(single: Project) -> None:
    single.configure(BUDGET.replace("ratio = 0.5", 'ratio = 0.5\nrequire = ["cnn"]'), cnn={})
    ran = single.gate("--paoding-require=cnn,mlp")
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["required gate mlp did not run"])
    assert single.gate("--paoding-require=").ret == 0


@pytest.mark.parametrize(
    ("options", "found"),
    (
        (("ratios=a=50%", "ratios=b=0", "ratios=a=0"), {"a": 0.0, "b": 0.0}),
        (("input-range=a=0,1", "input-range=b=0,255"), {"a": [0.0, 1.0], "b": [0.0, 255.0]}),
        (("input-range=0,1", "input-range=0,255"), [0.0, 255.0]),
        (("include=a", "include=b"), ["b"]),
    ),
)
def test_of_options_given_twice_tables_add_up_and_the_last_of_others_counts(
    single: Project, options: tuple[str, ...], found: Any
) -> None:
    single.configure(cnn={})
    single.gate(*(f"--paoding-{each}" for each in options))
    name = options[0].partition("=")[0].replace("-", "_")
    assert single.gates["cnn"]["settings"][name]["value"] == found


@pytest.mark.parametrize(
    ("option", "line"),
    (
        (
            "step=0",
            "*--paoding-step: '0' prunes next to nothing: a step is a share of at least 0.001",
        ),
        ("input-range=1,0", "*--paoding-input-range: [[]1, 0[]] is empty: low must be below high"),
        ("ratios=a", "*--paoding-ratios: 'a' is not of the form PATTERN=SHARE"),
        ("include=", "*--paoding-include: '' is not a list of layer patterns*"),
        ("calibration=inputs", "*'inputs' is not of the form 'package.module:callable'"),
        ("mixing=best", "*--paoding-mixing: invalid choice: 'best'*"),
        ("severities=6", "*'6' is not a list of different severities from 1 to 5"),
        ("measure=speed", "*'speed' is not a list of some of fidelity, latency, compression"),
        ("formats=tflit", "*'tflit' is no format, did you mean tflite*"),
        ("baseline=", "*--paoding-baseline: string should have at least 1 character, not ''"),
    ),
)
def test_what_is_wrong_is_one_line(single: Project, option: str, line: str) -> None:
    ran = single.run(f"--paoding-{option}")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([line])
