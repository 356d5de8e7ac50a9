"""What has gone wrong in other plugins: a test for each of forty situations, here or elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_paoding
from support.nightly import spread
from support.projects import BUDGET, CONFTEST

if TYPE_CHECKING:
    from support.projects import Project

TESTS = Path(__file__).parents[1]
CHECK = "paoding.check(net, max_accuracy_decay='10%', name='net')"
ELSEWHERE = {
    1: "test_an_unused_plugin_imports_nothing_heavy_and_prints_nothing",
    2: "test_listing_does_no_work",
    3: "test_pitfall_3_a_model_of_eight_tests_is_pruned_once",
    4: "test_one_name_on_two_workers_is_published_once_and_names_both",
    5: "test_pitfall_5_a_worker_killed_in_a_gate_loses_nothing_of_the_others",
    6: "test_pitfall_6_files_of_workers_in_other_folders_travel",
    7: "test_nothing_is_published_when_the_test_does_not_pass",
    8: "test_the_last_attempt_decides",
    10: "test_a_kill_loses_nothing_and_the_next_run_is_clean",
    11: "test_a_staged_model_has_its_ending_and_stands_in_the_target_folder",
    12: "test_no_optimizer_is_saved_and_the_model_keeps_its_own",
    13: "test_a_model_gives_the_same_bytes_whenever_it_is_saved",
    14: "test_a_gate_prunes_judges_and_publishes_a_keras_model",
    16: "test_a_worker_takes_its_share_of_the_processors",
    17: "test_global_random_state_is_left_alone",
    18: "test_12_the_original_is_left_as_it_was",
    19: "test_what_cannot_be_judged_says_why_and_leaves_nothing",
    20: "test_exactly_at_the_limit_passes",
    21: "test_fifty_is_refused_with_what_was_meant",
    22: "test_a_bad_table_ends_the_run_before_it_begins",
    23: "test_a_partial_run_says_so_instead",
    26: "test_loading_the_plugin_warns_of_nothing",
    28: "test_on_windows_a_locked_file_is_waited_for",
    29: "test_every_item_gets_a_valid_name_and_keeps_it",
    32: "test_else_the_nearest_one_up_to_the_root",
    33: "test_a_file_that_is_no_baseline_is_refused_in_one_line",
    34: "test_an_improvement_is_told",
    36: "test_pitfall_36_reporting_fails_no_run",
    39: "test_loading_the_plugin_warns_of_nothing",
    40: "test_every_report_tells_the_same_outcome",
}
"""Tests that stand beside others on their subject."""

OPEN = {38: "versions of pytest, Python and TensorFlow are the matrix of .github/workflows/ci.yml"}
"""What one environment cannot test."""


def test_every_pitfall_has_a_test() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)", text, re.MULTILINE))
    assert set(ELSEWHERE.values()) <= defined
    here = {int(number) for number in re.findall(r"^def test_pitfall_(\d+)_", text, re.MULTILINE)}
    assert {*ELSEWHERE, *OPEN, *here} == set(range(1, 41))


def facts(project: Project) -> Any:
    """Return the document without what tells when, where and how the run went."""
    document = project.document
    for gate in document["gates"]:
        for key in ("duration", "spent", "worker", "reused", "attempts"):
            del gate[key]
    return document["gates"], {
        key: document["session"][key] for key in ("exit", "complete", "partial", "required_missing")
    }


KINDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "n0": (("-p", "xdist.plugin", "-n0"), {}),
    "n2": (("-p", "xdist.plugin", "-n2"), {}),
    "reruns": (("-p", "pytest_rerunfailures", "--reruns=2"), {}),
    "no terminal": (("-p", "no:terminal"), {}),
    "warnings": (("-W", "error"), {}),
    "cp1252": ((), {"PYTHONIOENCODING": "cp1252"}),
    "ascii": ((), {"PYTHONIOENCODING": "ascii", "TERM": "dumb", "COLUMNS": "40"}),
    "quiet": (("-qq", "--no-summary", "--tb=no"), {"NO_COLOR": "1"}),
    "uncaptured": (("-s", "-p", "no:junitxml", "-p", "no:warnings"), {}),
    "colours": (("--color=yes", "--capture=sys", "-p", "no:cacheprovider"), {}),
}


@pytest.mark.parametrize("kind", spread(KINDS, 2))
def test_pitfall_25_every_kind_of_run_has_the_same_verdicts(single: Project, kind: str) -> None:
    """Pitfalls 25 to 27: the verdict and the document do not depend on how the run is shown."""
    models = {"good": {}, "bad": {"accuracy": [0.9, 0.5]}, "odd": {"layers": {}}}
    single.configure(BUDGET, **models)
    single.tests(f"def test_it(paoding, net):\n    {CHECK}")
    assert single.gate("-p", "no:cacheprovider").ret == 1
    expected, published = facts(single), single.published
    options, environment = KINDS[kind]
    command = [sys.executable, "-m", "pytest", *single.plugins, *options]
    ran = subprocess.run(
        [*command, "--paoding", "--paoding-json=run.json"],
        cwd=single.path,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 1
    assert facts(single) == expected
    assert single.published == published
    assert b"Traceback" not in ran.stdout + ran.stderr
    assert b"\x1b" not in (single.path / "run.json").read_bytes()


@pytest.mark.parametrize("how", ("pytest.exit('enough')", "raise KeyboardInterrupt"))
def test_pitfall_9_nothing_is_published_by_a_test_that_ends_the_run(
    single: Project, how: str
) -> None:
    single.configure()
    single.tests(f"def test_it(paoding, net):\n    {CHECK}\n    {how}")
    assert single.gate(interrupted=True).ret == 2
    assert single.published == []
    assert single.document["session"]["complete"] is False


def test_pitfall_9_nor_by_one_that_takes_too_long(single: Project) -> None:
    single.configure()
    single.tests(f"import time\ndef test_it(paoding, net):\n    {CHECK}\n    time.sleep(30)")
    options = ("-p", "pytest_timeout", "--timeout=1", "--timeout-method=thread")
    command = [sys.executable, "-m", "pytest", *single.plugins, *options, "--paoding"]
    ran = subprocess.run(command, cwd=single.path, capture_output=True, check=False)
    assert ran.returncode == 1
    assert not [name for name in single.published if not name.startswith(".staging-")]
    single.gate("--deselect=test_it.py")
    assert single.published == []


def test_pitfall_15_no_setting_of_a_device_is_touched() -> None:
    package = Path(pytest_paoding.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    for name in ("set_memory_growth", "set_visible_devices", "CUDA_VISIBLE_DEVICES"):
        assert name not in text


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    (
        (["-k", "nothing"], 5, "no gate ran"),
        (["--no-paoding"], 0, None),
        (["-p", "no:paoding-session"], 1, None),
    ),
)
def test_pitfall_24_gates_that_were_deselected_or_skipped(
    single: Project, arguments: list[str], status: int, line: str | None
) -> None:
    single.configure(BUDGET, cnn={"accuracy": [0.9, 0.5]})
    ran = single.run("--paoding", *arguments)
    assert ran.ret == status
    if line is not None:
        ran.stdout.fnmatch_lines([line])


def test_pitfall_27_lines_stay_aligned_on_a_narrow_terminal(
    single: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    single.configure(BUDGET, a={"accuracy": [0.9, 0.5]}, longer={"accuracy": [0.9, 0.5]})
    lines = single.gate().outlines
    table = [line for line in lines if "<= 0.0200" in line]
    assert len({line.index("<=") for line in table}) == 1
    told = [line for line in lines if re.match(r"(a|longer)  +OVER BUDGET", line)]
    assert len({line.index("OVER") for line in told}) == 1


def test_pitfall_30_tests_may_share_a_model_and_be_of_any_kind(project: Project) -> None:
    project.configure()
    project.write(
        "conftest.py",
        CONFTEST
        + """
@pytest.fixture(scope="module")
def shared():
    return FakeModel({"dense": 8}, {"accuracy": (0.9, 0.9)})
""",
    )
    project.tests(
        """
def test_one(paoding, shared):
    paoding.check(shared)
    assert shared.layers == {"dense": 8}

class TestTwo:
    def test_two(self, paoding, shared):
        paoding.check(shared, ratio=0.25)
        assert shared.layers == {"dense": 8}

@pytest.mark.parametrize("x", ["a/b", "a:b", "\\u00fc", "x" * 300])
def test_three(x, paoding, shared):
    paoding.check(shared)
"""
    )
    ran = project.gate()
    ran.assert_outcomes(passed=6)
    assert len(project.published) == 12


def test_pitfall_31_two_runs_in_one_process_know_nothing_of_each_other(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    code = f"""
import os, pytest
os.environ.pop("PYTEST_CURRENT_TEST", None)  # of the test around this process
before = dict(os.environ)
arguments = {[*single.plugins, "--paoding", "--paoding-json=run.json"]!r}
print("RAN", int(pytest.main(arguments)), int(pytest.main(arguments)))
print("SAME", dict(os.environ) == before)
"""
    ran = single.pytester.run(sys.executable, "-c", code)
    ran.stdout.fnmatch_lines(["RAN 0 0", "SAME True"])
    assert len(single.document["gates"]) == 1


@pytest.mark.parametrize("family", ("xunit1", "xunit2"))
def test_pitfall_35_junit_is_valid_under_both_families(project: Project, family: str) -> None:
    project.configure(BUDGET, good={}, bad={"accuracy": [0.9, 0.5]})
    project.gate("--junitxml=junit.xml", "-o", f"junit_family={family}", "-W", "error")
    found = {}
    for case in ET.parse(project.path / "junit.xml").iter("testcase"):
        names = [each.get("name") for each in case.iter("property")]
        assert len(names) == len(set(names))
        failure = case.find("failure")
        assert failure is None or "\n" not in str(failure.get("message"))
        found[case.get("name")] = {e.get("name"): e.get("value") for e in case.iter("property")}
    assert found["bad"]["paoding.outcome"] == "over-budget"
    assert found["good"]["paoding.model"] == "good"


def test_pitfall_37_other_plugins_change_nothing(single: Project) -> None:
    single.configure(BUDGET, good={}, bad={"accuracy": [0.9, 0.5]})
    single.gate("-p", "no:cacheprovider")
    expected = facts(single)
    others = ("pytest_timeout", "pytest_rerunfailures", "pytest_benchmark.plugin", "xdist.plugin")
    ran = single.gate(*(part for name in others for part in ("-p", name)), "--timeout=60")
    assert ran.ret == 1
    assert facts(single) == expected
    assert json.dumps(single.document)
