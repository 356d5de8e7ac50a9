"""What holds for several limits of a gate, or for several gates, is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import BUDGET

if TYPE_CHECKING:
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
