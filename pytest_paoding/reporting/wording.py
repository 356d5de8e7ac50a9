"""Cells and lines on checks, metrics and files, shared by every report. Plain ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.baseline import UPDATE
from pytest_paoding.records.budgets import Check, Limit, Outcome, Verdict
from pytest_paoding.records.evidence import CONFIDENCE
from pytest_paoding.records.metrics import REGRESSIONS, metric_of
from pytest_paoding.records.results import DEFAULT
from pytest_paoding.records.text.printing import at, show, show_apart, title
from pytest_paoding.records.text.quantities import Unit
from pytest_paoding.records.text.targets import shown_target
from pytest_paoding.reporting import quality

if TYPE_CHECKING:
    from pytest_paoding.records.measurement import Measurement
    from pytest_paoding.records.results import GateResult


def interval(measured: Measurement, unit: Unit, confidence: float | None = None) -> str:
    """Return the interval of a metric's true value; empty where it is unknown."""
    ends = measured.interval(confidence)
    if ends is None:
        return ""
    return f"{show(ends[0], unit)} to {show(ends[1], unit)}{at(confidence)}"


def row(check: Check) -> list[str]:
    """Return a check as cells: metric, before, after, found, interval, limit, verdict."""
    metric, measured = check.limit.metric, check.measurement
    found, limit = show_apart(measured.found, check.limit.value, metric.unit)
    return [
        check.title,
        show(measured.before, metric.sides),
        show(measured.after, metric.sides),
        found,
        interval(measured, metric.unit, check.limit.confidence),
        f"{metric.operator} {limit}",
        verdict(check),
    ]


ROW = ("", "before", "after", "found", f"{CONFIDENCE:.0%} interval", "limit", "verdict")
"""The heads of the cells of a row."""


def rows(result: GateResult) -> list[list[str]]:
    """Return every check of a gate as cells; a reason that stands above is not told again."""
    above, found = [result.reason or ""], []
    for check in result.checks:
        cells, reason = row(check), check.measurement.reason
        if check.verdict is Verdict.UNJUDGED and reason:
            if any(text.endswith(reason) for text in above):
                cells[-1] = f"{cells[-1].removesuffix(reason)}as above"
            above.append(reason)
        found.append(cells)
    return found


def verdict(check: Check) -> str:
    """Return the verdict of one budget, and by how much it was missed."""
    level = " (warn)" if check.warns else ""
    sure = at(check.limit.confidence)
    if check.verdict is Verdict.PASSED:
        return f"ok{sure}"
    if check.verdict is Verdict.UNJUDGED:
        return f"UNJUDGED{level}: {check.measurement.reason}"
    side = "OVER" if check.limit.metric.operator == "<=" else "UNDER"
    return f"{side} by {show_apart(check.distance, 0.0, check.limit.metric.unit)[0]}{sure}{level}"


def measured_row(name: str, measured: Measurement) -> list[str]:
    """Return a metric as cells: metric, before, after, found, interval, why it is undefined."""
    metric = metric_of(name)
    unit, sides = (metric.unit, metric.sides) if metric else (Unit.PLAIN, Unit.PLAIN)
    return [
        title(name, measured.epsilon),
        show(measured.before, sides),
        show(measured.after, sides),
        show(measured.found, unit),
        interval(measured, unit),
        (measured.reason or "") if measured.found is None else "",
    ]


MEASURED = (*ROW[:5], "undefined as")
"""The heads of the cells of a metric."""


def pruned(result: GateResult) -> str:
    """Return the removed units and parameters in one line."""
    text = _removed(result)
    if parameters := result.metrics.get("parameters"):
        before, after = (show(n, Unit.COUNT) for n in (parameters.before, parameters.after))
        text += f", {before} -> {after} parameters"
    found = searched(result)
    return ", ".join([text, *([found] if found else []), f"{result.duration:.1f} s"])


def searched(result: GateResult) -> str:
    """Return the ratio that was found, and how; empty where it was given."""
    if not result.ratio:
        return ""
    if number := len(result.trials):
        return f"ratio {result.ratio:g} found with {number} trial{'s' * (number != 1)}"
    if result.target is not None:
        return f"ratio {result.ratio:g} found for {shown_target(result.target)}"
    return ""


def _removed(result: GateResult) -> str:
    shrunk = [layer for layer in result.layers if layer.kept < layer.units]
    units = sum(layer.units for layer in shrunk)
    gone = units - sum(layer.kept for layer in shrunk)
    if gone:
        return f"pruned {gone} of {units} units in {len(shrunk)} layer{'s' * (len(shrunk) != 1)}"
    if result.target is None or result.ratio != 0:
        return "removed nothing"
    return f"removed nothing: the target {shown_target(result.target)} is met already"


def artifact(result: GateResult) -> str:
    """Return the fate of the file in one line; empty where none was wanted."""
    file = result.artifact
    if file is None:
        return ""
    if not file.published:
        return str(file)
    if result.untouched:
        return f"{file} (nothing removed)"
    reduction = result.metrics.get("size_reduction")
    share = "" if reduction is None or reduction.found is None else f" ({-reduction.found:+.0%})"
    return f"{file}{share}"


OVERVIEW = ("gate", "outcome", "grounds", "file", "accuracy or scores", "robust")
"""The heads of the table of all gates."""


def overview(result: GateResult) -> list[str]:
    """Return what the table of all gates says of one, after its name and outcome."""
    found = (quality.quality(result, change=True), quality.robustness(result, change=True))
    known = ("" if each == quality.UNKNOWN else each for each in found)
    return [result.grounds, artifact(result), *known]


def status(result: GateResult) -> str:
    """Return the word for the outcome, or for what became of the file where the gate passed."""
    if result.outcome is not Outcome.WITHIN_BUDGET:
        return result.word
    if result.artifact is None:
        return "within budget"
    return "published" if result.published else "not published"


def sources(result: GateResult) -> str:
    """Return every setting with its source in one line, built-in ones last."""
    given = {key: item for key, item in result.settings.items() if item.source != DEFAULT}
    texts = [f"{key} {item}" for key, item in given.items()]
    rest = [f"{key} {item.value}" for key, item in result.settings.items() if key not in given]
    return ", ".join(texts + ([f"{DEFAULT}: {', '.join(rest)}"] if rest else []))


def remedy(result: GateResult) -> str:
    """Return the ways to make an over-budget gate pass, with source and key of each limit."""
    verbs = {"<=": "raise", ">=": "lower"}
    missed = [check.limit for check in result.checks if check.fails]
    texts = [f"{verbs[x.metric.operator]} {x.key} ({x.source})" for x in missed]
    if any(limit.metric.key in REGRESSIONS for limit in missed):
        texts.append(f"take the baseline anew with {UPDATE}=all")
    return "to accept: " + _other_ratio(result, missed) + ", ".join(dict.fromkeys(texts))


def _other_ratio(result: GateResult, missed: list[Limit]) -> str:
    """Return the direction in which another ratio could help, unless the best was searched for."""
    if result.trials:
        return ""
    further, less = ("raise", "lower") if result.target is None else ("lower", "raise")
    what = "ratio" if result.target is None else "target"
    if all(limit.metric.counted for limit in missed):
        return f"{further} the {what}, or "
    return f"{less} the {what}, or "
