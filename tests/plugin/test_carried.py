"""What a report carries: whole after its way, and folded attempt by attempt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import execnet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_paoding.gate.artifacts import Staged
from pytest_paoding.plugin.distribution.carried import Carried, GateTest, Parcel
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from support.random_results import names, results

if TYPE_CHECKING:
    from collections.abc import Sequence

paths = st.builds(Path, names)
staged = st.builds(Staged, paths, paths, st.lists(names, max_size=2).map(tuple))
parcels = st.builds(Parcel, names, st.dictionaries(names, st.binary(max_size=9)), st.binary())
everything = st.builds(
    Carried,
    gate=st.none() | names,
    results=st.lists(results(), max_size=2).map(tuple),
    word=st.none() | st.sampled_from([each.word for each in Outcome]),
    passed=st.booleans(),
    waiting=st.dictionaries(names, staged, max_size=2),
    parcels=st.dictionaries(names, parcels, max_size=2),
)


def phase(when: Any, outcome: Any = "passed") -> pytest.TestReport:
    return pytest.TestReport("test_it.py::test_it", ("", None, ""), {}, outcome, "died", when)


@settings(max_examples=40)
@given(everything)
def test_what_a_report_carries_arrives_whole(carried: Carried) -> None:
    report = phase("call")
    carried.onto(report)
    sent = execnet.loads(execnet.dumps(report._to_json()))  # as xdist does
    assert Carried.from_report(pytest.TestReport._from_json(sent)) == carried


def test_other_reports_carry_nothing() -> None:
    assert Carried.from_report(phase("call")) is None


def gate(name: str) -> GateResult:
    return GateResult(name=name, outcome=Outcome.WITHIN_BUDGET)


def folded(*reports: tuple[pytest.TestReport, Carried | None]) -> GateTest:
    test = GateTest()
    for report, carried in reports:
        test.take(report, carried)
    return test


BEGUN = (phase("setup"), Carried(gate="net"))
DONE = (phase("teardown"), Carried(results=(gate("first"),), passed=True))
DIED = (phase("???", "failed"), None)


@pytest.mark.parametrize(
    ("reports", "found", "passed"),
    (
        ([BEGUN, DONE], ["first within-budget"], True),
        ([BEGUN, DONE, (phase("setup"), None)], ["first within-budget"], False),
        ([BEGUN, DIED], ["net crashed"], False),
        ([DIED], [], False),
        ([BEGUN, DONE, BEGUN, DIED], ["net crashed"], False),
        (
            [BEGUN, DONE, BEGUN, (phase("teardown"), Carried(results=(gate("second"),)))],
            ["second within-budget"],
            False,
        ),
    ),
)
def test_the_last_attempt_counts(
    reports: Sequence[tuple[pytest.TestReport, Carried | None]],
    found: list[str],
    passed: bool,  # noqa: FBT001 - drawn from a table
) -> None:
    test = folded(*reports)
    assert [f"{each.name} {each.outcome.value}" for each in test.results] == found
    assert test.passed == passed


def test_an_attempt_that_is_not_the_last_is_known() -> None:
    again = (phase("call", "rerun"), None)
    assert folded(BEGUN, again).rerun
    assert not folded(BEGUN, again, BEGUN).rerun
