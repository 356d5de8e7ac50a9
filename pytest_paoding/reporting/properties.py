"""A gate's result as JUnit properties: names and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.text.escapes import printable

if TYPE_CHECKING:
    from pytest_paoding.records.results import GateResult

PREFIX = "paoding."


def properties(result: GateResult) -> list[tuple[str, str]]:
    """Return the gate's name and outcome, and what every budget found.

    Two limits on one score, of all and by name, have found the same, which is told once.
    """
    found = [("model", result.name), ("outcome", result.outcome.value)]
    if result.reason:
        found.append(("reason", result.reason))
    if result.forced:
        found.append(("forced", result.forced))
    found += [(check.name, repr(check.measurement.found)) for check in result.checks]
    return [(printable(PREFIX + name), printable(text)) for name, text in dict.fromkeys(found)]
