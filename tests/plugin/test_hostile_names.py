"""Names that a model file or a report may hold are shown, and never obeyed, by every report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.__main__ import _tell_defect
from pytest_paoding.config.configfile import ConfigFile
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.plan import LayerPlan, LayerResult, Plan
from pytest_paoding.records.readings.anatomy import (
    Anatomy,
    GroupAnatomy,
    LayerAnatomy,
    RatioAnatomy,
)
from pytest_paoding.records.results import GateResult, Setting
from pytest_paoding.records.runs.run_record import RunRecord
from pytest_paoding.records.text.jsonable import to_json
from pytest_paoding.reporting import github, terminal
from pytest_paoding.reporting.anatomy_page import anatomy_text
from pytest_paoding.reporting.documents import markdown
from pytest_paoding.reporting.progress import Progress, TerminalLine
from pytest_paoding.reporting.properties import properties
from pytest_paoding.reporting.tradeoff import BenchTrial, table
from pytest_paoding.reporting.web.page import page
from support.harmless_logs import COMMAND, harmless
from support.projects import BUDGET
from support.random_results import results

if TYPE_CHECKING:
    from support.projects import Project

ROOT = Path(__file__).parents[2]
PIECES = (
    "::error::passed",
    "::",
    "\n",
    "\r",
    "\x1b[2J",
    "\x00",
    "\x9b",
    "\u2028",
    "\u202e",
    "\ud800",
    "\x85",
    "\x1b]8;;http://x\x1b\\",
    "##[group]",
    "##vso[task.complete]",
    "#",
    "<b>",
    "&#27;",
    "|",
    "a",
    "a" * 100_000,
)
NAMES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)


@st.composite
def hostile(draw: st.DrawFn) -> GateResult:
    """Draw a result all of whose texts are hostile."""
    found = draw(results())
    text = draw(NAMES)
    checks = tuple(
        replace(
            check,
            limit=replace(check.limit, source=text),
            measurement=replace(check.measurement, reason=text, detail=text),
        )
        for check in found.checks
    )
    return replace(
        found,
        name=text,
        nodeid=text,
        reason=text,
        forced=text,
        sweep=text,
        layers=(LayerResult(text, 9, 3, text, text), LayerResult("a", 9, 3)),
        notes=(text, f"layer {text}"),
        settings={text: Setting(text, text)},
        checks=checks,
        machine=text,
        versions={text: text},
    )


@settings(max_examples=20)
@given(hostile())
def test_no_report_obeys_a_name(result: GateResult) -> None:
    run = RunRecord(
        exit=1,
        complete=True,
        results=[result],
        required=(result.name, f"{result.name} too"),
        faults=(result.name,),
        environment={"worker": result.name},
    )
    for verbose in (False, True):
        harmless(terminal.failure_text(result, verbose=verbose))
        lines = terminal.summary_lines([result], show="all", verbose=verbose, quiet=False)
        assert not any("\n" in line for line in lines)
        harmless("\n".join(lines))
    harmless(result.explain())
    harmless(f"{result}\n{result!r}\n{run}\n{run!r}")
    harmless(markdown(run))
    assert "\x1b" not in page(run)
    style = re.compile(r"<style>.*?</style>", re.DOTALL)
    assert style.sub("", page(run)).replace("\n", "").isprintable()
    assert "<b>" not in page(run)
    assert not any(map(COMMAND.search, page(run).split("\n")))
    harmless(to_json({"name": result.name}))
    assert all(name.isprintable() and text.isprintable() for name, text in properties(result))


@settings(max_examples=100)
@given(hostile())
def test_an_annotation_is_one_line_of_signs(result: GateResult) -> None:
    told = github.annotate([result], file=ConfigFile(ROOT), root=ROOT, workspace=ROOT)
    for line in told:
        assert line.isprintable()
        assert re.match(r"::(error|warning|notice) ", line)
        assert line.count("::") >= 2
        properties_part = line.split("::")[1]
        assert "error::" not in properties_part


@given(NAMES)
def test_what_the_command_line_shows_is_harmless(name: str) -> None:
    layer = LayerAnatomy(name, name, (None, 3), 9, 9)
    group = GroupAnatomy((name, name), 3, (name,), ((name, 2),))
    whole = Anatomy(
        name=name,
        inputs=((name, (3,), name),),
        layers=(layer,),
        groups=(group,),
        pinned=((name, 3, name),),
        whole=RatioAnatomy(0.0, 3, 9, 9),
        ratios=(RatioAnatomy(0.5, 2, 5, 5),),
    )
    harmless(anatomy_text(whole))
    plan = Plan((LayerPlan(name, 3, (0,), name, name),))
    harmless(f"{plan}\n{plan!r}\n{plan.explain()}")
    harmless(table([BenchTrial(name, "impact", 0.5, 0.5, 1.0, 0.0, 1.0, None, 1.0)]))


class Screen:
    """A terminal that keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def ensure_newline(self) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""

    def rewrite(self, line: str, *, erase: bool = False) -> None:
        """Keep a line."""
        self.lines.append(f"{line}{erase:d}")


@given(NAMES)
def test_progress_is_one_line_of_signs(name: str) -> None:
    screen = Screen()
    Progress(TerminalLine(screen), name, due=0.0)(name, 1, 2)
    harmless("\n".join(screen.lines))
    assert len(screen.lines) == 1


@pytest.mark.parametrize("printed", ("json", "markdown", "html"))
def test_a_whole_run_obeys_no_name(single: Project, printed: str) -> None:
    name = "a\n::error::gate passed\x1b[2J\u202e##[group]"
    layers: dict[str, Any] = {name: 8, "::stop-commands::x": 4}
    single.configure(
        BUDGET, cnn={"layers": layers}, over={"layers": layers, "accuracy": [0.9, 0.1]}
    )
    single.gate("--paoding-html=run.html")
    ran = single.run("--paoding", "-vv", "-rA", "--junitxml=run.xml", f"--paoding-{printed}=-")
    assert ran.ret == 1
    lines = ran.outlines + ran.errlines
    assert any(r"a\n::error::gate passed\x1b[2J" in line for line in lines)
    harmless("\n".join(lines))
    assert "\x1b" not in (single.path / "run.html").read_text(encoding="utf-8")
    assert (
        json.loads((single.path / "run.json").read_text())["gates"][0]["layers"][0]["name"] == name
    )
    assert {result["outcome"] for result in single.document["gates"]} == {
        Outcome.WITHIN_BUDGET.value,
        Outcome.OVER_BUDGET.value,
    }


TEXT = "layer 'a\n::error::passed\n##vso[task.complete]\x1b[2J\x1b]8;;http://x\x1b\\\u202e'"
"""What an error may say of a layer."""
IN_A_TEST = """
def test_gate(paoding):
    net = FakeModel({"dense": 8}, {"defect": %r})
    paoding.check(net, name="own", ratio=0.5, max_size=10**6)
"""


@pytest.mark.parametrize("style", ("long", "short", "native", "line", "no"))
@pytest.mark.parametrize("where", ("item", "test"))
def test_a_traceback_obeys_no_name(single: Project, style: str, where: str) -> None:
    if where == "item":
        single.configure(BUDGET, cnn={"defect": TEXT})
    else:
        single.configure()
        single.tests(IN_A_TEST % TEXT)
    ran = single.gate(f"--tb={style}", "-rA", "-l")
    assert ran.ret == 1
    harmless(ran.stdout.str())
    assert [gate["outcome"] for gate in single.document["gates"]] == [Outcome.CRASHED.value]


HIDDEN = """
def test_gate(paoding):
    net = FakeModel({"dense": 8}, {"accuracy": (0.9, 0.5), "contradiction": %r})
    try:
        paoding.check(net, ([1], [0]), name="own", ratio=0.5, max_size=10**6)
    except pytest.fail.Exception:
        pass
"""


def test_a_failure_that_a_test_hides_obeys_no_name(single: Project) -> None:
    single.configure()
    single.tests(HIDDEN % TEXT)
    ran = single.gate("-rA")
    assert ran.ret == 1
    harmless(ran.stdout.str())


def test_a_reason_to_publish_obeys_nothing(single: Project) -> None:
    single.configure(BUDGET, cnn={"accuracy": [0.9, 0.1]})
    ran = single.gate("-rA", f"--paoding-force={TEXT}")
    assert ran.ret == 0
    harmless(ran.stdout.str())


def test_the_traceback_of_a_defect_obeys_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LookupError) as caught:
        "".encode(TEXT)
    _tell_defect(caught.type, caught.value, caught.tb)
    told = capsys.readouterr().err
    assert "Traceback (most recent call last):\n" in told
    harmless(told)
