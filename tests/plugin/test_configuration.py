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
        ("--paoding-effort=best", "*'best' is neither of quick, standard, thorough nor a*seconds"),
        ("--paoding-round-to=half", "*'half' is not a whole number*"),
        ("--paoding-strategy=best", "*--paoding-strategy: invalid choice: 'best'*"),
        ("--paoding-config=no.toml", "ERROR: no.toml: cannot be read: No such file or directory"),
    ),
)
def test_a_bad_option_is_one_line(single: Project, option: str, line: str) -> None:
    ran = single.run("--paoding", option)
    assert ran.ret == USAGE
    ran.stderr.fnmatch_lines([line])


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
    reason = single.gates["gone"]["reason"]
    assert reason.endswith("gone.keras: there is no such file: train and save it first")


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


@pytest.mark.parametrize(
    "line",
    (
        r'artifacts = "\u0000"',
        r'baseline = "a\u0000b"',
        "calibration = 07:32:00",
        "calibration = {}",
        f"attack.epsilons = [1{400 * '0'}]",
        "input_shape = [inf]",
    ),
)
def test_a_run_ends_before_it_begins(single: Project, line: str) -> None:
    single.configure(BUDGET.replace("ratio", f"{line}\nratio", 1), cnn={})
    ran = single.gate()
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    (told,) = [each for each in ran.errlines if each]
    assert told.startswith("ERROR: pyproject.toml: [tool.paoding")
    assert single.published == []
