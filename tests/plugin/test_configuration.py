"""Settings from every source, and the one line and exit status 4 that a wrong one gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_paoding.records import optional_packages
from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

USAGE = pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    ("text", "line"),
    (
        ("[tool.paoding]\nratoi = 1", "*pyproject.toml: [[]tool.paoding] ratoi: unknown key, did*"),
        ("[tool.paoding]\nratio = 50", '*ratio: 50 is not *, did you mean "50%"?'),
        ("[tool.paoding.budget]", "*[[]tool.paoding.budget] is empty: set at least one*"),
        ("tool.paoding = 3", "*tool.paoding is not a table*"),
        ('[tool.paoding.models.x]\npath = "x"', "*models.x] no ratio is given*"),
        (
            "[tool.paoding.corruption]\nkinds = ['fog']",
            "*corruption] kinds: [[]'fog'] is not a list*",
        ),
    ),
)
@pytest.mark.parametrize("more", ((), ("--co",), ("-p", "no:terminal")))
def test_a_bad_table_ends_the_run_before_it_begins(
    single: Project, text: str, line: str, more: tuple[str, ...]
) -> None:
    single.configure(text)
    single.tests("def test_it(): pass")
    ran = single.gate(*more)
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines([f"ERROR: {line}"])
    ran.stderr.no_fnmatch_line("*Traceback*")
    assert not (single.path / "run.json").exists()


def test_the_attack_comes_from_the_command_line_too(single: Project) -> None:
    single.configure(cnn={})
    given: dict[str, tuple[str, Any]] = {
        "attack": ("pgd", "pgd"),
        "epsilons": ("0.1,0.2", [0.1, 0.2]),
        "attack_steps": ("7", 7),
        "attack_restarts": ("2", 2),
        "attack_samples": ("50", 50),
        "corruptions": ("blur,noise", ["blur", "noise"]),
    }
    options = [f"--paoding-{k.replace('_', '-')}={text}" for k, (text, _) in given.items()]
    assert single.gate(*options).ret == 0
    settings = single.gates["cnn"]["settings"]
    for key, (_, value) in given.items():
        assert settings[key] == {"value": value, "source": "command line"}


@pytest.mark.parametrize(
    ("option", "line"),
    (
        ("--paoding-attack=pdg", "*invalid choice: 'pdg' (choose from *fgsm*strong*"),
        ("--paoding-epsilons=a", "*'a' is not a list of numbers such as 0.01,0.05*"),
        ("--paoding-epsilons=0.1,0.1", "*is not a list of different attack strengths above 0*"),
        ("--paoding-corruptions=fog", "*[[]'fog'] is not a list of different corruptions*"),
    ),
)
def test_a_wrong_option_of_the_attack_ends_the_run(single: Project, option: str, line: str) -> None:
    single.configure(cnn={})
    ran = single.gate(option)
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines([line])


def test_an_attack_without_its_package_ends_the_run(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional_packages, "find_spec", lambda _: None)
    single.configure(cnn={})
    ran = single.gate("--paoding-attack=fmn")
    assert ran.ret == USAGE
    line = 'attack "fmn" needs foolbox: pip install "pytest-paoding[[]robust]"'
    ran.stderr.fnmatch_lines([f"ERROR: pyproject.toml: [[]tool.paoding.models.cnn] {line}"])


def test_a_bad_table_ends_every_kind_of_run(project: Project) -> None:
    project.configure("[tool.paoding]\nratoi = 1\nsede = 1")
    ran = project.gate()
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines_random(["*ratoi: unknown key, did*ratio?", "*sede: unknown key, did*"])


@pytest.mark.parametrize("asking", ("--help", "--version"))
def test_help_survives_a_bad_table(single: Project, asking: str) -> None:
    single.configure("[tool.paoding]\nratoi = 1")
    assert single.run("--paoding", asking).ret == 0


def test_a_bad_table_is_no_matter_where_no_gate_runs(single: Project) -> None:
    single.write("pyproject.toml", "[tool]\npaoding = 3")
    single.tests("def test_it(): pass")
    single.run().assert_outcomes(passed=1)
    ran = single.gate()
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines(["ERROR: pyproject.toml: tool.paoding is not a table, *"])


@pytest.mark.parametrize(
    ("option", "line"),
    (
        ("--paoding-ratio=50", "*--paoding-ratio: '50' is not *, did you mean \"50%\"?"),
        ("--paoding-ratio=1", '*\'1\' could mean "1%" or "100%": write one of them'),
        ("--paoding-max-size=3kb", "*--paoding-max-size: unknown unit 'kb', did you mean kB*"),
        ("--paoding-seed=-1", "*'-1' is not a seed from 0 to 4294967295"),
        ("--paoding-force= ", "*a reason is needed*"),
        ("--paoding-allocation=best", "*--paoding-allocation: invalid choice: 'best'*"),
        ("--paoding-effort=best", "*--paoding-effort: invalid choice: 'best'*"),
        ("--paoding-round-to=half", "*'half' is not a whole number*"),
        ("--paoding-strategy=best", "*--paoding-strategy: invalid choice: 'best'*"),
        ("--paoding-config=no.toml", "ERROR: no.toml: cannot be read: No such file or directory"),
    ),
)
def test_a_bad_option_is_one_line(single: Project, option: str, line: str) -> None:
    ran = single.run("--paoding", option)
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines([line])


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
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines([f"ERROR: test_it.py::test_it: marker paoding: {line}"])
    ran.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_bad_marker_ends_every_kind_of_run(project: Project) -> None:
    project.configure()
    project.tests("@pytest.mark.paoding(max_sise=3)\ndef test_it(paoding): pass")
    ran = project.gate()
    assert ran.ret == USAGE
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
    single.configure(
        BUDGET + "seed = 1\n"
        if False
        else BUDGET.replace("[tool.paoding]", "[tool.paoding]\nseed = 1")
    )
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


def test_inputs_for_calibration_that_cannot_be_made_leave_the_gate_unjudged(
    single: Project,
) -> None:
    calibration = 'ratio = 0.5\ncalibration = "our_inputs:unlabelled"'
    single.configure(BUDGET.replace("ratio = 0.5", calibration), cnn={})
    single.write("our_inputs.py", "def unlabelled():\n    return open('nowhere')\n")
    single.tests(
        "def test_it(paoding, net):\n"
        "    with pytest.raises(Exception, match='our_inputs:unlabelled'):\n"
        "        paoding.prune(net)"
    )
    single.gate().assert_outcomes(passed=1, failed=1)
    reason = "calibration 'our_inputs:unlabelled' raised at our_inputs.py:2: FileNotFoundError: "
    assert single.gates["cnn"]["reason"].startswith(reason)
    assert single.published == []


def test_strict_turns_warnings_into_errors(single: Project) -> None:
    budget = "[tool.paoding]\nratio = 0.5\n[tool.paoding.budget]\n"
    single.configure(budget + "max_size = {limit = 1, level = 'warn'}\n", cnn={})
    ran = single.gate()
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["paoding: *, advisory: every budget only warns"])
    assert single.gate("--paoding-strict").ret == 1


def test_the_header_says_what_holds_and_why(single: Project) -> None:
    single.configure(BUDGET, cnn={}, mlp={})
    ran = single.gate("--paoding-seed=3")
    shared = "ratio 0.5 (pyproject.toml ?tool.paoding]), strategy reconstruct (*), seed 3 (*)"
    ran.stdout.fnmatch_lines([f"paoding: 0.1.0, {shared}, 2 models, settings from pyproject.toml"])
    single.run("--co").stdout.no_fnmatch_line("paoding: *")


def test_a_file_of_ones_own(single: Project) -> None:
    single.configure("[tool.paoding]\nratio = 0.1\n")
    single.write("conf/gates.toml", BUDGET + '[tool.paoding.models.cnn]\npath = "../cnn.keras"\n')
    single.write("cnn.keras", '{"layers": {"a": 4}, "facts": {}}')
    ran = single.gate(
        "--paoding-config=conf/gates.toml",
        "--paoding-max-size=1MB",
        "-v",
        "--paoding-max-accuracy-decay=off",
    )
    ran.stdout.fnmatch_lines(["conf/gates.toml::paoding::cnn PRUNED*"])
    assert (single.path / "conf" / "paoding-artifacts" / "cnn.keras").is_file()


def test_a_package_inside_a_larger_project(single: Project) -> None:
    single.write("pytest.ini", "[pytest]\n")
    single.configure(BUDGET, cnn={})
    ran = single.gate("-v")
    ran.stdout.fnmatch_lines(["pyproject.toml::paoding::cnn PRUNED*"])


def test_a_configured_model_that_cannot_be_loaded_is_unjudged(single: Project) -> None:
    single.configure(BUDGET, cnn={}, gone={})
    single.write("models/cnn.keras", "no model")
    (single.path / "models" / "gone.keras").unlink()
    single.gate().assert_outcomes(failed=2)
    assert single.gates["cnn"]["reason"] == "cnn.keras: is not a Keras 3 file"
    assert single.gates["gone"]["reason"] == "gone.keras: there is no such file"


@pytest.mark.parametrize(
    ("code", "reason"),
    (
        ("", "data 'our_data:holdout' cannot be called: AttributeError: *"),
        ("def holdout(): pass", "data 'our_data:holdout' returned nothing, *"),
        ("def holdout(): 1 / 0", "data 'our_data:holdout' raised at our_data.py:1: ZeroDivision*"),
        ("def holdout(): return [], []", "the data is empty"),
    ),
)
def test_data_that_is_none_is_unjudged(single: Project, code: str, reason: str) -> None:
    single.configure(BUDGET, cnn={})
    single.write("our_data.py", code)
    ran = single.gate()
    ran.stdout.fnmatch_lines([f"cnn UNJUDGED: {reason}"])


def test_junit_properties_can_be_switched_off(single: Project) -> None:
    text = BUDGET.replace("[tool.paoding]", "[tool.paoding]\njunit_properties = false")
    single.configure(text, cnn={})
    single.gate("--junitxml=junit.xml")
    assert "paoding.outcome" not in (single.path / "junit.xml").read_text()
