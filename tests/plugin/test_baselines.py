"""Gates that are held to what earlier runs have found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
    from support.projects import Project

FILE = "paoding-baseline.json"
HELD = BUDGET.replace("[tool.paoding]", f'[tool.paoding]\nbaseline = "{FILE}"') + (
    '[tool.paoding.regression]\nmax_size_increase = "2%"\nmax_accuracy_drop = "0.5%"\n'
)
UPDATE = "--paoding-update-baseline"


@pytest.fixture(autouse=True)
def _outside_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def stored(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.path / FILE).read_text())["gates"]
    return found


def store(project: Project, entries: dict[str, Any]) -> None:
    document = {"schema": "pytest-paoding-baseline/1", "gates": entries}
    project.write(FILE, json.dumps(document))


def test_a_missing_entry_fails_with_the_command_that_writes_it(project: Project) -> None:
    project.configure(HELD, cnn={})
    ran = project.gate()
    assert ran.ret == 1
    reason = f"{FILE} has no entry cnn: write it with pytest --paoding-update-baseline"
    ran.stdout.fnmatch_lines([f"cnn UNJUDGED: accuracy drop: {reason}"])
    assert project.published == []
    assert not (project.path / FILE).exists()


def test_an_update_writes_what_the_next_run_is_held_to(project: Project) -> None:
    project.configure(HELD, cnn={}, mlp={})
    ran = project.gate(UPDATE)
    assert ran.ret == 0
    ran.stdout.fnmatch_lines([f"baseline {FILE}: added cnn", f"baseline {FILE}: added mlp"])
    text = (project.path / FILE).read_text()
    assert str(project.path) not in text
    assert set(stored(project)["cnn"]) == {"environment", "metrics", "settings"}
    assert stored(project)["cnn"]["metrics"]["accuracy"] == 0.89
    assert stored(project)["cnn"]["environment"]["keras"] == "3.0"
    assert project.gate().ret == 0
    checks = {check["budget"]: check for check in project.gates["cnn"]["checks"]}
    assert checks["max_size_increase"]["found"] == 0
    assert checks["max_size_increase"]["source"] == "pyproject.toml [tool.paoding.regression]"
    project.gate(UPDATE).stdout.fnmatch_lines([f"baseline {FILE}: is up to date"])
    assert (project.path / FILE).read_text() == text


def test_a_regression_fails_and_says_how_to_accept_it(project: Project) -> None:
    project.configure(HELD, cnn={})
    project.run(UPDATE)
    project.configure(HELD, cnn={"accuracy": [0.9, 0.884]})
    ran = project.gate()
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(
        [
            "cnn OVER BUDGET: accuracy drop 0.0060 > 0.0050",
            "  accuracy drop * 0.8900 * 0.8840 * 0.0060 * <= 0.0050  OVER by 0.0010",
            "to accept: lower the ratio, or raise max_accuracy_drop (*), take the baseline anew *",
        ]
    )
    assert project.gate(UPDATE).ret == 1
    assert stored(project)["cnn"]["metrics"]["accuracy"] == 0.89
    again = project.gate(f"{UPDATE}=all")
    assert again.ret == 0
    again.stdout.fnmatch_lines(
        [f"baseline {FILE}: changed cnn (accuracy 0.8900 -> 0.8840, *size * -> *)"]
    )
    assert project.gate().ret == 0


def test_what_did_not_pass_is_left_out_by_name(project: Project) -> None:
    project.configure(HELD, bad={"accuracy": [0.9, 0.5]}, good={})
    project.tests(
        """
@pytest.mark.paoding(max_accuracy_decay="10%")
def test_later(paoding, net):
    paoding.check(net)
    assert False

@pytest.mark.paoding(max_accuracy_decay="10%")
@pytest.mark.xfail
def test_expected(paoding, net):
    paoding.check(net)

@pytest.mark.skip
def test_skipped(paoding):
    pass
"""
    )
    ran = project.gate(UPDATE)
    ran.stdout.fnmatch_lines(
        [
            f"baseline {FILE}: left out bad: OVER BUDGET",
            f"baseline {FILE}: added good",
            f"baseline {FILE}: left out test_expected: its test did not pass",
            f"baseline {FILE}: left out test_later: its test did not pass",
        ]
    )
    assert list(stored(project)) == ["good"]


def test_forced_gates_are_written_because_somebody_gave_a_reason(single: Project) -> None:
    single.configure(HELD, cnn={"accuracy": [0.9, 0.5]})
    single.gate(UPDATE, "--paoding-force=release")
    assert list(stored(single)) == ["cnn"]


def test_updating_a_part_keeps_the_rest(project: Project) -> None:
    project.configure(HELD, cnn={}, mlp={})
    store(project, {"mlp": {"metrics": {"size": 1}}, "old": {"metrics": {"size": 1}}})
    assert project.gate(f"{UPDATE}=all", "-k", "cnn").ret == 0
    assert sorted(stored(project)) == ["cnn", "mlp", "old"]
    assert stored(project)["mlp"]["metrics"] == {"size": 1}


def test_stale_entries_are_reported_by_full_sessions_and_removed_on_request(
    project: Project,
) -> None:
    project.configure(HELD, cnn={})
    project.run(UPDATE)
    store(project, {**stored(project), "old": {"metrics": {"size": 1}}})
    ran = project.gate()
    assert ran.ret == 0
    ran.stdout.fnmatch_lines(["baseline entry old is stale: no gate has it"])
    assert project.document["session"]["stale"] == ["old"]
    project.gate("-k", "cnn").stdout.no_fnmatch_line("baseline entry *")
    assert project.document["session"]["stale"] == []
    project.gate(f"{UPDATE}=all").stdout.fnmatch_lines([f"baseline {FILE}: removed old"])
    assert list(stored(project)) == ["cnn"]


def test_a_foreign_environment_and_other_settings_are_flagged(project: Project) -> None:
    project.configure(HELD, cnn={})
    project.run(UPDATE)
    entry = stored(project)["cnn"]
    entry["environment"] |= {"tensorflow": "1.0", "machine": "Plan9 mips"}
    store(project, {"cnn": entry})
    ran = project.gate("--paoding-seed=7", "--paoding-markdown=run.md")
    note = (
        "the baseline was made with machine Plan9 mips, here *, seed 0, here 7,"
        " tensorflow 1.0, here 2.0"
    )
    ran.stdout.fnmatch_lines([f"note [[]other-baseline]: {note} (cnn)"])
    assert ran.ret == 0
    assert "the baseline was made with" in (project.path / "run.md").read_text()
    assert project.gates["cnn"]["notes"][0].startswith("the baseline was made with")


def test_an_improvement_is_told(project: Project) -> None:
    project.configure(HELD, cnn={})
    project.run(UPDATE)
    project.configure(HELD, cnn={"accuracy": [0.9, 0.96]})
    ran = project.gate("--paoding-max-size=1MB")
    ran.stdout.fnmatch_lines(
        [
            "note [[]loose-limit]: max_size could be * it is 1.0 MB (cnn)",
            "note [[]better]: accuracy is better than the baseline by 0.0700: *=all (cnn)",
        ]
    )
    assert ran.ret == 0


def test_writing_in_ci_fails_the_step(single: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    single.configure(HELD, cnn={})
    monkeypatch.setenv("CI", "true")
    ran = single.gate(UPDATE)
    assert ran.ret == 1
    ran.assert_outcomes(passed=1)
    ran.stdout.fnmatch_lines([f"{FILE} was written in CI: it counts once it is committed"])
    assert list(stored(single)) == ["cnn"]
    assert single.gate(UPDATE).ret == 0


def test_an_interrupted_run_writes_nothing(single: Project) -> None:
    single.configure(HELD, cnn={}, mlp={})
    single.tests("def test_it(): raise KeyboardInterrupt")
    assert single.gate(UPDATE, interrupted=True).ret == 2
    single.tests("def test_it(): assert False")
    assert single.gate(UPDATE, "-x").ret == 1
    assert not (single.path / FILE).exists()


def test_a_file_that_cannot_be_written_fails_the_run(single: Project) -> None:
    single.configure(HELD.replace(FILE, "taken/x.json"), cnn={})
    single.tests("def test_it(): open('taken', 'w').close()")
    ran = single.gate(UPDATE)
    assert ran.ret == 1
    ran.stdout.fnmatch_lines(["cannot write the baseline: taken/x.json: cannot be read: *"])
    assert single.gate().ret == 4


@pytest.mark.parametrize(
    ("text", "arguments", "line"),
    (
        (BUDGET, [UPDATE], f"ERROR: {UPDATE} needs a file: set baseline in *"),
        (
            BUDGET + '[tool.paoding.regression]\nmax_size_increase = "2%"\n',
            [],
            "*models.cnn] max_size_increase needs a baseline: set baseline in *",
        ),
        (HELD.replace("0.5%", "50"), [], '*max_accuracy_drop: * did you mean "50%"[?]'),
        (HELD + "max_sise_increase = 1\n", [], "*did you mean max_size_increase[?]"),
        (HELD, [f"{UPDATE}=some"], "*invalid choice: 'some'*"),
        (
            BUDGET.replace("[tool.paoding]", f'[tool.paoding]\nbaseline = "{FILE}"'),
            [],
            "*baseline is set, but nothing is compared with it: *",
        ),
    ),
)
def test_bad_settings_are_one_line(
    project: Project, text: str, arguments: list[str], line: str
) -> None:
    project.configure(text, cnn={})
    ran = project.gate(*arguments)
    assert ran.ret == 4
    ran.stderr.fnmatch_lines([line])


def test_a_broken_baseline_ends_the_run_before_it_begins(project: Project) -> None:
    project.configure(HELD, cnn={})
    project.write(FILE, "<<<<<<< ours\n")
    ran = project.gate()
    assert ran.ret == 4
    ran.stderr.fnmatch_lines([f"ERROR: {FILE}: has merge conflict markers: *"])
    assert (project.path / FILE).read_text() == "<<<<<<< ours\n"


def test_a_gate_in_a_test_is_compared_too(project: Project) -> None:
    project.configure(f'[tool.paoding]\nbaseline = "{FILE}"\nratio = 0.5\n')
    with (project.path / "pyproject.toml").open("a") as file:
        file.write('[tool.paoding.regression]\nmax_size_increase = "off"\n')
    project.tests(
        """
@pytest.mark.paoding(max_accuracy_drop="1%")
def test_it(paoding, net):
    paoding.check(net, name="net")
"""
    )
    assert project.gate().ret == 1
    assert project.gate(UPDATE).ret == 0
    assert project.gate().ret == 0
    assert [check["budget"] for check in project.gates["net"]["checks"]] == ["max_accuracy_drop"]


def test_without_a_baseline_a_regression_limit_in_a_test_is_unjudged(single: Project) -> None:
    single.configure()
    single.tests("def test_it(paoding, net):\n    paoding.check(net, max_size_increase=0.1)")
    single.gate().assert_outcomes(failed=1)
    reason = "size increase: there is no baseline: set baseline in [tool.paoding]"
    assert single.gates["test_it"]["reason"] == reason


def test_without_the_switch_nothing_is_read_or_written(single: Project) -> None:
    single.configure(HELD, cnn={})
    single.write(FILE, "broken")
    single.run("--paoding-json=run.json").assert_outcomes(skipped=1)
    assert single.document["session"]["baseline"] is None
