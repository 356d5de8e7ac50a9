"""Remarks on a gate that change no verdict, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_paoding.records.baseline import UPDATE
from pytest_paoding.records.budgets import Check, Verdict
from pytest_paoding.records.measurement import ASSUMED
from pytest_paoding.records.metrics import BUDGETS, REGRESSIONS, Direction
from pytest_paoding.records.note import Note, noted, of_kind
from pytest_paoding.records.text.printing import round_limit, show, show_apart, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_paoding.records.baseline import Entry
    from pytest_paoding.records.measurement import Measurement

_ALIKE = 0.95
"""Agreement above which outputs that are far apart do not go with it."""
_APART = (
    ("synthetic_agreement", "output_divergence", 0.5, "real inputs tell more"),
    ("agreement", "divergence", 1.0, "max_divergence or a score tells more"),
)
"""An agreement and its divergence, from where outputs are far apart, and what to do then."""
_ROBUST = frozenset(
    {"robust_accuracy", "robustness_retention", "robustness_overlap", "robustness_drop"}
)
SLACK = 0.2
"""Distance from a limit, relative to it, at which a value shows that the limit is loose."""


def notes(
    checks: Sequence[Check],
    measurements: Mapping[str, Measurement],
    *,
    old: Entry | None,
    new: Entry,
) -> tuple[str, ...]:
    """Return what the baseline was made with, the worst groups, what improved, and loose limits.

    Agreement that outputs far from each other have by chance is said, too, an attack that fools
    nothing, and what holds in an assumed range of the inputs only.

    Args:
        checks: Checks of the gate.
        measurements: All that was measured, by name.
        old: The baseline's entry for the gate.
        new: The entry that the gate would have now.
    """
    found = [
        *of_kind("by-chance", _by_chance(measurements)),
        *of_kind("weak-attack", _weak_attack(checks, measurements)),
    ]
    if old is not None and (differences := new.differences(old)):
        found.append(
            noted(f"the baseline was made with {', '.join(differences)}", "other-baseline")
        )
    found += _details(checks)
    found += of_kind("few-samples", (_too_few(check) for check in checks if check.uncertain))
    failing = any(check.fails for check in checks)
    return (*found, *(() if failing else _improvements(checks)))


def notes_on_files(pruning: Iterable[str], exports: Iterable[str]) -> tuple[str, ...]:
    """Return the remarks of the engine on how a model was pruned, and its files exported."""
    return (*of_kind("pruning", pruning), *of_kind("export", exports))


def _details(checks: Iterable[Check]) -> Iterator[Note]:
    for check in checks:
        measured = check.measurement
        text = f"{check.title}: {measured.detail}"
        if measured.found is not None and check.limit.metric.of_groups:
            yield noted(text, "worst-group")
        elif measured.found is not None and ASSUMED in (measured.detail or ""):
            yield noted(text, "assumed-range")


def _by_chance(measurements: Mapping[str, Measurement]) -> Iterator[str]:
    for answers, outputs, far, remedy in _APART:
        alike, apart = (
            getattr(measurements.get(name), "found", None) for name in (answers, outputs)
        )
        if alike is not None and apart is not None and alike > _ALIKE and apart > far:
            yield (
                f"{title(answers)} is {alike:.2f} although outputs diverge by {apart:.2f} of their "
                f"deviation: answers may be alike by chance, {remedy}"
            )


def _weak_attack(checks: Iterable[Check], measurements: Mapping[str, Measurement]) -> Iterator[str]:
    """Yield that limits on robustness hold nothing but accuracy, if no attack fools a model."""
    limited = [check.title for check in checks if check.name.partition("@")[0] in _ROBUST]
    plain = measurements.get("accuracy")
    attacked = {
        name.partition("@")[2]: each
        for name, each in measurements.items()
        if name.startswith("robust_accuracy@") and name.count("@") == 1
    }
    if not (limited and attacked and plain is not None and plain.found is not None):
        return
    sides = {(each.before, each.after) for each in attacked.values()}
    if sides == {(plain.before, plain.after)}:
        yield (
            f"{limited[0]} tells no more than accuracy: at epsilon {', '.join(attacked)} the "
            f"attack fools neither model anywhere (epsilons are in the unit of the inputs)"
        )


def _too_few(check: Check) -> str:
    measured, unit = check.measurement, check.limit.metric.unit
    samples = 0 if measured.evidence is None else measured.evidence.samples
    found, limit = show_apart(measured.found, check.limit.value, unit)
    counted = "1 sample is" if samples == 1 else f"{samples} samples are"
    return f"{check.title}: {counted} too few to tell {found} from {limit}"


def _improvements(checks: Iterable[Check]) -> Iterator[str]:
    for check in checks:
        if check.verdict is not Verdict.PASSED or check.measurement.found is None:
            continue
        if check.limit.metric.key in REGRESSIONS:
            yield from of_kind("better", _better(check, check.measurement.found))
        elif check.limit.metric.key in BUDGETS and check.limit.metric.counted:
            yield from of_kind("loose-limit", _loose(check, check.measurement.found))


def _better(check: Check, found: float) -> Iterator[str]:
    if found < 0 and -found > check.limit.value:
        base, _, part = check.name.partition("@")
        what = title("@".join(filter(None, (base.rpartition("_")[0], part))))
        amount = show(-found, check.limit.metric.unit)
        yield f"{what} is better than the baseline by {amount}: accept it with {UPDATE}=all"


def _loose(check: Check, found: float) -> Iterator[str]:
    limit, metric = check.limit.value, check.limit.metric
    lower = metric.direction is Direction.LOWER
    if found < (1 - SLACK) * limit if lower else found > (1 + SLACK) * limit:
        fits = round_limit(found, metric.unit)
        yield f"{check.limit.key} could be {fits}, it is {show(limit, metric.unit)}"
