"""A gate's result as JUnit properties: names and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_paoding.records.budgets import Check
    from pytest_paoding.records.results import GateResult

PREFIX = "paoding."


def properties(result: GateResult) -> list[tuple[str, str]]:
    """Return the gate's name and outcome, and what every budget found, with what it rests on.

    Two limits on one score, of all and by name, have found the same, which is told once.
    """
    found = [("model", result.name), ("outcome", result.outcome.value)]
    if result.reason:
        found.append(("reason", result.reason))
    if result.forced:
        found.append(("forced", result.forced))
    found += [each for check in result.checks for each in _of_check(check)]
    return [(printable(PREFIX + name), printable(text)) for name, text in dict.fromkeys(found)]


def _of_check(check: Check) -> Iterator[tuple[str, str]]:
    measured = check.measurement
    yield check.name, repr(measured.found)
    yield f"{check.name}.limit", repr(check.limit.value)
    known = {"before": measured.before, "after": measured.after, "epsilon": measured.epsilon}
    for part, value in known.items():
        if value is not None:
            yield f"{check.name}.{part}", repr(value)
