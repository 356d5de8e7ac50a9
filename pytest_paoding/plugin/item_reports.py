"""What a test item's phases mean for its gates: setup begins an attempt, teardown settles it."""

from __future__ import annotations

import pytest

from pytest_paoding.gate.stages import GateRun
from pytest_paoding.plugin.collection import is_gate, name_of
from pytest_paoding.plugin.itemstate import STATE, ItemState, settle
from pytest_paoding.plugin.run import PaodingSession
from pytest_paoding.records.budgets import Outcome
from pytest_paoding.records.results import GateResult
from pytest_paoding.reporting import wording
from pytest_paoding.reporting.properties import PREFIX

_EXCUSED = {Outcome.FORCED, Outcome.REJECTED}
_LETTERS = {"OVER BUDGET": "B", "UNJUDGED": "U"}


def begin(item: pytest.Item) -> None:
    """Forget what an earlier attempt at the item has left."""
    if not PaodingSession.of(item.config).switch.on:
        return
    earlier = item.stash.get(STATE, None)
    item.stash[STATE] = ItemState(attempt=1 if earlier is None else earlier.attempt + 1)
    item.user_properties[:] = [
        (name, value) for name, value in item.user_properties if not name.startswith(PREFIX)
    ]


def after_phase(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Let a report show what the item's gates found, and settle their files after the teardown."""
    state = item.stash.get(STATE, None) or ItemState()
    if report.when == "setup" and is_gate(item):
        vars(report)["paoding_gate"] = name_of(item)
    if report.when == "setup" and report.skipped and not state.runs and is_gate(item):
        state.runs.append(GateRun(_skipped(item, report)))
        item.stash[STATE] = state
    if not state.runs:
        return
    _name_failure(state, call, report)
    state.passed &= report.passed and not hasattr(report, "wasxfail")
    _excuse_forced(state, report)
    if report.when == "teardown":
        _settle(item, state, report)
        vars(report)["paoding_passed"] = state.passed and not report.failed
    vars(report)["paoding"] = [result.to_dict() for result in state.results]


def _skipped(item: pytest.Item, report: pytest.TestReport) -> GateResult:
    where = report.longrepr
    reason = where[2].removeprefix("Skipped: ") if isinstance(where, tuple) else None
    return GateResult(
        name=name_of(item), outcome=Outcome.SKIPPED, nodeid=item.nodeid, reason=reason
    )


def _name_failure(state: ItemState, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Give a gate's failure its own word and one line; a failure that was caught counts too."""
    failed = [result for result in state.results if result.failed]
    caught = report.when == "call" and report.passed and not hasattr(report, "wasxfail")
    if failed and caught:
        report.outcome = "failed"
        report.longrepr = f"{failed[0].name} {wording.headline(failed[0])}"
    elif failed and report.failed and call.excinfo and call.excinfo.value is state.failure:
        crash = getattr(report.longrepr, "reprcrash", None)
        if crash is not None:
            crash.message = f"{failed[-1].name} {wording.headline(failed[-1])}"
    elif failed or report.when != "call" or not report.passed:
        return
    result = failed[-1] if failed else state.results[-1]
    vars(report)["paoding_word"] = wording.WORDS[result.outcome]


def _excuse_forced(state: ItemState, report: pytest.TestReport) -> None:
    """Show a test that passed although a gate is over budget as an expected failure."""
    forced = [result for result in state.results if result.outcome in _EXCUSED]
    if forced and report.when == "call" and report.passed:
        report.outcome = "skipped"
        vars(report)["wasxfail"] = "; ".join(
            f"{result.name} {wording.headline(result)}" for result in forced
        )


def _settle(item: pytest.Item, state: ItemState, report: pytest.TestReport) -> None:
    run = PaodingSession.of(item.config)
    publish_now = not run.switch.on or run.settings.shared["publish"].value == "test"
    travels = run.sharing.travels(run.listed.root)
    try:
        settled = settle(
            item, state, publish_now=publish_now, travels=travels, root=run.listed.root
        )
    except Exception:  # noqa: BLE001 - a hook of the project's raised: the item's error, not ours
        state.give_up("publishing failed")
        report.outcome = "failed"
        report.longrepr = item.repr_failure(pytest.ExceptionInfo.from_current())
        return
    vars(report)["paoding_waiting"] = settled.waiting
    vars(report)["paoding_files"] = settled.files
    if settled.faults and not report.failed:
        report.outcome = "failed"
        report.longrepr = "\n".join(settled.faults)


def status(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Return category, letter and word of a report that a gate decided."""
    word = getattr(report, "paoding_word", None)
    if word is None:
        return None
    if report.failed:
        category = "failed" if report.when == "call" else "error"
        return category, _LETTERS.get(word, "F"), word
    return ("passed", ".", word) if report.passed else None
