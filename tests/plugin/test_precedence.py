"""Which of several sources decides: the marker, the call, a table or the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project


@pytest.mark.parametrize(
    ("marker", "line"),
    (
        ("max_sise=3", "max_sise: unknown keyword, did you mean max_size[?]"),
        ("zzz=3", "zzz: unknown keyword, known are ratio, *, max_flops, *_increase"),
        ("0.5", "takes keywords only, not 0.5"),
        ("ratio=50", 'ratio: 50 is not *, did you mean "50%"[?]'),
        ("model='nope'", "model: there is no model 'nope', known are cnn"),
        ("budget={'max_size': 3}", "budget: unknown keyword, every budget is a keyword *"),
    ),
)
def test_a_bad_marker_names_item_and_keyword(single: Project, marker: str, line: str) -> None:
    single.configure(BUDGET, cnn={})
    single.tests(f"@pytest.mark.paoding({marker})\ndef test_it(paoding): pass")
    ran = single.gate()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([f"ERROR: test_it.py::test_it: marker paoding: {line}"])
    ran.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_bad_marker_ends_every_kind_of_run(project: Project) -> None:
    project.configure()
    project.tests("@pytest.mark.paoding(max_sise=3)\ndef test_it(paoding): pass")
    ran = project.gate()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines(["ERROR: test_it.py::test_it: marker paoding: max_sise: unknown *"])
    ran.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_without_any_model_a_marker_cannot_name_one(single: Project) -> None:
    single.tests("@pytest.mark.paoding(model='nope')\ndef test_it(paoding): pass")
    ran = single.gate()
    ran.stderr.fnmatch_lines(["*there is no model 'nope', none is configured"])


def test_the_marker_is_known_and_explained(single: Project) -> None:
    single.tests("@pytest.mark.paoding(ratio=0.5)\ndef test_it(): pass")
    single.run("--strict-markers", "-W", "error").assert_outcomes(passed=1)
    single.run("--markers").stdout.fnmatch_lines(["@pytest.mark.paoding([*], model=None, *"])


@pytest.mark.parametrize(
    ("call", "reason"),
    (
        ("max_sise=3", "paoding: max_sise: unknown keyword, did you mean max_size?"),
        ("ratio=2, seed='x'", "paoding: ratio: 2 is not a share*; paoding: seed: input should *"),
        ("name='a/b'", "'a/b' cannot name a gate: *"),
        ("max_accuracy_decay='off'", "no budget applies: set at least one, *"),
    ),
)
def test_a_bad_call_is_unjudged(single: Project, call: str, reason: str) -> None:
    single.configure()
    single.tests(f"def test_it(paoding, net):\n    paoding.check(net, {call})")
    ran = single.gate()
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines([f"test_it UNJUDGED: {reason}"])


def test_without_any_budget_or_ratio_a_gate_is_unjudged(single: Project) -> None:
    single.tests("def test_it(paoding, net):\n    paoding.check(net)")
    ran = single.gate()
    ran.stdout.fnmatch_lines(["test_it UNJUDGED: no ratio is given: run pytest with *"])
    ran = single.gate("--paoding-ratio=0.5")
    ran.stdout.fnmatch_lines(["test_it UNJUDGED: no budget applies: *"])


def test_every_source_in_its_order(single: Project) -> None:
    single.configure(BUDGET.replace("[tool.paoding]", "[tool.paoding]\nseed = 1"))
    single.tests(
        """
@pytest.mark.paoding(seed=2, ratio=0.25, max_accuracy_decay=0.2)
class TestIt:
    def test_class(self, paoding, net):
        paoding.check(net)

    @pytest.mark.paoding(seed=3, max_accuracy_decay=0.2)
    def test_own(self, paoding, net):
        paoding.check(net)

    def test_call(self, paoding, net):
        paoding.check(net, seed=4)
"""
    )
    single.gate()
    shown = {name: gate["settings"] for name, gate in single.gates.items()}
    marker, table = "marker", "pyproject.toml [tool.paoding]"
    assert shown["test_class"]["seed"] == {"value": 2, "source": marker}
    assert shown["test_class"]["ratio"] == {"value": 0.25, "source": marker}
    assert shown["test_own"]["seed"] == {"value": 3, "source": marker}
    assert shown["test_own"]["ratio"] == {"value": 0.5, "source": table}
    assert shown["test_call"]["seed"] == {"value": 4, "source": "call"}
    single.gate("--paoding-seed=9", "--paoding-ratio=40%", "--paoding-max-accuracy-decay=0.3")
    for gate in single.gates.values():
        assert gate["settings"]["seed"] == {"value": 9, "source": "command line"}
        assert gate["settings"]["ratio"]["value"] == 0.4
        (check,) = gate["checks"]
        assert (check["limit"], check["source"]) == (0.3, "command line")


def test_options_override_configured_models(single: Project) -> None:
    single.configure(BUDGET + 'max_size = "9 MB"\n', cnn={})
    single.gate(
        "--paoding-strategy=scale", "--paoding-max-size=off", "--paoding-min-params-removed=10%"
    )
    gate = single.gates["cnn"]
    assert gate["settings"]["strategy"] == {"value": "magnitude", "source": "command line"}
    assert [check["budget"] for check in gate["checks"]] == [
        "max_accuracy_decay",
        "min_parameters_removed",
    ]


def test_settings_of_the_pruning_come_from_every_source(single: Project) -> None:
    table = 'include = "conv"\nratios = { conv = "25%" }\nround_to = 2\nallocation = "uniform"\n'
    single.configure(BUDGET.replace("ratio = 0.5", f"ratio = 0.5\n{table}"), cnn={})
    single.tests(
        """
@pytest.mark.paoding(exclude=["a", "b*"], mixing="recompute", effort="thorough", verify=True)
def test_it(paoding, net):
    paoding.check(net, round_to=4, ratios={"dense": 0}, calibration="our_data:holdout")
"""
    )
    single.gate("--paoding-verify", "--paoding-allocation=balanced", "--paoding-effort=standard")
    shown = {
        key: (setting["value"], setting["source"])
        for key, setting in single.gates["test_it"]["settings"].items()
    }
    line, table = "command line", "pyproject.toml [tool.paoding]"
    assert {key: shown[key] for key in ("verify", "allocation", "effort")} == {
        "verify": (True, line),
        "allocation": ("balanced", line),
        "effort": ("standard", line),
    }
    assert (shown["include"], shown["exclude"]) == (
        (["conv"], table),
        (["a", "b*"], "marker"),
    )
    assert (shown["round_to"], shown["ratios"]) == ((4, "call"), ({"dense": 0.0}, "call"))
    assert shown["calibration"] == ("our_data:holdout", "call")
    assert single.gates["cnn"]["settings"]["ratios"]["value"] == {"conv": 0.25}
    single.gate("--paoding-round-to=3", "-k", "test_it")
    assert single.gates["test_it"]["settings"]["round_to"]["value"] == 3
