"""What holds for several limits of a gate, or for several gates, is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.records.note import NOTE_KINDS, kind_of, loud, noted
from pytest_paoding.reporting.note_lines import note_lines
from support.projects import BUDGET
from support.random_results import lines, names, results

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult
    from support.projects import Project

REGRESSIONS = """baseline = "b.json"
[tool.paoding.regression]
max_accuracy_drop = {limit = "1%", level = "LEVEL"}
max_size_increase = {limit = "2%", level = "LEVEL"}
max_robustness_drop = {limit = "2%", level = "LEVEL"}
"""
HEAD, _, LIMITS = BUDGET.partition("[tool.paoding.budget]\n")


@pytest.mark.parametrize("level", ("error", "warn"))
def test_why_there_is_no_baseline_is_told_once_by_a_table(single: Project, level: str) -> None:
    settings = f"{HEAD}{REGRESSIONS.replace('LEVEL', level)}[tool.paoding.budget]\n{LIMITS}"
    single.configure(settings, cnn={"robust": {"0.05": [0.8, 0.7]}})
    ran = single.gate("--paoding-markdown=run.md", "--paoding-html=run.html", "-v")
    assert ran.ret == (1 if level == "error" else 0)
    missing = "b.json has no entry cnn: write it with pytest --paoding-update-baseline"
    unjudged = [check for check in single.gates["cnn"]["checks"] if not check["passed"]]
    assert [check["reason"] for check in unjudged] == [missing] * 3
    section = (single.path / "run.md").read_text().partition("### cnn")[2]
    table = (single.path / "run.html").read_text().partition("<caption>Budgets")[2]
    table = table.partition("</table>")[0]
    seen = 0 if level == "error" else 1
    assert [section.count(missing), table.count(missing)] == [seen, seen]
    assert section.count("as above") == 3 - seen
    failure = ran.stdout.str().partition("_ paoding: cnn _")[2].partition("= paoding =")[0]
    assert failure.count(missing) == (level == "error")


NOTES = st.lists(st.builds(noted, lines, st.sampled_from([*NOTE_KINDS])), max_size=6).map(tuple)
GATES = st.lists(st.builds(replace, results(), name=names, notes=NOTES), max_size=5)


@settings(max_examples=40)
@given(GATES)
def test_each_kind_of_note_is_there_once(gates: list[GateResult]) -> None:
    kinds = {kind_of(note) for gate in gates for note in gate.notes}
    every, shown = note_lines(gates, every=True), note_lines(gates)
    assert len(shown) <= 21
    for kind in kinds:
        assert sum(line.startswith(f"note [{kind}]: ") for line in every) == 1
        assert sum(line.startswith(f"note [{kind}]: ") for line in shown) <= 1
    for gate in gates:
        for note in gate.notes:
            assert any(f" {note} (" in line and gate.name in line for line in every)


def test_notes_that_only_numbers_tell_apart_are_one_line(single: Project) -> None:
    models = {name: {"layers": {"dense": 40 + 8 * place}} for place, name in enumerate("abcdefgh")}
    single.configure(BUDGET + 'max_size = "1 MB"\n', **models)  # type: ignore[arg-type]
    ran = single.gate("--paoding-markdown=run.md")
    line = "note [[]loose-limit]: max_size could be *, it is 1.0 MB (a; alike: b, c, d, e, f, g, h)"
    ran.stdout.fnmatch_lines([line])
    assert ran.stdout.str().count("could be") == 1
    text = (single.path / "run.md").read_text()
    assert text.count("could be") == 1
    assert "(a; alike: b, c, d, e, f, g, h)" in text
    assert single.gate("-v").stdout.str().count("could be") > 1


@pytest.mark.parametrize("where", ("table", "option"))
def test_kinds_of_notes_can_be_silenced(project: Project, where: str) -> None:
    text = BUDGET.replace("ratio", 'silence = ["loose-limit"]\nratio', 1)
    project.configure((text if where == "table" else BUDGET) + 'max_size = "1 MB"\n', cnn={})
    options = ["--paoding-silence=loose-limit,better"] if where == "option" else []
    ran = project.gate(*options, "-v")
    assert ran.ret == 0
    ran.stdout.no_fnmatch_line("*could be*")
    assert (project.gates["cnn"]["notes"], project.gates["cnn"]["note_kinds"]) == ([], [])


def test_only_known_kinds_can_be_silenced(single: Project) -> None:
    single.configure(BUDGET, cnn={})
    ran = single.gate("--paoding-silence=loose")
    assert ran.ret == 4
    ran.stderr.fnmatch_lines(["*'loose' is none of *loose-limit*"])


def test_what_is_of_no_kind_is_never_silenced() -> None:
    assert loud(("text", noted("other", "better")), NOTE_KINDS) == ("text",)
