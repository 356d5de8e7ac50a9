"""Every report of a gate tells the same outcome, and a whole run agrees with its gates."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting import github, terminal, wording
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.properties import properties
from pytest_paoding.reporting.web.hypertext import escape
from pytest_paoding.reporting.web.page import page
from support.random_results import results

if TYPE_CHECKING:
    import pytest

    from pytest_paoding.records.results import GateResult
    from support.projects import Project


ROOT = Path(__file__).parents[2]


def whole(result: GateResult) -> GateResult:
    """Return a result of which no unit has gone."""
    layers = tuple(replace(layer, kept=layer.units) for layer in result.layers)
    return replace(result, layers=layers)


@settings(max_examples=60)
@given(results() | results().map(whole))
def test_every_report_tells_the_same_outcome(result: GateResult) -> None:
    within = result.outcome is Outcome.WITHIN_BUDGET
    gone = sum(layer.units - layer.kept for layer in result.layers)
    unchanged = within and bool(result.layers) and not gone and "sparsity" not in result.settings
    word = "UNCHANGED" if unchanged else result.outcome.word
    run = RunRecord(exit=1 if result.failed else 0, complete=True, results=[result])
    gate = json.loads(to_json(run.to_dict()))["gates"][0]
    assert result.headline.startswith(word)
    assert (gate["outcome"], dict(properties(result))["paoding.outcome"]) == (
        result.outcome.value,
        result.outcome.value,
    )
    assert f"| {result.name} | {word} |" in markdown(run)
    failing = [c for c in gate["checks"] if c["level"] == "error" and not c["passed"]]
    excused = gate["outcome"] in {"forced", "rejected"}
    assert result.failed == (bool(failing or not gate["checks"]) and not excused)
    (line,) = terminal.summary_lines([result], show="all", verbose=False, quiet=False)[:1]
    assert (word in line) == (result.outcome is not Outcome.WITHIN_BUDGET)
    text = terminal.failure_text(result, verbose=True)
    assert text.splitlines()[0] == f"{result.name} {result.headline}"
    shown_page = page(run)
    assert f">{word}</span>" in shown_page
    assert f"exit status {run.exit}" in shown_page
    told = github.annotate([result], file=ConfigFile(ROOT), root=ROOT, workspace=ROOT)
    errors = [line for line in told if line.startswith("::error ")]
    assert bool(errors) == result.failed
    assert all(f"title={result.name}%3A {word}::" in line for line in told[:10])
    hidden = result.breakdown
    assert gate["breakdown"] == (None if hidden is None else hidden.to_dict())
    if hidden is not None and hidden.flipped is not None:
        assert f"<p>{hidden.flipped} answer" in shown_page
        for flip in hidden.flips:
            assert f'<th scope="row">{flip.index}</th>' in shown_page
    for row in () if hidden is None else (*hidden.classes.rows, *hidden.slices.rows):
        assert f'<th scope="row">{escape(row.name)}</th><td>{row.samples}</td>' in shown_page
    for check, plain in zip(result.checks, gate["checks"], strict=True):
        shown = wording.verdict(check)
        assert plain["metric"] == check.name
        assert shown.startswith("ok") == plain["passed"]
        assert (check.name, repr(check.measurement.found)) in [
            (name.removeprefix("paoding."), value) for name, value in properties(result)
        ]


REPORTS = (
    "--paoding-markdown=run.md",
    "--paoding-html=run.html",
    "--junitxml=run.xml",
    "--paoding-github=on",
)


GATES = st.lists(
    st.tuples(
        st.integers(0, 100), st.integers(0, 100), st.sampled_from(["error", "warn"]), st.booleans()
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(gates=GATES, force=st.sampled_from([[], ["--paoding-force=x"]]))
def test_whole_runs_agree_with_their_gates(
    gates: list[tuple[int, int, str, bool]], force: list[str], request: pytest.FixtureRequest
) -> None:
    project: Project = request.getfixturevalue("single")
    text, models = "[tool.paoding]\nratio = 0.5\n", {}
    for number, (lost, limit, level, empty) in enumerate(gates):
        text += (
            f"[tool.paoding.models.m{number}]\npath = 'models/m{number}.keras'\n"
            f"data = 'our_data:holdout'\n[tool.paoding.models.m{number}.budget]\n"
            f"max_accuracy_decay = {{limit = {limit / 100}, level = '{level}'}}\n"
        )
        layers = {} if empty else {"a": 4}
        content = {"layers": layers, "facts": {"accuracy": [1.0, 1.0 - lost / 100]}}
        models[f"m{number}"] = json.dumps(content)
    project.configure(text)
    for name, content in models.items():
        project.write(f"models/{name}.keras", content)
    ran = project.gate("-v", "--paoding-no-artifacts", *REPORTS, *force)
    expected = [
        "unjudged"
        if empty
        else "within-budget"
        if level == "warn" or 1.0 - (1.0 - lost / 100) <= limit / 100
        else ("forced" if force else "over-budget")
        for lost, limit, level, empty in gates
    ]
    assert [gate["outcome"] for gate in project.document["gates"]] == expected
    assert ran.ret == (1 if {"unjudged", "over-budget"} & set(expected) else 0)
    words = {"unjudged": "UNJUDGED", "over-budget": "OVER BUDGET", "within-budget": "PRUNED"}
    cases = {case.get("name"): case for case in ET.parse(project.path / "run.xml").iter("testcase")}
    shown, page_text = (
        (project.path / "run.md").read_text(),
        (project.path / "run.html").read_text(),
    )
    told = [line for line in ran.outlines if line.startswith("::error ")]
    for number, outcome in enumerate(expected):
        ran.stdout.fnmatch_lines([f"*::m{number} {words.get(outcome, 'XFAIL')}*"])
        word = words.get(outcome, "FORCED")
        failed = outcome in {"unjudged", "over-budget"}
        assert (cases[f"m{number}"].find("failure") is not None) == failed
        assert f"| m{number} | {word} |" in shown
        assert re.search(rf"m{number} <span class=\"word \w+\">{word}</span>", page_text)
        assert any(f"title=m{number}%3A {word}::" in line for line in told) == failed
