"""What a test item's phases mean for its gates: setup begins an attempt, teardown settles it."""

from __future__ import annotations

import pytest

from pytest_paoding.errors import RAISED
from pytest_paoding.gate.stages import GateOutcome
from pytest_paoding.plugin.attempts import ATTEMPT, ItemAttempt, Settlement
from pytest_paoding.plugin.collection import is_gate, name_of
from pytest_paoding.plugin.distribution.carried import Carried
from pytest_paoding.plugin.run import PaodingRun
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.records.text.escapes import as_line
from pytest_paoding.reporting.properties import PREFIX
from pytest_paoding.reporting.tracebacks import harmless

_EXCUSED = {Outcome.FORCED, Outcome.REJECTED}
_LETTERS = {Outcome.OVER_BUDGET.word: "B", Outcome.UNJUDGED.word: "U"}


def begin(item: pytest.Item) -> None:
    """Forget what an earlier attempt at the item has left."""
    if not PaodingRun.of(item.config).switch.on:
        return
    earlier = item.stash.get(ATTEMPT, None)
    item.stash[ATTEMPT] = ItemAttempt(1 if earlier is None else earlier.number + 1)
    item.user_properties[:] = [
        (name, value) for name, value in item.user_properties if not name.startswith(PREFIX)
    ]


def after_phase(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Let a report show what the item's gates found, and settle their files after the teardown."""
    attempt = item.stash.get(ATTEMPT, None) or ItemAttempt()
    begun = name_of(item) if report.when == "setup" and is_gate(item) else None
    if begun is not None and report.skipped and not attempt.gates:
        attempt.gates.append(GateOutcome(_skipped(begun, report)))
        item.stash[ATTEMPT] = attempt
    word, settled = None, Settlement()
    if attempt.gates:
        word = _decided(attempt, call, report)
        attempt.passed &= report.passed and not hasattr(report, "wasxfail")
        _excuse_forced(attempt, report)
        if report.when == "teardown":
            settled = _settle(item, attempt, report)
        if report.failed:
            report.longrepr = harmless(report.longrepr)
    if attempt.gates or begun is not None:
        Carried(
            gate=begun,
            results=tuple(attempt.results),
            word=word,
            passed=report.when == "teardown" and attempt.passed and not report.failed,
            waiting=settled.waiting,
            parcels=settled.parcels,
        ).onto(report)


def _skipped(name: str, report: pytest.TestReport) -> GateResult:
    where = report.longrepr
    reason = where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else None
    return GateResult(name=name, outcome=Outcome.SKIPPED, nodeid=report.nodeid, reason=reason)


def _decided(
    attempt: ItemAttempt, call: pytest.CallInfo[None], report: pytest.TestReport
) -> str | None:
    """Return the word of the gate that decided a phase, and let its failure be one line."""
    failed = [result for result in attempt.results if result.failed]
    passed = report.when == "call" and report.passed
    if not failed:
        return attempt.results[-1].word if passed else None
    if passed and not hasattr(report, "wasxfail"):  # a failure that the test caught counts too
        report.outcome = "failed"
        report.longrepr = as_line(f"{failed[0].name} {failed[0].headline}")
    elif report.failed and call.excinfo and call.excinfo.value is attempt.failure:
        if (crash := getattr(report.longrepr, "reprcrash", None)) is not None:
            crash.message = as_line(f"{failed[-1].name} {failed[-1].headline}")
    else:
        return None
    return failed[-1].word


def _excuse_forced(attempt: ItemAttempt, report: pytest.TestReport) -> None:
    """Show a test that passed although a gate is over budget as an expected failure."""
    forced = [result for result in attempt.results if result.outcome in _EXCUSED]
    if forced and report.when == "call" and report.passed:
        report.outcome = "skipped"
        told = "; ".join(f"{each.name} {each.headline}" for each in forced)
        vars(report)["wasxfail"] = as_line(told)


def _settle(item: pytest.Item, attempt: ItemAttempt, report: pytest.TestReport) -> Settlement:
    run = PaodingRun.of(item.config)
    root = run.listed.root
    publish_now = not run.switch.on or run.settings.shared["publish"].value == "test"
    try:
        settled = attempt.settle(
            item, publish_now=publish_now, travels=run.sharing.travels(root), root=root
        )
    except RAISED:  # a hook of the project's raised: the item's error, not ours
        attempt.give_up("publishing failed")
        report.outcome = "failed"
        report.longrepr = item.repr_failure(pytest.ExceptionInfo.from_current())
        return Settlement()
    if settled.faults and not report.failed:
        report.outcome = "failed"
        report.longrepr = "\n".join(settled.faults)
    return settled


def status(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return category, letter and word of a report that a gate decided."""
    carried = Carried.from_report(report)
    if carried is None or carried.word is None:
        return None
    if report.failed:
        category = "failed" if report.when == "call" else "error"
        return category, _LETTERS.get(carried.word, "F"), carried.word
    return ("passed", ".", carried.word) if report.passed else None
